//! Reads a query.

use simple_dns::rdata::RData;
use simple_dns::{CLASS, OPCODE, Packet, PacketFlag, QCLASS};

use super::types;
use crate::route53::{Name, Rcode};

/// The length of a header, and where the question begins. Source: RFC 1035 section 4.1.1.
const HEADER: usize = 12;

/// A query, with what of it an answer repeats.
#[derive(Clone, Debug)]
pub(super) struct Query {
    pub(super) id: u16,
    pub(super) opcode: OPCODE,
    /// The flags RD and CD, as far as they are set.
    pub(super) flags: PacketFlag,
    /// The question; none if the query cannot be read.
    pub(super) asked: Option<Asked>,
    /// The largest answer over UDP that the client takes, if it speaks EDNS. Source: RFC 6891.
    pub(super) edns: Option<u16>,
    /// Why it is not answered.
    pub(super) refusal: Option<Rcode>,
}

/// The question of a query.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) name: Name,
    /// The labels of the name as they were written: clients choose upper and lower case at random, and
    /// expect them back.
    pub(super) labels: Vec<Vec<u8>>,
    pub(super) number: u16,
    pub(super) class: u16,
}

impl Query {
    /// Reads a query. `None` if it is not one: too short for a header, or a response.
    pub(super) fn parse(message: &[u8]) -> Option<Self> {
        let header = message.get(..HEADER)?;
        let flags = u16::from_be_bytes([header[2], header[3]]);
        if flags & 0x8000 != 0 {
            return None;
        }
        let repeated = PacketFlag::RECURSION_DESIRED | PacketFlag::CHECKING_DISABLED;
        let mut query = Self {
            id: u16::from_be_bytes([header[0], header[1]]),
            opcode: OPCODE::from(flags >> 11 & 0xF),
            flags: PacketFlag::from_bits_truncate(flags) & repeated,
            asked: None,
            edns: None,
            refusal: None,
        };
        query.refusal = match query.opcode {
            OPCODE::StandardQuery => query.read(message).err(),
            _ => Some(Rcode::NotImp),
        };
        Some(query)
    }

    /// Reads the question and the EDNS record, or says why the query is not answered.
    fn read(&mut self, message: &[u8]) -> Result<(), Rcode> {
        // The crate does not read questions for types that it does not know, so it reads type A instead.
        let place = place_of_type(message).ok_or(Rcode::FormErr)?;
        let mut message = message.to_vec();
        let number = message.get_mut(place..place + 2).ok_or(Rcode::FormErr)?;
        let asked = u16::from_be_bytes([number[0], number[1]]);
        number.copy_from_slice(&[0, 1]);
        let packet = Packet::parse(&message).map_err(|_| Rcode::FormErr)?;

        self.edns = packet.opt().map(|opt| opt.udp_packet_size);
        let [question] = &packet.questions[..] else {
            return Err(Rcode::FormErr);
        };
        let labels: Vec<_> = question.qname.as_bytes().map(<[u8]>::to_vec).collect();
        self.asked = Some(Asked {
            name: Name::from_labels(labels.iter().map(Vec::as_slice)),
            labels,
            number: asked,
            class: question.qclass.into(),
        });
        // RFC 6891 section 6.1.1: more than one OPT record is an error.
        let second = |opt: &simple_dns::ResourceRecord<'_>| matches!(opt.rdata, RData::OPT(_));
        if packet.additional_records.iter().any(second) || !packet.answers.is_empty() {
            return Err(Rcode::FormErr);
        }
        if packet.opt().is_some_and(|opt| opt.version != 0) {
            return Err(Rcode::BadVers);
        }
        if types::is_meta(asked) {
            return Err(Rcode::NotImp);
        }
        // Resolvers recurse for whoever asks for it. Unbound refuses others:
        // https://nlnetlabs.nl/documentation/unbound/unbound.conf/ (access-control)
        let recursive = self.flags.contains(PacketFlag::RECURSION_DESIRED);
        if !recursive || question.qclass != QCLASS::CLASS(CLASS::IN) {
            return Err(Rcode::Refused);
        }
        Ok(())
    }
}

/// Where the type of the first question is: behind its name, which cannot be compressed.
fn place_of_type(message: &[u8]) -> Option<usize> {
    let mut place = HEADER;
    loop {
        match message.get(place)? {
            0 => return Some(place + 1),
            length @ 1..=63 => place += 1 + usize::from(*length),
            _ => return None,
        }
    }
}
