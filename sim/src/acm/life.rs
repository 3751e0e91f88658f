//! The life cycle of certificates: validation, issuance, renewal, expiry.

use chrono::{DateTime, TimeDelta, Utc};

use super::certificate::{
    Certificate, Domain, DomainStatus, Kind, Method, Renewal, RenewalStatus, Status, Update,
    UpdateStatus,
};
use super::events;
use super::record::validation_record;
use crate::event::Event;
use crate::route53::Route53;

/// How many days before the expiry ACM sends `Renewal Action Required` again for a pending renewal.
///
/// Source: <https://docs.aws.amazon.com/acm/latest/userguide/supported-events.html>
const REMINDER_DAYS: [i64; 5] = [30, 15, 7, 3, 1];

/// Why a renewal is pending. Only events have this reason; `FailureReason` does not.
const PENDING_DOMAIN_VALIDATION: &str = "PENDING_DOMAIN_VALIDATION";

impl Certificate {
    /// When something is due for the certificate next.
    pub(super) fn next_due(&self) -> Option<DateTime<Utc>> {
        match self.status {
            Status::PendingValidation => match self.issue_at {
                Some(issue_at) => Some(issue_at),
                None => Some(self.expires_unvalidated_at()).into_iter().chain(self.check_at).min(),
            },
            Status::Issued => {
                let update = self.updating().map(|update| self.update_ends_at(update));
                let check = self.check_at.filter(|_| self.is_renewing() || update.is_some());
                let ask = self.renewal.as_ref().and_then(|renewal| renewal.remind_at);
                [self.renew_at, self.not_after, update, check, ask].into_iter().flatten().min()
            }
            _ => None,
        }
    }

    /// Does what is due at `at`.
    pub(super) fn step(&mut self, at: DateTime<Utc>, dns: &Route53) -> Vec<Event> {
        match self.status {
            Status::PendingValidation => self.step_to_issuance(at, dns),
            Status::Issued => self.step_issued(at, dns),
            _ => Vec::new(),
        }
    }

    fn step_to_issuance(&mut self, at: DateTime<Utc>, dns: &Route53) -> Vec<Event> {
        if let Some(issue_at) = self.issue_at {
            return if issue_at <= at { self.issue(at, dns) } else { Vec::new() };
        }
        if self.take_check(at) && validate(&self.account, &mut self.domains, at, dns) {
            self.issue_at = Some(at + self.behaviour.issuance_delay);
        } else if self.expires_unvalidated_at() <= at {
            // <https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html>: this status is final.
            self.status = Status::ValidationTimedOut;
            fail_pending(&mut self.domains);
        }
        Vec::new()
    }

    fn issue(&mut self, at: DateTime<Utc>, dns: &Route53) -> Vec<Event> {
        self.issue_at = None;
        let public = self.kind == Kind::AmazonIssued;
        if public && !self.domains.iter().all(|domain| caa_allows_amazon(&domain.name, dns)) {
            self.status = Status::Failed;
            self.failure_reason = Some("CAA_ERROR".to_owned());
            return Vec::new();
        }
        self.status = Status::Issued;
        self.set_issued(at);
        vec![events::available(self, "ISSUANCE", at)]
    }

    /// Sets the dates of issuance.
    pub(super) fn set_issued(&mut self, at: DateTime<Utc>) {
        self.issued_at = Some(at);
        self.not_before = Some(at);
        self.not_after = Some(at + self.validity());
    }

    fn validity(&self) -> TimeDelta {
        match self.kind {
            Kind::Private => self.behaviour.private_validity,
            Kind::AmazonIssued | Kind::Imported => self.behaviour.validity,
        }
    }

    fn step_issued(&mut self, at: DateTime<Utc>, dns: &Route53) -> Vec<Event> {
        let mut events = Vec::new();
        if self.renew_at.take_if(|renew_at| *renew_at <= at).is_some() {
            events.extend(self.start_renewal(at, dns));
        }
        if self.take_check(at) {
            events.extend(self.check_renewal(at, dns));
            self.check_update(at, dns);
        }
        events.extend(self.request_action(at, dns));
        if self.updating().is_some_and(|update| self.update_ends_at(update) <= at) {
            self.end_update(UpdateStatus::Failed, at);
        }
        if self.not_after.is_some_and(|not_after| not_after <= at) {
            events.extend(self.expire(at));
        }
        events
    }

