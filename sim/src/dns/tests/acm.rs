//! ACM and the resolver see the same DNS.

use super::*;
use crate::acm::{Status, validation_record};
use crate::route53::Route53;

/// Sets up a world of DNS in which the validation record of `www.example.com`, with this target, is
/// somewhere.
type Setup = fn(&mut Route53, record: &str, target: &str);

/// Zones with the record, or without it: in the first zone, behind a delegation, or at another provider.
const WORLDS: [(&str, bool, Setup); 11] = [
    ("nothing is registered", false, |dns, record, target| {
        let zone = dns.create_zone(ACCOUNT, "example.com");
        dns.put_record(&zone, record, "CNAME", 60, &[target]);
    }),
    ("the registrar names the zone", true, |dns, record, target| {
        let zone = dns.register_domain(ACCOUNT, "example.com");
        dns.put_record(&zone, record, "CNAME", 60, &[target]);
    }),
    ("the zone has another record", false, |dns, record, _| {
        let zone = dns.register_domain(ACCOUNT, "example.com");
        dns.put_record(&zone, record, "CNAME", 60, &["_other.acm-validations.aws."]);
    }),
    ("the registrar names another zone", false, |dns, record, target| {
        let zone = dns.create_zone(ACCOUNT, "example.com");
        dns.register_domain(ACCOUNT, "example.com");
        dns.put_record(&zone, record, "CNAME", 60, &[target]);
    }),
    ("the registrar names servers of nobody", false, |dns, record, target| {
        let zone = dns.create_zone(ACCOUNT, "example.com");
        dns.register_with("example.com", &["ns.nobody.example"]);
        dns.put_record(&zone, record, "CNAME", 60, &[target]);
    }),
    ("the registrar names one right server", true, |dns, record, target| {
        let zone = dns.create_zone(ACCOUNT, "example.com");
        let server = dns.name_servers(&zone).remove(2);
        dns.register_with("example.com", &["ns.nobody.example", &server]);
        dns.put_record(&zone, record, "CNAME", 60, &[target]);
    }),
    ("the registrar names white-label servers", true, |dns, record, target| {
        let zone = dns.create_zone(ACCOUNT, "example.com");
        let server = dns.name_servers(&zone).remove(0);
        dns.white_label("ns1.vanity.example", &server);
        dns.register_with("example.com", &["ns1.vanity.example"]);
        dns.put_record(&zone, record, "CNAME", 60, &[target]);
    }),
    ("the parent has the record of a delegated name", false, |dns, record, target| {
        let parent = dns.register_domain(ACCOUNT, "example.com");
        let child = dns.create_zone(ACCOUNT, "www.example.com");
        dns.delegate(&child);
        dns.put_record(&parent, record, "CNAME", 60, &[target]);
    }),
    ("the child of a delegation has the record", true, |dns, record, target| {
        dns.register_domain(ACCOUNT, "example.com");
        let child = dns.create_zone(ACCOUNT, "www.example.com");
        dns.delegate(&child);
        dns.put_record(&child, record, "CNAME", 60, &[target]);
    }),
    ("a zone at another provider has the record", true, |dns, record, target| {
        dns.register_domain(ACCOUNT, "example.com");
        let elsewhere = dns.zone_elsewhere("www.example.com", &["ns1.other.example"]);
        dns.delegate(&elsewhere);
        dns.put_record(&elsewhere, record, "CNAME", 60, &[target]);
    }),
    ("the record is an alias of another domain's", true, |dns, record, target| {
        let zone = dns.register_domain(ACCOUNT, "example.com");
        let other = dns.register_domain(ACCOUNT, "example.net");
        dns.put_record(&zone, record, "CNAME", 60, &["_x.example.net"]);
        dns.put_record(&other, "_x.example.net", "CNAME", 60, &[target]);
    }),
];

#[test]
fn acm_issues_a_certificate_exactly_if_the_resolver_sees_its_record() {
    for (world, expected, set_up) in WORLDS {
        let mut aws = Aws::default();
        let (record, target) = validation_record(ACCOUNT, "www.example.com");
        set_up(&mut aws.route53, &record, &target);
        let arn = aws.acm.seed(ACCOUNT, "us-east-1", &["www.example.com"], at(0), |_| {});
        aws.advance(at(3600));
        let issued = aws.acm.certificate(&arn).unwrap().status == Status::Issued;
        // A question for TXT follows all CNAME records, up to the target.
        let answer = one(&mut aws, &query(record.trim_end_matches('.'), 16));
        let packet = parse(&answer);
        let last = packet.answers.last().map(|record| match &record.rdata {
            RData::CNAME(cname) => format!("{}.", cname.0),
            other => format!("{other:?}"),
        });
        let seen = last.is_some_and(|last| last == target);
        assert_eq!((issued, seen), (expected, expected), "{world}");
    }
}
