//! Spreads the looks of a batch over time: ACM lets each account ask ten times a second in a region,
//! and refuses the rest.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::trigger::Wake;

/// How long each of these looks should wait, in their order. Those of different accounts and regions
/// wait for nobody; of one, a few begin at once and the others follow as ACM takes them, with some of
/// its rate left to everybody else.
///
/// Source: [quotas](https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html): `DescribeCertificate`
/// and `ListTagsForCertificate` ten times a second.
pub(crate) fn delays(wakes: &[Wake]) -> impl Iterator<Item = Duration> {
    let mut before = BTreeMap::new();
    wakes.iter().map(move |wake| {
        let count: &mut u32 = before.entry(&wake.certificate.home).or_default();
        let delay = STEP * count.saturating_sub(AT_ONCE);
        *count += 1;
        delay
    })
}

/// Waits, so that AWS does not have to refuse.
#[expect(clippy::disallowed_methods, reason = "a rate is kept; what is waited for is not AWS")]
pub(crate) async fn wait(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}

/// How many looks of one account and region begin at once.
const AT_ONCE: u32 = 10;

/// How far apart the others begin: eight a second.
const STEP: Duration = Duration::from_millis(125);

#[cfg(test)]
mod tests {
    use super::*;

    fn wake(region: &str) -> Wake {
        let id = "12345678-1234-1234-1234-123456789012";
        let arn = format!("arn:aws:acm:{region}:111122223333:certificate/{id}");
        let certificate = arn.parse().expect("an ARN");
        Wake { certificate, since: None, follow_up: false, spent: false }
    }

    #[test]
    fn a_few_begin_at_once_and_the_others_one_by_one() {
        let wakes = vec![wake("eu-west-1"); 13];
        let waits: Vec<_> = delays(&wakes).map(|delay| delay.as_millis()).collect();
        assert_eq!(waits[..11], [0; 11]);
        assert_eq!(waits[11..], [125, 250]);
    }

    #[test]
    fn regions_do_not_wait_for_each_other() {
        let wakes: Vec<_> =
            [wake("eu-west-1"), wake("us-east-1")].into_iter().cycle().take(22).collect();
        assert!(delays(&wakes).all(|delay| delay.is_zero()));
    }
}
