//! The recursive resolvers that are asked what public DNS says.

// `core`'s addresses are `std`'s: plain values. What does I/O is in `std::net` only.
use core::net::{IpAddr, SocketAddr};

/// The port that resolvers answer on, unless another is named.
pub const DNS_PORT: u16 = 53;

/// Which resolvers are asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Resolvers {
    /// Those of `/etc/resolv.conf`.
    System,
    /// These, in this order.
    Given(Vec<SocketAddr>),
    /// None: public DNS is never asked.
    Never,
}

impl Resolvers {
    /// Reads `none`, or addresses separated by commas: `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` or
    /// `[2001:db8::1]:5353`.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "none" {
            return Some(Self::Never);
        }
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        let servers: Vec<_> = items.map(server).collect::<Option<_>>()?;
        (!servers.is_empty()).then_some(Self::Given(servers))
    }
}

fn server(text: &str) -> Option<SocketAddr> {
    let address = |text: &str| text.parse::<IpAddr>().ok();
    let plain = address(text).map(|address| SocketAddr::new(address, DNS_PORT));
    let server = plain.or_else(|| text.parse().ok())?;
    (server.port() != 0).then_some(server)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&[&str]>) {
        let given = |servers: &[&str]| {
            Resolvers::Given(servers.iter().map(|it| it.parse().expect("an address")).collect())
        };
        assert_eq!(Resolvers::parse(text), expected.map(given), "{text}");
    }

    #[test]
    fn a_resolver_is_an_address_with_a_port_or_without() {
        check("192.0.2.1", Some(&["192.0.2.1:53"]));
        check("192.0.2.1:5353", Some(&["192.0.2.1:5353"]));
        check("2001:db8::1", Some(&["[2001:db8::1]:53"]));
        check("[2001:db8::1]:5353", Some(&["[2001:db8::1]:5353"]));
        check("192.0.2.2, 192.0.2.1,", Some(&["192.0.2.2:53", "192.0.2.1:53"]));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [",", "dns.example", "192.0.2.1:0", "192.0.2.1:", "[2001:db8::1]", "192.0.2"] {
            check(text, None);
        }
        check("192.0.2.1,dns.example", None);
        check("none,192.0.2.1", None);
    }

    #[test]
    fn none_is_never() {
        assert_eq!(Resolvers::parse("none"), Some(Resolvers::Never));
    }
}
