//! What an event asks the function to do, and the payloads that the function sends to itself.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::domain::arn::CertificateArn;
use crate::domain::name::DomainName;

/// The source of the events that the function makes itself.
pub const SOURCE: &str = "acm-dns-validator";

/// The detail-type of a check of one certificate.
pub const CHECK: &str = "Certificate Check";

/// The detail-type of a question: what prevents a certificate from being issued?
pub const DIAGNOSIS: &str = "Certificate Diagnosis";

/// The detail-type of a question: which certificates are pending, and why?
pub const OVERVIEW: &str = "Certificate Overview";

/// The detail-type of a sweep.
pub const SWEEP: &str = "Certificate Sweep";

/// A request to reconcile one certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    /// The certificate.
    pub certificate: CertificateArn,
    /// When the function first heard of the certificate. Until ACM shows it, its age counts from
    /// here.
    pub since: Option<DateTime<Utc>>,
    /// The kind of event that asks. Only what is published depends on it, never what is done.
    pub trigger: Trigger,
}

/// The kind of event that asks for a reconciliation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Trigger {
    /// A `Certificate Check` that no earlier reconciliation scheduled: a sweep or a person sends it.
    Check,
    /// An event of AWS. A check may be scheduled as well.
    Event,
    /// The check that an earlier reconciliation of the same certificate scheduled.
    FollowUp,
}

/// A change of a hosted zone that may remove the cause of a block.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct ZoneChange {
    /// The account of the zone, as EventBridge names it.
    pub account: String,
    /// The zone that changed.
    pub zone: ChangedZone,
}

/// A hosted zone that changed.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum ChangedZone {
    /// A public zone of this name was created.
    Created(DomainName),
    /// The tags of the zone with this id were changed.
    Tagged(String),
}

/// A request to schedule the next check of every pending certificate; the detail of a sweep's event.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SweepRequest {
    /// Accounts to sweep besides the function's own, if `CERTIFICATE_ROLE_NAME` is set.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<String>,
    /// Names of hosted zones: only the certificates that may be under them are meant, and they are reconciled
    /// at once. So a zone change goes on where it ran out of time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<String>,
    /// Places in which an earlier sweep ran out of time. They are visited first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<PageCursor>,
    /// The first place with which no earlier sweep has begun; none to begin at the beginning, or if there are
    /// `places`, to visit only these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<PageCursor>,
}

/// A position in the listing of the certificates of one account and region.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PageCursor {
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// The call that lists the certificates.
    #[serde(default)]
    pub by: Listing,
    /// ACM's token of the page; none for the first page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// How many certificates of that page are done.
    #[serde(default)]
    pub done: usize,
}

/// A call that lists certificates.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Listing {
    /// `ListCertificates`, which every partition has.
    #[default]
    List,
    /// `SearchCertificates`, which finds pending certificates only, pending renewals included.
    Search,
}

impl Request {
    /// A request that an event of AWS makes.
    pub fn by_event(certificate: CertificateArn, since: Option<DateTime<Utc>>) -> Self {
        Self { certificate, since, trigger: Trigger::Event }
    }

    /// Merges another request for the same certificate into this one.
    pub fn merge(&mut self, other: &Self) {
        self.since = [self.since, other.since].into_iter().flatten().min();
        if self.trigger != other.trigger {
            // One of the two is a check, so none is scheduled for later; and one of them is not a
            // follow-up, so somebody may not have heard yet.
            self.trigger = Trigger::Check;
        }
    }
}

/// The payload of a check. With `since`, it is read back as a follow-up.
pub fn check_payload(certificate: &CertificateArn, since: Option<DateTime<Utc>>) -> Value {
    let detail = since.map_or_else(|| json!({}), |since| json!({"since": since}));
    let resources = [certificate.to_string()];
    json!({"source": SOURCE, "detail-type": CHECK, "resources": resources, "detail": detail})
}

/// The payload of a question: what prevents this certificate from being issued?
pub fn diagnosis_payload(certificate: &str) -> Value {
    json!({"source": SOURCE, "detail-type": DIAGNOSIS, "resources": [certificate], "detail": {}})
}

/// The payload of a question: which certificates are pending, and why?
pub fn overview_payload() -> Value {
    json!({"source": SOURCE, "detail-type": OVERVIEW, "resources": [], "detail": {}})
}

/// The payload of a sweep.
pub fn sweep_payload(sweep: &SweepRequest) -> Value {
    json!({"source": SOURCE, "detail-type": SWEEP, "resources": [], "detail": sweep})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_requests_are_as_old_as_the_oldest_and_follow_up_only_if_all_do() {
        use Trigger::{Check, Event, FollowUp};
        let certificate = "arn:aws:acm:eu-west-1:111122223333:certificate/\
                           12345678-1234-1234-1234-123456789012";
        let request = |seconds, trigger| Request {
            certificate: certificate.parse().expect("an ARN"),
            since: DateTime::from_timestamp(seconds, 0),
            trigger,
        };
        for (one, other, merged) in [
            (Event, Event, Event),
            (FollowUp, FollowUp, FollowUp),
            (Event, FollowUp, Check),
            (FollowUp, Check, Check),
            (Check, Event, Check),
        ] {
            for (one, other) in [(one, other), (other, one)] {
                let mut request_of_one = request(20, one);
                request_of_one.merge(&request(10, other));
                assert_eq!(request_of_one, request(10, merged));
            }
        }
    }
}
