//! The page of an overview.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::text::{advice, clean, count, duration, time, zone};
use super::widget::Widget;
use crate::domain::audit::request::{AuditRequest, audit_payload};
use crate::domain::request::diagnosis_payload;
use crate::flows::overview::answer::{Overview, RecordCounts, Row, RowState, Unread};

/// The content of the page. A click on a certificate calls `endpoint`, the ARN of the function.
pub(super) fn content(overview: &Overview, widget: &Widget, endpoint: &str) -> Markup {
    let Overview { at, age, certificates, not_shown, unread, .. } = overview;
    html! {
        h2 { "Certificates that wait for validation" }
        p class="adv-soft" {
            "As of " (time(*at, widget.offset)) " " (zone(widget.offset))
            @if *age > 0 { ", " (count(usize::try_from(*age).unwrap_or_default(), "second")) " ago" }
            ". It is read again after a minute at the earliest."
        }
        p {
            a class="adv-open" title="It takes up to a minute" { "Audit" }
            cwdb-action action="call" display="popup" endpoint=(clean(endpoint)) {
                (audit_payload(&AuditRequest::default()))
            }
            span class="adv-soft" {
                " every certificate within reach, also those that are issued, and the validation records of every hosted zone"
            }
        }
        @if certificates.is_empty() && unread.is_empty() {
            p class="adv-empty" { "No certificate is pending." }
        } @else {
            (counts(overview))
            (unread_places(unread))
        }
        @if certificates.is_empty() && !unread.is_empty() {
            p class="adv-empty" { "No certificate is pending where the function could look." }
        }
        @if !certificates.is_empty() {
            (table(overview, widget, endpoint))
        }
        @if *not_shown > 0 {
            p class="adv-note" {
                (count(*not_shown, "further certificate")) " " (if *not_shown == 1 { "is" } else { "are" })
                " not shown: the oldest come first."
            }
        }
    }
}

fn counts(overview: &Overview) -> Markup {
    const STATES: [RowState; 10] = [
        RowState::Blocked,
        RowState::Unseen,
        RowState::Missing,
        RowState::Unknown,
        RowState::Unready,
        RowState::Present,
        RowState::Failed,
        RowState::TimedOut,
        RowState::Ignored,
        RowState::Issued,
    ];
    html! {
        ul class="adv-counts" {
            li class="adv-gray" { strong { (overview.found) } "found" }
            @for state in STATES {
                @let found = overview.count(state);
                @if found > 0 {
                    li class=(class(state)) { strong { (found) } (word(state)) }
                }
            }
        }
    }
}

fn unread_places(unread: &[Unread]) -> Markup {
    html! {
        @if !unread.is_empty() {
            div class="adv-note adv-bad" {
                strong { (count(unread.len(), "place")) " could not be read completely" }
                ul {
                    @for Unread { account, region, reason } in unread.iter().take(PLACES) {
                        li { "account " (clean(account)) ", " (clean(region)) ": " bdi { (clean(reason)) } }
                    }
                    @if unread.len() > PLACES {
                        li { "and " (unread.len() - PLACES) " more" }
                    }
                }
            }
        }
    }
}

/// How many places that could not be read a page names.
const PLACES: usize = 10;

fn table(overview: &Overview, widget: &Widget, endpoint: &str) -> Markup {
    html! {
        div class="adv-scroll" {
            table {
                caption { "Click on a certificate to see what stands in its way. Times are in " (zone(widget.offset)) "." }
                thead {
                    tr {
                        th scope="col" class="adv-some" { "Certificate" }
                        th scope="col" class="adv-few" { "State" }
                        th scope="col" class="adv-few" { "Waiting since" }
                        th scope="col" class="adv-few" { "Next check" }
                        th scope="col" class="adv-wide" { "What to do" }
                    }
                }
                tbody {
                    @for row in &overview.certificates {
                        (table_row(row, overview.at, widget, endpoint))
                    }
                }
            }
        }
    }
}

fn table_row(row: &Row, now: DateTime<Utc>, widget: &Widget, endpoint: &str) -> Markup {
    let Row { certificate_arn, account, region, names, more_names, .. } = row;
    let (first, others) = match names.split_first() {
        Some((first, others)) => (clean(first.as_str()), others),
        None => (clean(certificate_arn), &[][..]),
    };
    html! {
        tr {
            th scope="row" {
                // CloudWatch makes the element before a `cwdb-action` a button.
                a class="adv-open" title=(clean(certificate_arn)) { bdi { (first) } }
                cwdb-action action="call" display="popup" endpoint=(clean(endpoint)) {
                    (diagnosis_payload(&clean(certificate_arn)))
                }
                div class="adv-soft" {
                    @for name in others { div { bdi { (clean(name.as_str())) } } }
                    @if *more_names > 0 { div { "and " (count(*more_names, "further name")) } }
                    div { (clean(account)) " · " (clean(region)) }
                }
            }
            td {
                span class={ "adv-tag " (class(row.state)) } { (word(row.state)) }
                div class="adv-soft" { (records(row.records)) }
            }
            td {
                @match row.since {
                    Some(since) => {
                        (time(since, widget.offset))
                        div class="adv-soft" { (duration(now - since)) }
                    }
                    None => "unknown",
                }
            }
            td {
                @match row.next_check {
                    Some(at) => (time(at, widget.offset)),
                    None => "none is scheduled",
                }
            }
            td {
                bdi { (advice(&row.advice, row.next_check)) }
                @for reason in row.reasons.iter().filter(|it| !row.advice.contains(it.as_str())) {
                    div class="adv-soft" { bdi { (clean(reason)) } }
                }
            }
        }
    }
}

/// The states of the records of a certificate, those that occur.
fn records(RecordCounts { present, missing, blocked, unseen, unknown }: RecordCounts) -> String {
    let counts = [
        (blocked, "blocked"),
        (unseen, "unseen"),
        (missing, "missing"),
        (unknown, "unknown"),
        (present, "present"),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<_> = counts.map(|(count, word)| format!("{count} {word}")).collect();
    match counts.is_empty() {
        true => "no records".to_owned(),
        false => format!("records: {}", counts.join(", ")),
    }
}

fn word(state: RowState) -> &'static str {
    match state {
        RowState::Blocked => "blocked",
        RowState::Failed => "failed",
        RowState::Ignored => "not served",
        RowState::Issued => "issued",
        RowState::Missing => "to be written",
        RowState::Present => "waits for ACM",
        RowState::TimedOut => "timed out",
        RowState::Unknown => "unknown",
        RowState::Unready => "no record yet",
        RowState::Unseen => "unseen",
    }
}

fn class(state: RowState) -> &'static str {
    match state {
        RowState::Blocked | RowState::Failed | RowState::TimedOut => "adv-bad",
        RowState::Ignored | RowState::Unknown => "adv-gray",
        RowState::Issued => "adv-good",
        RowState::Missing | RowState::Present | RowState::Unready => "adv-calm",
        RowState::Unseen => "adv-warn",
    }
}
