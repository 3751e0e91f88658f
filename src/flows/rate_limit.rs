//! The rate limit of a batch: ACM accepts ten calls a second in each account and region, and throttles
//! the rest.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::arn::CertificateArn;

/// How long the call about each of these certificates waits, in their order. In each account and region a few start at
/// once, and the others follow at a rate below ACM's, so that other callers get through.
///
/// Source: [quotas](https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html): `DescribeCertificate`
/// and `ListTagsForCertificate` ten times a second.
pub(super) fn delays<'a>(
    certificates: impl Iterator<Item = &'a CertificateArn>,
) -> impl Iterator<Item = Duration> {
    let mut before = BTreeMap::new();
    certificates.map(move |certificate| {
        let count: &mut u32 = before.entry(&certificate.scope).or_default();
        let delay = STEP * count.saturating_sub(AT_ONCE);
        *count += 1;
        delay
    })
}

/// How many requests of one account and region start at once.
const AT_ONCE: u32 = 10;

/// How far apart the others start: eight a second.
const STEP: Duration = Duration::from_millis(125);

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(region: &str) -> CertificateArn {
        let id = "12345678-1234-1234-1234-123456789012";
        let arn = format!("arn:aws:acm:{region}:111122223333:certificate/{id}");
        arn.parse().expect("an ARN")
    }

    #[test]
    fn a_few_start_at_once_and_the_others_one_by_one() {
        let certificates = vec![certificate("eu-west-1"); 13];
        let waits: Vec<_> = delays(certificates.iter()).map(|delay| delay.as_millis()).collect();
        assert_eq!(waits[..11], [0; 11]);
        assert_eq!(waits[11..], [125, 250]);
    }

    #[test]
    fn regions_do_not_wait_for_each_other() {
        let regions = [certificate("eu-west-1"), certificate("us-east-1")];
        assert!(delays(regions.iter().cycle().take(22)).all(|delay| delay.is_zero()));
    }
}
