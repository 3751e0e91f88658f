//! Records of a name that nobody asked about, which a client must ignore.
//!
//! Source: RFC 5452 section 6: a client believes only what belongs to its question.

use super::message::Message;
use super::types;
use crate::route53::{Name, Record};

/// The labels of the name that nobody asked about.
pub(super) const OTHER: [&[u8]; 2] = [b"poisoned", b"example"];

const RECORDS: [(&str, &str); 9] = [
    ("A", "203.0.113.66"),
    ("AAAA", "2001:db8:dead::66"),
    ("CAA", "0 issue \"poisoned.example\""),
    ("CNAME", "elsewhere.poisoned.example."),
    ("MX", "1 mail.poisoned.example."),
    ("NS", "ns.poisoned.example."),
    ("PTR", "elsewhere.poisoned.example."),
    ("SOA", "ns.poisoned.example. hostmaster.poisoned.example. 66 7200 900 1209600 86400"),
    ("TXT", "\"poisoned\""),
];

/// Puts such records before the others in every section: in the answer one of the type that was asked
/// for, in the authority what an answer without records has, and an address in the rest.
pub(super) fn add(message: &mut Message<'_>) {
    let asked = message.asked.as_ref().map(|asked| types::name(asked.number));
    let asked = asked.unwrap_or_default();
    let (answer, authority) = (&mut message.resolution.answer, &mut message.resolution.authority);
    answer.splice(0..0, record(&asked));
    authority.splice(0..0, ["SOA", "NS"].into_iter().filter_map(record));
    message.additional.splice(0..0, record("A"));
}

fn record(record_type: &str) -> Option<Record> {
    let (_, value) = RECORDS.iter().find(|(known, _)| *known == record_type)?;
    let (name, record_type) = (Name::from_labels(OTHER.into_iter()), record_type.to_owned());
    Some(Record { name, record_type, ttl: 86_400, value: (*value).to_owned() })
}
