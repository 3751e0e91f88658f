//! Reads a query, by hand: it has one question and at most an EDNS record.

use simple_dns::{OPCODE, PacketFlag, QCLASS};

use super::types;
use crate::route53::{Name, Rcode};

/// The class of the Internet, and that of EDNS records. Sources: RFC 1035 section 3.2.4, RFC 6891.
const IN: u16 = 1;
const OPT: u16 = 41;

/// A query, with what of it an answer repeats.
#[derive(Clone, Debug)]
pub(super) struct Query {
    pub(super) id: u16,
    pub(super) opcode: OPCODE,
    /// The flags RD and CD, as far as they are set.
    pub(super) flags: PacketFlag,
    /// The question; none if it cannot be read.
    pub(super) asked: Option<Asked>,
    /// The EDNS record.
    pub(super) edns: Option<Edns>,
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

/// What a client says with EDNS. Source: RFC 6891 section 6.1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edns {
    /// The largest message over UDP that it takes.
    pub(super) size: u16,
    pub(super) version: u8,
    /// The flags, of which an answer repeats DO (RFC 3225 section 3).
    pub(super) flags: u16,
}

impl Query {
    /// Reads a query. `None` if it is not one: too short for a header, or a response.
    pub(super) fn parse(message: &[u8]) -> Option<Self> {
        let mut rest = Bytes(message);
        let (id, flags) = (rest.number()?, rest.number()?);
        let counts = [rest.number()?, rest.number()?, rest.number()?, rest.number()?];
        if flags & 0x8000 != 0 {
            return None;
        }
        let repeated = PacketFlag::RECURSION_DESIRED | PacketFlag::CHECKING_DISABLED;
        let mut query = Self {
            id,
            opcode: OPCODE::from(flags >> 11 & 0xF),
            flags: PacketFlag::from_bits_truncate(flags) & repeated,
            asked: None,
            edns: None,
            refusal: None,
        };
        query.refusal = match query.opcode {
            OPCODE::StandardQuery => query.read(rest, counts).err(),
            _ => Some(Rcode::NotImp),
        };
        Some(query)
    }

    /// Reads the question and the EDNS record, or says why the query is not answered.
    fn read(&mut self, mut rest: Bytes<'_>, counts: [u16; 4]) -> Result<(), Rcode> {
        let [1, 0, 0, additional] = counts else {
            return Err(Rcode::FormErr);
        };
        let asked = rest.question().ok_or(Rcode::FormErr)?;
        let (number, class) = (asked.number, asked.class);
        // The crate that writes answers cannot repeat a question of an unknown class.
        if QCLASS::try_from(class).is_err() {
            return Err(Rcode::Refused);
        }
        for _ in 0..additional {
            let edns = rest.additional().ok_or(Rcode::FormErr)?;
            // RFC 6891 section 6.1.1: more than one is an error.
            if edns.is_some() && self.edns.is_some() {
                return Err(Rcode::FormErr);
            }
            self.edns = self.edns.or(edns);
        }
        if !rest.0.is_empty() {
            return Err(Rcode::FormErr);
        }
        self.asked = Some(asked);
        if self.edns.is_some_and(|edns| edns.version != 0) {
            return Err(Rcode::BadVers);
        }
        if types::is_meta(number) {
            return Err(Rcode::NotImp);
        }
        // Resolvers recurse for whoever asks for it. Unbound refuses others:
        // https://nlnetlabs.nl/documentation/unbound/unbound.conf/ (access-control)
        if !self.flags.contains(PacketFlag::RECURSION_DESIRED) || class != IN {
            return Err(Rcode::Refused);
        }
        Ok(())
    }
}

/// The part of a message that is not read yet. Each method returns `None` if it is too short or wrong.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn number(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes([self.byte()?, self.byte()?]))
    }

    /// The labels of a name that is not compressed: nothing is before it that it could refer to.
    fn labels(&mut self) -> Option<Vec<Vec<u8>>> {
        let mut labels: Vec<Vec<u8>> = Vec::new();
        loop {
            match self.byte()? {
                0 => break,
                length @ 1..=63 => labels.push(self.take(usize::from(length))?.to_vec()),
                _ => return None,
            }
        }
        // RFC 1035 section 2.3.4: 255 octets, with a length octet for each label and for the root.
        let octets = labels.iter().map(|label| label.len() + 1).sum::<usize>() + 1;
        (octets <= 255).then_some(labels)
    }

    fn question(&mut self) -> Option<Asked> {
        let labels = self.labels()?;
        let name = Name::from_labels(labels.iter().map(Vec::as_slice));
        Some(Asked { name, labels, number: self.number()?, class: self.number()? })
    }

    /// A record of the additional section; `Some(None)` if it is not an EDNS record.
    fn additional(&mut self) -> Option<Option<Edns>> {
        let labels = self.labels()?;
        let (number, size) = (self.number()?, self.number()?);
        let (_, version, flags) = (self.byte()?, self.byte()?, self.number()?);
        let length = self.number()?;
        self.take(usize::from(length))?;
        match number {
            OPT if labels.is_empty() => Some(Some(Edns { size, version, flags })),
            OPT => None,
            _ => Some(None),
        }
    }
}
