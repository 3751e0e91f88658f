//! Questions to public DNS, and their answers: plain values.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::domain::name::DomainName;
use crate::domain::zone::caa_record::Caa;

/// A question to public DNS.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Question {
    pub(super) name: DomainName,
    pub(super) kind: Kind,
}

/// The type of the records that are asked for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Kind {
    A,
    Aaaa,
    Caa,
    Cname,
    Ns,
    Soa,
}

/// The data of a record of one of these types.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Data {
    Address(IpAddr),
    Alias(DomainName),
    Caa(Caa),
    NameServer(DomainName),
    /// That there is a zone, which is all that is read of its SOA record.
    Zone,
}

/// What a resolver answered, without the records that do not belong to the answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Response {
    /// The target of the CNAME record at the name that was asked for.
    pub(super) alias: Option<DomainName>,
    /// Where the aliases that begin at that name end: the name itself if it is none.
    pub(super) end: DomainName,
    /// Whether that end exists.
    pub(super) exists: bool,
    /// The records at the end.
    pub(super) data: Vec<Data>,
    /// The owners of the SOA records in the authority section.
    pub(super) zones: BTreeSet<DomainName>,
}

impl Data {
    /// Whether it is the data of a record of this type.
    pub(super) fn is(&self, kind: Kind) -> bool {
        match self {
            Self::Address(IpAddr::V4(_)) => kind == Kind::A,
            Self::Address(IpAddr::V6(_)) => kind == Kind::Aaaa,
            Self::Alias(_) => kind == Kind::Cname,
            Self::Caa(_) => kind == Kind::Caa,
            Self::NameServer(_) => kind == Kind::Ns,
            Self::Zone => kind == Kind::Soa,
        }
    }
}
