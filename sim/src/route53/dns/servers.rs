//! The addresses of name servers, and which names are the same server.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::registry;
use super::resolution::Record;
use crate::route53::Route53;
use crate::route53::name::Name;

/// How long an address is valid, in seconds: two days, as for other records of delegations.
const TTL: u32 = 172_800;

/// The last labels of Route 53's name servers, in the order of a delegation set.
pub(in crate::route53) const DOMAINS: [&str; 4] = ["com", "net", "org", "co.uk"];

impl Route53 {
    /// The address records of this name, if it is the name of a server.
    pub(super) fn server_addresses(&self, name: &Name, record_type: &str) -> Option<Vec<Record>> {
        if !matches!(record_type, "A" | "AAAA") || !self.is_server(name) {
            return None;
        }
        let host = name.to_string();
        let value = address(self.real_server(&host), record_type);
        Some(vec![Record::new(name, record_type, TTL, value)])
    }

    /// Whether this is the name of a server: of Route 53, of a registry, or one that a test named.
    pub(super) fn is_server(&self, name: &Name) -> bool {
        let host = name.to_string();
        self.hosts.contains(name) || registry::is_server(&host) || position(&host).is_some()
    }

    /// Whether two names lead to the same server. White-label name servers are Route 53's servers with
    /// other names and the same addresses:
    /// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/white-label-name-servers.html>
    ///
    /// Names are not parsed, because ACM checks often. Apart from case, no character in the name of a
    /// name server can be written in two ways.
    pub(super) fn is_same_server(&self, one: &str, other: &str) -> bool {
        self.real_server(one).eq_ignore_ascii_case(self.real_server(other))
    }

    /// The server that has this name, as a name without trailing dot.
    fn real_server<'a>(&'a self, name: &'a str) -> &'a str {
        let name = name.strip_suffix('.').unwrap_or(name);
        if self.white_labels.is_empty() {
            return name;
        }
        self.white_labels.get(&name.to_ascii_lowercase()).map_or(name, String::as_str)
    }
}

/// The address of a server or another resource of AWS, always the same for one name.
///
/// IPv4 addresses of Route 53's name servers are of the range for benchmarks (RFC 2544), those of others
/// of the range for providers (RFC 6598). IPv6 addresses are of the range for documentation (RFC 3849).
pub(super) fn address(host: &str, record_type: &str) -> String {
    let host = host.to_ascii_lowercase();
    let (v4, v6) = match position(&host) {
        Some(position) => (0xC612_0000 | (position & 0x1_FFFF) as u32, u128::from(position)),
        None => {
            let hash = hash(&host);
            (0x6440_0000 | (hash & 0x3F_FFFF) as u32, 1 << 64 | u128::from(hash))
        }
    };
    match record_type {
        "A" => Ipv4Addr::from(v4).to_string(),
        _ => Ipv6Addr::from(0x2001_0db8 << 96 | v6).to_string(),
    }
}

/// The number of a name server of Route 53 among all of them, by its name such as `ns-513.awsdns-01.net`.
fn position(host: &str) -> Option<u64> {
    let host = host.strip_suffix('.').unwrap_or(host);
    let (number, rest) = host.strip_prefix("ns-")?.split_once(".awsdns-")?;
    let (_, domain) = rest.split_once('.')?;
    let place = DOMAINS.iter().position(|known| *known == domain)? as u64;
    let number: u64 = number.parse().ok()?;
    Some(number.saturating_sub(512 * place) * 4 + place)
}

/// FNV-1a. Source: <http://www.isthe.com/chongo/tech/comp/fnv/>
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
