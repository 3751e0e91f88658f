//! Performs what registrars and other DNS providers do.

use sim::acm;
use sim::aws::Aws;
use sim::route53::Answering;

use super::Ledger;
use crate::act::{DnsAct, NameServers};
use crate::oracle::lies_in;

/// Name servers of Route 53 that have no zone: those of a zone that was deleted.
const DELETED: [&str; 4] = [
    "ns-500.awsdns-62.com",
    "ns-1012.awsdns-62.net",
    "ns-1524.awsdns-62.org",
    "ns-2036.awsdns-62.co.uk",
];

impl Ledger {
    /// Performs one act; `None` if the world lacks something that the act needs.
    pub(super) fn perform_dns(&mut self, act: &DnsAct, aws: &mut Aws) -> Option<()> {
        match act {
            DnsAct::CreateElsewhere { number, name } => {
                let servers = [1, 2].map(|server| format!("ns{server}.provider{number}.net"));
                let id = aws.route53.zone_elsewhere(name, &borrowed(&servers));
                self.elsewhere.insert(*number, (id, name));
            }
            DnsAct::Register { domain, servers } => {
                let servers = self.name_servers(aws, servers)?;
                aws.route53.register_with(domain, &borrowed(&servers));
            }
            DnsAct::Expire { domain } => aws.route53.unregister(domain),
            DnsAct::Delegate { name, servers } => {
                let servers = self.name_servers(aws, servers)?;
                Self::delegate(aws, name, &servers)?;
            }
            DnsAct::Undelegate { name } => {
                let parent = parent_of(aws, name)?;
                aws.route53.remove_record(&parent, name, "NS");
            }
            DnsAct::WhiteLabel { zone } => {
                let (id, zone) = self.zones.get(zone)?;
                let real = aws.route53.name_servers(id);
                let labels = white_labels(zone.number, real.len());
                for (label, real) in labels.iter().zip(&real) {
                    aws.route53.white_label(label, real);
                }
                let values: Vec<_> = labels.iter().map(|label| format!("{label}.")).collect();
                aws.route53.put_record(id, zone.name, "NS", 172_800, &borrowed(&values));
            }
            DnsAct::PutElsewhere { certificate, number } => {
                let certificate = aws.acm.certificate(self.certificates.get(certificate)?)?;
                let (id, name) = self.elsewhere.get(number)?;
                let records = certificate.domains.iter();
                let records = records
                    .map(|domain| acm::validation_record(&certificate.account, &domain.name));
                for (record, value) in records.filter(|(record, _)| lies_in(record, name)) {
                    aws.route53.put_record(id, &record, "CNAME", 60, &[&value]);
                }
            }
            DnsAct::Fault(fault) => aws.dns.faults.add(fault.clone()),
            DnsAct::ClearFaults => aws.dns.faults.clear(),
        }
        Some(())
    }

    /// Delegates a name from the zone that answers for the name above it.
    pub(super) fn delegate(aws: &mut Aws, name: &str, servers: &[String]) -> Option<()> {
        let parent = parent_of(aws, name)?;
        let servers: Vec<_> = servers.iter().map(|server| format!("{server}.")).collect();
        aws.route53.put_record(&parent, name, "NS", 172_800, &borrowed(&servers));
        Some(())
    }

    fn name_servers(&self, aws: &Aws, servers: &NameServers) -> Option<Vec<String>> {
        let deleted = || DELETED.map(str::to_owned).to_vec();
        Some(match servers {
            NameServers::Deleted => deleted(),
            NameServers::Elsewhere(number) => {
                aws.route53.name_servers(&self.elsewhere.get(number)?.0)
            }
            NameServers::Half(zone) => {
                let right = aws.route53.name_servers(self.id(*zone)?);
                deleted().into_iter().take(2).chain(right.into_iter().skip(2)).collect()
            }
            NameServers::Nobody => Vec::new(),
            NameServers::WhiteLabels(zone) => {
                white_labels(*zone, aws.route53.name_servers(self.id(*zone)?).len())
            }
            NameServers::Zone(zone) => aws.route53.name_servers(self.id(*zone)?),
        })
    }
}

/// The id of the zone that answers for the name above this one.
fn parent_of(aws: &Aws, name: &str) -> Option<String> {
    match aws.route53.answering(name.split_once('.')?.1) {
        Answering::Zone { id, .. } => Some(id),
        Answering::Registry | Answering::Nobody => None,
    }
}

/// Other names of the name servers of a zone.
fn white_labels(zone: usize, servers: usize) -> Vec<String> {
    (1..=servers).map(|server| format!("dns{server}.brand{zone}.net")).collect()
}

fn borrowed(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}
