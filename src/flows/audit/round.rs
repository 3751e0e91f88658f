//! Goes through hosted zones and certificates in the order of their names, a hundred zones at a time.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use tracing::warn;

use super::index::{Id, Index};
use super::key::Key;
use crate::aws::route53;
use crate::aws::route53::audit::zones_from;
use crate::domain::access::Access;
use crate::domain::arn::role_account;
use crate::domain::audit::summary::UnreadPart;
use crate::domain::name::DomainName;
use crate::domain::problem::Problem;
use crate::domain::zone::HostedZone;
use crate::domain::zone::candidates::unusable;
use crate::flows::ask_again::ask_again;
use crate::flows::context::Context;
use crate::flows::discovery::accounts;

/// A part of the names: the certificates and zones there, in groups that are audited one by one.
#[derive(Debug, Default)]
pub(super) struct Round {
    pub(super) groups: Vec<Group>,
    /// Where the next round begins; none if there is none.
    pub(super) next: Option<Key>,
    pub(super) unread: Vec<UnreadPart>,
}

/// Certificates and hosted zones that are audited together.
#[derive(Debug)]
pub(super) struct Group {
    /// The first of them.
    pub(super) first: Key,
    pub(super) certificates: Vec<Id>,
    /// Public zones that no AWS service manages.
    pub(super) zones: Vec<HostedZone>,
}

/// How many certificates that may be renewed are audited together, and how many hosted zones: few, so that it
/// takes seconds at the pace of an audit.
pub(super) const CERTIFICATES: usize = 20;
const ZONES: usize = 5;

/// How many certificates a group has in all: those that are never renewed are only counted.
const COUNTED: usize = 1_000;

/// What comes next in the order of names, from this key on.
pub(super) async fn round(context: &Context, index: &Index, from: Option<&Key>) -> Round {
    let start = from.and_then(Key::first_name);
    let above = start.iter().flat_map(DomainName::lineage);
    // Route 53 has no public zones of top-level domains.
    let above = above.filter(|name| name.depth() >= 2).collect();
    let accounts: Vec<_> = accounts(&context.settings).collect();
    let listings = accounts.iter().map(|access| listing(context, access, start.as_ref(), &above));
    let mut round = Round::default();
    let mut zones = BTreeMap::new();
    for (access, listing) in accounts.iter().zip(join_all(listings).await) {
        match listing {
            Ok((listed, next)) => {
                // Two roles may lead into one account.
                zones.extend(listed.into_iter().map(|zone| (zone.id.clone(), zone)));
                let ends = [round.next.take(), next.as_ref().map(Key::name)];
                round.next = ends.into_iter().flatten().min();
            }
            Err(problem) => round.unread.push(unread(access, problem)),
        }
    }
    let zones = zones.into_values().filter(|zone| unusable(zone, None).is_none());
    let mut zones: Vec<_> = zones.map(|zone| (Key::zone(&zone), zone)).collect();
    let is_here = |key: &Key| {
        from.is_none_or(|from| key >= from) && round.next.as_ref().is_none_or(|next| key < next)
    };
    zones.retain(|(key, _)| is_here(key));
    zones.sort_by(|(one, _), (other, _)| one.cmp(other));
    round.groups = groups(index, from, round.next.as_ref(), zones);
    round
}

/// The zones of one account: those of names `above`, and about a hundred from `start` on.
async fn listing(
    context: &Context,
    access: &Access,
    start: Option<&DomainName>,
    above: &BTreeSet<DomainName>,
) -> Result<(Vec<HostedZone>, Option<DomainName>), Problem> {
    let client = context.clients.route53(access);
    let above = ask_again(async || route53::zones_named(&client, access, above).await).await?;
    let (mut zones, next) = ask_again(async || zones_from(&client, access, start).await).await?;
    zones.extend(above);
    Ok((zones, next))
}

