//! The page of an audit.

use std::fmt::Write;

use maud::{Markup, html};
use serde_json::to_string_pretty;

use super::text::{clean, count, time, zone};
use super::widget::Widget;
use crate::domain::audit::answer::AuditAnswer;
use crate::domain::audit::changes::ZoneChanges;
use crate::domain::audit::finding::{AuditedRecord, Finding, FindingKind};
use crate::domain::audit::request::{AuditDetail, AuditRequest, audit_payload};
use crate::domain::audit::summary::{AuditSummary, UnreadPart};
use crate::domain::audit::text::place;
use crate::domain::request::diagnosis_payload;

/// The content of the page. A click on a certificate calls `endpoint`, the ARN of the function.
pub(super) fn content(answer: &AuditAnswer, widget: &Widget, endpoint: &str) -> Markup {
    let AuditSummary { at, worst, unused_unknown, .. } = &answer.summary;
    html! {
        h2 { "Audit" }
        p class="adv-soft" {
            "As of " (time(*at, widget.offset)) " " (zone(widget.offset))
            ". This page changes nothing. The scheduled audit also puts missing records back, and publishes what it finds."
        }
        (counts(&answer.summary))
        (rest(answer, endpoint))
        (unread(&answer.summary))
        @if let Some(unknown) = unused_unknown {
            div class="adv-note" { "No record is called unused: " bdi { (clean(unknown)) } "." }
        }
        @match worst.is_empty() {
            true => p class="adv-empty" { "Nothing was found that needs somebody." },
            false => (table(&answer.summary, widget, endpoint)),
        }
        (changes(answer))
    }
}

fn counts(summary: &AuditSummary) -> Markup {
    let AuditSummary { certificates_audited, certificates_at_risk, hosted_zones, findings, .. } =
        summary;
    html! {
        ul class="adv-counts" {
            li class="adv-gray" { strong { (certificates_audited) } "certificates" }
            li class="adv-gray" { strong { (hosted_zones) } "hosted zones" }
            li class=(if *certificates_at_risk > 0 { "adv-bad" } else { "adv-good" }) {
                strong { (certificates_at_risk) } "at risk"
            }
            @for (kind, found) in findings {
                li class=(class(*kind)) { strong { (found) } (word(*kind)) }
            }
        }
    }
}

/// What this page has no time for, and how to see it.
fn rest(answer: &AuditAnswer, endpoint: &str) -> Markup {
    let AuditAnswer { summary, from, certificates_left, .. } = answer;
    let so_far = Some(summary.clone());
    let detail = AuditDetail { from: from.clone(), so_far };
    let request = AuditRequest { detail, ..AuditRequest::default() };
    html! {
        @if let Some(from) = from {
            div class="adv-note adv-warn" {
                strong { "This is only a part. " }
                "A page has a minute, and the names from " bdi { (clean(from.name.as_str())) } " on are left: "
                a class="adv-open" title="It takes up to a minute" { "go on" }
                cwdb-action action="call" display="popup" endpoint=(clean(endpoint)) {
                    (ascii(&audit_payload(&request).to_string()))
                }
            }
        }
        @if let Some(left) = certificates_left {
            div class="adv-note adv-warn" {
                strong { "This is only a part. " }
                "A page has a minute, and " (count(*left, "certificate")) " of those that were asked for are left."
            }
        }
    }
}

fn unread(AuditSummary { unread, unread_not_shown, .. }: &AuditSummary) -> Markup {
    let all = unread.len() + unread_not_shown;
    html! {
        @if all > 0 {
            div class="adv-note adv-bad" {
                strong { (count(all, "part")) " could not be read" }
                ul {
                    @for part in unread.iter().take(PARTS) { (unread_part(part)) }
                    @if all > PARTS { li { "and " (all - PARTS) " more" } }
                }
            }
        }
    }
}

fn unread_part(part: &UnreadPart) -> Markup {
    let place = place(part);
    html! {
        li {
            @if !place.is_empty() { bdi { (clean(&place)) } ": " }
            bdi { (clean(&part.reason)) }
        }
    }
}

/// How many parts that could not be read a page names.
const PARTS: usize = 10;

fn table(summary: &AuditSummary, widget: &Widget, endpoint: &str) -> Markup {
    let AuditSummary { worst, findings, .. } = summary;
    let all: usize = findings.values().sum();
    html! {
        h3 { "The worst" }
        div class="adv-scroll" {
            table {
                caption {
                    "What is at risk and expires first comes first: " (worst.len()) " of " (count(all, "finding")) ". "
                    "Click on a certificate for its diagnosis."
                }
                thead {
                    tr {
                        th scope="col" class="adv-some" { "Name" }
                        th scope="col" class="adv-few" { "Finding" }
                        th scope="col" class="adv-few" { "Expires" }
                        th scope="col" class="adv-wide" { "What to do" }
                    }
                }
                tbody { @for finding in worst { (row(finding, widget, endpoint)) } }
            }
        }
    }
}

