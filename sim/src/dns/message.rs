//! Writes answers.

use simple_dns::rdata::RData;
use simple_dns::{CLASS, Label, Packet, PacketFlag, QCLASS, QTYPE, ResourceRecord, TYPE};

use super::query::{Asked, Query};
use super::rdata;
use super::types;
use crate::route53::{Name, Rcode, Record, Resolution};

/// The largest message over UDP that this resolver sends and takes, so that none is fragmented.
/// Source: <https://www.dnsflagday.net/2020/>
const LARGEST: u16 = 1232;

/// The flag of clients that understand DNSSEC. An answer repeats it: RFC 3225 section 3.
const DO: u16 = 0x8000;

/// The largest message over UDP without EDNS. Source: RFC 1035 section 4.2.1.
const PLAIN: u16 = 512;

/// An answer before it is written.
#[derive(Clone, Debug)]
pub(super) struct Message<'a> {
    query: &'a Query,
    pub(super) id: u16,
    /// The question that it repeats.
    pub(super) asked: Option<Asked>,
    pub(super) resolution: Resolution,
    pub(super) additional: Vec<Record>,
    pub(super) truncated: bool,
}

impl<'a> Message<'a> {
    pub(super) fn new(query: &'a Query, resolution: Resolution) -> Self {
        let (id, asked) = (query.id, query.asked.clone());
        Self { query, id, asked, resolution, additional: Vec::new(), truncated: false }
    }

    /// Leaves the records out. A client that gets a truncated answer asks again over TCP.
    /// Source: RFC 2181 section 9.
    pub(super) fn truncate(&mut self) {
        let rcode = self.resolution.rcode;
        self.resolution = Resolution::empty(rcode);
        self.additional.clear();
        self.truncated = true;
    }

    /// The largest message over UDP that both sides take.
    pub(super) fn limit(&self) -> usize {
        usize::from(self.query.edns.map_or(PLAIN, |edns| edns.size).clamp(PLAIN, LARGEST))
    }

    /// The message; `None` if a record cannot be written.
    pub(super) fn write(&self) -> Option<Vec<u8>> {
        let mut packet = Packet::new_reply(self.id);
        *packet.opcode_mut() = self.query.opcode;
        packet.set_flags(self.query.flags | PacketFlag::RECURSION_AVAILABLE);
        if self.truncated {
            packet.set_flags(PacketFlag::TRUNCATION);
        }
        *packet.rcode_mut() = types::rcode(self.resolution.rcode);
        if let Some(asked) = &self.asked {
            let class = QCLASS::try_from(asked.class).ok()?;
            let asked_type =
                QTYPE::try_from(asked.number).unwrap_or(QTYPE::TYPE(TYPE::Unknown(asked.number)));
            let name = labels(&asked.labels);
            packet.questions.push(simple_dns::Question::new(name, asked_type, class, false));
        }
        packet.answers = self.records(&self.resolution.answer)?;
        packet.name_servers = self.records(&self.resolution.authority)?;
        packet.additional_records = self.records(&self.additional)?;
        let mut message = packet.build_bytes_vec_compressed().ok()?;
        self.add_edns(&mut message);
        Some(message)
    }

    /// Adds the EDNS record at the end, if the query has one. It is written by hand, because the crate
    /// writes version and response code in the wrong places. Source: RFC 6891 section 6.1.3.
    fn add_edns(&self, message: &mut Vec<u8>) {
        let Some(edns) = self.query.edns else {
            return;
        };
        // The record counts as one of the additional section.
        let count = self.additional.len() as u16 + 1;
        message.splice(10..12, count.to_be_bytes());
        // The owner is the root, and the type is 41.
        message.extend([0, 0, 41]);
        message.extend(LARGEST.to_be_bytes());
        let high_bits_of_rcode = u8::from(self.resolution.rcode == Rcode::BadVers);
        message.extend([high_bits_of_rcode, 0]);
        message.extend((edns.flags & DO).to_be_bytes());
        message.extend([0, 0]);
    }

    fn records(&self, records: &[Record]) -> Option<Vec<ResourceRecord<'static>>> {
        records.iter().map(|record| self.record(record)).collect()
    }

    fn record(&self, record: &Record) -> Option<ResourceRecord<'static>> {
        let data: RData<'static> = rdata::parse(&record.record_type, &record.value)?;
        Some(ResourceRecord::new(self.owner(&record.name), CLASS::IN, record.ttl, data))
    }

    /// The owner of a record, in upper and lower case as it was asked for.
    fn owner(&self, name: &Name) -> simple_dns::Name<'static> {
        match &self.asked {
            Some(asked) if asked.name == *name => labels(&asked.labels),
            _ => rdata::wire_name(name),
        }
    }
}

fn labels(labels: &[Vec<u8>]) -> simple_dns::Name<'static> {
    let labels: Vec<_> = labels.iter().cloned().map(Label::new_unchecked).collect();
    simple_dns::Name::new_with_labels(&labels)
}
