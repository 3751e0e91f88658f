//! The summary of an audit in plain words, as a mail shows it.
//!
//! A mail comes from SNS by a rule of EventBridge, which quotes a text as JSON does: a line feed would be shown as
//! `\n`, and a quotation mark as `\"`. So the text is one line, and has none.

use serde::Serialize;

use crate::domain::audit::finding::{Finding, FindingKind};
use crate::domain::audit::summary::{AuditSummary, UnreadPart, WORST};
use crate::domain::text::shorten;

/// The detail of the event `Certificate Audit Summary`: the summary, and the same as a text.
#[derive(Clone, Debug, Serialize)]
pub struct SummaryDetail<'a> {
    /// The summary.
    #[serde(flatten)]
    pub summary: &'a AuditSummary,
    /// The same in plain words, in one line.
    pub text: String,
}

impl<'a> From<&'a AuditSummary> for SummaryDetail<'a> {
    fn from(summary: &'a AuditSummary) -> Self {
        Self { summary, text: text(summary) }
    }
}

/// How many characters of an advice or a reason the text has: the findings have the rest.
const LONGEST: usize = 400;

/// How many parts that could not be read the text names.
const UNREAD: usize = 5;

fn text(summary: &AuditSummary) -> String {
    let AuditSummary { began, certificates_audited, hosted_zones, records_repaired, .. } = summary;
    let began = began.format("%Y-%m-%d %H:%M UTC");
    let mut sentences = vec![
        format!(
            "ACM audit of {began}: it went over {} and the validation records of {}.",
            count(*certificates_audited, "public certificate"),
            count(*hosted_zones, "hosted zone"),
        ),
        at_risk(summary),
    ];
    if *records_repaired > 0 {
        sentences.push(format!(
            "It put {} back: see who deleted what was missing.",
            count(*records_repaired, "missing record")
        ));
    }
    sentences.extend(others(summary));
    sentences.extend(unread(summary));
    sentences.extend(worst(summary));
    sentences.join(" ").replace('"', "'").replace(|it: char| it.is_control(), " ")
}

fn at_risk(summary: &AuditSummary) -> String {
    match summary.certificates_at_risk {
        0 => "No certificate is at risk.".to_owned(),
        1 => {
            "1 certificate IS AT RISK: it is in use, and will not be renewed unless somebody acts."
                .to_owned()
        }
        count => format!(
            "{count} certificates ARE AT RISK: they are in use, and will not be renewed unless somebody acts."
        ),
    }
}

/// What is not at risk.
fn others(AuditSummary { findings, unused_unknown, .. }: &AuditSummary) -> Vec<String> {
    let found = |kind| findings.get(&kind).copied().unwrap_or_default();
    let mut sentences = Vec::new();
    match found(FindingKind::NotInUse) {
        0 => {}
        1 => sentences.push("1 certificate is not in use, so ACM does not renew it.".to_owned()),
        count => {
            sentences
                .push(format!("{count} certificates are not in use, so ACM does not renew them."));
        }
    }
    match found(FindingKind::RecordUnused) {
        0 => {}
        1 => sentences.push("No certificate within reach asks for 1 validation record.".to_owned()),
        count => sentences
            .push(format!("No certificate within reach asks for {count} validation records.")),
    }
    if let Some(unknown) = unused_unknown {
        sentences.push(format!(
            "It is not known which records are unused: {}.",
            shorten(unknown, LONGEST)
        ));
    }
    sentences
}

