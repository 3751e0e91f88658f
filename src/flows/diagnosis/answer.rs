//! The answer to a `Certificate Diagnosis`.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::domain::certificate::{Certificate, Phase, Progress};
use crate::domain::name::DomainName;
use crate::domain::zone::content::Presence;

/// What prevents a certificate from being issued or renewed; the function's response to a
/// `Certificate Diagnosis`.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnosis {
    /// The certificate.
    pub certificate_arn: String,
    /// What to do, in one sentence.
    pub advice: String,
    /// ACM's status of the certificate; none if ACM knows no such certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// How the validation ended, or why the function does not serve the certificate, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// ACM's dates; none if ACM knows no such certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dates: Option<Dates>,
    /// When the next check is scheduled; none if none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_check: Option<DateTime<Utc>>,
    /// What is wrong with the certificate's tags, and where a delegation seems to be missing.
    pub remarks: Vec<String>,
    /// Each of its names.
    pub names: Vec<NameDiagnosis>,
}

/// The dates of a certificate, as far as ACM tells.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dates {
    /// When it was requested.
    pub requested: DateTime<Utc>,
    /// When its pending validation began; none if none is pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_since: Option<DateTime<Utc>>,
    /// When it was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued: Option<DateTime<Utc>>,
    /// When it expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<DateTime<Utc>>,
    /// Its latest renewal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renewal: Option<RenewalDates>,
}

/// The latest renewal of a certificate.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RenewalDates {
    /// Its phase.
    pub phase: RenewalPhase,
    /// When ACM last updated it.
    pub updated: DateTime<Utc>,
}

/// The phase of a renewal.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RenewalPhase {
    /// ACM ended it without success.
    Failed,
    /// Pending validation.
    Pending,
    /// Completed.
    Succeeded,
}

/// The diagnosis of one name.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NameDiagnosis {
    /// The name, `*.` included.
    pub name: DomainName,
    /// The validation of the name.
    pub validation: Validation,
    /// The record that the name needs, if ACM tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordDiagnosis>,
    /// The hosted zones that can hold the record by their name, the longest first.
    pub zones: Vec<Candidate>,
    /// What public DNS says of the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_dns: Option<PublicView>,
    /// The CAA record set that does not allow Amazon to issue, if there is one: that of public DNS or, if
    /// nothing is known of it, of our hosted zones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caa: Option<String>,
}

/// What public DNS says of one name.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", untagged)]
pub enum PublicView {
    /// A zone answers.
    #[serde(rename_all = "camelCase")]
    Known {
        /// The apex of the zone that answers for the record's name.
        apex: DomainName,
        /// The name servers of that zone.
        name_servers: BTreeSet<DomainName>,
        /// The target of the CNAME record at the record's name; none if there is no such record.
        #[serde(skip_serializing_if = "Option::is_none")]
        cname: Option<DomainName>,
    },
    /// Nothing is known.
    Unknown {
        /// Why.
        unknown: String,
    },
}

/// The validation of one name, as ACM tells it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Validation {
    /// ACM waits for the record.
    Awaiting,
    /// The name is validated by e-mail or over HTTP.
    #[serde(rename = "ELSEWHERE")]
    NotDns,
    /// ACM asks for a record that is not one of its validation records.
    Refused,
    /// ACM has not created the record yet.
    Unready,
    /// ACM has seen the record.
    Validated,
}

/// The diagnosis of one record.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordDiagnosis {
    /// The name of the record: `_x1.example.com.`
    pub name: String,
    /// The value of the record.
    pub value: String,
    /// The state of the record.
    pub state: RecordStatus,
    /// The hosted zone that holds the record, or should.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosted_zone_id: Option<String>,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The state of one record.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RecordStatus {
    /// It cannot be written until somebody acts.
    Blocked,
    /// A CNAME with another value exists at its name. It would be replaced.
    Different,
    /// It does not exist.
    Missing,
    /// It exists with the right value.
    Present,
    /// It exists with the right value, in a hosted zone that public DNS does not ask.
    Unseen,
    /// It could not be read.
    Unknown,
}

/// A hosted zone that can hold a record.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// The id of the zone.
    pub id: String,
    /// The name of the zone.
    pub name: DomainName,
    /// The role that gives access to it; none if it is in the function's own account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Whether the record belongs in it.
    pub chosen: bool,
    /// Whether public DNS asks it for the record; none if nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<bool>,
    /// Why, or why not.
    pub why: String,
}

impl Dates {
    pub(super) fn of(certificate: &Certificate, pending_since: Option<DateTime<Utc>>) -> Self {
        let Certificate { created_at, issued_at, not_after, renewal, .. } = certificate;
        let renewal = renewal.as_ref().map(|renewal| RenewalDates {
            phase: match renewal.phase {
                Phase::Failed(_) => RenewalPhase::Failed,
                Phase::Pending => RenewalPhase::Pending,
                Phase::Succeeded => RenewalPhase::Succeeded,
            },
            updated: renewal.updated_at,
        });
        Self {
            requested: *created_at,
            pending_since,
            issued: *issued_at,
            expires: *not_after,
            renewal,
        }
    }
}

impl Validation {
    pub(super) fn of(progress: &Progress) -> Self {
        match progress {
            Progress::Awaiting(_) => Self::Awaiting,
            Progress::NotDns => Self::NotDns,
            Progress::Refused(_) => Self::Refused,
            Progress::Unready => Self::Unready,
            Progress::Validated(_) => Self::Validated,
        }
    }
}

impl RecordStatus {
    pub(super) fn of(presence: Presence) -> Self {
        match presence {
            Presence::Different => Self::Different,
            Presence::Missing => Self::Missing,
            Presence::Present => Self::Present,
        }
    }
}
