//! Puts a diagnosis into one sentence that a human can act on. Pure.

use chrono::SecondsFormat;

use super::{Diagnosis, NameDiagnosis, Standing, Validation};
use crate::plan::Reason;

/// What to do, first things first: what has ended, what is blocked, what is forbidden; then what goes
/// on by itself.
pub(super) fn advice(diagnosis: &Diagnosis, stopped_by: Option<&Reason>) -> String {
    let names = &diagnosis.names;
    let state = |name: &NameDiagnosis| name.record.as_ref().map(|record| record.state);
    let with = |wanted: Standing| names.iter().find(move |name| state(name) == Some(wanted));
    let caa = names.iter().find_map(|name| Some((name, name.caa.as_ref()?)));
    let useless: Vec<_> = names
        .iter()
        .filter_map(|name| name.record.as_ref())
        .filter(|record| !matches!(record.state, Standing::Present | Standing::Unknown))
        .collect();
    match stopped_by {
        Some(Reason::Deleted) => {
            "ACM knows no such certificate: see that the ARN's account and region are right.".into()
        }
        Some(reason @ (Reason::Issued | Reason::Migrated | Reason::Renewed)) => {
            match useless.first() {
                None => format!("There is nothing to do: {reason}."),
                Some(record) => format!(
                    "It is issued, but {} of its validation records {} not in place, so ACM will not \
                     be able to renew it: publish {} again{}.",
                    useless.len(),
                    if useless.len() == 1 { "is" } else { "are" },
                    record.name,
                    record.reason.as_ref().map_or_else(String::new, |why| format!(" ({why})")),
                ),
            }
        }
        Some(
            reason @ (Reason::Failed(_)
            | Reason::GaveUp
            | Reason::MigrationFailed(_)
            | Reason::RenewalFailed(_)
            | Reason::TimedOut),
        ) => {
            let caa = caa.map(|(_, caa)| format!(" ({caa})")).unwrap_or_default();
            format!("It is over: {reason}{caa}.")
        }
        Some(reason) => format!("This function leaves it alone: {reason}."),
        None => {
            if let Some(name) = with(Standing::Blocked) {
                let record = name.record.as_ref().and_then(|record| record.reason.as_deref());
                return format!("{}: {}.", name.name, record.unwrap_or("its record is blocked"));
            }
            if let Some((name, caa)) = caa {
                return format!(
                    "{}: a CAA record forbids Amazon to issue ({caa}): allow amazon.com there.",
                    name.name
                );
            }
            waiting(diagnosis, with(Standing::Unknown))
        }
    }
}

/// What to say of a certificate that nothing stands in the way of.
fn waiting(diagnosis: &Diagnosis, unknown: Option<&NameDiagnosis>) -> String {
    let names = &diagnosis.names;
    let lacking = names.iter().find(|name| {
        let state = name.record.as_ref().map(|record| record.state);
        matches!(state, Some(Standing::Missing | Standing::Different))
    });
    let goes_on = match diagnosis.next_check {
        Some(at) => {
            format!("the function looks again at {}", at.to_rfc3339_opts(SecondsFormat::Secs, true))
        }
        None => "no check is armed: wake the function with a `Certificate Check`, or wait for the \
                 next sweep"
            .to_owned(),
    };
    if let Some(reason) = unknown.and_then(|name| name.record.as_ref()?.reason.as_deref()) {
        format!("It could not be found out just now ({reason}); {goes_on}.")
    } else if let Some(name) = lacking {
        format!("Nothing stands in the way of the record of {}; {goes_on}.", name.name)
    } else if names.iter().any(|name| name.validation == Validation::Refused) {
        format!("ACM asks for something that is not one of its validation records; {goes_on}.")
    } else if names.is_empty() || names.iter().any(|name| name.validation == Validation::Unready) {
        format!("ACM has not made all validation records yet; {goes_on}.")
    } else {
        let remarks = diagnosis.remarks.join("; ");
        let remarks = if remarks.is_empty() { remarks } else { format!(" ({remarks})") };
        format!(
            "All records are in place and ACM should issue within half an hour: if it does not, see \
             that public DNS delegates these names to the hosted zones{remarks}; {goes_on}."
        )
    }
}
