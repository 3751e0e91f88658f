//! The samples in `events/`: what each asks for, and whether the published ones match the schema.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use acm_dns_validator::domain::audit::finding::Finding;
use acm_dns_validator::domain::audit::summary::AuditSummary;
use acm_dns_validator::domain::audit::text::SummaryDetail;
use acm_dns_validator::entry::parse::{Event, parse};
use jsonschema::Validator;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::world::epoch;

/// What a sample asks for: a reconciliation, a sweep, nothing and why, …
const MEANINGS: &[(&str, &str)] = &[
    ("add-tags-to-certificate", "reconcile"),
    ("certificate-approaching-expiration", "reconcile"),
    ("certificate-audit", "audit"),
    ("certificate-audit-widget", "audit"),
    ("certificate-available", "reconcile"),
    ("certificate-check", "reconcile"),
    ("certificate-diagnosis", "diagnosis"),
    ("certificate-overview", "overview"),
    ("certificate-overview-widget", "overview"),
    ("certificate-sweep", "sweep"),
    ("change-tags-for-resource", "zone change"),
    ("create-hosted-zone", "zone change"),
    ("delete-certificate", "ignored: the certificate was deleted"),
    ("remove-tags-from-certificate", "reconcile"),
    ("renewal-action-required", "reconcile"),
    ("request-certificate", "reconcile"),
    ("request-certificate-by-ack", "reconcile"),
    ("request-certificate-by-cloudformation", "reconcile"),
    ("request-certificate-email", "reconcile"),
    ("request-certificate-failed", "ignored: the call failed with LimitExceededException"),
    ("request-certificate-other-partition", "reconcile"),
    ("request-certificate-several-names", "reconcile"),
    ("request-certificate-sparse", "reconcile"),
    ("sqs-batch", "batch: reconcile, reconcile, zone change"),
    ("update-certificate-options", "reconcile"),
];

