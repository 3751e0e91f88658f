//! The payloads that earlier versions scheduled, in `events/compat/`: what is scheduled before an upgrade asks
//! for the same after it.

use std::collections::BTreeMap;
use std::fs;

use acm_dns_validator::entry::parse::{Event, parse};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

const CERTIFICATE: &str =
    "arn:aws:acm:eu-west-1:111122223333:certificate/12345678-1234-1234-1234-123456789012";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:111122223333:acm-dns-validator-OrganizationEvents";
const HEARD: &str = "2026-11-26T08:12:10.512Z";

#[test]
fn what_version_0_1_0_scheduled_asks_for_the_same_today() {
    let follow_up = json!({"reconcile": CERTIFICATE, "since": HEARD, "trigger": "FollowUp"});
    let cursor = json!({
        "account": "444455556666", "region": "eu-central-1", "by": "search",
        "token": "AAECAwQF", "done": 12,
    });
    let expected = BTreeMap::from(
        [
            ("check", json!({"reconcile": CERTIFICATE, "since": null, "trigger": "Check"})),
            ("check-that-follows-up", follow_up.clone()),
            ("queued-check", json!([{"queue": QUEUE, "asks": follow_up}])),
            ("sweep", json!({"sweep": [], "from": null})),
            ("sweep-of-accounts", json!({"sweep": ["444455556666", "777788889999"], "from": null})),
            ("sweep-that-continues", json!({"sweep": ["444455556666"], "from": cursor})),
        ]
        .map(|(name, asks)| (name.to_owned(), asks)),
    );
    // The check comes a day after the function heard of the certificate.
    let now = HEARD.parse::<DateTime<Utc>>().expect("a time") + TimeDelta::days(1);
    let found: BTreeMap<_, _> = payloads("0.1.0")
        .map(|(name, payload)| (name, asks(&parse(&payload, now).expect("an event"))))
        .collect();
    assert_eq!(found, expected);
}

/// What an event asks, as far as 0.1.0 could ask it.
fn asks(event: &Event) -> Value {
    match event {
        Event::Batch(messages) => {
            let asked = messages.iter().map(|message| {
                let event = message.event.as_ref().expect("an event");
                json!({"queue": message.queue, "asks": asks(event)})
            });
            asked.collect()
        }
        Event::Reconcile(request) => json!({
            "reconcile": request.certificate.to_string(),
            "since": request.since,
            "trigger": format!("{:?}", request.trigger),
        }),
        Event::Sweep(sweep) => json!({"sweep": sweep.accounts, "from": sweep.from}),
        other => panic!("0.1.0 scheduled no {other:?}"),
    }
}

#[test]
fn a_folder_of_payloads_is_explained_in_the_readme() {
    let readme = fs::read_to_string("events/compat/README.md").expect("the README");
    for (name, _) in payloads("0.1.0") {
        assert!(readme.contains(&format!("(0.1.0/{name}.json)")), "{name} is not in the README");
    }
}

/// The payloads of a version, by the name of their file.
fn payloads(version: &str) -> impl Iterator<Item = (String, Value)> {
    let folder = fs::read_dir(format!("events/compat/{version}")).expect("a folder");
    folder.map(|entry| {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("a file");
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        (name, serde_json::from_str(&text).expect("JSON"))
    })
}
