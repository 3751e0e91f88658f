//! What a zone answers with.

use super::*;
use crate::route53::records::{AliasTarget, RecordSet};

const SOA: &str = "~ example.com. 900 SOA ns-1.awsdns-01.com. awsdns-hostmaster.amazon.com. \
                   1 7200 900 1209600 86400";

fn example() -> (Route53, String) {
    let mut route53 = Route53::default();
    let zone = route53.register_domain(OURS, "example.com");
    (route53, zone)
}

#[test]
fn records_of_every_usual_type_are_answered() {
    let (mut route53, zone) = example();
    for (record_type, value) in [
        ("A", "192.0.2.1"),
        ("AAAA", "2001:db8::1"),
        ("CAA", "0 issue \"amazon.com\""),
        ("MX", "10 mail.example.com."),
        ("TXT", "\"some text\""),
    ] {
        route53.put_record(&zone, "www.example.com", record_type, 60, &[value]);
        let expected = format!("NoError\nwww.example.com. 60 {record_type} {value}");
        assert_eq!(shown(&route53, "WWW.example.com.", record_type), expected);
    }
    assert_eq!(shown(&route53, "www.example.com", "ANY"), "NotImp");
    assert_eq!(shown(&route53, "www..example.com", "A"), "FormErr");
}

#[test]
fn a_name_without_the_type_is_there_and_a_name_without_anything_is_not() {
    let (mut route53, zone) = example();
    route53.put_record(&zone, "a.b.example.com", "A", 60, &["192.0.2.1"]);
    assert_eq!(shown(&route53, "a.b.example.com", "TXT"), format!("NoError\n{SOA}"));
    assert_eq!(shown(&route53, "b.example.com", "A"), format!("NoError\n{SOA}"), "above a name");
    assert_eq!(shown(&route53, "c.example.com", "A"), format!("NxDomain\n{SOA}"));
    assert_eq!(shown(&route53, "c.a.b.example.com", "A"), format!("NxDomain\n{SOA}"));
}

#[test]
fn an_answer_without_records_is_valid_as_long_as_the_soa_says() {
    let (mut route53, zone) = example();
    let value = "ns.example.com. hostmaster.example.com. 1 7200 900 1209600 30";
    route53.put_record(&zone, "example.com", "SOA", 900, &[value]);
    let expected = format!("NxDomain\n~ example.com. 30 SOA {value}");
    assert_eq!(shown(&route53, "c.example.com", "A"), expected);
    assert_eq!(
        shown(&route53, "example.com", "SOA"),
        format!("NoError\nexample.com. 900 SOA {value}")
    );
}

#[test]
fn a_wildcard_answers_under_the_name_that_was_asked_for() {
    let (mut route53, zone) = example();
    route53.put_record(&zone, "*.example.com", "A", 60, &["192.0.2.1"]);
    route53.put_record(&zone, "a.b.example.com", "A", 60, &["192.0.2.2"]);
    let expected = "NoError\nx.y.example.com. 60 A 192.0.2.1";
    assert_eq!(shown(&route53, "x.y.example.com", "A"), expected);
    assert_eq!(shown(&route53, "x.example.com", "TXT"), format!("NoError\n{SOA}"));
    assert_eq!(shown(&route53, "x.b.example.com", "A"), format!("NxDomain\n{SOA}"));
    let expected = "NoError\n\\052.example.com. 60 A 192.0.2.1";
    assert_eq!(shown(&route53, "*.example.com", "A"), expected);
}

