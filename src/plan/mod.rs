//! Decides what one look at a certificate calls for. Pure: no I/O, no clock, no failure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

pub use self::grid::Grid;
use crate::certificate::{Certificate, Domain, Origin, Proceeding, Progress, Status};
use crate::error::{Cause, Trouble};
use crate::name::DomainName;
use crate::record::ValidationRecord;
use crate::settings::Tag;
use crate::trigger::Wake;

mod grid;

/// What one look at a certificate calls for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Plan {
    /// Records that must exist, once each: ACM gives `example.com` and `*.example.com` the same
    /// one, and Route 53 refuses a batch that names a record twice.
    pub publish: BTreeSet<ValidationRecord>,
    /// Names whose record will not be written, and why.
    pub refuse: BTreeMap<DomainName, Trouble>,
    /// Whether to look again.
    pub next: Next,
    /// When this validation began: its age counts from here.
    pub began: DateTime<Utc>,
    /// Whether an end or a standing block is worth an event of its own, if this look comes upon one.
    pub news: bool,
    /// The grid of a check that may be armed still, and would only tell this end again.
    pub needless: Option<Grid>,
}

/// Whether to look again.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Next {
    /// At this time.
    CheckAt(DateTime<Utc>),
    /// No: there is nothing left to do.
    Stop(Reason),
}

/// Why there is nothing left to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reason {
    /// Expired, revoked or inactive, in ACM's word.
    Closed(String),
    /// ACM does not know it, or not any more.
    Deleted,
    /// ACM gave up, for this reason if it names one.
    Failed(Option<String>),
    /// ACM should have given up by now.
    GaveUp,
    /// Issued.
    Issued,
    /// Validated by DNS from now on, by e-mail before.
    Migrated,
    /// ACM gave up moving it from e-mail to DNS, for this reason if it names one.
    MigrationFailed(Option<String>),
    /// None of its names lies under a domain of `ALLOWED_DOMAINS`.
    NotAllowed,
    /// Validated by e-mail or over HTTP.
    NotDns,
    /// It does not carry the tag a certificate must carry.
    NotOptedIn(Tag),
    /// It is not a public certificate issued by Amazon.
    NotPublic(Origin),
    /// It carries the tag by which its owner keeps us away.
    OptedOut,
    /// ACM gave up renewing it, for this reason if it names one.
    RenewalFailed(Option<String>),
    /// Renewed.
    Renewed,
    /// ACM waited long enough.
    TimedOut,
}

/// What the settings say about which certificates are ours.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Policy {
    /// A name must be one of these or lie under one; empty allows all.
    pub allowed_domains: Vec<DomainName>,
    /// The tag a certificate must carry.
    pub certificate_tag: Option<Tag>,
}

/// The tag by which a certificate's owner keeps us away; any value but `false` does.
pub const SKIP_TAG: &str = "acm-dns-validator:skip";

/// Turns what ACM says of a certificate (`None`: it knows none) into a plan.
///
/// The plan depends on what ACM says now and on ages, never on what an earlier look did. Only how
/// often an end or a block is *told* depends on whether this look follows up one of our own.
///
/// | certificate                                  | publish          | next            |
/// | -------------------------------------------- | ---------------- | --------------- |
/// | unknown, heard of minutes ago                | –                | check           |
/// | unknown                                      | –                | stop: deleted   |
/// | not public, not by DNS, not allowed, not opted in | –           | stop: not ours  |
/// | lacks the tag to opt in, requested minutes ago | –              | check           |
/// | pending                                      | awaited records  | check           |
/// | issued, its renewal or change to DNS pending | awaited records  | check           |
/// | issued, failed, timed out, closed            | –                | stop            |
pub fn decide(
    certificate: Option<&Certificate>,
    wake: &Wake,
    now: DateTime<Utc>,
    policy: &Policy,
) -> Plan {
    let Some(certificate) = certificate else {
        // ACM may take minutes to show what was just requested.
        let since = wake.since.unwrap_or(now).min(now);
        let young = now - since < YOUTH;
        let next = if young {
            look_again(Grid::of_request(since), now)
        } else {
            Next::Stop(Reason::Deleted)
        };
        return Plan::nothing(since, next);
    };
    let requested = certificate.created_at;
    if let Some(reason) = not_ours(certificate, policy) {
        // Tags may show up later than the certificate.
        let young = certificate.status == Status::Pending && now - requested < YOUTH;
        let next = match reason {
            Reason::NotOptedIn(_) if young => look_again(Grid::of_request(requested), now),
            reason => Next::Stop(reason),
        };
        return Plan::nothing(requested, next);
    }
    if let Some(underway) = underway(certificate) {
        return validate(&underway, wake, now, policy);
    }
    let (reason, ended) = end(certificate);
    let fresh = ended.is_some_and(|ended| now - ended < FRESH);
    let needless = fresh && !wake.spent && reason == Reason::Issued;
    Plan {
        // An end that one of our checks comes upon, or a fresh one. Most renewals need no help, and
        // the check of one that did cannot be found again: its grid has gone with its beginning.
        news: wake.follow_up || (fresh && reason != Reason::Renewed),
        needless: needless.then(|| Grid::of_request(requested)),
        ..Plan::nothing(requested, Next::Stop(reason))
    }
}

