//! AWS Certificate Manager: issues a certificate only if public DNS has the validation records of its
//! names.
//!
//! Public API: <https://docs.aws.amazon.com/acm/latest/APIReference/Welcome.html>

mod answer;
mod certificate;
mod events;
mod life;
mod list;
mod record;
mod register;
mod request;
#[cfg(test)]
mod tests;
mod world;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

pub use self::certificate::{
    Behaviour, Certificate, Domain, DomainStatus, KeyPairOrigin, Kind, Method, Renewal,
    RenewalStatus, Status, Update, UpdateStatus,
};
pub use self::record::validation_record;
use self::register::Register;
use self::request::Incoming;
use crate::agenda::Agenda;
use crate::call::Caller;
use crate::event::Event;
use crate::route53::Route53;
use crate::service::Service;
use crate::token_bucket::TokenBucket;
use crate::wire::Failure;

/// The certificates of every account.
#[derive(Clone, Debug, Default)]
pub struct Acm {
    /// The delays of certificates that are requested from now on.
    pub behaviour: Behaviour,
    certificates: Register,
    /// How many certificates have been created.
    requested: usize,
    /// How many calls CloudTrail has recorded.
    recorded: usize,
    queue: Agenda<Event>,
    tokens: BTreeMap<Token, (String, DateTime<Utc>)>,
    buckets: BTreeMap<(String, String, String), TokenBucket>,
    unlimited: bool,
    /// The regions without `SearchCertificates`.
    without_search: BTreeSet<String>,
}

/// An idempotency token of one account in one region.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Token {
    account: String,
    region: String,
    token: String,
}

impl Acm {
    /// Answers one call.
    ///
    /// # Errors
    /// The errors of ACM.
    pub fn respond(
        &mut self,
        operation: &str,
        caller: &Caller,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Value, Failure> {
        let call = &Incoming { caller, body, now };
        let result = self.admit(operation, call).and_then(|()| self.perform(operation, call));
        if events::is_write(operation) {
            self.recorded += 1;
            let event = events::cloudtrail(operation, caller, body, &result, now, self.recorded);
            self.queue.add(now, event);
        }
        result
    }

    fn perform(&mut self, operation: &str, call: &Incoming<'_>) -> Result<Value, Failure> {
        match operation {
            "AddTagsToCertificate" => self.add_tags(call),
            "DeleteCertificate" => self.delete_certificate(call),
            "DescribeCertificate" => self.describe(call),
            "ListCertificateDomainValidations" => self.list_domain_validations(call),
            "ListCertificates" => self.list(call),
            "ListTagsForCertificate" => self.list_tags(call),
            "RemoveTagsFromCertificate" => self.remove_tags(call),
            "RequestCertificate" => self.request(call),
            "SearchCertificates" if !self.without_search.contains(&call.caller.region) => {
                self.search(call)
            }
            "UpdateCertificateOptions" => self.update_options(call),
            _ => Err(Failure::new(400, "UnknownOperationException", operation)),
        }
    }

    /// Admits a call, or rejects it because the rate is exceeded.
    ///
    /// Rates: <https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html>. That bursts
    /// may be twice as large is an assumption, and so is the rate of operations that are not listed.
    fn admit(&mut self, operation: &str, call: &Incoming<'_>) -> Result<(), Failure> {
        let rate = match operation {
            "DeleteCertificate" | "DescribeCertificate" | "ListTagsForCertificate" => 10,
            "ListCertificates" => 8,
            _ => 5,
        };
        let Caller { account, region } = call.caller;
        let key = (account.clone(), region.clone(), operation.to_owned());
        let bucket = self.buckets.entry(key).or_insert_with(|| TokenBucket::new(2 * rate, rate));
        if self.unlimited || bucket.take(1, call.now) {
            Ok(())
        } else {
            Err(Service::Acm.throttled())
        }
    }

    fn describe(&self, call: &Incoming<'_>) -> Result<Value, Failure> {
        let request: request::OfCertificate = request::read(call.body)?;
        let certificate = self.find(call, &request.certificate_arn)?;
        Ok(json!({"Certificate": answer::detail(certificate, call.now)}))
    }

    fn list_tags(&self, call: &Incoming<'_>) -> Result<Value, Failure> {
        let request: request::OfCertificate = request::read(call.body)?;
        let certificate = self.find(call, &request.certificate_arn)?;
        let tag = |(key, value)| json!({"Key": key, "Value": value});
        let tags: Vec<Value> = certificate.tags.iter().map(tag).collect();
        Ok(json!({"Tags": tags}))
    }

    /// The certificate with this ARN, if it is in the caller's account and region and already visible.
    fn find(&self, call: &Incoming<'_>, arn: &str) -> Result<&Certificate, Failure> {
        let caller = call.caller;
        if arn.len() < 20 || !arn.starts_with("arn:") {
            return Err(request::constraint(
                arn,
                "certificateArn",
                "satisfy regular expression pattern: \
                 arn:[\\w+=/,.@-]+:acm:[\\w+=/,.@-]*:[0-9]+:[\\w+=,.@-]+(/[\\w+=,.@-]+)*",
            ));
        }
        if !request::is_certificate_arn(arn) {
            return Err(Failure::new(400, "InvalidArnException", format!("Invalid arn: {arn}")));
        }
        self.certificates
            .get(arn)
            .filter(|it| it.account == caller.account && it.region == caller.region)
            .filter(|it| it.is_visible(call.now))
            .ok_or_else(|| {
                let message = format!(
                    "Could not find certificate {arn} in account {account}.",
                    account = caller.account
                );
                Failure::new(400, "ResourceNotFoundException", message)
            })
    }

    fn visible_to(&self, call: &Incoming<'_>) -> impl Iterator<Item = &Certificate> {
        let (caller, now) = (call.caller, call.now);
        let of = self.certificates.of(&caller.account, &caller.region);
        of.filter(move |it| it.is_visible(now))
    }

    /// Plans the next due time of certificates that were changed.
    pub(crate) fn plan(&mut self) {
        self.certificates.plan();
    }

    /// Does what is due at `at`, and returns the events for EventBridge.
    pub fn advance(&mut self, at: DateTime<Utc>, dns: &Route53) -> Vec<Event> {
        let mut events: Vec<Event> = std::iter::from_fn(|| self.queue.take(at)).collect();
        for arn in self.certificates.due(at) {
            let Some(certificate) = self.certificates.get_mut(&arn) else { continue };
            while let Some(due) = certificate.next_due().filter(|due| *due <= at) {
                events.extend(certificate.step(due, dns));
            }
        }
        events
    }

    /// When something is due next.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        self.queue.next_due().into_iter().chain(self.certificates.next_due()).min()
    }
}
