//! What the questions are, and how their answers are read.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use super::fake::{Fake, name, names, questions};
use crate::dns::answer::{Kind, Question};
use crate::dns::message::query;
use crate::dns::unknown::Known;
use crate::domain::zone::public_dns::Authority;

const NS: (&str, &str) =
    ("NS example.com", "example.com NS ns2.example.net; example.com NS NS1.example.net");

#[track_caller]
fn is_zone(found: Known<Authority>, apex: &str) {
    let servers = names(&["ns1.example.net", "ns2.example.net"]);
    let name_servers = servers.into_iter().collect();
    assert_eq!(found, Ok(Authority { apex: name(apex), name_servers }));
}

#[track_caller]
fn is_unknown<T: std::fmt::Debug>(found: Known<T>, why: &str) {
    assert_eq!(found.expect_err("nothing is known").to_string(), why);
}

async fn authority(table: &'static [(&str, &str)], of: &str) -> Known<Authority> {
    Fake::knowing(table).resolver(1).authority(&name(of), &questions()).await
}

#[test]
fn a_query_asks_for_recursion_and_takes_datagrams_of_1232_bytes() {
    let question = Question { name: name("a.example"), kind: Kind::Caa };
    let expected: &[&[u8]] = &[
        b"\x12\x34\x01\x00\0\x01\0\0\0\0\0\x01", // id, RD, one question, one OPT record
        b"\x01a\x07example\0\x01\x01\0\x01",     // CAA is type 257
        b"\0\0\x29\x04\xd0\0\0\0\0\0\0",         // OPT is type 41; 0x4d0 bytes
    ];
    assert_eq!(query(&question, 0x1234), Some(expected.concat()));
}

#[tokio::test]
async fn ids_are_random() {
    let ids = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = Arc::clone(&ids);
    let fake = Fake::new(move |asked| {
        seen.lock().expect("no panic").insert(asked.query[..2].to_vec());
        asked.reply("")
    });
    let (resolver, questions) = (fake.resolver(1), questions());
    for number in 0..10 {
        let found = resolver.cname(&name(&format!("a{number}.example")), &questions).await;
        assert_eq!(found, Ok(None));
    }
    // Two of ten may be the same by chance, but hardly all.
    assert!(ids.lock().expect("no panic").len() > 5);
}

#[tokio::test]
async fn the_apex_has_the_record_itself() {
    let table = &[("SOA example.com", "example.com SOA"), NS];
    is_zone(authority(table, "example.com").await, "example.com");
}

#[tokio::test]
async fn a_name_in_a_zone_is_answered_with_the_zone() {
    let table = &[("SOA www.example.com", "| example.com SOA"), NS];
    is_zone(authority(table, "www.example.com").await, "example.com");
}

#[tokio::test]
async fn a_name_that_does_not_exist_has_a_zone_all_the_same() {
    let table = &[("SOA no.example.com", "NXDOMAIN | example.com SOA"), NS];
    is_zone(authority(table, "no.example.com").await, "example.com");
}

#[tokio::test]
async fn the_zone_of_a_domain_that_is_not_registered_is_above_it() {
    let table = &[
        ("SOA example.com", "NXDOMAIN | com SOA"),
        ("NS com", "com NS ns1.example.net; com NS ns2.example.net"),
    ];
    is_zone(authority(table, "example.com").await, "com");
    let root = &[("NS", "NS ns1.example.net; NS ns2.example.net")];
    is_zone(authority(root, "example.nowhere").await, "");
}

#[tokio::test]
async fn the_zone_of_an_alias_is_that_of_the_name_above_it() {
    let table = &[
        ("SOA _x.www.example.com", "_x.www.example.com CNAME a.example.org | example.org SOA"),
        ("SOA www.example.com", "www.example.com CNAME a.example.org; a.example.org SOA"),
        ("SOA example.com", "example.com SOA"),
        NS,
    ];
    is_zone(authority(table, "_x.www.example.com").await, "example.com");
}

#[tokio::test]
async fn an_alias_has_a_zone_even_if_its_target_does_not_exist() {
    let table = &[
        ("SOA a.example.com", "NXDOMAIN a.example.com CNAME a.example.org | example.org SOA"),
        ("SOA example.com", "example.com SOA"),
        NS,
    ];
    is_zone(authority(table, "a.example.com").await, "example.com");
}

#[tokio::test]
async fn an_alias_at_an_apex_does_not_hide_the_zone() {
    let table = &[("SOA example.com", "example.com CNAME b.example; example.com SOA"), NS];
    is_zone(authority(table, "example.com").await, "example.com");
}