fn unread(AuditSummary { unread, unread_not_shown, .. }: &AuditSummary) -> Option<String> {
    if unread.is_empty() {
        return None;
    }
    let named = unread.iter().take(UNREAD).map(|part| {
        let place = place(part);
        let colon = if place.is_empty() { "" } else { ": " };
        format!("{place}{colon}{}", shorten(&part.reason, LONGEST))
    });
    let named: Vec<_> = named.collect();
    let all = unread.len() + unread_not_shown;
    let more = match all - named.len() {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    Some(format!("{} could not be read: {}{more}.", count(all, "part"), named.join("; ")))
}

/// Where something could not be read, in a few words.
pub fn place(part: &UnreadPart) -> String {
    let UnreadPart { account, region, hosted_zone_id, certificate_arn, .. } = part;
    let parts = [
        certificate_arn.clone(),
        hosted_zone_id.as_ref().map(|id| format!("hosted zone {id}")),
        account.as_ref().map(|account| format!("account {account}")),
        region.clone(),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The worst findings that put a certificate at risk.
fn worst(AuditSummary { worst, .. }: &AuditSummary) -> Option<String> {
    let at_risk: Vec<_> = worst.iter().filter(|finding| finding.is_risk()).collect();
    if at_risk.is_empty() {
        return None;
    }
    let told = at_risk.iter().enumerate().map(|(index, finding)| sentence(index + 1, finding));
    let told: Vec<_> = told.collect();
    let more = match told.len() {
        WORST => " The log and the events 'Certificate Audit Finding' have all.",
        _ => "",
    };
    Some(format!("The worst: {}{more}", told.join(" ")))
}

fn sentence(number: usize, finding: &Finding) -> String {
    let Finding { finding: kind, certificate_arn, domain_name, not_after, advice, .. } = finding;
    let name = domain_name.as_ref().map(|name| name.as_str()).unwrap_or("a certificate");
    let expires = not_after.map(|at| format!(", expires {}", at.format("%Y-%m-%d")));
    let arn = certificate_arn.as_ref().map(|arn| format!(" ({arn})"));
    format!(
        "({number}) {name}{}, {}: {}{}",
        expires.unwrap_or_default(),
        kind.as_str(),
        shorten(advice, LONGEST),
        arn.unwrap_or_default()
    )
}

/// `1 part`, `2 parts`.
fn count(count: usize, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::domain::name::DomainName;

    fn at(day: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(day * 86_400, 0).expect("a time")
    }

    fn missing(day: i64, advice: &str) -> Finding {
        Finding {
            finding: FindingKind::RecordMissing,
            certificate_arn: Some("arn:aws:acm:…".to_owned()),
            domain_name: Some(DomainName::new("example.com")),
            record: None,
            hosted_zone_id: None,
            not_after: Some(at(day)),
            advice: advice.to_owned(),
            repaired: false,
        }
    }

    #[test]
    fn an_audit_that_found_nothing_says_so() {
        let summary =
            AuditSummary { certificates_audited: 1, hosted_zones: 2, ..AuditSummary::new(at(0)) };
        assert_eq!(
            text(&summary),
            "ACM audit of 1970-01-01 00:00 UTC: it went over 1 public certificate and the validation records \
             of 2 hosted zones. No certificate is at risk."
        );
    }

    #[test]
    fn what_is_at_risk_is_told_with_what_to_do_in_one_line_that_needs_no_escapes() {
        let mut summary = AuditSummary { certificates_at_risk: 2, ..AuditSummary::new(at(0)) };
        summary.records_repaired = 1;
        summary.add(&[missing(9, "Allow \"amazon.com\".\nThen wait."), missing(8, "Do it.")]);
        summary.add_unread(UnreadPart {
            account: Some("222233334444".to_owned()),
            region: Some("eu-west-1".to_owned()),
            reason: "denied".to_owned(),
            ..UnreadPart::default()
        });
        summary.unused_unknown = Some("one".to_owned());
        let text = text(&summary);
        assert!(text.contains("2 certificates ARE AT RISK: they are in use"), "{text}");
        assert!(text.contains("It put 1 missing record back"), "{text}");
        assert!(
            text.contains("1 part could not be read: account 222233334444, eu-west-1: denied.")
        );
        assert!(text.ends_with(
            "The worst: (1) example.com, expires 1970-01-09, RECORD_MISSING: Do it. (arn:aws:acm:…) \
             (2) example.com, expires 1970-01-10, RECORD_MISSING: Allow 'amazon.com'. Then wait. (arn:aws:acm:…)"
        ), "{text}");
        assert!(!text.contains(['"', '\n']));
    }

    #[test]
    fn a_text_is_short_whatever_was_found() {
        let mut summary = AuditSummary { certificates_at_risk: 999, ..AuditSummary::new(at(0)) };
        summary.add(&vec![missing(9, &"ä".repeat(9_000)); 999]);
        for index in 0..999 {
            let certificate_arn = Some(index.to_string());
            let reason = "x".repeat(2_000);
            summary.add_unread(UnreadPart { certificate_arn, reason, ..UnreadPart::default() });
        }
        let text = text(&summary);
        assert!(text.len() < 30_000, "{}", text.len());
        assert!(text.contains("999 parts could not be read") && text.contains("; and 994 more."));
        assert!(text.ends_with("The log and the events 'Certificate Audit Finding' have all."));
    }
}
