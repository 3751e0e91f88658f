//! The order in which an audit goes through certificates and hosted zones.

use crate::domain::arn::CertificateArn;
use crate::domain::audit::cursor::AuditCursor;
use crate::domain::name::DomainName;
use crate::domain::zone::HostedZone;

/// Where a certificate or a hosted zone stands in the order of an audit: a certificate at the first of its
/// names, in the order in which Route 53 lists zones, and a zone behind all names under it. So the certificates
/// of a zone are audited when it is asked which of its records nobody needs.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Key {
    position: String,
    certificate: Option<CertificateArn>,
    hosted_zone_id: Option<String>,
}

/// No name has a label that sorts behind this one.
const BEHIND: char = char::MAX;

impl Key {
    /// The key of a certificate whose first name has this position.
    pub(super) fn certificate(position: String, arn: CertificateArn) -> Self {
        Self { position, certificate: Some(arn), hosted_zone_id: None }
    }

    /// The key of a hosted zone.
    pub(super) fn zone(zone: &HostedZone) -> Self {
        let position = format!("{}{BEHIND}", zone.name.position());
        Self { position, certificate: None, hosted_zone_id: Some(zone.id.clone()) }
    }

    /// The key of everything from this name on.
    pub(super) fn name(name: &DomainName) -> Self {
        Self { position: name.position(), certificate: None, hosted_zone_id: None }
    }

    /// The key that an audit goes on from.
    pub(super) fn of(cursor: &AuditCursor) -> Self {
        let AuditCursor { name, certificate_arn, hosted_zone_id } = cursor;
        let position = match hosted_zone_id {
            Some(_) => format!("{}{BEHIND}", name.position()),
            None if name.as_str().is_empty() => String::new(),
            None => name.position(),
        };
        let certificate = certificate_arn.as_ref().and_then(|arn| arn.parse().ok());
        Self { position, certificate, hosted_zone_id: hosted_zone_id.clone() }
    }

    /// What an audit that goes on from here is told.
    pub(super) fn cursor(&self) -> AuditCursor {
        let labels: Vec<_> =
            self.position.trim_end_matches(BEHIND).trim_end_matches('.').rsplit('.').collect();
        AuditCursor {
            name: DomainName::new(&labels.join(".")),
            certificate_arn: self.certificate.as_ref().map(ToString::to_string),
            hosted_zone_id: self.hosted_zone_id.clone(),
        }
    }

    /// The name from which zones are listed: all that come before it are done.
    pub(super) fn first_name(&self) -> Option<DomainName> {
        let AuditCursor { name, hosted_zone_id, .. } = self.cursor();
        if name.as_str().is_empty() {
            return None;
        }
        // Behind all names under the zone.
        let behind = format!("{}.{name}", "z".repeat(63));
        Some(match hosted_zone_id.is_some() && behind.len() <= 253 {
            true => DomainName::new(&behind),
            false => name,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str =
        "arn:aws:acm:eu-west-1:111122223333:certificate/12345678-1234-1234-1234-123456789012";

    fn certificate(name: &str) -> Key {
        Key::certificate(DomainName::new(name).position(), ARN.parse().expect("an ARN"))
    }

    #[test]
    fn a_zone_comes_behind_all_names_under_it() {
        let zone = |name| Key::zone(&HostedZone::public("Z1", name));
        let name = |name| Key::name(&DomainName::new(name));
        let sorted = [
            certificate("a.com"),
            name("x.a.com"),
            certificate("x.a.com"),
            certificate("z.x.a.com"),
            zone("x.a.com"),
            zone("a.com"),
            name("b.com"),
            certificate("b.com"),
        ];
        assert!(sorted.is_sorted(), "{sorted:?}");
    }

    #[test]
    fn an_audit_goes_on_from_where_it_stopped() {
        let nameless = Key::certificate(String::new(), ARN.parse().expect("an ARN"));
        let zone = Key::zone(&HostedZone::public("Z1", "x.a.com"));
        for key in [certificate("x.a.com"), zone, Key::name(&DomainName::new("a.com")), nameless] {
            let cursor = serde_json::to_string(&key.cursor()).expect("JSON");
            let cursor: AuditCursor = serde_json::from_str(&cursor).expect("a cursor");
            assert_eq!(Key::of(&cursor), key);
        }
    }
}
