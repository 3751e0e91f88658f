//! SQS: standard queues between events and functions.
//!
//! Queues have no API here: EventBridge and Scheduler send to them, and Lambda's event source mappings
//! receive from them. Source of every rule without its own link:
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues.html>

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

#[cfg(test)]
mod tests;

/// The largest message, in bytes: 1 MiB.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>
const MAX_BODY: usize = 1024 * 1024;

/// How many bytes Lambda adds around a body at most. An assumption, on the safe side.
const AROUND_BODY: usize = 1024;

/// The configuration of a queue.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Queue {
    /// How long a message that was received is hidden from other receivers.
    pub visibility_timeout: TimeDelta,
    /// How often a message is received at most before it moves to the dead-letter queue.
    pub max_receive_count: Option<u32>,
    /// The ARN of the dead-letter queue.
    pub dead_letter_queue: Option<String>,
    /// How long a message is kept, from one minute to 14 days.
    pub retention: TimeDelta,
}

impl Default for Queue {
    /// AWS's defaults:
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html>
    fn default() -> Self {
        Self {
            visibility_timeout: TimeDelta::seconds(30),
            max_receive_count: None,
            dead_letter_queue: None,
            retention: TimeDelta::days(4),
        }
    }
}

/// A message that is not deleted yet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    /// Its id, which never changes.
    pub id: String,
    /// The text that was sent.
    pub body: String,
    /// When it was sent.
    pub sent_at: DateTime<Utc>,
    /// How often it was received. A message keeps its count in a dead-letter queue (assumed).
    pub receive_count: u32,
    /// When it was received for the first time.
    pub first_received_at: Option<DateTime<Utc>>,
    /// When it can be received.
    pub visible_at: DateTime<Utc>,
    expires: DateTime<Utc>,
    size: usize,
}

/// The queues of every account.
#[derive(Clone, Debug, Default)]
pub struct Sqs {
    queues: BTreeMap<String, StoredQueue>,
    sent: u64,
    dropped: Vec<String>,
    expired: usize,
}

/// A queue and its messages.
#[derive(Clone, Debug)]
struct StoredQueue {
    queue: Queue,
    messages: BTreeMap<u64, Message>,
    visible: BTreeSet<(DateTime<Utc>, u64)>,
    hidden: BTreeSet<(DateTime<Utc>, u64)>,
    expiring: BTreeSet<(DateTime<Utc>, u64)>,
}

/// A message that was received.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) receipt: Receipt,
    /// The message as Lambda delivers it.
    pub(crate) record: Value,
    /// When it becomes visible to other receivers again.
    pub(crate) visible_at: DateTime<Utc>,
    /// The size of the record at most, in bytes.
    pub(crate) size: usize,
}

/// The receipt handle, which deletes the message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Receipt {
    number: u64,
    receive_count: u32,
}

impl Receipt {
    pub(crate) fn message_id(&self) -> String {
        message_id(self.number)
    }
}

impl Sqs {
    /// Creates a queue, or changes its configuration.
    ///
    /// # Panics
    ///
    /// If AWS would reject the configuration, or the simulator does not model it: the test is wrong.
    pub fn add_queue(&mut self, arn: &str, queue: Queue) {
        let parts: Vec<&str> = arn.split(':').collect();
        let is_queue = matches!(parts[..], ["arn", _, "sqs", _, _, name] if !name.is_empty());
        assert!(is_queue, "{arn} is not the ARN of a queue");
        assert!(!arn.ends_with(".fifo"), "{arn}: FIFO queues are not modelled");
        let timeout = TimeDelta::zero()..=TimeDelta::hours(12);
        assert!(timeout.contains(&queue.visibility_timeout), "{arn}: its visibility timeout");
        let retention = TimeDelta::minutes(1)..=TimeDelta::days(14);
        assert!(retention.contains(&queue.retention), "{arn}: its retention");
        // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
        match (&queue.max_receive_count, &queue.dead_letter_queue) {
            (None, None) => {}
            (Some(1..=1000), Some(dead)) => {
                assert!(self.queues.contains_key(dead), "{arn}: there is no {dead}, add it first");
                let scope = |arn: &str| arn.rsplit_once(':').map(|(scope, _)| scope.to_owned());
                assert_eq!(scope(arn), scope(dead), "{dead} is in another account or region");
            }
            _ => panic!("{arn}: a dead-letter queue needs a receive count from 1 to 1000"),
        }
        if let Some(held) = self.queues.get_mut(arn) {
            held.queue = queue;
            return;
        }
        let (visible, hidden, expiring) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let messages = BTreeMap::new();
        self.queues
            .insert(arn.to_owned(), StoredQueue { queue, messages, visible, hidden, expiring });
    }

    /// Sends a message. It is dropped if the queue does not exist, or if the message is empty, too
    /// large, or has control characters.
    pub fn send(&mut self, arn: &str, body: String, at: DateTime<Utc>) {
        let Some(held) = self.queues.get_mut(arn).filter(|_| is_body(&body)) else {
            self.dropped.push(arn.to_owned());
            return;
        };
        self.sent += 1;
        let message = Message {
            id: message_id(self.sent),
            size: escaped_size(&body) + AROUND_BODY,
            body,
            sent_at: at,
            receive_count: 0,
            first_received_at: None,
            visible_at: at,
            expires: at + held.queue.retention,
        };
        held.insert(self.sent, message);
    }