/// Why nothing will be done for a certificate (`None`: ACM knows none), if so. What it may lack
/// because it is young, it lacks.
pub fn stopped_by(
    certificate: Option<&Certificate>,
    now: DateTime<Utc>,
    policy: &Policy,
) -> Option<Reason> {
    let Some(certificate) = certificate else { return Some(Reason::Deleted) };
    not_ours(certificate, policy).or_else(|| match underway(certificate) {
        Some(underway) => underway.grid.next(now).is_none().then_some(Reason::GaveUp),
        None => Some(end(certificate).0),
    })
}

/// A plan for a certificate that there was no time to look at: to look at it as soon as possible.
pub fn postpone(now: DateTime<Utc>) -> Plan {
    Plan::nothing(now, look_again(Grid::of_request(now), now))
}

/// A validation that ACM waits for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Underway<'a> {
    /// When it began.
    pub began: DateTime<Utc>,
    /// How far each name has come in it.
    pub domains: &'a [Domain],
    /// When it is looked at.
    pub grid: Grid,
}

/// What ACM waits for, if anything: the first validation, a renewal's, or that of a change to DNS.
pub fn underway(certificate: &Certificate) -> Option<Underway<'_>> {
    let Certificate { created_at, domains, migration, not_after, renewal, status, .. } =
        certificate;
    match status {
        Status::Pending | Status::Unknown(_) => {
            let grid = Grid::of_request(*created_at);
            Some(Underway { began: *created_at, domains, grid })
        }
        Status::Issued => {
            let migration = migration.as_ref().filter(|it| it.status == Proceeding::Pending);
            let migrating = migration.map(|migration| Underway {
                began: migration.requested_at,
                domains: &migration.domains,
                grid: Grid::of_request(migration.requested_at),
            });
            let renewal = renewal.as_ref().filter(|it| it.status == Proceeding::Pending);
            migrating.or_else(|| {
                renewal.map(|renewal| Underway {
                    began: renewal.updated_at,
                    domains: &renewal.domains,
                    grid: Grid::of_renewal(renewal.updated_at, *not_after),
                })
            })
        }
        Status::Closed(_) | Status::Failed(_) | Status::TimedOut => None,
    }
}

/// How a certificate that nothing is underway for has ended, and when, as far as ACM tells.
fn end(certificate: &Certificate) -> (Reason, Option<DateTime<Utc>>) {
    let Certificate { created_at, issued_at, migration, renewal, status, .. } = certificate;
    match status {
        Status::Closed(word) => (Reason::Closed(word.clone()), None),
        Status::Failed(reason) => (Reason::Failed(reason.clone()), Some(*created_at)),
        Status::TimedOut => (Reason::TimedOut, Some(*created_at + VALIDATION_TIME_OUT)),
        // Of all that happened to it, the latest counts.
        Status::Issued | Status::Pending | Status::Unknown(_) => {
            let renewed = renewal.as_ref().map(|renewal| match &renewal.status {
                Proceeding::Failed(why) => (Reason::RenewalFailed(why.clone()), renewal.updated_at),
                Proceeding::Done | Proceeding::Pending => (Reason::Renewed, renewal.updated_at),
            });
            let migrated = migration.as_ref().map(|migration| match &migration.status {
                Proceeding::Failed(why) => {
                    (Reason::MigrationFailed(why.clone()), migration.updated_at)
                }
                Proceeding::Done | Proceeding::Pending => (Reason::Migrated, migration.updated_at),
            });
            let latest = renewed.into_iter().chain(migrated).max_by_key(|(_, at)| *at);
            match latest.filter(|(_, at)| issued_at.is_none_or(|issued_at| *at >= issued_at)) {
                Some((reason, at)) => (reason, Some(at)),
                None => (Reason::Issued, *issued_at),
            }
        }
    }
}

/// How long ACM may take to show a certificate and its tags.
const YOUTH: TimeDelta = TimeDelta::minutes(5);

/// How long after an end an event about it is still news to somebody.
const FRESH: TimeDelta = TimeDelta::hours(1);

/// Source: [DNS validation](https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html).
const VALIDATION_TIME_OUT: TimeDelta = TimeDelta::hours(72);

impl Plan {
    /// Nothing to write and nothing to tell.
    fn nothing(began: DateTime<Utc>, next: Next) -> Self {
        Self {
            publish: BTreeSet::new(),
            refuse: BTreeMap::new(),
            next,
            began,
            news: false,
            needless: None,
        }
    }
}

fn look_again(grid: Grid, now: DateTime<Utc>) -> Next {
    grid.next(now).map_or(Next::Stop(Reason::GaveUp), Next::CheckAt)
}