fn unread(access: &Access, problem: Problem) -> UnreadPart {
    warn!(reason = problem.message, "cannot list the hosted zones of an account");
    let account = match access {
        Access::Own => None,
        Access::Role(arn) => role_account(arn).map(str::to_owned),
    };
    UnreadPart { account, reason: problem.message, ..UnreadPart::default() }
}

/// Puts what is between these keys into groups.
fn groups(
    index: &Index,
    from: Option<&Key>,
    until: Option<&Key>,
    zones: Vec<(Key, HostedZone)>,
) -> Vec<Group> {
    let mut groups = Groups::default();
    let mut zones = zones.into_iter().peekable();
    for id in index.between(from, until) {
        let key = index.key(id);
        while let Some((zone_key, zone)) = zones.next_if(|(zone, _)| *zone < key) {
            groups.add_zone(zone_key, zone);
        }
        groups.add_certificate(key, id, index.is_renewable(id));
    }
    zones.for_each(|(key, zone)| groups.add_zone(key, zone));
    groups.done
}

#[derive(Default)]
struct Groups {
    done: Vec<Group>,
    /// How many certificates of the last group may be renewed.
    renewable: usize,
}

impl Groups {
    /// A zone stays with the certificates before it, as far as possible: they are the ones under it.
    fn add_zone(&mut self, key: Key, zone: HostedZone) {
        self.last(key, |group, _| group.zones.len() >= ZONES).zones.push(zone);
    }

    fn add_certificate(&mut self, key: Key, id: Id, renewable: bool) {
        let is_full = |group: &Group, renewable| {
            renewable >= CERTIFICATES
                || group.certificates.len() >= COUNTED
                || group.zones.len() >= ZONES
        };
        self.last(key, is_full).certificates.push(id);
        self.renewable += usize::from(renewable);
    }

    /// The last group, or a new one that begins with this key.
    fn last(&mut self, key: Key, is_full: impl Fn(&Group, usize) -> bool) -> &mut Group {
        if self.done.last().is_none_or(|group| is_full(group, self.renewable)) {
            self.done.push(Group { first: key, certificates: Vec::new(), zones: Vec::new() });
            self.renewable = 0;
        }
        self.done.last_mut().expect("a group")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::listed::ListedCertificate;

    /// The groups of certificates with these names and of these zones, as numbers of both.
    #[track_caller]
    fn check(certificates: usize, zones: &[&str], expected: &[(usize, usize)]) {
        let arn = |number: usize| {
            format!(
                "arn:aws:acm:eu-west-1:111122223333:certificate/12345678-1234-1234-1234-{number:012}"
            )
        };
        let listed = |number| ListedCertificate {
            certificate: arn(number).parse().expect("an ARN"),
            names: BTreeSet::from([DomainName::new(&format!("n{number:03}.a.com"))]),
            all_names: true,
            renewable: true,
        };
        let mut index = Index::default();
        let certificates: Vec<_> = (0..certificates).map(listed).collect();
        if let Some(first) = certificates.first() {
            let place = first.certificate.scope.clone();
            index.add(&place, certificates);
        }
        index.finish();
        let zones = zones.iter().map(|name| HostedZone::public(name, name));
        let mut zones: Vec<_> = zones.map(|zone| (Key::zone(&zone), zone)).collect();
        zones.sort_by(|(one, _), (other, _)| one.cmp(other));
        let groups = groups(&index, None, None, zones);
        assert!(groups.is_sorted_by(|one, other| one.first < other.first));
        let sizes = groups.iter().map(|group| (group.certificates.len(), group.zones.len()));
        assert_eq!(sizes.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_group_is_small_and_a_zone_stays_with_the_certificates_under_it() {
        check(0, &[], &[]);
        check(20, &["a.com"], &[(20, 1)]);
        check(45, &["a.com"], &[(20, 0), (20, 0), (5, 1)]);
        check(0, &["a.com", "b.com", "c.com", "d.com", "e.com", "f.com"], &[(0, 5), (0, 1)]);
        check(1, &["0.com", "1.com", "2.com", "3.com", "4.com", "a.com"], &[(0, 5), (1, 1)]);
    }
}
