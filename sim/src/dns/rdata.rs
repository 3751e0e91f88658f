//! The values of records, from the form of Route 53 to that of messages.
//!
//! DS, HTTPS, NAPTR, SSHFP, SVCB and TLSA records are not written; the resolver fails if it finds one.
//!
//! Formats: <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html>

use simple_dns::rdata::{A, AAAA, CAA, CNAME, MX, NS, NULL, PTR, RData, SOA, SRV, TXT};
use simple_dns::{CharacterString, Label};

use crate::route53::Name;

/// The value of a record; `None` if it is not of its type, or if this type is not supported.
pub(super) fn parse(record_type: &str, value: &str) -> Option<RData<'static>> {
    let fields: Vec<&str> = value.split_ascii_whitespace().collect();
    Some(match (record_type, &fields[..]) {
        ("A", [address]) => {
            RData::A(A { address: u32::from(address.parse::<std::net::Ipv4Addr>().ok()?) })
        }
        ("AAAA", [address]) => {
            RData::AAAA(AAAA { address: u128::from(address.parse::<std::net::Ipv6Addr>().ok()?) })
        }
        ("CNAME", [target]) => RData::CNAME(CNAME(name(target)?)),
        ("NS", [server]) => RData::NS(NS(name(server)?)),
        ("PTR", [target]) => RData::PTR(PTR(name(target)?)),
        ("MX", [preference, exchange]) => {
            RData::MX(MX { preference: preference.parse().ok()?, exchange: name(exchange)? })
        }
        ("SRV", [priority, weight, port, target]) => RData::SRV(SRV {
            priority: priority.parse().ok()?,
            weight: weight.parse().ok()?,
            port: port.parse().ok()?,
            target: name(target)?,
        }),
        ("SOA", [mname, rname, serial, refresh, retry, expire, minimum]) => RData::SOA(SOA {
            mname: name(mname)?,
            rname: name(rname)?,
            serial: serial.parse().ok()?,
            refresh: refresh.parse().ok()?,
            retry: retry.parse().ok()?,
            expire: expire.parse().ok()?,
            minimum: minimum.parse().ok()?,
        }),
        ("CAA", [flag, tag, ..]) => {
            let quoted = value.splitn(3, ' ').nth(2)?;
            RData::CAA(CAA {
                flag: flag.parse().ok()?,
                tag: CharacterString::new(tag.as_bytes()).ok()?.into_owned(),
                value: strings(quoted)?.concat().into(),
            })
        }
        ("TXT", _) => {
            let mut txt = TXT::new();
            for string in strings(value)? {
                txt.add_char_string(CharacterString::new(&string).ok()?.into_owned());
            }
            RData::TXT(txt)
        }
        // RFC 4408 section 3.1.1: as TXT. The crate has no SPF.
        ("SPF", _) => {
            let mut data = Vec::new();
            for string in strings(value)? {
                data.push(u8::try_from(string.len()).ok()?);
                data.extend(string);
            }
            RData::NULL(99, NULL::new(&data).ok()?.into_owned())
        }
        _ => return None,
    })
}

/// A name in a message.
pub(super) fn wire_name(name: &Name) -> simple_dns::Name<'static> {
    let labels: Vec<_> = name.labels().into_iter().map(Label::new_unchecked).collect();
    simple_dns::Name::new_with_labels(&labels)
}

fn name(text: &str) -> Option<simple_dns::Name<'static>> {
    Name::absolute(text).ok().map(|name| wire_name(&name))
}

/// The octets of the strings in quotation marks. `\"` and `\\` are a quotation mark and a backslash, and
/// three octal digits after a backslash are an octet. A text without quotation marks is one string.
fn strings(text: &str) -> Option<Vec<Vec<u8>>> {
    let text = text.trim();
    if !text.starts_with('"') {
        return Some(vec![text.as_bytes().to_vec()]);
    }
    let mut strings = Vec::new();
    let mut rest = text.bytes();
    loop {
        match rest.next() {
            None => return Some(strings),
            Some(b' ' | b'\t') => {}
            Some(b'"') => strings.push(string(&mut rest)?),
            Some(_) => return None,
        }
    }
}

/// The string up to the closing quotation mark.
fn string(rest: &mut impl Iterator<Item = u8>) -> Option<Vec<u8>> {
    let mut string = Vec::new();
    loop {
        match rest.next()? {
            b'"' => return Some(string),
            b'\\' => match rest.next()? {
                high @ b'0'..=b'7' => {
                    let digits = [high, rest.next()?, rest.next()?];
                    let digits = str::from_utf8(&digits).ok()?;
                    string.push(u8::from_str_radix(digits, 8).ok()?);
                }
                plain => string.push(plain),
            },
            plain => string.push(plain),
        }
    }
}
