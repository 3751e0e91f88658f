//! The advice of a diagnosis: one sentence that tells a person what to do.

use chrono::SecondsFormat;

use super::answer::{
    Diagnosis, NameDiagnosis, PublicView, RecordDiagnosis, RecordStatus, Validation,
};
use crate::domain::name::DomainName;
use crate::domain::stop::StopReason;

/// What to do about the most important finding: the validation has ended, a record is blocked, public DNS
/// does not ask its zone, a CAA record does not allow Amazon; otherwise, what happens next by itself.
pub(super) fn advice(diagnosis: &Diagnosis, stopped_by: Option<&StopReason>) -> String {
    let names = &diagnosis.names;
    let state = |name: &NameDiagnosis| name.record.as_ref().map(|record| record.state);
    let with = |wanted: RecordStatus| names.iter().find(move |name| state(name) == Some(wanted));
    let caa = names.iter().find_map(|name| Some((name, name.caa.as_ref()?)));
    let not_in_place: Vec<_> = names
        .iter()
        .filter_map(|name| name.record.as_ref())
        .filter(|record| !matches!(record.state, RecordStatus::Present | RecordStatus::Unknown))
        .collect();
    match stopped_by {
        Some(StopReason::Deleted) => {
            "ACM knows no such certificate: check the account and the region in the ARN.".into()
        }
        Some(reason @ (StopReason::Issued | StopReason::Migrated | StopReason::Renewed)) => {
            match not_in_place.first() {
                None => format!("There is nothing to do: {reason}."),
                Some(record) if record.state == RecordStatus::Unseen => format!(
                    "The certificate is issued, but ACM cannot renew it, since it cannot see its \
                     validation record: {}.",
                    record.reason.as_deref().unwrap_or(&record.name)
                ),
                Some(record) => format!(
                    "The certificate is issued, but {} of its validation records {} not in place, so ACM \
                     cannot renew it: publish {} again{}.",
                    not_in_place.len(),
                    if not_in_place.len() == 1 { "is" } else { "are" },
                    record.name,
                    record.reason.as_ref().map_or_else(String::new, |why| format!(" ({why})")),
                ),
            }
        }
        Some(
            reason @ (StopReason::Failed(_)
            | StopReason::MigrationFailed(_)
            | StopReason::Overdue
            | StopReason::RenewalFailed(_)
            | StopReason::TimedOut),
        ) => {
            let caa = caa.map(|(_, caa)| format!(" ({caa})")).unwrap_or_default();
            format!("The validation has ended: {reason}{caa}.")
        }
        Some(reason) => format!("The function does not serve this certificate: {reason}."),
        None => {
            if let Some(name) = with(RecordStatus::Blocked) {
                let record = name.record.as_ref().and_then(|record| record.reason.as_deref());
                return format!("{}: {}.", name.name, record.unwrap_or("its record is blocked"));
            }
            let undelegated = names.iter().find_map(|name| {
                let reason = name.record.as_ref()?.reason.as_ref()?;
                let is_known =
                    name.zones.iter().any(|zone| zone.chosen && zone.seen == Some(false));
                is_known.then_some((name, reason))
            });
            if let Some((name, reason)) = undelegated {
                return format!("{}: {reason}.", name.name);
            }
            if let Some((name, caa)) = caa {
                return format!(
                    "{}: a CAA record does not allow Amazon to issue ({caa}): allow amazon.com there.",
                    name.name
                );
            }
            no_obstacle(diagnosis, with(RecordStatus::Unknown))
        }
    }
}

/// The advice for a certificate that nothing prevents from being issued.
fn no_obstacle(diagnosis: &Diagnosis, unknown: Option<&NameDiagnosis>) -> String {
    let names = &diagnosis.names;
    let lacking = names.iter().find(|name| {
        let state = name.record.as_ref().map(|record| record.state);
        matches!(state, Some(RecordStatus::Missing | RecordStatus::Different))
    });
    let goes_on = match diagnosis.next_check {
        Some(at) => {
            format!("the next check is at {}", at.to_rfc3339_opts(SecondsFormat::Secs, true))
        }
        None => {
            "no check is scheduled: send the function a `Certificate Check`, or wait for the next \
                 sweep"
                .to_owned()
        }
    };
    if let Some(reason) = unknown.and_then(|name| name.record.as_ref()?.reason.as_deref()) {
        format!("The record could not be read just now ({reason}); {goes_on}.")
    } else if let Some(name) = lacking {
        format!("Nothing prevents the record of {} from being written; {goes_on}.", name.name)
    } else if names.iter().any(|name| name.validation == Validation::Refused) {
        format!("ACM asks for a record that is not one of its validation records; {goes_on}.")
    } else if names.is_empty() || names.iter().any(|name| name.validation == Validation::Unready) {
        format!("ACM has not created all validation records yet; {goes_on}.")
    } else {
        let remarks = diagnosis.remarks.join("; ");
        let remarks = if remarks.is_empty() { remarks } else { format!(" ({remarks})") };
        in_place(names, &remarks, &goes_on)
    }
}

/// The advice for a certificate whose records are all in place: it depends on whether the world sees them.
fn in_place(names: &[NameDiagnosis], remarks: &str, goes_on: &str) -> String {
    let awaited = names.iter().filter(|name| name.validation == Validation::Awaiting);
    let mut awaited =
        awaited.filter_map(|name| Some((name.public_dns.as_ref()?, name.record.as_ref()?)));
    let is_shown = |(view, record): &(&PublicView, &RecordDiagnosis)| match view {
        PublicView::Known { cname: Some(cname), .. } => *cname == DomainName::new(&record.value),
        PublicView::Known { cname: None, .. } | PublicView::Unknown { .. } => false,
    };
    match awaited.find(|it| !is_shown(it)) {
        None => format!(
            "Nothing stands in the way: public DNS shows all records, and ACM should issue the \
             certificate within half an hour{remarks}; {goes_on}."
        ),
        Some((PublicView::Unknown { unknown }, _)) => format!(
            "All records are in their hosted zones, but it is unknown whether public DNS shows them \
             ({unknown}). If ACM does not issue the certificate within half an hour, check that public \
             DNS delegates these names to the hosted zones{remarks}; {goes_on}."
        ),
        Some((PublicView::Known { cname, .. }, record)) => format!(
            "All records are in their hosted zones, but public DNS shows {} at {}: a new record takes up \
             to a minute, and resolvers keep an old answer for its time to live{remarks}; {goes_on}.",
            cname.as_ref().map_or_else(|| "nothing".to_owned(), DomainName::to_string),
            record.name
        ),
    }
}
