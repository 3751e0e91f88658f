//! Decides what one certificate needs: which records to publish, and when to check again.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::certificate::{Certificate, Domain, Phase, Progress, Status};
use crate::domain::check_times::CheckTimes;
use crate::domain::name::DomainName;
use crate::domain::origin::Origin;
use crate::domain::policy::{Policy, is_opted_out};
use crate::domain::problem::{Cause, Problem};
use crate::domain::record::{ValidationRecord, conflicting_names, conflicting_values};
use crate::domain::request::{Request, Trigger};
use crate::domain::stop::StopReason;

/// What one certificate needs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Plan {
    /// Records that must exist, once each: ACM gives `example.com` and `*.example.com` the same
    /// one, and Route 53 refuses a batch that names a record twice.
    pub publish: BTreeSet<ValidationRecord>,
    /// Names whose record will not be written, and why.
    pub refuse: BTreeMap<DomainName, Problem>,
    /// Whether to check again, and when.
    pub next: Next,
    /// What prevents the certificate from being read, if anything does.
    pub out_of_reach: Option<String>,
    /// When this validation began. Its age counts from here.
    pub began: DateTime<Utc>,
    /// Whether to publish an end or a block, if this check finds one.
    pub notable: bool,
    /// The check times of a check that may still be scheduled. It would only publish this end again.
    pub obsolete: Option<CheckTimes>,
}

/// Whether to check again, and when.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Next {
    /// At this time.
    CheckAt(DateTime<Utc>),
    /// Not again.
    Stop(StopReason),
}

/// Turns ACM's description of a certificate (`None`: ACM knows none) into a plan.
///
/// The plan depends on what ACM says now and on ages, never on what an earlier check did. Only how
/// often an end or a block is *published* depends on whether this check follows an earlier one.
///
/// | certificate                                  | publish          | next            |
/// | -------------------------------------------- | ---------------- | --------------- |
/// | unknown, first heard of minutes ago          | –                | check           |
/// | unknown                                      | –                | stop: deleted   |
/// | not public, not by DNS, not allowed, not opted in | –           | stop: not served |
/// | lacks the tag to opt in or is not by DNS, requested minutes ago | – | check       |
/// | pending                                      | awaited records  | check           |
/// | issued, its renewal or change to DNS pending | awaited records  | check           |
/// | issued, failed, timed out, closed            | –                | stop            |
pub fn decide(
    certificate: Option<&Certificate>,
    request: &Request,
    now: DateTime<Utc>,
    policy: &Policy,
) -> Plan {
    let Some(certificate) = certificate else {
        // ACM may take minutes to show a certificate that was just requested.
        let since = request.since.unwrap_or(now);
        let next = match now - since < SETTLING_TIME {
            true => next_check(CheckTimes::for_request(since), now),
            false => Next::Stop(StopReason::Deleted),
        };
        return Plan::nothing(since, next);
    };
    let requested = certificate.created_at;
    if let Some(reason) = not_served(certificate, policy) {
        // ACM may show tags later than the certificate, and one to be validated by DNS as validated by
        // e-mail at first: https://github.com/binxio/cfn-certificate-provider/issues/41
        let young = certificate.status == Status::Pending && now - requested < SETTLING_TIME;
        let next = match reason {
            StopReason::NotDns | StopReason::NotOptedIn(_) if young => {
                next_check(CheckTimes::for_request(requested), now)
            }
            reason => Next::Stop(reason),
        };
        return Plan::nothing(requested, next);
    }
    if let Some(validation) = pending_validation(certificate) {
        return validate(&validation, request, now, policy);
    }
    let (reason, ended) = end(certificate);
    let recent = ended.is_some_and(|ended| now - ended < RECENT);
    let obsolete = recent && request.trigger == Trigger::Event && reason == StopReason::Issued;
    Plan {
        // An end that a scheduled check finds, or a recent one. Most renewals need no help, and the
        // check of one that did cannot be found again: its check times count back from an expiry that
        // the renewal has moved.
        notable: request.trigger == Trigger::FollowUp || (recent && reason != StopReason::Renewed),
        obsolete: obsolete.then(|| CheckTimes::for_request(requested)),
        ..Plan::nothing(requested, Next::Stop(reason))
    }
}

