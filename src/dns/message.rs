//! The messages of DNS: writes queries, and reads what answers them.
//!
//! `dns_wire` parses: it never panics, and it follows compression pointers backwards only.

use dns_wire::base::iana::{Class, Opcode, OptRcode, Rtype};
use dns_wire::base::message::RecordSection;
use dns_wire::base::wire::ParseError;
use dns_wire::base::{Message, MessageBuilder, ParseRecordData, ParsedName, ParsedRecord};
use dns_wire::rdata;

use super::answer::{Data, Kind, Question, Response};
use super::wire_name::{from_wire, to_wire};
use crate::domain::name::DomainName;
use crate::domain::zone::caa_record::Caa;

/// Why a message that answers a question is of no use.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum Useless {
    #[error("{0}")]
    Failure(OptRcode),
    #[error("nonsense")]
    Nonsense,
}

impl From<ParseError> for Useless {
    fn from(_: ParseError) -> Self {
        Self::Nonsense
    }
}

/// How many aliases are followed.
const MOST_ALIASES: usize = 8;

/// How many records of a section are read. By compression, a message can hold thousands with the longest of
/// names: megabytes, once they are read.
const MOST_RECORDS: usize = 256;

/// The size of a datagram that passes every network in one piece
/// ([DNS Flag Day 2020](https://www.dnsflagday.net/2020/)).
const DATAGRAM: u16 = 1232;

/// The query that asks a question. `None` if its name is none that DNS can ask for.
pub(super) fn query(question: &Question, id: u16) -> Option<Vec<u8>> {
    let mut builder = MessageBuilder::new_vec();
    builder.header_mut().set_id(id);
    builder.header_mut().set_rd(true);
    let mut builder = builder.question();
    builder.push((to_wire(&question.name)?, question.kind.rtype())).ok()?;
    let mut builder = builder.additional();
    builder
        .opt(|options| {
            options.set_udp_payload_size(DATAGRAM);
            Ok(())
        })
        .ok()?;
    Some(builder.finish())
}

/// Whether a message answers the query with this id: anybody can send one that does not.
pub(super) fn answers(question: &Question, id: u16, message: &[u8]) -> bool {
    let Ok(message) = Message::from_slice(message) else { return false };
    let header = message.header();
    let same = |other: &dns_wire::base::Question<_>| {
        other.qtype() == question.kind.rtype()
            && other.qclass() == Class::IN
            && from_wire(other.qname()).as_ref() == Some(&question.name)
    };
    header.id() == id
        && header.qr()
        && header.opcode() == Opcode::QUERY
        && message.sole_question().is_ok_and(|other| same(&other))
}

/// Whether a message says that it does not hold the whole answer.
pub(super) fn is_truncated(message: &[u8]) -> bool {
    Message::from_slice(message).is_ok_and(|message| message.header().tc())
}

/// Reads the answer to a question.
///
/// # Errors
///
/// [`Useless`] if the resolver failed, or if what it says cannot be.
pub(super) fn read(question: &Question, message: &[u8]) -> Result<Response, Useless> {
    let message = Message::from_slice(message).map_err(|_| Useless::Nonsense)?;
    let exists = match message.opt_rcode() {
        OptRcode::NOERROR => true,
        OptRcode::NXDOMAIN => false,
        failure => return Err(Useless::Failure(failure)),
    };
    // A server that does not ask others on our behalf knows its own zones only, even those that nobody
    // else sees.
    if !message.header().ra() || message.header().tc() {
        return Err(Useless::Nonsense);
    }
    let answers = records(message.answer()?, &[question.kind, Kind::Cname])?;
    let authority = records(message.authority()?, &[Kind::Soa])?;
    let (alias, end) = follow(question, &answers)?;
    let data: Vec<_> = of(&end, question.kind, &answers).cloned().collect();
    if !exists && !data.is_empty() {
        return Err(Useless::Nonsense);
    }
    let zones = authority.into_iter().map(|(owner, _)| owner).collect();
    Ok(Response { alias, end, exists, data, zones })
}