    /// The messages of a queue, visible or not, in the order in which they were sent. A queue that
    /// does not exist has none.
    pub fn messages(&self, arn: &str) -> impl Iterator<Item = &Message> {
        self.queues.get(arn).into_iter().flat_map(|held| held.messages.values())
    }

    /// The queue ARNs of the messages that were dropped.
    pub fn dropped(&self) -> &[String] {
        &self.dropped
    }

    /// How many messages were deleted at the end of their retention.
    pub fn expired(&self) -> usize {
        self.expired
    }

    /// The configuration of a queue.
    pub fn queue(&self, arn: &str) -> Option<&Queue> {
        self.queues.get(arn).map(|held| &held.queue)
    }

    /// Does what is due at `at`: messages become visible again, or reach the end of their retention.
    pub fn advance(&mut self, at: DateTime<Utc>) {
        for held in self.queues.values_mut() {
            while let Some((_, number)) = held.expiring.first().filter(|(due, _)| *due <= at) {
                let number = *number;
                held.remove(number);
                self.expired += 1;
            }
            while held.hidden.first().is_some_and(|(due, _)| *due <= at) {
                held.visible.extend(held.hidden.pop_first());
            }
        }
    }

    /// When something is due next. A message that can be received does not count.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        let due = self.queues.values().flat_map(|it| [it.hidden.first(), it.expiring.first()]);
        due.flatten().map(|(due, _)| *due).min()
    }

    /// Since when there has been a message that can be received.
    pub(crate) fn visible_since(&self, arn: &str) -> Option<DateTime<Utc>> {
        self.queues.get(arn)?.visible.first().map(|(since, _)| *since)
    }

    /// Receives the next message, if its record is no larger than `room`.
    ///
    /// A message that was received too often moves to the dead-letter queue instead of being received
    /// once more. It keeps its age:
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html>
    pub(crate) fn receive(
        &mut self,
        arn: &str,
        room: usize,
        at: DateTime<Utc>,
    ) -> Option<Received> {
        loop {
            let held = self.queues.get_mut(arn)?;
            let (_, number) = *held.visible.first()?;
            let message = held.messages.get(&number)?;
            let most = held.queue.max_receive_count;
            if most.is_none_or(|most| message.receive_count < most) {
                return held.receive(arn, number, room, at);
            }
            let dead = held.queue.dead_letter_queue.clone();
            let message = held.remove(number)?;
            if let Some(dead) = dead.and_then(|dead| self.queues.get_mut(&dead)) {
                let expires = message.sent_at + dead.queue.retention;
                dead.insert(number, Message { visible_at: at, expires, ..message });
            }
        }
    }

    /// Deletes a message, unless it was received again in the meantime: "the message might not be deleted".
    ///
    /// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html>
    pub(crate) fn delete(&mut self, arn: &str, receipt: &Receipt) {
        let Some(held) = self.queues.get_mut(arn) else { return };
        let message = held.messages.get(&receipt.number);
        if message.is_some_and(|it| it.receive_count == receipt.receive_count) {
            held.remove(receipt.number);
        }
    }
}

impl StoredQueue {
    fn insert(&mut self, number: u64, message: Message) {
        self.visible.insert((message.visible_at, number));
        self.expiring.insert((message.expires, number));
        self.messages.insert(number, message);
    }

    fn remove(&mut self, number: u64) -> Option<Message> {
        let message = self.messages.remove(&number)?;
        self.visible.remove(&(message.visible_at, number));
        self.hidden.remove(&(message.visible_at, number));
        self.expiring.remove(&(message.expires, number));
        Some(message)
    }

    fn receive(
        &mut self,
        arn: &str,
        number: u64,
        room: usize,
        at: DateTime<Utc>,
    ) -> Option<Received> {
        let message = self.messages.get_mut(&number).filter(|message| message.size <= room)?;
        self.visible.remove(&(message.visible_at, number));
        message.receive_count += 1;
        message.first_received_at.get_or_insert(at);
        message.visible_at = at + self.queue.visibility_timeout;
        self.hidden.insert((message.visible_at, number));
        Some(Received {
            receipt: Receipt { number, receive_count: message.receive_count },
            record: record(arn, number, message),
            visible_at: message.visible_at,
            size: message.size,
        })
    }
}

/// A message as Lambda delivers it; the checksum and the sender are invented.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>
fn record(arn: &str, number: u64, message: &Message) -> Value {
    let first = message.first_received_at.unwrap_or(message.sent_at);
    json!({
        "messageId": message.id,
        "receiptHandle": format!("AQEB{number:060}+{}", message.receive_count),
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": message.receive_count.to_string(),
            "SentTimestamp": message.sent_at.timestamp_millis().to_string(),
            "SenderId": "AIDASIMULATED",
            "ApproximateFirstReceiveTimestamp": first.timestamp_millis().to_string(),
        },
        "messageAttributes": {},
        "md5OfBody": format!("{number:032x}"),
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": arn.split(':').nth(3).unwrap_or_default(),
    })
}

fn message_id(number: u64) -> String {
    format!("50000000-0000-4000-8000-{number:012x}")
}

/// Whether a message may have this body:
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>
fn is_body(text: &str) -> bool {
    let forbidden = |byte: u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    (1..=MAX_BODY).contains(&text.len()) && !text.bytes().any(forbidden)
}

/// The size of the body as a JSON string, in bytes.
fn escaped_size(text: &str) -> usize {
    let escaped = |byte: u8| matches!(byte, b'"' | b'\\' | b'\n' | b'\r' | b'\t');
    text.len() + text.bytes().filter(|byte| escaped(*byte)).count() + 2
}
