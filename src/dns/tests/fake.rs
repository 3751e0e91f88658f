//! Resolvers that answer in process, with messages made by hand.

use std::fmt;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dns_wire::base::iana::{Rcode, Rtype};
use dns_wire::base::message_builder::StaticCompressor;
use dns_wire::base::name::Name;
use dns_wire::base::{Message, MessageBuilder, Record, Serial, Ttl};
use dns_wire::rdata::caa::{Caa, CaaFlags, CaaTag};
use dns_wire::rdata::{A, Aaaa, AllRecordData, Cname, Ns, Soa};
use tokio::time::Instant;

use crate::dns::questions::Questions;
use crate::dns::resolver::Resolver;
use crate::dns::transport::{Exchange, Protocol, Transport};
use crate::domain::name::DomainName;

/// A query as a resolver gets it.
pub(super) struct Asked {
    pub(super) server: SocketAddr,
    pub(super) protocol: Protocol,
    /// `SOA www.example.com`; `SOA` of the root.
    pub(super) question: String,
    pub(super) query: Vec<u8>,
}

/// What comes back.
pub(super) enum Reply {
    /// These messages, one after the other, and nothing more.
    Messages(Vec<Vec<u8>>),
    Silence,
    Broken(io::ErrorKind),
}

type Answer = dyn Fn(&Asked) -> Reply + Send + Sync;

/// Resolvers that answer by a function, and the queries they got.
pub(super) struct Fake {
    answer: Box<Answer>,
    queries: Mutex<Vec<String>>,
}

impl Fake {
    pub(super) fn new(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { answer: Box::new(answer), queries: Mutex::default() })
    }

    /// Resolvers that know the answers of this table, and otherwise say that a name does not exist.
    pub(super) fn knowing(table: &'static [(&str, &str)]) -> Arc<Self> {
        Self::new(|asked| asked.reply(asked.look_up(table)))
    }

    /// What was asked: `192.0.2.1 Udp SOA www.example.com`.
    pub(super) fn queries(&self) -> Vec<String> {
        self.queries.lock().expect("no panic").clone()
    }

    /// A resolver that asks this many of them: 192.0.2.1, 192.0.2.2 and so on.
    pub(super) fn resolver(self: &Arc<Self>, servers: u8) -> Resolver {
        let server = |last| SocketAddr::from(([192, 0, 2, last], 53));
        Resolver::new((1..=servers).map(server).collect(), Arc::clone(self) as Arc<dyn Transport>)
    }
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fake")
    }
}

impl Transport for Fake {
    fn exchange<'a>(
        &'a self,
        server: SocketAddr,
        protocol: Protocol,
        query: &'a [u8],
        accept: &'a (dyn Fn(&[u8]) -> bool + Send + Sync),
    ) -> Exchange<'a> {
        let message = Message::from_slice(query).expect("a query");
        let question = message.sole_question().expect("a question");
        let question = format!("{} {}", question.qtype(), question.qname()).trim_end().to_owned();
        let asked = Asked { server, protocol, question, query: query.to_vec() };
        let line = format!("{} {protocol:?} {}", server.ip(), asked.question);
        self.queries.lock().expect("no panic").push(line);
        Box::pin(async move {
            match (self.answer)(&asked) {
                Reply::Broken(kind) => return Err(kind.into()),
                Reply::Silence => {}
                Reply::Messages(messages) => {
                    if let Some(message) = messages.into_iter().find(|message| accept(message)) {
                        return Ok(message);
                    }
                }
            }
            pending().await
        })
    }
}

impl Asked {
    /// The answer of a table to this question.
    pub(super) fn look_up(&self, table: &[(&str, &'static str)]) -> &'static str {
        let found = table.iter().find(|(question, _)| *question == self.question);
        found.map_or("NXDOMAIN | SOA", |(_, answer)| *answer)
    }

    pub(super) fn reply(&self, text: &str) -> Reply {
        Reply::Messages(vec![self.message(text)])
    }

    /// The message of a text such as `NXDOMAIN a.com CNAME b.com; b.com A 192.0.2.1 | com SOA`: code,
    /// answers and authority. A record without an owner is one of the root.
    pub(super) fn message(&self, text: &str) -> Vec<u8> {
        message(&self.query, text)
    }
}

pub(super) fn message(query: &[u8], text: &str) -> Vec<u8> {
    let (code, rest) = match text.trim().split_once(' ') {
        _ if text.trim() == "" => (Rcode::NOERROR, ""),
        Some((code, rest)) if is_code(code) => (code.parse().expect("a code"), rest),
        None if is_code(text.trim()) => (text.trim().parse().expect("a code"), ""),
        _ => (Rcode::NOERROR, text),
    };
    let (answers, authority) = rest.split_once('|').unwrap_or((rest, ""));
    let target = StaticCompressor::new(Vec::new());
    let query = Message::from_slice(query).expect("a query");
    let builder = MessageBuilder::from_target(target).expect("room");
    let mut builder = builder.start_answer(query, code).expect("room");
    builder.header_mut().set_ra(true);
    for record in records(answers) {
        builder.push(record).expect("room");
    }
    let mut builder = builder.authority();
    for record in records(authority) {
        builder.push(record).expect("room");
    }
    builder.finish().into_target()
}

fn is_code(word: &str) -> bool {
    ["NXDOMAIN", "SERVFAIL", "REFUSED", "FORMERR"].contains(&word)
}

type Made = Record<Name<Vec<u8>>, AllRecordData<Vec<u8>, Name<Vec<u8>>>>;

fn records(text: &str) -> impl Iterator<Item = Made> {
    text.split(';').map(str::trim).filter(|record| !record.is_empty()).map(record)
}

fn record(text: &str) -> Made {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    if words[0].parse::<Rtype>().is_ok() {
        words.insert(0, ".");
    }
    let data = match words[1] {
        "A" => A::new(words[2].parse().expect("an address")).into(),
        "AAAA" => Aaaa::new(words[2].parse().expect("an address")).into(),
        "CNAME" => Cname::new(wire(words[2])).into(),
        "NS" => Ns::new(wire(words[2])).into(),
        "CAA" => {
            let tag = CaaTag::from_octets(words[3].as_bytes().to_vec()).expect("a tag");
            let flags = CaaFlags::new(words[2].parse().expect("flags"));
            Caa::new(flags, tag, words[4].as_bytes().to_vec()).into()
        }
        _ => {
            let hour = Ttl::from_secs(3600);
            Soa::new(wire("ns.example"), wire("who.example"), Serial(1), hour, hour, hour, hour)
                .into()
        }
    };
    Record::new(wire(words[0]), dns_wire::base::iana::Class::IN, Ttl::from_secs(60), data)
}

fn wire(name: &str) -> Name<Vec<u8>> {
    Name::vec_from_str(name).expect("a name")
}

pub(super) fn name(text: &str) -> DomainName {
    DomainName::new(text)
}

pub(super) fn names(texts: &[&str]) -> Vec<DomainName> {
    texts.iter().map(|text| name(text)).collect()
}

/// Questions with much time.
pub(super) fn questions() -> Questions {
    Questions::new(now() + Duration::from_secs(600))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the deadline is on tokio's clock, which tests pause"
)]
pub(super) fn now() -> Instant {
    Instant::now()
}