/// Follows the aliases that begin at the name that is asked for: the first target, and the end.
fn follow(
    question: &Question,
    answers: &[Answer],
) -> Result<(Option<DomainName>, DomainName), Useless> {
    let Question { name, kind } = question;
    let mut targets = Vec::new();
    let mut end = name;
    // A name that has what is asked for is not left, even if it is an alias besides. That includes the
    // alias that is asked for itself.
    while of(end, *kind, answers).next().is_none()
        && let Some(target) = alias(end, answers)?
    {
        // A chain that does not end is a circle, or there to keep us busy.
        if targets.len() == MOST_ALIASES {
            return Err(Useless::Nonsense);
        }
        targets.push(target);
        end = target;
    }
    let first = match kind {
        Kind::Cname => alias(name, answers)?,
        _ => targets.first().copied(),
    };
    Ok((first.cloned(), end.clone()))
}

/// The alias at a name, which has one at most.
fn alias<'a>(name: &DomainName, answers: &'a [Answer]) -> Result<Option<&'a DomainName>, Useless> {
    let target = |data: &'a Data| match data {
        Data::Alias(target) => Some(target),
        _ => None,
    };
    let mut targets = of(name, Kind::Cname, answers).filter_map(target);
    let first = targets.next();
    if targets.any(|other| Some(other) != first) {
        return Err(Useless::Nonsense);
    }
    Ok(first)
}

/// A record: its owner and its data.
type Answer = (DomainName, Data);

/// The records of one type at one name.
fn of<'a>(name: &DomainName, kind: Kind, answers: &'a [Answer]) -> impl Iterator<Item = &'a Data> {
    let data = answers.iter().filter(move |(owner, _)| owner == name).map(|(_, data)| data);
    data.filter(move |data| data.is(kind))
}

/// The records of these types in a section. Others are ignored.
fn records(section: RecordSection<'_, [u8]>, kinds: &[Kind]) -> Result<Vec<Answer>, Useless> {
    let mut records = Vec::new();
    for record in section {
        let record = record?;
        let kind = kinds.iter().find(|kind| kind.rtype() == record.rtype());
        if let (Some(kind), Class::IN) = (kind, record.class())
            && let Some(owner) = from_wire(&record.owner())
        {
            if records.len() == MOST_RECORDS {
                return Err(Useless::Nonsense);
            }
            records.push((owner, data(*kind, &record)?));
        }
    }
    Ok(records)
}

fn data(kind: Kind, record: &ParsedRecord<'_, [u8]>) -> Result<Data, Useless> {
    let name = |name: &ParsedName<&[u8]>| from_wire(name).ok_or(Useless::Nonsense);
    Ok(match kind {
        Kind::A => Data::Address(parse::<rdata::A>(record)?.addr().into()),
        Kind::Aaaa => Data::Address(parse::<rdata::Aaaa>(record)?.addr().into()),
        Kind::Caa => {
            let caa = parse::<rdata::Caa<&[u8]>>(record)?;
            Data::Caa(Caa {
                flags: caa.flags().bits(),
                tag: caa.tag().to_string(),
                value: String::from_utf8_lossy(caa.value()).into_owned(),
            })
        }
        Kind::Cname => Data::Alias(name(parse::<rdata::Cname<_>>(record)?.cname())?),
        Kind::Ns => Data::NameServer(name(parse::<rdata::Ns<_>>(record)?.nsdname())?),
        Kind::Soa => Data::Zone,
    })
}

fn parse<'a, T: ParseRecordData<'a, [u8]>>(record: &ParsedRecord<'a, [u8]>) -> Result<T, Useless> {
    let record = record.to_record()?.ok_or(Useless::Nonsense)?;
    Ok(record.into_data())
}

impl Kind {
    fn rtype(self) -> Rtype {
        match self {
            Self::A => Rtype::A,
            Self::Aaaa => Rtype::AAAA,
            Self::Caa => Rtype::CAA,
            Self::Cname => Rtype::CNAME,
            Self::Ns => Rtype::NS,
            Self::Soa => Rtype::SOA,
        }
    }
}
