//! What tests set up, change and read without API calls.
//!
//! An ARN without a certificate is a mistake in the test, and panics.

use chrono::{DateTime, Utc};

use super::Acm;
use super::certificate::{Certificate, DomainStatus, Method, Status};
use super::life::fail_pending;
use crate::route53::Route53;

impl Acm {
    /// Creates a certificate and returns its ARN: as if requested at `now` with DNS validation, then
    /// changed by `f`. There is no event.
    ///
    /// If `f` sets the status `ISSUED` and no `issued_at`, the certificate is issued at `created_at`
    /// with all names validated.
    pub fn seed(
        &mut self,
        account: &str,
        region: &str,
        names: &[&str],
        now: DateTime<Utc>,
        f: impl FnOnce(&mut Certificate),
    ) -> String {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut certificate = self.new_certificate(account, region, &names, now);
        f(&mut certificate);
        if certificate.status == Status::Issued && certificate.issued_at.is_none() {
            certificate.set_issued(certificate.created_at);
            for domain in &mut certificate.domains {
                domain.status = DomainStatus::Success;
            }
        }
        if certificate.validation_method != Some(Method::Dns) {
            certificate.check_at = None;
        }
        let arn = certificate.arn.clone();
        self.certificates.insert(certificate);
        arn
    }

    /// The certificate with this ARN.
    pub fn certificate(&self, arn: &str) -> Option<&Certificate> {
        self.certificates.get(arn)
    }

    /// The certificate with this ARN, to be changed.
    pub fn certificate_mut(&mut self, arn: &str) -> Option<&mut Certificate> {
        self.certificates.get_mut(arn)
    }

    /// Every certificate of every account and region, in the order of ARNs.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.certificates.iter()
    }

    /// Removes a certificate, in use or not.
    ///
    /// # Panics
    /// If there is no such certificate.
    pub fn delete(&mut self, arn: &str) {
        self.expect(arn);
        self.certificates.remove(arn);
    }

    /// Lets a certificate fail for this reason, for example `DOMAIN_NOT_ALLOWED`.
    ///
    /// # Panics
    /// If there is no such certificate.
    pub fn fail(&mut self, arn: &str, reason: &str) {
        let certificate = self.expect(arn);
        certificate.status = Status::Failed;
        certificate.failure_reason = Some(reason.to_owned());
        fail_pending(&mut certificate.domains);
    }

    /// Sets a tag.
    ///
    /// # Panics
    /// If there is no such certificate.
    pub fn tag(&mut self, arn: &str, key: &str, value: &str) {
        self.expect(arn).tags.insert(key.to_owned(), value.to_owned());
    }

    /// Starts a renewal at `at`. The next `advance` returns its events.
    ///
    /// # Panics
    /// If there is no such certificate.
    pub fn start_renewal(&mut self, arn: &str, at: DateTime<Utc>, dns: &Route53) {
        let events = self.expect(arn).start_renewal(at, dns);
        for event in events {
            self.queue.add(at, event);
        }
    }

    /// Plans a renewal. No renewal starts without this, because 45 days before `NotAfter` are far away in a
    /// test.
    ///
    /// # Panics
    /// If there is no such certificate.
    pub fn schedule_renewal(&mut self, arn: &str, at: DateTime<Utc>) {
        self.expect(arn).renew_at = Some(at);
    }

    /// Switches the rate limits off or on.
    pub fn set_unlimited(&mut self, unlimited: bool) {
        self.unlimited = unlimited;
    }

    /// Sets whether a region has `SearchCertificates`; by default every region has it. AWS does not
    /// document which regions have it.
    pub fn set_search_available(&mut self, region: &str, available: bool) {
        if available {
            self.without_search.remove(region);
        } else {
            self.without_search.insert(region.to_owned());
        }
    }

    fn expect(&mut self, arn: &str) -> &mut Certificate {
        self.certificates.get_mut(arn).unwrap_or_else(|| panic!("no certificate {arn}"))
    }
}