    /// Starts a renewal: ACM checks for the records by itself for a while. If it finds them, the renewal
    /// succeeds. Otherwise ACM sends `Renewal Action Required` and goes on checking.
    ///
    /// Source: <https://docs.aws.amazon.com/acm/latest/userguide/dns-renewal-validation.html>
    pub(super) fn start_renewal(&mut self, at: DateTime<Utc>, dns: &Route53) -> Vec<Event> {
        self.renewal = Some(Renewal {
            status: RenewalStatus::PendingAutoRenewal,
            reason: None,
            domains: unvalidated(&self.domains, at),
            updated_at: at,
            remind_at: Some(at + self.behaviour.auto_renewal),
        });
        self.request_action(at, dns)
    }

    /// Sends `Renewal Action Required` if it is due and records are missing.
    fn request_action(&mut self, at: DateTime<Utc>, dns: &Route53) -> Vec<Event> {
        let pending = self.renewal.as_mut().filter(|renewal| is_pending(renewal));
        let Some(renewal) =
            pending.filter(|it| it.remind_at.is_some_and(|remind_at| remind_at <= at))
        else {
            return Vec::new();
        };
        let again =
            REMINDER_DAYS.map(TimeDelta::days).map(|left| self.not_after.map(|it| it - left));
        renewal.remind_at = again.into_iter().flatten().find(|again| *again > at);
        if renewal.status == RenewalStatus::PendingAutoRenewal {
            renewal.status = RenewalStatus::PendingValidation;
            renewal.reason = Some(PENDING_DOMAIN_VALIDATION.to_owned());
            renewal.updated_at = at;
            let renewed = self.check_renewal(at, dns);
            if !renewed.is_empty() {
                return renewed;
            }
            self.schedule_check(at);
        }
        vec![events::renewal_action_required(self, PENDING_DOMAIN_VALIDATION, at)]
    }

    fn check_renewal(&mut self, at: DateTime<Utc>, dns: &Route53) -> Vec<Event> {
        let by_dns = self.validation_method == Some(Method::Dns);
        let waits = |renewal: &&mut Renewal| renewal.status == RenewalStatus::PendingValidation;
        let Some(renewal) = self.renewal.as_mut().filter(|it| by_dns && waits(it)) else {
            return Vec::new();
        };
        if !validate(&self.account, &mut renewal.domains, at, dns) {
            return Vec::new();
        }
        renewal.status = RenewalStatus::Success;
        renewal.reason = None;
        renewal.updated_at = at;
        renewal.remind_at = None;
        self.not_before = Some(at);
        self.not_after = Some(at + self.validity());
        vec![events::available(self, "RENEWAL", at)]
    }

    fn expire(&mut self, at: DateTime<Utc>) -> Option<Event> {
        self.status = Status::Expired;
        if let Some(renewal) = self.renewal.as_mut().filter(|renewal| is_pending(renewal)) {
            renewal.status = RenewalStatus::Failed;
            renewal.reason = Some("OTHER".to_owned());
            renewal.updated_at = at;
            renewal.remind_at = None;
            fail_pending(&mut renewal.domains);
        }
        events::expired(self, at)
    }

    /// Whether ACM checks for the records of a renewal at regular intervals.
    fn is_renewing(&self) -> bool {
        let waits = |renewal: &Renewal| renewal.status == RenewalStatus::PendingValidation;
        self.renewal.as_ref().is_some_and(waits)
    }

    /// Starts the change from email to DNS.
    pub(super) fn start_update(&mut self, at: DateTime<Utc>) {
        self.update = Some(Update {
            status: UpdateStatus::PendingDomainValidation,
            domains: unvalidated(&self.domains, at),
            requested_at: at,
            updated_at: at,
        });
        self.schedule_check(at);
    }

    pub(super) fn updating(&self) -> Option<&Update> {
        self.update.as_ref().filter(|update| update.status == UpdateStatus::PendingDomainValidation)
    }

