//! Questions to the resolver and its replies, as values.

use std::net::SocketAddr;

use chrono::{DateTime, Utc};

use super::kind::DnsFaultKind;
use crate::route53::{Name, Rcode};

/// How a message travels.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Protocol {
    /// In a datagram.
    Udp,
    /// In a stream, behind its length.
    Tcp,
}

/// How the resolver replies to a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reply {
    /// It does not.
    Silence,
    /// These messages arrive, in this order. They have no length before them, even over TCP.
    Messages(Vec<Vec<u8>>),
}

/// A question that the resolver could read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Question {
    /// When it arrived.
    pub at: DateTime<Utc>,
    /// The address of the resolver.
    pub resolver: SocketAddr,
    /// How it arrived.
    pub protocol: Protocol,
    /// The name, for example `example.com.`.
    pub name: Name,
    /// The type, for example `SOA`, or `TYPE65280` for one without a name.
    pub record_type: String,
    /// The response code that the client should have read; `None` if no valid answer was sent.
    pub rcode: Option<Rcode>,
    /// Whether the answer was truncated.
    pub truncated: bool,
    /// The fault that changed the answer.
    pub fault: Option<DnsFaultKind>,
}
