//! The numbers of record types.
//!
//! Source: <https://www.iana.org/assignments/dns-parameters>

use crate::route53::Rcode;

const TYPES: [(u16, &str); 18] = [
    (1, "A"),
    (2, "NS"),
    (5, "CNAME"),
    (6, "SOA"),
    (12, "PTR"),
    (15, "MX"),
    (16, "TXT"),
    (28, "AAAA"),
    (33, "SRV"),
    (35, "NAPTR"),
    (43, "DS"),
    (44, "SSHFP"),
    (52, "TLSA"),
    (64, "SVCB"),
    (65, "HTTPS"),
    (99, "SPF"),
    (255, "ANY"),
    (257, "CAA"),
];

/// The name of a type. One without a name is written as in RFC 3597 section 5.
pub(super) fn name(number: u16) -> String {
    let known = TYPES.iter().find(|(known, _)| *known == number);
    known.map_or_else(|| format!("TYPE{number}"), |(_, name)| (*name).to_owned())
}

/// Whether a type is for questions and messages only, such as AXFR, ANY and OPT.
/// Source: RFC 6895 section 3.1.
pub(super) fn is_meta(number: u16) -> bool {
    number == 41 || (128..=255).contains(&number)
}

/// A response code in a header. `BADVERS` is 16, whose lower four bits are zero.
pub(super) fn rcode(rcode: Rcode) -> simple_dns::RCODE {
    match rcode {
        Rcode::NoError | Rcode::BadVers => simple_dns::RCODE::NoError,
        Rcode::FormErr => simple_dns::RCODE::FormatError,
        Rcode::ServFail => simple_dns::RCODE::ServerFailure,
        Rcode::NxDomain => simple_dns::RCODE::NameError,
        Rcode::NotImp => simple_dns::RCODE::NotImplemented,
        Rcode::Refused => simple_dns::RCODE::Refused,
    }
}
