//! The page of a diagnosis: one certificate.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::life::drawing;
use super::text::{self, clean, count, duration, time, zone};
use super::widget::Widget;
use crate::flows::diagnosis::answer::{
    Candidate, Diagnosis, NameDiagnosis, PublicView, RecordDiagnosis, RecordStatus, Validation,
};

/// The content of the page.
pub(super) fn content(diagnosis: &Diagnosis, widget: &Widget, now: DateTime<Utc>) -> Markup {
    let Diagnosis { certificate_arn, advice, dates, next_check, remarks, names, .. } = diagnosis;
    let main = names.first().map_or(certificate_arn.as_str(), |it| it.name.as_str());
    html! {
        h2 { bdi { (clean(main)) } }
        p class="adv-note" { strong { "What to do: " } bdi { (text::advice(advice, *next_check)) } }
        @if let Some(dates) = dates {
            h3 { "Its life so far" }
            (drawing(diagnosis, dates, widget))
        }
        (facts(diagnosis, widget, now))
        @if !remarks.is_empty() {
            h3 { "Remarks" }
            div class="adv-note" {
                ul {
                    @for remark in remarks.iter().take(REMARKS) { li { bdi { (clean(remark)) } } }
                    @if remarks.len() > REMARKS { li { "and " (remarks.len() - REMARKS) " more" } }
                }
            }
        }
        @if !names.is_empty() {
            h3 { (count(names.len(), "name")) }
            div class="adv-scroll" {
                table {
                    caption { "The names of the certificate, and the record by which ACM validates each." }
                    thead {
                        tr {
                            th scope="col" class="adv-some" { "Name" }
                            th scope="col" class="adv-wide" { "Record" }
                            th scope="col" class="adv-some" { "Hosted zones" }
                            th scope="col" class="adv-some" { "Public DNS" }
                        }
                    }
                    tbody { @for name in names.iter().take(NAMES) { (name_row(name)) } }
                }
            }
            @if names.len() > NAMES {
                p class="adv-note" { "and " (count(names.len() - NAMES, "further name")) }
            }
        }
    }
}

/// How many remarks, names, zones of a name, and name servers a page shows. A certificate has a hundred
/// names at most, but anybody who may create zones can create hundreds of one name.
const REMARKS: usize = 20;
const NAMES: usize = 100;
const ZONES: usize = 5;
const SERVERS: usize = 8;

fn facts(diagnosis: &Diagnosis, widget: &Widget, now: DateTime<Utc>) -> Markup {
    let Diagnosis { certificate_arn, status, reason, dates, next_check, .. } = diagnosis;
    let at = |at: DateTime<Utc>| format!("{} {}", time(at, widget.offset), zone(widget.offset));
    let since = dates.as_ref().and_then(|dates| dates.pending_since);
    html! {
        dl class="adv-facts" {
            dt { "Certificate" }
            dd class="adv-code" { (clean(certificate_arn)) }
            dt { "Status in ACM" }
            dd { (status.as_deref().map_or_else(|| "no such certificate".to_owned(), clean)) }
            @if let Some(reason) = reason {
                dt { "Why no checks" }
                dd { bdi { (clean(reason)) } }
            }
            @if let Some(since) = since {
                dt { "Pending since" }
                dd { (at(since)) ", for " (duration(now - since)) }
                dt { "Next check" }
                dd { (next_check.map_or_else(|| "none is scheduled".to_owned(), at)) }
            }
        }
    }
}

fn name_row(name: &NameDiagnosis) -> Markup {
    html! {
        tr {
            th scope="row" {
                bdi { (clean(name.name.as_str())) }
                div class="adv-soft" { (validation(name.validation)) }
            }
            td {
                @match &name.record {
                    Some(record) => (record_cell(record)),
                    None => "none known",
                }
            }
            td {
                @if name.zones.is_empty() { "none can hold the record" }
                @for zone in name.zones.iter().take(ZONES) { (zone_lines(zone)) }
                @if name.zones.len() > ZONES {
                    div class="adv-soft" { "and " (name.zones.len() - ZONES) " more" }
                }
            }
            td { (public(name)) }
        }
    }
}

fn record_cell(record: &RecordDiagnosis) -> Markup {
    let RecordDiagnosis { name, value, state, reason, .. } = record;
    let (class, word) = match state {
        RecordStatus::Blocked => ("adv-bad", "blocked"),
        RecordStatus::Different => ("adv-calm", "different: to be replaced"),
        RecordStatus::Missing => ("adv-calm", "missing: to be written"),
        RecordStatus::Present => ("adv-good", "present"),
        RecordStatus::Unknown => ("adv-gray", "unknown"),
        RecordStatus::Unseen => ("adv-warn", "unseen"),
    };
    html! {
        span class={ "adv-tag " (class) } { (word) }
        @if let Some(reason) = reason { div { bdi { (clean(reason)) } } }
        div class="adv-code" { bdi { (clean(name)) } }
        div class="adv-code adv-soft" { "CNAME " bdi { (clean(value)) } }
    }
}

fn zone_lines(zone: &Candidate) -> Markup {
    let Candidate { id, name, role, chosen, seen, why } = zone;
    let sight = match seen {
        Some(true) => "seen by the world",
        Some(false) => "not seen by the world",
        None => "unknown whether the world sees it",
    };
    html! {
        div {
            span class="adv-code" { (clean(id)) } " (" bdi { (clean(name.as_str())) } ")"
            div class="adv-soft" {
                @if *chosen { strong { "chosen" } ": " } @else { "not chosen: " }
                bdi { (clean(why)) } "; " (sight)
                @if let Some(role) = role { "; through " (clean(role)) }
            }
        }
    }
}

fn public(name: &NameDiagnosis) -> Markup {
    html! {
        @match &name.public_dns {
            None => "not asked",
            Some(PublicView::Unknown { unknown }) => { "unknown: " bdi { (clean(unknown)) } }
            Some(PublicView::Known { apex, name_servers, cname }) => {
                @match cname {
                    Some(cname) => { "CNAME " bdi class="adv-code" { (clean(cname.as_str())) } }
                    None => "no CNAME there",
                }
                div class="adv-soft" {
                    bdi { (clean(apex.as_str())) } " answers, at"
                    @for server in name_servers.iter().take(SERVERS) {
                        div { bdi { (clean(server.as_str())) } }
                    }
                    @if name_servers.len() > SERVERS {
                        div { "and " (name_servers.len() - SERVERS) " more" }
                    }
                }
            }
        }
        @if let Some(caa) = &name.caa {
            div {
                span class="adv-tag adv-bad" { "CAA forbids it" } " "
                bdi { (clean(caa)) }
            }
        }
    }
}

fn validation(validation: Validation) -> &'static str {
    match validation {
        Validation::Awaiting => "ACM waits for the record",
        Validation::NotDns => "not validated by DNS",
        Validation::Refused => "ACM asks for something that is no validation record",
        Validation::Unready => "ACM has no record yet",
        Validation::Validated => "ACM has seen the record",
    }
}