fn row(finding: &Finding, widget: &Widget, endpoint: &str) -> Markup {
    let Finding { finding: kind, certificate_arn, domain_name, record, hosted_zone_id, .. } =
        finding;
    let name = domain_name.as_ref().map_or("no name", |name| name.as_str());
    html! {
        tr {
            th scope="row" {
                @match certificate_arn {
                    Some(arn) => {
                        a class="adv-open" title=(clean(arn)) { bdi { (clean(name)) } }
                        cwdb-action action="call" display="popup" endpoint=(clean(endpoint)) {
                            (diagnosis_payload(&clean(arn)))
                        }
                        div class="adv-soft" { (clean(arn)) }
                    }
                    None => bdi { (clean(name)) },
                }
            }
            td { span class={ "adv-tag " (class(*kind)) } { (word(*kind)) } }
            td {
                @match finding.not_after {
                    Some(at) => (time(at, widget.offset)),
                    None => "",
                }
            }
            td {
                bdi { (clean(&finding.advice)) }
                @if let Some(AuditedRecord { name, value, .. }) = record {
                    div class="adv-code" { bdi { (clean(name)) } }
                    div class="adv-code adv-soft" { "CNAME " bdi { (clean(value)) } }
                }
                @if let Some(id) = hosted_zone_id {
                    div class="adv-soft" { "hosted zone " (clean(id)) }
                }
            }
        }
    }
}

/// The change batches that delete unused records, to be copied by whoever has made sure.
fn changes(answer: &AuditAnswer) -> Markup {
    let AuditAnswer { change_batches, changes_not_shown, .. } = answer;
    let mut left = CHANGES;
    let fits = |changes: &&ZoneChanges| {
        let fits = changes.change_batch.changes.len() <= left;
        left = if fits { left - changes.change_batch.changes.len() } else { 0 };
        fits
    };
    let shown: Vec<_> = change_batches.iter().take_while(fits).collect();
    let hidden = change_batches.iter().skip(shown.len());
    let hidden: usize = hidden.map(|it| it.change_batch.changes.len()).sum();
    let hidden = hidden + changes_not_shown;
    html! {
        @if !change_batches.is_empty() || hidden > 0 {
            h3 { "Records that no certificate within reach asks for" }
            p class="adv-note" {
                "That is no proof: the certificate of an account or a service out of reach may need them, and is not "
                "renewed without. Who is sure saves a change batch as " span class="adv-code" { "changes.json" }
                ", takes out what is to stay, and runs "
                span class="adv-code" {
                    "aws route53 change-resource-record-sets --hosted-zone-id ID --change-batch file://changes.json"
                }
            }
            @for changes in &shown { (zone_changes(changes)) }
            @if hidden > 0 {
                p class="adv-soft" {
                    (count(hidden, "further record")) " "
                    (if hidden == 1 { "is" } else { "are" }) " not shown here."
                }
            }
        }
    }
}

/// How many records the change batches of a page have.
const CHANGES: usize = 300;

fn zone_changes(changes: &ZoneChanges) -> Markup {
    let ZoneChanges { hosted_zone_id, hosted_zone_name, change_batch } = changes;
    let json = to_string_pretty(change_batch).unwrap_or_default();
    html! {
        details {
            summary {
                bdi { (clean(hosted_zone_name.as_str())) } " (" (clean(hosted_zone_id)) "): "
                (count(change_batch.changes.len(), "record"))
            }
            pre class="adv-code adv-block" { (ascii(&json)) }
        }
    }
}

/// JSON that stays the same when it is copied, without characters that could be shown as something else.
fn ascii(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for character in json.chars() {
        if character == '\n' || (' '..='~').contains(&character) {
            ascii.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing into a string does not fail.
                let _ = write!(ascii, "\\u{unit:04x}");
            }
        }
    }
    ascii
}

fn word(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::RenewalFailed => "renewal failed",
        FindingKind::ExpiresUnrenewed => "expires unrenewed",
        FindingKind::RecordMissing => "record missing",
        FindingKind::RecordDifferent => "record different",
        FindingKind::RecordUnseen => "record unseen",
        FindingKind::RecordBlocked => "record blocked",
        FindingKind::CaaForbids => "CAA forbids it",
        FindingKind::EmailValidated => "validated by e-mail",
        FindingKind::NotInUse => "not in use",
        FindingKind::RecordUnused => "record unused",
    }
}

fn class(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::RenewalFailed | FindingKind::ExpiresUnrenewed => "adv-bad",
        FindingKind::NotInUse | FindingKind::RecordUnused => "adv-gray",
        _ => "adv-warn",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copied_json_means_the_same_and_hides_nothing() {
        let json = "{\"a\": \"\u{202e}ä\u{1f600}\"\n}";
        assert_eq!(ascii(json), "{\"a\": \"\\u202e\\u00e4\\ud83d\\ude00\"\n}");
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        assert_eq!(value(json), value(&ascii(json)));
    }
}