#[test]
fn every_sample_means_what_its_readme_says() {
    let expected: BTreeMap<_, _> =
        MEANINGS.iter().map(|(name, meaning)| (*name, *meaning)).collect();
    let samples = samples("events");
    let found: BTreeMap<_, _> =
        samples.iter().map(|(name, sample)| (name.as_str(), meaning(sample))).collect();
    let found: BTreeMap<_, _> = found.iter().map(|(name, text)| (*name, text.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn every_sample_is_explained_in_the_readme() {
    let readme = std::fs::read_to_string("events/README.md").expect("the README");
    for (name, _) in samples("events").iter().chain(&samples("events/published")) {
        assert!(
            readme.contains(&format!("{name}.json)")),
            "{name}.json is not in events/README.md"
        );
    }
}

#[test]
fn every_published_sample_matches_the_schema() {
    for (name, sample) in samples("events/published") {
        check_schema(&sample, &name);
    }
}

#[test]
fn the_schema_rejects_what_is_never_published() {
    let blocked = &samples("events/published")["blocked"];
    let is_valid_after = |change: fn(&mut Value)| {
        let mut event = blocked.clone();
        change(&mut event);
        schema_of(&event).is_valid(&event)
    };
    assert!(is_valid_after(|_| {}));
    assert!(!is_valid_after(|event| event["detail"]["state"] = json!("WAITING")));
    assert!(!is_valid_after(|event| event["detail"]["age"] = json!("16")));
    assert!(!is_valid_after(|event| event["detail"]["surprise"] = json!(1)));
    assert!(!is_valid_after(|event| drop(
        event["detail"].as_object_mut().map(|it| it.remove("reason"))
    )));
    assert!(!is_valid_after(|event| event["detail"]["records"][0]["state"] = json!("MISSING")));
    assert!(!is_valid_after(|event| event["resources"] = json!([])));
}

#[test]
fn the_schemas_of_audits_reject_what_is_never_published() {
    let published = samples("events/published");
    let is_valid_after = |name: &str, change: fn(&mut Value)| {
        let mut event = published[name].clone();
        change(&mut event["detail"]);
        schema_of(&event).is_valid(&event)
    };
    for name in ["audit-finding", "audit-summary"] {
        assert!(is_valid_after(name, |_| {}));
        assert!(!is_valid_after(name, |detail| detail["surprise"] = json!(1)));
    }
    let finding = |change| is_valid_after("audit-finding", change);
    assert!(!finding(|detail| detail["finding"] = json!("RECORD_DELETED")));
    assert!(
        !finding(|detail| detail["finding"] = json!("CAA_FORBIDS")),
        "only records are put back"
    );
    assert!(!finding(|detail| detail["finding"] = json!("RECORD_UNUSED")), "it has a certificate");
    assert!(!finding(|detail| drop(detail.as_object_mut().map(|it| it.remove("certificateArn")))));
    let summary = |change| is_valid_after("audit-summary", change);
    assert!(!summary(|detail| detail["text"] = json!("two\nlines")));
    assert!(!summary(|detail| detail["worst"][0]["repaired"] = json!(true)));
    assert!(!summary(|detail| detail["findings"]["OTHER"] = json!(1)));
}

/// The samples are what the types write: every field is known to the types, and written again as it is.
#[test]
fn the_samples_of_audits_are_what_the_function_writes() {
    let published = samples("events/published");
    let detail = &published["audit-finding"]["detail"];
    let finding = Finding::deserialize(detail).expect("a finding");
    assert_eq!(serde_json::to_value(&finding).expect("JSON"), *detail);
    let detail = &published["audit-summary"]["detail"];
    let summary = AuditSummary::deserialize(detail).expect("a summary");
    let written = serde_json::to_value(SummaryDetail::from(&summary)).expect("JSON");
    assert_eq!(written, *detail, "{}", written["text"]);
    let mut worst = summary.worst.clone();
    worst.sort_by_key(Finding::urgency);
    assert_eq!(worst, summary.worst);
}

/// Fails if an event does not match the schema of published events.
#[track_caller]
pub(crate) fn check_schema(event: &Value, name: &str) {
    let errors: Vec<_> =
        schema_of(event).iter_errors(event).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{name}: {errors:?} in {event}");
}

/// The schema of events of this type.
#[track_caller]
fn schema_of(event: &Value) -> &'static Validator {
    static SCHEMAS: LazyLock<BTreeMap<String, Validator>> = LazyLock::new(|| {
        let schemas = samples("events/schema").into_values().map(|schema| {
            let title = schema["title"].as_str().expect("a title").to_owned();
            (title, jsonschema::validator_for(&schema).expect("a schema"))
        });
        schemas.collect()
    });
    let detail_type = event["detail-type"].as_str().expect("a type");
    SCHEMAS.get(detail_type).unwrap_or_else(|| panic!("`{detail_type}` has no schema"))
}

/// The JSON files of a folder by their names without ending.
pub(crate) fn samples(folder: &str) -> BTreeMap<String, Value> {
    let files = Path::new(folder).read_dir().expect(folder);
    let paths = files.map(|file| file.expect(folder).path());
    let json = paths.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    json.map(|path| {
        let text = std::fs::read_to_string(&path).expect("readable");
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, value)
    })
    .collect()
}

fn meaning(sample: &Value) -> String {
    match parse(sample, epoch()) {
        Ok(Event::Batch(messages)) => {
            let meanings = messages.iter().map(|message| match &message.event {
                Ok(event) => of(event),
                Err(error) => error.to_string(),
            });
            format!("batch: {}", meanings.collect::<Vec<_>>().join(", "))
        }
        Ok(event) => of(&event),
        Err(error) => error.to_string(),
    }
}

fn of(event: &Event) -> String {
    match event {
        Event::Audit(_) => "audit".to_owned(),
        Event::Batch(_) => "batch".to_owned(),
        Event::Diagnosis(_) => "diagnosis".to_owned(),
        Event::Documentation => "documentation".to_owned(),
        Event::Ignored(reason) => format!("ignored: {reason}"),
        Event::Overview(_) => "overview".to_owned(),
        Event::Reconcile(_) => "reconcile".to_owned(),
        Event::Sweep(_) => "sweep".to_owned(),
        Event::ZoneChange(_) => "zone change".to_owned(),
    }
}