#[test]
fn cname_records_are_followed_across_zones_for_other_types() {
    let (mut route53, zone) = example();
    let other = route53.register_domain(THEIRS, "example.net");
    route53.put_record(&zone, "www.example.com", "CNAME", 60, &["web.example.net"]);
    let alias = "www.example.com. 60 CNAME web.example.net";
    assert_eq!(shown(&route53, "www.example.com", "CNAME"), format!("NoError\n{alias}"));
    let missing = shown(&route53, "www.example.com", "A");
    assert!(
        missing.starts_with(&format!("NxDomain\n{alias}\n~ example.net. 900 SOA")),
        "{missing}"
    );
    route53.put_record(&other, "web.example.net", "A", 30, &["192.0.2.1"]);
    let expected = format!("NoError\n{alias}\nweb.example.net. 30 A 192.0.2.1");
    assert_eq!(shown(&route53, "www.example.com", "A"), expected);
    assert_eq!(apex(&route53, "www.example.com").unwrap(), "example.net.", "of the target");
    route53.delete_zone(&other);
    assert_eq!(shown(&route53, "www.example.com", "A"), "ServFail");
}

#[test]
fn a_chain_of_cname_records_ends_after_eleven_and_a_loop_is_a_failure() {
    let (mut route53, zone) = example();
    for hop in 0..12 {
        let (from, to) = (format!("h{hop}.example.com"), format!("h{}.example.com", hop + 1));
        route53.put_record(&zone, &from, "CNAME", 60, &[&to]);
    }
    route53.put_record(&zone, "h12.example.com", "A", 60, &["192.0.2.1"]);
    assert_eq!(route53.resolve("h1.example.com", "A").answer.len(), 12);
    assert_eq!(shown(&route53, "h0.example.com", "A"), "ServFail");
    route53.put_record(&zone, "loop.example.com", "CNAME", 60, &["loop.example.com"]);
    assert_eq!(shown(&route53, "loop.example.com", "A"), "ServFail");
}

#[test]
fn the_targets_of_acms_records_do_not_exist_but_their_domain_does() {
    let (mut route53, zone) = example();
    let target = "_y.abc.acm-validations.aws.";
    route53.put_record(&zone, "_x.example.com", "CNAME", 60, &[target]);
    let answer = route53.resolve("_x.example.com", "SOA");
    assert_eq!((answer.rcode, answer.answer.len()), (Rcode::NxDomain, 1));
    assert_eq!(answer.authority[0].name.to_string(), "acm-validations.aws.");
}

#[test]
fn an_alias_answers_with_its_targets_records() {
    let (mut route53, zone) = example();
    let mut alias = |name: &str, record_type: &str, hosted_zone_id: &str, dns_name: &str| {
        let mut set = RecordSet::simple(name.parse().unwrap(), record_type, 0, Vec::new());
        set.ttl = None;
        set.alias = Some(AliasTarget {
            hosted_zone_id: hosted_zone_id.to_owned(),
            dns_name: dns_name.to_owned(),
            evaluate_target_health: false,
        });
        route53.zone_mut(&zone).insert(set);
    };
    alias("example.com", "A", "Z2FDTNDATAQYW2", "d111.cloudfront.net.");
    alias("example.com", "CAA", &zone, "www.example.com.");
    alias("example.com", "TXT", &zone, "missing.example.com.");
    route53.put_record(&zone, "www.example.com", "CAA", 60, &["0 issue \"amazon.com\""]);
    let address = shown(&route53, "example.com", "A");
    assert!(address.starts_with("NoError\nexample.com. 60 A 100."), "{address}");
    let expected = "NoError\nexample.com. 60 CAA 0 issue \"amazon.com\"";
    assert_eq!(shown(&route53, "example.com", "CAA"), expected);
    assert_eq!(shown(&route53, "example.com", "TXT"), format!("NoError\n{SOA}"));
}

#[test]
fn caa_of_the_parent_is_what_a_client_finds_on_its_way_to_the_root() {
    let (mut route53, zone) = example();
    route53.put_record(&zone, "example.com", "CAA", 60, &["0 issue \"amazon.com\""]);
    let mut name = "a.www.example.com";
    let mut found = Vec::new();
    loop {
        found.extend(values(&route53, name, "CAA"));
        let Some((_, parent)) = name.split_once('.') else { break };
        name = parent;
    }
    assert_eq!(found, ["0 issue \"amazon.com\""]);
    assert_eq!(route53.caa("a.www.example.com"), found, "ACM finds the same");
}