    /// An update has as much time as a validation:
    /// <https://docs.aws.amazon.com/acm/latest/userguide/email-to-dns-migrate.html>
    fn update_ends_at(&self, update: &Update) -> DateTime<Utc> {
        update.requested_at + self.behaviour.validation_timeout
    }

    fn check_update(&mut self, at: DateTime<Utc>, dns: &Route53) {
        if self.updating().is_none() {
            return;
        }
        let domains = self.update.as_mut().map(|update| &mut update.domains);
        if domains.is_some_and(|domains| validate(&self.account, domains, at, dns)) {
            self.end_update(UpdateStatus::Success, at);
        }
    }

    fn end_update(&mut self, status: UpdateStatus, at: DateTime<Utc>) {
        let Some(update) = &mut self.update else { return };
        update.status = status;
        update.updated_at = at;
        if status == UpdateStatus::Success {
            self.validation_method = Some(Method::Dns);
            self.domains.clone_from(&update.domains);
        } else {
            fail_pending(&mut update.domains);
        }
    }

    /// Whether a check is due. If so, the next check is one interval later.
    fn take_check(&mut self, at: DateTime<Utc>) -> bool {
        let due = self.check_at.is_some_and(|check_at| check_at <= at);
        if due {
            self.schedule_check(at);
        }
        due
    }

    /// Schedules the next check of public DNS one interval after `at`.
    pub(super) fn schedule_check(&mut self, at: DateTime<Utc>) {
        self.check_at = Some(at + self.behaviour.validation_interval.max(TimeDelta::seconds(1)));
    }
}

/// Checks the record of every pending name that has one. Returns whether all names are valid now.
fn validate(account: &str, domains: &mut [Domain], at: DateTime<Utc>, dns: &Route53) -> bool {
    for domain in domains.iter_mut() {
        let published = domain.record_at.is_some_and(|record_at| record_at <= at);
        if domain.status == DomainStatus::PendingValidation && published {
            let (name, value) = validation_record(account, &domain.name);
            if dns.resolve_validation(&name, &value) {
                domain.status = DomainStatus::Success;
            }
        }
    }
    domains.iter().all(|domain| domain.status == DomainStatus::Success)
}

fn unvalidated(domains: &[Domain], at: DateTime<Utc>) -> Vec<Domain> {
    let unvalidated = |domain: &Domain| Domain {
        status: DomainStatus::PendingValidation,
        record_at: Some(at),
        ..domain.clone()
    };
    domains.iter().map(unvalidated).collect()
}

pub(super) fn fail_pending(domains: &mut [Domain]) {
    for domain in domains.iter_mut().filter(|it| it.status == DomainStatus::PendingValidation) {
        domain.status = DomainStatus::Failed;
    }
}

fn is_pending(renewal: &Renewal) -> bool {
    matches!(renewal.status, RenewalStatus::PendingAutoRenewal | RenewalStatus::PendingValidation)
}

/// Whether the CAA records of this name allow Amazon to issue. For wildcards, `issuewild` replaces
/// `issue` if there is one.
///
/// Sources: RFC 8659 section 4; the names of Amazon's certificate authorities are from
/// <https://docs.aws.amazon.com/acm/latest/userguide/setup-caa.html>
fn caa_allows_amazon(name: &str, dns: &Route53) -> bool {
    let amazon = ["amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"];
    let wildcard = name.strip_prefix("*.");
    let records = dns.caa(wildcard.unwrap_or(name));
    let issuers = |property: &str| -> Vec<String> {
        let values = records.iter().filter_map(|record| {
            let mut fields = record.splitn(3, ' ');
            let (_, tag, value) = (fields.next()?, fields.next()?, fields.next()?);
            tag.eq_ignore_ascii_case(property).then_some(value)
        });
        let issuer = |value: &str| value.trim_matches('"').split(';').next().map(str::to_owned);
        values.filter_map(issuer).map(|issuer| issuer.trim().to_ascii_lowercase()).collect()
    };
    let for_wildcards = wildcard.map(|_| issuers("issuewild")).filter(|them| !them.is_empty());
    let governing = for_wildcards.unwrap_or_else(|| issuers("issue"));
    governing.is_empty() || governing.iter().any(|issuer| amazon.contains(&issuer.as_str()))
}
