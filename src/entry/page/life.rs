//! The life of a certificate so far, as a drawing: what is known from ACM's dates and the diagnosis.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::text::{count, time};
use super::widget::Widget;
use crate::domain::name::DomainName;
use crate::flows::diagnosis::answer::{
    Dates, Diagnosis, NameDiagnosis, PublicView, RecordStatus, RenewalPhase, Validation,
};

/// A step in the life of a certificate.
struct Step {
    title: &'static str,
    state: State,
    /// What is known of it, in a few words.
    text: String,
    at: Option<DateTime<Utc>>,
}

/// The state of a step.
#[derive(Clone, Copy, Eq, PartialEq)]
enum State {
    Done,
    Failed,
    Unknown,
    Waiting,
}

/// The drawing. Every step has its state in words; the same words are the text for those who cannot see it.
pub(super) fn drawing(diagnosis: &Diagnosis, dates: &Dates, widget: &Widget) -> Markup {
    let steps = steps(diagnosis, dates);
    let x = |index: usize| WIDTH / 2 + index * WIDTH;
    let width = steps.len() * WIDTH;
    let view_box = format!("0 0 {width} 112");
    let told = steps.iter().map(|it| format!("{}: {}", it.title, it.text));
    let told: Vec<_> = told.collect();
    html! {
        svg class="adv-life" viewBox=(view_box) role="img" xmlns="http://www.w3.org/2000/svg" {
            title { "The life of the certificate. " (told.join("; ")) "." }
            @for index in 1..steps.len() {
                @let class = if steps[index].state == State::Done { "" } else { "adv-dash" };
                line class=(class) x1=(x(index - 1) + 17) y1="44" x2=(x(index) - 17) y2="44" {}
            }
            @for (index, step) in steps.iter().enumerate() {
                g class=(class(step.state)) {
                    text x=(x(index)) y="16" { (step.title) }
                    circle cx=(x(index)) cy="44" r="15" {}
                    text class="adv-mark" x=(x(index)) y="49" { (mark(step.state)) }
                    text x=(x(index)) y="82" { (step.text) }
                    text class="adv-when" x=(x(index)) y="102" {
                        @match (step.at, step.state) {
                            (Some(at), _) => (time(at, widget.offset)),
                            (None, State::Done) => "time unknown",
                            (None, _) => "",
                        }
                    }
                }
            }
        }
    }
}

/// The width of a step.
const WIDTH: usize = 150;

fn class(state: State) -> &'static str {
    match state {
        State::Done => "adv-done",
        State::Failed => "adv-fail",
        State::Unknown => "adv-none",
        State::Waiting => "adv-wait",
    }
}

fn mark(state: State) -> &'static str {
    match state {
        State::Done => "✓",
        State::Failed => "✗",
        State::Unknown => "?",
        State::Waiting => "…",
    }
}

fn steps(diagnosis: &Diagnosis, dates: &Dates) -> Vec<Step> {
    let step = |title, (state, text): (State, String), at| Step { title, state, text, at };
    let names = &diagnosis.names;
    let requested = (State::Done, "from ACM".to_owned());
    let mut steps = vec![
        step("Requested", requested, Some(dates.requested)),
        step("Record present", written(names), None),
        step("Seen by the world", seen(names), None),
        step("Validated", validated(names), None),
    ];
    // What is known of the records of an issued certificate is about its renewal.
    let at = if dates.issued.is_some() { 1 } else { steps.len() };
    steps.insert(at, step("Issued", issued(diagnosis, dates), dates.issued));
    steps.push(renewed(dates));
    steps
}

fn written(names: &[NameDiagnosis]) -> (State, String) {
    let states: Vec<_> = names.iter().filter_map(|it| Some(it.record.as_ref()?.state)).collect();
    let among = |wanted: &[RecordStatus]| states.iter().filter(|it| wanted.contains(it)).count();
    let blocked = among(&[RecordStatus::Blocked]);
    let missing = among(&[RecordStatus::Different, RecordStatus::Missing]);
    let unknown = among(&[RecordStatus::Unknown]);
    match () {
        () if states.is_empty() => (State::Unknown, "no record known".to_owned()),
        () if blocked > 0 => (State::Failed, format!("{blocked} of {} blocked", states.len())),
        () if missing > 0 => (State::Waiting, format!("{missing} of {} missing", states.len())),
        () if unknown > 0 => (State::Unknown, format!("{unknown} of {} unknown", states.len())),
        () => (State::Done, count(states.len(), "record")),
    }
}

/// Whether public DNS shows the records, or at least asks their zones.
fn seen(names: &[NameDiagnosis]) -> (State, String) {
    let records: Vec<_> = names.iter().filter_map(|it| Some((it, it.record.as_ref()?))).collect();
    if records.iter().any(|(_, record)| record.state == RecordStatus::Unseen) {
        return (State::Failed, "not delegated".to_owned());
    }
    let shown = records.iter().filter(|(name, record)| match &name.public_dns {
        Some(PublicView::Known { cname: Some(cname), .. }) => {
            *cname == DomainName::new(&record.value)
        }
        _ => false,
    });
    let shown = shown.count();
    let unknown = records
        .iter()
        .any(|(name, _)| matches!(name.public_dns, None | Some(PublicView::Unknown { .. })));
    match () {
        () if records.is_empty() || unknown => (State::Unknown, "unknown".to_owned()),
        () if shown == records.len() => (State::Done, "in public DNS".to_owned()),
        () => (State::Waiting, format!("{shown} of {}", count(records.len(), "record"))),
    }
}

fn validated(names: &[NameDiagnosis]) -> (State, String) {
    let validated = names.iter().filter(|it| it.validation == Validation::Validated).count();
    match names.len() {
        0 => (State::Unknown, "unknown".to_owned()),
        all if all == validated => (State::Done, count(all, "name")),
        all => (State::Waiting, format!("{validated} of {}", count(all, "name"))),
    }
}

fn issued(diagnosis: &Diagnosis, dates: &Dates) -> (State, String) {
    match (dates.issued, diagnosis.status.as_deref()) {
        (Some(_), _) => (State::Done, "by ACM".to_owned()),
        (None, Some("FAILED")) => (State::Failed, "failed".to_owned()),
        (None, Some("VALIDATION_TIMED_OUT")) => (State::Failed, "timed out".to_owned()),
        (None, Some("PENDING_VALIDATION")) => (State::Waiting, "not yet".to_owned()),
        (None, _) => (State::Unknown, "unknown".to_owned()),
    }
}

fn renewed(dates: &Dates) -> Step {
    let step = |title, state, text: &str, at| Step { title, state, text: text.to_owned(), at };
    match (&dates.renewal, dates.expires) {
        (Some(renewal), _) => {
            let (state, text) = match renewal.phase {
                RenewalPhase::Failed => (State::Failed, "failed"),
                RenewalPhase::Pending => (State::Waiting, "pending"),
                RenewalPhase::Succeeded => (State::Done, "renewed"),
            };
            step("Renewal", state, text, Some(renewal.updated))
        }
        (None, Some(expires)) => {
            step("Renewal", State::Waiting, "before it expires", Some(expires))
        }
        (None, None) => step("Renewal", State::Waiting, "not yet", None),
    }
}