/// Why nothing is done for a certificate (`None`: ACM knows none), if so. A young certificate is
/// judged like any other.
pub fn stopped_by(
    certificate: Option<&Certificate>,
    now: DateTime<Utc>,
    policy: &Policy,
) -> Option<StopReason> {
    let Some(certificate) = certificate else { return Some(StopReason::Deleted) };
    not_served(certificate, policy).or_else(|| match pending_validation(certificate) {
        Some(validation) => {
            validation.check_times.next(now).is_none().then_some(StopReason::Overdue)
        }
        None => Some(end(certificate).0),
    })
}

/// The plan for a certificate that there was no time to describe: check again as soon as possible.
pub fn postpone(now: DateTime<Utc>) -> Plan {
    Plan::nothing(now, next_check(CheckTimes::for_request(now), now))
}

/// The plan for a certificate that the function cannot read until somebody acts. If an earlier check has
/// read it, it is checked further: access that was lost may be granted again.
pub fn out_of_reach(request: &Request, why: String, now: DateTime<Utc>) -> Plan {
    let since = request.since.unwrap_or(now);
    let next = match request.trigger {
        Trigger::FollowUp => CheckTimes::for_request(since).next(now),
        Trigger::Check | Trigger::Event => None,
    };
    let next = next.map_or_else(|| Next::Stop(StopReason::OutOfReach(why.clone())), Next::CheckAt);
    Plan { out_of_reach: Some(why), ..Plan::nothing(since, next) }
}

/// A pending validation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PendingValidation<'a> {
    /// When it began.
    pub began: DateTime<Utc>,
    /// The validation of each name.
    pub domains: &'a [Domain],
    /// When it is checked.
    pub check_times: CheckTimes,
}

/// The validation that is pending, if one is: the first one, that of a renewal, or that of a change
/// from e-mail to DNS.
pub fn pending_validation(certificate: &Certificate) -> Option<PendingValidation<'_>> {
    let Certificate { created_at, domains, migration, not_after, renewal, status, .. } =
        certificate;
    match status {
        Status::Pending | Status::Unknown(_) => {
            let check_times = CheckTimes::for_request(*created_at);
            Some(PendingValidation { began: *created_at, domains, check_times })
        }
        Status::Issued => {
            let migration = migration.as_ref().filter(|it| it.phase == Phase::Pending);
            let migrating = migration.map(|migration| PendingValidation {
                began: migration.requested_at,
                domains: &migration.domains,
                check_times: CheckTimes::for_request(migration.requested_at),
            });
            let renewal = renewal.as_ref().filter(|it| it.phase == Phase::Pending);
            migrating.or_else(|| {
                renewal.map(|renewal| PendingValidation {
                    began: renewal.updated_at,
                    domains: &renewal.domains,
                    check_times: CheckTimes::for_renewal(renewal.updated_at, *not_after),
                })
            })
        }
        Status::Closed(_) | Status::Failed(_) | Status::TimedOut => None,
    }
}

/// How the latest validation of a certificate ended, and when, as far as ACM tells.
fn end(certificate: &Certificate) -> (StopReason, Option<DateTime<Utc>>) {
    let Certificate { created_at, issued_at, migration, renewal, status, .. } = certificate;
    match status {
        Status::Closed(word) => (StopReason::Closed(word.clone()), None),
        Status::Failed(reason) => (StopReason::Failed(reason.clone()), Some(*created_at)),
        Status::TimedOut => (StopReason::TimedOut, Some(*created_at + VALIDATION_TIME_OUT)),
        // The latest of renewal, migration and issue counts.
        Status::Issued | Status::Pending | Status::Unknown(_) => {
            let renewed = renewal.as_ref().map(|renewal| match &renewal.phase {
                Phase::Failed(why) => (StopReason::RenewalFailed(why.clone()), renewal.updated_at),
                Phase::Pending | Phase::Succeeded => (StopReason::Renewed, renewal.updated_at),
            });
            let migrated = migration.as_ref().map(|migration| match &migration.phase {
                Phase::Failed(why) => {
                    (StopReason::MigrationFailed(why.clone()), migration.updated_at)
                }
                Phase::Pending | Phase::Succeeded => (StopReason::Migrated, migration.updated_at),
            });
            let latest = renewed.into_iter().chain(migrated).max_by_key(|(_, at)| *at);
            match latest.filter(|(_, at)| issued_at.is_none_or(|issued_at| *at >= issued_at)) {
                Some((reason, at)) => (reason, Some(at)),
                None => (StopReason::Issued, *issued_at),
            }
        }
    }
}

