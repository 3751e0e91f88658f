use std::net::SocketAddr;

use chrono::{DateTime, TimeDelta, Utc};
use simple_dns::rdata::RData;
use simple_dns::{CLASS, OPCODE, Packet, PacketFlag, RCODE, TYPE};

use super::{DnsFault, DnsFaultKind, Protocol, Reply};
use crate::aws::Aws;
use crate::route53::Rcode;

mod acm;
mod faults;
mod messages;

const ACCOUNT: &str = "111111111111";
const ID: u16 = 0x1234;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn resolver(number: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, number], 53))
}

/// A query with RD, for a name without escapes.
fn query(name: &str, record_type: u16) -> Vec<u8> {
    let mut message = ID.to_be_bytes().to_vec();
    message.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.split_terminator('.') {
        message.push(label.len() as u8);
        message.extend(label.bytes());
    }
    message.push(0);
    message.extend(record_type.to_be_bytes());
    message.extend([0, 1]);
    message
}

/// The same with an EDNS record.
fn with_edns(mut query: Vec<u8>, size: u16, version: u8) -> Vec<u8> {
    query[11] += 1;
    query.extend([0, 0, 41]);
    query.extend(size.to_be_bytes());
    query.extend([0, version, 0, 0, 0, 0]);
    query
}

/// An AWS with the registered domain `example.com`, and the id of its zone.
fn example() -> (Aws, String) {
    let mut aws = Aws::default();
    let zone = aws.route53.register_domain(ACCOUNT, "example.com");
    aws.route53.put_record(&zone, "www.example.com", "A", 60, &["192.0.2.1"]);
    (aws, zone)
}

fn ask(aws: &mut Aws, protocol: Protocol, message: &[u8]) -> Vec<Vec<u8>> {
    match aws.answer_dns(resolver(1), protocol, message, at(0)) {
        Reply::Silence => Vec::new(),
        Reply::Messages(messages) => messages,
    }
}

/// The only message of the reply over UDP.
#[track_caller]
fn one(aws: &mut Aws, message: &[u8]) -> Vec<u8> {
    let [only] = <[_; 1]>::try_from(ask(aws, Protocol::Udp, message)).unwrap();
    only
}

fn parse(message: &[u8]) -> Packet<'_> {
    Packet::parse(message).unwrap()
}

fn rcode(message: &[u8]) -> RCODE {
    parse(message).rcode()
}

/// The addresses in the answer of a message.
fn addresses(message: &[u8]) -> Vec<String> {
    let packet = parse(message);
    let records = packet.answers.iter().filter_map(|record| match &record.rdata {
        RData::A(a) => Some(std::net::Ipv4Addr::from(a.address).to_string()),
        _ => None,
    });
    records.collect()
}
