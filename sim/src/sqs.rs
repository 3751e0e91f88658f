//! SQS: standard queues, as a place events wait in for a function.
//!
//! A queue has no API here: EventBridge and Scheduler send to it, and Lambda's event source mapping
//! receives from it. Source of every rule that names no other:
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues.html>

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

#[cfg(test)]
mod tests;

/// The most bytes a message may have: 1 MiB.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>
const MAX_BODY: usize = 1024 * 1024;

/// What is at most around a body when Lambda delivers it, in bytes. An assumption, on the safe side.
const AROUND_BODY: usize = 1024;

/// How a queue is configured.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Queue {
    /// For how long nobody else receives a message that was received.
    pub visibility_timeout: TimeDelta,
    /// How often a message may be received before it goes to the dead-letter queue.
    pub max_receive_count: Option<u32>,
    /// The ARN of that queue.
    pub dead_letter_queue: Option<String>,
    /// How long a message is kept, from one minute to 14 days.
    pub retention: TimeDelta,
}

impl Default for Queue {
    /// As AWS has it:
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
    /// Its id, the same for ever.
    pub id: String,
    /// What was sent.
    pub body: String,
    /// When it was sent.
    pub sent_at: DateTime<Utc>,
    /// How often it was received. A message keeps its count in a dead-letter queue (assumed).
    pub receive_count: u32,
    /// When it was received first.
    pub first_received_at: Option<DateTime<Utc>>,
    /// From when on it can be received.
    pub visible_at: DateTime<Utc>,
    expires: DateTime<Utc>,
    size: usize,
}

/// Every account's queues.
#[derive(Clone, Debug, Default)]
pub struct Sqs {
    queues: BTreeMap<String, Held>,
    sent: u64,
    dropped: Vec<String>,
    expired: usize,
}

/// A queue and what is in it.
#[derive(Clone, Debug)]
struct Held {
    queue: Queue,
    messages: BTreeMap<u64, Message>,
    visible: BTreeSet<(DateTime<Utc>, u64)>,
    hidden: BTreeSet<(DateTime<Utc>, u64)>,
    expiring: BTreeSet<(DateTime<Utc>, u64)>,
}

/// One receipt of a message.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) receipt: Receipt,
    /// The message as Lambda delivers it.
    pub(crate) record: Value,
    /// When others can receive it again.
    pub(crate) visible_at: DateTime<Utc>,
    /// How many bytes the record may have.
    pub(crate) size: usize,
}

/// What deletes a message.
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
    /// Creates a queue, or configures it anew.
    ///
    /// # Panics
    ///
    /// If AWS would refuse it, or this simulator cannot model it: the test is wrong.
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
                let home = |arn: &str| arn.rsplit_once(':').map(|(home, _)| home.to_owned());
                assert_eq!(home(arn), home(dead), "{dead} is in another account or region");
            }
            _ => panic!("{arn}: a dead-letter queue goes with a count from 1 to 1000"),
        }
        if let Some(held) = self.queues.get_mut(arn) {
            held.queue = queue;
            return;
        }
        let (visible, hidden, expiring) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let messages = BTreeMap::new();
        self.queues.insert(arn.to_owned(), Held { queue, messages, visible, hidden, expiring });
    }

    /// Sends a message. One for a queue that does not exist is dropped, and so is one that is empty,
    /// over the size, or has control characters.
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

    /// The messages of a queue, visible or not, in the order they were sent; of a queue that does
    /// not exist, none.
    pub fn messages(&self, arn: &str) -> impl Iterator<Item = &Message> {
        self.queues.get(arn).into_iter().flat_map(|held| held.messages.values())
    }

    /// The ARN a message was for, for each that was dropped.
    pub fn dropped(&self) -> &[String] {
        &self.dropped
    }

    /// How many messages were kept for as long as their queues keep them, and lost.
    pub fn expired(&self) -> usize {
        self.expired
    }

    /// How a queue is configured.
    pub fn queue(&self, arn: &str) -> Option<&Queue> {
        self.queues.get(arn).map(|held| &held.queue)
    }

    /// Does what falls due at `at`: messages become visible again, or are lost with age.
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

    /// When something happens by itself next. That a message can be received is no such thing.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        let due = self.queues.values().flat_map(|it| [it.hidden.first(), it.expiring.first()]);
        due.flatten().map(|(due, _)| *due).min()
    }

    /// Since when there is a message to be received.
    pub(crate) fn visible_since(&self, arn: &str) -> Option<DateTime<Utc>> {
        self.queues.get(arn)?.visible.first().map(|(since, _)| *since)
    }

    /// Receives a message whose record is no larger than `room`, if the next one is such.
    ///
    /// One that was received too often goes to the dead-letter queue when it would be received once
    /// more. It keeps the age it has:
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

    /// Deletes a message, unless it was received again since: "the message might not be deleted".
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

impl Held {
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

/// A message as Lambda delivers it; the checksum and the sender are made up.
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
    let odd = |byte: u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    (1..=MAX_BODY).contains(&text.len()) && !text.bytes().any(odd)
}

/// How many bytes such a body has as a JSON string.
fn escaped_size(text: &str) -> usize {
    let escaped = |byte: u8| matches!(byte, b'"' | b'\\' | b'\n' | b'\r' | b'\t');
    text.len() + text.bytes().filter(|byte| escaped(*byte)).count() + 2
}
