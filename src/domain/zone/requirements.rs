//! What one certificate requires of hosted zones.

use std::collections::BTreeSet;

use crate::domain::arn::is_partition;
use crate::domain::name::DomainName;
use crate::domain::record::ValidationRecord;

/// The certificate's tag that names its hosted zones: one id or several, separated by spaces.
///
/// Every tool that requests certificates can set tags, so a tag reaches the function from all of them.
pub const HOSTED_ZONE_TAG: &str = "acm-dns-validator:hosted-zone-id";

/// What one certificate requires of hosted zones.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Requirements<'a> {
    /// The account of the certificate, from its ARN.
    pub account: &'a str,
    /// The records that the certificate needs.
    pub records: &'a BTreeSet<ValidationRecord>,
    /// All names of the certificate, without `*.`.
    pub names: Vec<DomainName>,
    /// The ids of the zones that the certificate's tag names, [`MAX_IDS`] at most.
    pub zone_ids: BTreeSet<&'a str>,
    /// How many further ids the tag names.
    pub ids_ignored: usize,
}

/// How many ids of the tag are looked at. Anybody who may request a certificate can set the tag, and each
/// id costs a call for every account that may have the zone, at every check.
pub const MAX_IDS: usize = 5;

impl<'a> Requirements<'a> {
    /// The requirements of a certificate of this account, with these names, that needs these records;
    /// `tag` is the value of its tag [`HOSTED_ZONE_TAG`].
    pub fn new(
        account: &'a str,
        records: &'a BTreeSet<ValidationRecord>,
        names: &[DomainName],
        tag: Option<&'a String>,
    ) -> Self {
        let tag = tag.map_or("", String::as_str);
        let mut known = BTreeSet::new();
        let ids: Vec<_> = zone_ids(tag).filter(|id| known.insert(*id)).collect();
        Self {
            account,
            records,
            names: names.iter().map(DomainName::without_wildcard).collect(),
            zone_ids: ids.iter().take(MAX_IDS).copied().collect(),
            ids_ignored: ids.len().saturating_sub(MAX_IDS),
        }
    }
}

/// The names of the zones that could hold these records.
///
/// Route 53 has no public zones of top-level domains, so they are left out. Source:
/// [CreateHostedZone](https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html).
pub fn zone_names<'a>(
    records: impl IntoIterator<Item = &'a ValidationRecord>,
) -> BTreeSet<DomainName> {
    let mut names = BTreeSet::new();
    for record in records {
        // If a name is in the set, all names above it are.
        let apexes = record.name().lineage().skip(1).filter(|name| name.depth() >= 2);
        apexes.take_while(|name| names.insert(name.clone())).for_each(drop);
    }
    names
}

/// The ids in the certificate's tag, as people write them: separated by spaces or by the characters
/// `+`, `:` and `/` (ACM's tags allow no comma), each alone, with `/hostedzone/`, or as an ARN.
fn zone_ids(tag: &str) -> impl Iterator<Item = &str> {
    let separators = |it: char| it.is_whitespace() || ['+', ':', '/', ',', ';'].contains(&it);
    let words = tag.split(separators).filter(|word| !word.is_empty());
    // `arn:aws:route53:::hostedzone/Z1`: the words of an ARN that are no id.
    words.filter(|word| !(["arn", "route53", "hostedzone"].contains(word) || is_partition(word)))
}