fn not_ours(certificate: &Certificate, policy: &Policy) -> Option<Reason> {
    let Certificate { domains, names, origin, tags, .. } = certificate;
    let elsewhere = |domain: &Domain| domain.progress == Progress::Elsewhere;
    let migration = certificate.migration.as_ref().map(|migration| &migration.status);
    let stays_elsewhere = matches!(migration, None | Some(Proceeding::Done));
    let opted_out = tags.get(SKIP_TAG).is_some_and(|value| !value.eq_ignore_ascii_case("false"));
    let missing = policy.certificate_tag.as_ref().filter(|tag| !tag.is_among(tags));
    if *origin != Origin::Public {
        Some(Reason::NotPublic(*origin))
    } else if stays_elsewhere && !domains.is_empty() && domains.iter().all(elsewhere) {
        Some(Reason::NotDns)
    } else if opted_out {
        Some(Reason::OptedOut)
    } else if !names.is_empty() && !names.iter().any(|name| policy.allows(name)) {
        Some(Reason::NotAllowed)
    } else {
        missing.map(|tag| Reason::NotOptedIn(tag.clone()))
    }
}

fn validate(underway: &Underway<'_>, wake: &Wake, now: DateTime<Utc>, policy: &Policy) -> Plan {
    let Underway { began, domains, grid } = *underway;
    let next = look_again(grid, now);
    if let Next::Stop(_) = next {
        return Plan { news: wake.follow_up, ..Plan::nothing(began, next) };
    }
    let mut publish: BTreeSet<ValidationRecord> = BTreeSet::new();
    let mut refuse = BTreeMap::new();
    for domain in domains {
        match &domain.progress {
            Progress::Awaiting(_) | Progress::Refused(_) if !policy.allows(&domain.name) => {
                let reason = "the name is not under a domain of ALLOWED_DOMAINS";
                refuse.insert(domain.name.clone(), Trouble::new(Cause::NotAllowed, reason));
            }
            Progress::Awaiting(record) => {
                publish.insert(record.clone());
            }
            Progress::Refused(refused) => {
                let trouble = Trouble::new(Cause::NotAcms, refused.to_string());
                refuse.insert(domain.name.clone(), trouble);
            }
            Progress::Elsewhere | Progress::Unready | Progress::Validated(_) => {}
        }
    }
    for name in contradictions(&publish) {
        publish.retain(|record| *record.name() != name);
        refuse.insert(name, contradicted());
    }
    let news = !wake.follow_up || grid.reaches_milestone(now);
    Plan { publish, refuse, next, began, news, needless: None }
}

/// Names for which there are records with different values.
pub fn contradictions(records: &BTreeSet<ValidationRecord>) -> BTreeSet<DomainName> {
    let pairs = records.iter().zip(records.iter().skip(1));
    let equal = pairs.filter(|(one, other)| one.name() == other.name());
    equal.map(|(one, _)| one.name().clone()).collect()
}

/// What is wrong with such a name.
pub fn contradicted() -> Trouble {
    Trouble::new(Cause::NotAcms, "ACM asks for two different values of one record")
}

impl Policy {
    fn allows(&self, name: &DomainName) -> bool {
        let name = name.without_wildcard();
        self.allowed_domains.is_empty()
            || self.allowed_domains.iter().any(|domain| name.is_at_or_under(domain))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let because = |reason: &Option<String>| match reason.as_deref() {
            // https://docs.aws.amazon.com/acm/latest/userguide/troubleshooting-caa.html
            Some("CAA_ERROR") => ": CAA_ERROR: a CAA record of one of its names forbids Amazon to \
                                  issue certificates; allow amazon.com there and request it anew"
                .to_owned(),
            Some(reason) => format!(": {reason}"),
            None => String::new(),
        };
        match self {
            Self::Closed(word) => write!(f, "the certificate is {word}"),
            Self::Deleted => f.write_str("ACM knows no such certificate"),
            Self::Failed(reason) => write!(f, "ACM could not issue it{}", because(reason)),
            Self::GaveUp => f.write_str("ACM should have given up by now, and has not said so"),
            Self::Issued => f.write_str("the certificate is issued"),
            Self::Migrated => f.write_str("the certificate is validated by DNS from now on"),
            Self::MigrationFailed(reason) => {
                write!(f, "ACM could not move it from e-mail to DNS{}", because(reason))
            }
            Self::NotAllowed => {
                f.write_str("none of its names is under a domain of ALLOWED_DOMAINS")
            }
            Self::NotDns => f.write_str("it is validated by e-mail or over HTTP, not by DNS"),
            Self::NotOptedIn(tag) => write!(f, "it does not carry the tag {tag} (CERTIFICATE_TAG)"),
            Self::NotPublic(origin) => f.write_str(match origin {
                Origin::Acme => "it was asked for over ACME, which has validation of its own",
                Origin::CloudFront => "it is managed by CloudFront and validated over HTTP",
                Origin::Imported => "it is imported, so there is nothing to validate",
                Origin::Private => "it is private, so there is nothing to validate",
                Origin::Public => "it is public",
            }),
            Self::OptedOut => write!(f, "it carries the tag {SKIP_TAG}"),
            Self::RenewalFailed(reason) => write!(f, "ACM could not renew it{}", because(reason)),
            Self::Renewed => f.write_str("the certificate is renewed"),
            Self::TimedOut => {
                f.write_str("ACM waited 72 hours for its validation: request it anew")
            }
        }
    }
}

#[cfg(test)]
mod tests;