/// How long ACM takes to see a record at most, as a rule, before it is worth asking whether anybody can.
const TIME_TO_SEE: TimeDelta = TimeDelta::minutes(10);

/// How long ACM may take to show a new certificate, its tags and how it is validated.
const SETTLING_TIME: TimeDelta = TimeDelta::minutes(5);

/// How long after an end it is still worth publishing.
const RECENT: TimeDelta = TimeDelta::hours(1);

/// Source: [DNS validation](https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html).
const VALIDATION_TIME_OUT: TimeDelta = TimeDelta::hours(72);

impl Plan {
    /// Whether ACM should have seen the records by now, if they were there.
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        matches!(self.next, Next::CheckAt(_)) && now - self.began >= TIME_TO_SEE
    }

    /// A plan that publishes nothing.
    fn nothing(began: DateTime<Utc>, next: Next) -> Self {
        Self {
            publish: BTreeSet::new(),
            refuse: BTreeMap::new(),
            next,
            out_of_reach: None,
            began,
            notable: false,
            obsolete: None,
        }
    }
}

fn next_check(check_times: CheckTimes, now: DateTime<Utc>) -> Next {
    check_times.next(now).map_or(Next::Stop(StopReason::Overdue), Next::CheckAt)
}

/// Why the function does not serve a certificate, if so.
fn not_served(certificate: &Certificate, policy: &Policy) -> Option<StopReason> {
    let Certificate { domains, names, origin, tags, .. } = certificate;
    let not_dns = |domain: &Domain| domain.progress == Progress::NotDns;
    let migration = certificate.migration.as_ref().map(|migration| &migration.phase);
    let migrates = !matches!(migration, None | Some(Phase::Succeeded));
    if *origin != Origin::Public {
        Some(StopReason::NotPublic(*origin))
    } else if !migrates && !domains.is_empty() && domains.iter().all(not_dns) {
        Some(StopReason::NotDns)
    } else if is_opted_out(tags) {
        Some(StopReason::OptedOut)
    } else if !names.is_empty() && !names.iter().any(|name| policy.allows(name)) {
        Some(StopReason::NotAllowed)
    } else {
        policy.missing_tag(tags).map(|tag| StopReason::NotOptedIn(tag.clone()))
    }
}

fn validate(
    validation: &PendingValidation<'_>,
    request: &Request,
    now: DateTime<Utc>,
    policy: &Policy,
) -> Plan {
    let PendingValidation { began, domains, check_times } = *validation;
    let follow_up = request.trigger == Trigger::FollowUp;
    let next = next_check(check_times, now);
    if let Next::Stop(_) = next {
        return Plan { notable: follow_up, ..Plan::nothing(began, next) };
    }
    let mut publish: BTreeSet<ValidationRecord> = BTreeSet::new();
    let mut refuse = BTreeMap::new();
    for domain in domains {
        match &domain.progress {
            Progress::Awaiting(_) | Progress::Refused(_) if !policy.allows(&domain.name) => {
                let reason = "the name is not under a domain of ALLOWED_DOMAINS";
                refuse.insert(domain.name.clone(), Problem::new(Cause::NotAllowed, reason));
            }
            Progress::Awaiting(record) => {
                publish.insert(record.clone());
            }
            Progress::Refused(refused) => {
                let problem = Problem::new(Cause::NotAcms, refused.to_string());
                refuse.insert(domain.name.clone(), problem);
            }
            Progress::NotDns | Progress::Unready | Progress::Validated(_) => {}
        }
    }
    for name in conflicting_names(&publish) {
        publish.retain(|record| *record.name() != name);
        refuse.insert(name, conflicting_values());
    }
    let notable = !follow_up || check_times.reaches_milestone(now);
    Plan { publish, refuse, notable, ..Plan::nothing(began, next) }
}

#[cfg(test)]
mod tests;
