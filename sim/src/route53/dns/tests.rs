use super::*;
use crate::route53::Route53;

mod delegations;
mod records;

const OURS: &str = "111111111111";
const THEIRS: &str = "222222222222";

/// The answer of a resolver: the response code, the records, and behind `~` those of the authority section.
fn shown(route53: &Route53, name: &str, record_type: &str) -> String {
    let Resolution { rcode, answer, authority } = route53.resolve(name, record_type);
    let answer = answer.iter().map(|record| format!("\n{record}"));
    let authority = authority.iter().map(|record| format!("\n~ {record}"));
    format!("{rcode:?}{}", answer.chain(authority).collect::<String>())
}

/// The apex in the SOA record that a resolver answers with, wherever it is.
fn apex(route53: &Route53, name: &str) -> Option<String> {
    let Resolution { answer, authority, .. } = route53.resolve(name, "SOA");
    let soa = answer.iter().chain(&authority).find(|record| record.record_type == "SOA")?;
    Some(soa.name.to_string())
}

/// The values of the records that a resolver answers with.
fn values(route53: &Route53, name: &str, record_type: &str) -> Vec<String> {
    let answer = route53.resolve(name, record_type).answer.into_iter();
    let records = answer.filter(|record| record.record_type == record_type);
    records.map(|record| record.value).collect()
}

fn servers(route53: &Route53, zone: &str) -> Vec<String> {
    route53.name_servers(zone).iter().map(|server| format!("{server}.")).collect()
}

fn borrowed(servers: &[String]) -> Vec<&str> {
    servers.iter().map(String::as_str).collect()
}
