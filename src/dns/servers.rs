//! Which resolvers are asked.

use std::fs;
use std::net::{IpAddr, SocketAddr};

use crate::domain::resolvers::{DNS_PORT, Resolvers};

/// The addresses of the resolvers. None if public DNS is never asked, or if the system names none.
pub fn servers(resolvers: &Resolvers) -> Vec<SocketAddr> {
    match resolvers {
        Resolvers::Never => Vec::new(),
        Resolvers::Given(servers) => servers.clone(),
        // A system without this file has no resolver that it could name: then nothing is known.
        Resolvers::System => {
            fs::read_to_string("/etc/resolv.conf").map_or_else(|_| Vec::new(), |text| parse(&text))
        }
    }
}

/// The resolvers in the text of `/etc/resolv.conf`: the first three, as [the system] itself takes them.
/// An address with a zone (`fe80::1%eth0`) is left out.
///
/// [the system]: https://man7.org/linux/man-pages/man5/resolv.conf.5.html
fn parse(text: &str) -> Vec<SocketAddr> {
    let server = |line: &str| {
        let address = line.strip_prefix("nameserver")?.strip_prefix(char::is_whitespace)?;
        let address: IpAddr = address.split_whitespace().next()?.parse().ok()?;
        Some(SocketAddr::new(address, DNS_PORT))
    };
    text.lines().filter_map(server).take(3).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let servers: Vec<_> = parse(text).iter().map(SocketAddr::to_string).collect();
        assert_eq!(servers, expected);
    }

    #[test]
    fn the_system_names_its_resolvers_line_by_line() {
        check("# by hand\nnameserver 192.0.2.1\nsearch example.com\n", &["192.0.2.1:53"]);
        check(
            "nameserver\t192.0.2.1 # first\nnameserver  2001:db8::1\n",
            &["192.0.2.1:53", "[2001:db8::1]:53"],
        );
    }

    #[test]
    fn what_is_no_address_is_left_out() {
        check("", &[]);
        check("nameserver\nnameserver fe80::1%eth0\nnameserver dns.example\n", &[]);
        check(";nameserver 192.0.2.1\nnameservers 192.0.2.1\nnameserver192.0.2.1\n", &[]);
    }

    #[test]
    fn only_three_are_taken() {
        let text: String = (1..=5).map(|it| format!("nameserver 192.0.2.{it}\n")).collect();
        check(&text, &["192.0.2.1:53", "192.0.2.2:53", "192.0.2.3:53"]);
    }

    #[test]
    fn settings_decide_whether_the_system_is_asked() {
        let given = vec![SocketAddr::from(([192, 0, 2, 1], 5353))];
        assert_eq!(servers(&Resolvers::Given(given.clone())), given);
        assert_eq!(servers(&Resolvers::Never), []);
    }
}