#[tokio::test]
async fn aliases_all_the_way_up_say_nothing() {
    let table = &[
        ("SOA example.com", "example.com CNAME b.example | example SOA"),
        ("SOA com", "com CNAME b.example | example SOA"),
    ];
    let why = "example.com is an alias, and so is every name above it that was asked for";
    is_unknown(authority(table, "example.com").await, why);
}

#[tokio::test]
async fn a_zone_must_be_above_the_name() {
    let why = "the answer for www.example.com names no zone that it is in";
    for answer in [
        "",
        "| example.org SOA",
        "| ample.com SOA",
        "| www.www.example.com SOA",
        "NXDOMAIN | www.example.com SOA",
    ] {
        let fake = Fake::new(move |asked| asked.reply(answer));
        let found = fake.resolver(1).authority(&name("www.example.com"), &questions()).await;
        is_unknown(found, why);
    }
    let both = &[("SOA www.example.com", "| example.com SOA; com SOA"), NS];
    is_unknown(authority(both, "www.example.com").await, why);
}

#[tokio::test]
async fn a_zone_without_name_servers_says_nothing() {
    let table = &[("SOA example.com", "example.com SOA"), ("NS example.com", "| example.com SOA")];
    is_unknown(authority(table, "example.com").await, "the zone example.com. has no name servers");
}

#[tokio::test]
async fn addresses_are_those_at_the_end_of_the_aliases() {
    let fake = Fake::knowing(&[
        ("A ns.example.com", "ns.example.com CNAME B.example.com; b.example.com A 192.0.2.7"),
        ("AAAA ns.example.com", "ns.example.com AAAA 2001:db8::7; b.example.com AAAA 2001:db8::8"),
    ]);
    let found = fake.resolver(1).addresses(&name("ns.example.com"), &questions()).await;
    let found: Vec<_> = found.expect("an answer").iter().map(ToString::to_string).collect();
    assert_eq!(found, ["192.0.2.7", "2001:db8::7"]);
}

#[tokio::test]
async fn an_alias_is_one_of_the_name_itself() {
    let fake = Fake::knowing(&[
        ("CNAME a.example.com", "a.example.com CNAME b.example.com; b.example.com CNAME c.example"),
        ("CNAME b.example.com", "c.example.com CNAME d.example.com"),
        ("CNAME c.example.com", "| example.com SOA"),
    ]);
    let resolver = fake.resolver(1);
    for (of, target) in [
        ("a.example.com", Some("b.example.com")),
        ("b.example.com", None),
        ("c.example.com", None),
        ("d.example.com", None),
    ] {
        let found = resolver.cname(&name(of), &questions()).await;
        assert_eq!(found, Ok(target.map(name)), "{of}");
    }
}

#[tokio::test]
async fn caa_records_are_followed_through_aliases_and_inherited() {
    let fake = Fake::knowing(&[
        ("CAA a.b.example.com", "| example.com SOA"),
        ("CAA b.example.com", "b.example.com CNAME c.example; c.example CAA 128 Issue ca.example"),
        ("CAA example.com", "example.com CAA 0 issue amazon.com"),
    ]);
    let (resolver, questions) = (fake.resolver(1), questions());
    let exactly = resolver.caa(&name("a.b.example.com"), &questions).await.expect("an answer");
    assert_eq!(exactly.records, []);

    for of in ["a.b.example.com", "*.b.example.com"] {
        let set = resolver.governing_caa(&name(of), &questions).await;
        let set = set.expect("an answer").expect("records");
        assert_eq!((set.name, set.owner), (name("b.example.com"), name("c.example")));
        assert_eq!(set.records[0].to_string(), "128 Issue \"ca.example\"");
    }
}

#[tokio::test]
async fn without_caa_records_none_govern() {
    let fake = Fake::knowing(&[]);
    let found = fake.resolver(1).governing_caa(&name("a.example.com"), &questions()).await;
    assert_eq!(found, Ok(None));
    let asked =
        ["a.example.com", "example.com", "com"].map(|name| format!("192.0.2.1 Udp CAA {name}"));
    assert_eq!(fake.queries(), asked);
}

#[tokio::test]
async fn what_is_no_name_is_not_asked_for() {
    let fake = Fake::knowing(&[]);
    let label = "a".repeat(64);
    let long = vec!["a".repeat(63); 4].join(".");
    for of in [&label, &long, "a..example.com", ".com", "a\\b.example.com", "ä.example.com"] {
        let found = fake.resolver(1).cname(&name(of), &questions()).await;
        is_unknown(found, &format!("{} cannot be asked for", name(of)));
    }
    assert_eq!(fake.queries(), Vec::<String>::new());
}
