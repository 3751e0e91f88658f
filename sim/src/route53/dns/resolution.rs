//! The answers of a resolver, as values.

use std::fmt;

use crate::route53::name::Name;

/// A response code. Source: <https://www.iana.org/assignments/dns-parameters>
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rcode {
    /// The question was answered, perhaps with no record.
    NoError,
    /// The question cannot be read.
    FormErr,
    /// No name server could be asked, or none knows the zone.
    ServFail,
    /// The name does not exist.
    NxDomain,
    /// The resolver does not do this.
    NotImp,
    /// The resolver does not want to do this.
    Refused,
    /// The version of EDNS is not known.
    BadVers,
}

/// A record, with its value as Route 53 writes it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Record {
    /// Its owner, for example `www.example.com.`.
    pub name: Name,
    /// Its type, for example `CNAME`.
    pub record_type: String,
    /// Its time to live in seconds.
    pub ttl: u32,
    /// For example `10 mail.example.com.` for an MX record.
    pub value: String,
}

impl Record {
    pub(super) fn new(name: &Name, record_type: &str, ttl: u32, value: impl Into<String>) -> Self {
        let (name, record_type) = (name.clone(), record_type.to_owned());
        Self { name, record_type, ttl, value: value.into() }
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, record_type, ttl, value } = self;
        write!(f, "{name} {ttl} {record_type} {value}")
    }
}

/// What a resolver answers to one question.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Resolution {
    /// The response code.
    pub rcode: Rcode,
    /// The CNAME records that lead to the answer, and the records that were asked for.
    pub answer: Vec<Record>,
    /// The SOA record of the zone that says there are none, if there are none.
    pub authority: Vec<Record>,
}

impl Resolution {
    /// An answer without records.
    pub fn empty(rcode: Rcode) -> Self {
        Self { rcode, answer: Vec::new(), authority: Vec::new() }
    }
}

/// What answers for a name, as a test reads it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answering {
    /// The zone with this id and this name without a trailing dot, in Route 53 or elsewhere.
    Zone {
        /// The plain id.
        id: String,
        /// Its name.
        name: String,
    },
    /// The registry: nobody has registered a domain that the name is in.
    Registry,
    /// No server: a delegation on the way is lame, and resolvers fail.
    Nobody,
}
