//! What holds for any input: nothing panics, nothing passes that the guards forbid, and no message can
//! forge a line of the log.
//!
//! By default a few thousand cases of each property, from a fixed seed. `PROPERTIES=1000000` runs that
//! many, `PROPERTIES_SEED=7` runs others.

use acm_dns_validator::domain::arn::{CertificateArn, role_account};
use acm_dns_validator::domain::audit::request::AuditRequest;
use acm_dns_validator::domain::name::DomainName;
use acm_dns_validator::domain::record::ValidationRecord;
use acm_dns_validator::domain::settings::Settings;
use acm_dns_validator::entry::parse::{Event, Unreadable, parse};
use fastrand::Rng;
use serde_json::{Value, json};

use crate::events::samples;
use crate::world::epoch;

/// Runs a property on many inputs. If one fails, its number is printed.
fn check(property: impl Fn(&mut Rng)) {
    let variable = |name: &str| {
        #[expect(
            clippy::disallowed_methods,
            reason = "a person who runs the tests sets the number of cases"
        )]
        let value = std::env::var(name).ok();
        value.and_then(|value| value.parse::<u64>().ok())
    };
    let (cases, seed) = (variable("PROPERTIES").unwrap_or(4_000), variable("PROPERTIES_SEED"));
    let first = seed.unwrap_or(1) << 32;
    for case in first..first + cases {
        let run = std::panic::AssertUnwindSafe(|| property(&mut Rng::with_seed(case)));
        if let Err(panic) = std::panic::catch_unwind(run) {
            eprintln!("case {case} failed");
            std::panic::resume_unwind(panic);
        }
    }
}

const ARN: &str =
    "arn:aws:acm:eu-west-1:111122223333:certificate/12345678-1234-1234-1234-123456789012";

/// The pieces that hostile names and messages are made of.
const PIECES: [&str; 30] = [
    "example",
    ".",
    "..",
    "com",
    "*",
    "*.",
    "_",
    "_x1",
    "-",
    "\\",
    "\\052",
    "\\141",
    "\\777",
    "\\0",
    "\n",
    "\r\n",
    "\0",
    "\u{1b}[31m",
    "\u{2028}",
    "\u{85}",
    "ü",
    "xn--bcher-kva",
    "☃",
    "/",
    ":",
    " ",
    "=",
    ",",
    "acm-validations.aws",
    "\u{202e}",
];

/// A text of random pieces.
fn text(rng: &mut Rng) -> String {
    let length = match rng.u8(..20) {
        0 => 0,
        1 => rng.usize(50..400),
        _ => rng.usize(1..8),
    };
    let piece = |rng: &mut Rng| match rng.u8(..6) {
        0 => rng.char(..).to_string(),
        1 => char::from(rng.u8(0..128)).to_string(),
        2 => "a".repeat(rng.usize(60..66)),
        _ => PIECES[rng.usize(..PIECES.len())].to_owned(),
    };
    (0..length).map(|_| piece(rng)).collect()
}

/// A valid text with a few characters inserted or removed; sometimes unchanged.
fn near(rng: &mut Rng, valid: &str) -> String {
    let mut characters: Vec<char> = valid.chars().collect();
    for _ in 0..rng.usize(..4) {
        let at = rng.usize(..=characters.len());
        match rng.u8(..4) {
            0 if at < characters.len() => drop(characters.remove(at)),
            1 => characters.insert(at, rng.char(..)),
            2 => characters.insert(at, char::from(rng.u8(0..128))),
            _ => {
                let piece: Vec<char> = PIECES[rng.usize(..PIECES.len())].chars().collect();
                characters.splice(at..at, piece);
            }
        }
    }
    characters.into_iter().collect()
}

/// Checks that nothing in a message begins a new line or moves a terminal's cursor.
#[track_caller]
fn assert_one_line(message: &str) {
    let forging = |it: char| it.is_control() || ['\u{2028}', '\u{2029}'].contains(&it);
    assert!(!message.contains(forging), "{message:?}");
}

/// Whether a text is the ARN of a certificate: a second implementation, independent of the function's.
fn is_certificate(arn: &str) -> bool {
    let [prefix, partition, service, region, account, resource] =
        arn.splitn(6, ':').collect::<Vec<_>>()[..]
    else {
        return false;
    };
    let Some(id) = resource.strip_prefix("certificate/") else { return false };
    let hexadecimal = |word: &&str| word.chars().all(|it| it.is_ascii_hexdigit());
    let plain = |text: &str| text.chars().all(|it| it.is_ascii_lowercase() || it == '-');
    let words: Vec<_> = id.split('-').collect();
    prefix == "arn"
        && (partition == "aws" || partition.starts_with("aws-"))
        && plain(partition)
        && service == "acm"
        && region.len() >= 5
        && region.chars().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-')
        && account.len() == 12
        && account.chars().all(|it| it.is_ascii_digit())
        && words.iter().map(|word| word.len()).collect::<Vec<_>>() == [8, 4, 4, 4, 12]
        && words.iter().all(hexadecimal)
}

#[test]
fn only_the_arn_of_a_certificate_is_accepted() {
    check(|rng| {
        let arn = if rng.bool() { near(rng, ARN) } else { text(rng) };
        match arn.parse::<CertificateArn>() {
            Ok(parsed) => {
                assert!(is_certificate(&arn), "{arn:?}");
                assert_eq!(parsed.to_string(), arn);
            }
            Err(error) => {
                let message = error.to_string();
                assert_one_line(&message);
                assert!(message.len() < 4_000, "{} bytes", message.len());
            }
        }
    });
    assert!(ARN.parse::<CertificateArn>().is_ok());
}

/// A JSON value of any shape.
fn value(rng: &mut Rng, depth: usize) -> Value {
    match rng.u8(..if depth > 4 { 5 } else { 8 }) {
        0 => Value::Null,
        1 => json!(rng.bool()),
        2 => json!(rng.i64(..)),
        3 => json!(rng.f64() * 1e300),
        4 => json!(text(rng)),
        5 | 6 => (0..rng.usize(..4)).map(|_| value(rng, depth + 1)).collect(),
        _ => {
            let member = |rng: &mut Rng| {
                let known = ["certificateArn", "detail", "hostedZone", "name", "from", "since"];
                let key =
                    if rng.bool() { known[rng.usize(..known.len())].into() } else { text(rng) };
                (key, value(rng, depth + 1))
            };
            Value::Object((0..rng.usize(..4)).map(|_| member(rng)).collect())
        }
    }
}

/// Changes one thing in a value.
fn mutate(rng: &mut Rng, target: &mut Value) {
    match target {
        Value::Object(members) if !members.is_empty() && rng.u8(..8) > 0 => {
            let key = members.keys().nth(rng.usize(..members.len())).cloned().unwrap_or_default();
            if rng.u8(..10) == 0 {
                members.remove(&key);
            } else if let Some(member) = members.get_mut(&key) {
                mutate(rng, member);
            }
        }
        Value::Array(items) if !items.is_empty() && rng.u8(..8) > 0 => {
            let at = rng.usize(..items.len());
            mutate(rng, &mut items[at]);
        }
        Value::String(old) if rng.bool() => *old = near(rng, old),
        other => *other = value(rng, 0),
    }
}

/// What an event means that comes when the world begins.
fn parsed(payload: &Value) -> Result<Event, Unreadable> {
    parse(payload, epoch())
}

/// Checks that what was parsed holds only valid ARNs and accounts and no time in the future, and that a
/// message is one line.
#[track_caller]
fn assert_sound(parsed: Result<Event, Unreadable>) {
    match parsed {
        Ok(Event::Reconcile(request)) => {
            assert!(is_certificate(&request.certificate.to_string()));
            assert!(request.since.is_none_or(|since| since <= epoch()), "{request:?}");
        }
        Ok(Event::Diagnosis(certificate)) => assert!(is_certificate(&certificate.to_string())),
        Ok(Event::Audit(AuditRequest { certificates, .. }) | Event::Overview(certificates)) => {
            assert!(certificates.iter().all(|it| is_certificate(&it.to_string())));
        }
        Ok(Event::Batch(messages)) => {
            messages.into_iter().for_each(|message| assert_sound(message.event));
        }
        Ok(Event::Sweep(sweep)) => {
            let accounts = sweep.accounts.iter().chain(sweep.from.iter().map(|it| &it.account));
            for account in accounts {
                assert!(account.len() == 12 && account.bytes().all(|it| it.is_ascii_digit()));
            }
        }
        Ok(Event::Ignored(reason)) => assert_one_line(&reason),
        Ok(Event::Documentation | Event::ZoneChange(_)) => {}
        Err(unreadable) => assert_one_line(&unreadable.to_string()),
    }
}

#[test]
fn any_payload_is_parsed_or_rejected_in_one_line() {
    let samples: Vec<Value> = samples("events").into_values().collect();
    check(|rng| {
        let mut payload = match rng.u8(..5) {
            0 => value(rng, 0),
            _ => samples[rng.usize(..samples.len())].clone(),
        };
        (0..rng.usize(1..4)).for_each(|_| mutate(rng, &mut payload));
        assert_sound(parsed(&payload));
        // The same payload in a message of a queue.
        let record = json!({"messageId": "1", "body": payload.to_string()});
        assert_sound(parsed(&json!({"Records": [record]})));
    });
}

#[test]
fn payloads_of_any_size_are_parsed_or_rejected_in_one_line() {
    let megabyte = "\u{7}x".repeat(512 * 1024);
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    for body in [&megabyte, &deep, &format!("{{\"source\": {deep}}}"), &format!("\"{megabyte}\"")] {
        assert!(serde_json::from_str::<Value>(body).is_err(), "Lambda passes no such JSON");
        assert_sound(parsed(&json!({"Records": [{"messageId": "1", "body": body}]})));
    }
    for place in
        ["/source", "/detail-type", "/resources/0", "/detail/responseElements/certificateArn"]
    {
        let mut payload = samples("events")["request-certificate"].clone();
        payload["resources"] = json!([ARN]);
        *payload.pointer_mut(place).expect("the sample has it") = json!(megabyte);
        assert_sound(parsed(&payload));
    }
    let many = json!({"Records": vec![json!({"messageId": "1", "body": "{}"}); 10_000]});
    assert_sound(parsed(&many));
}

/// Whether a name may be the name of a host, as the guard defines it.
fn is_host(name: &str) -> bool {
    name.len() <= 253
        && name.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && label.chars().all(|it| it.is_ascii_alphanumeric() || it == '-' || it == '_')
        })
}

#[test]
fn only_a_validation_record_of_acm_passes_the_guard() {
    let accepted = std::cell::Cell::new(0);
    check(|rng| {
        let domain = match rng.u8(..4) {
            0 => text(rng),
            1 => near(rng, "example.com"),
            _ => "example.com".to_owned(),
        };
        let name = match rng.u8(..3) {
            0 => text(rng),
            1 => near(rng, &format!("_x1.{domain}.")),
            _ => format!("_x1.{domain}."),
        };
        let value = match rng.u8(..3) {
            0 => text(rng),
            _ => near(rng, "_x2.jkddzztszm.acm-validations.aws."),
        };
        let kind = if rng.u8(..8) == 0 { text(rng) } else { "CNAME".to_owned() };
        let partitions = ["aws", "aws-cn", "aws-us-gov", "aws-eusc", ""];
        let partition = partitions[rng.usize(..partitions.len())];
        let owner = DomainName::new(&domain);
        match ValidationRecord::parse(partition, &owner, &name, &kind, &value) {
            Err(rejected) => assert_one_line(&rejected.to_string()),
            Ok(record) => {
                accepted.set(accepted.get() + 1);
                let (at, to) = (record.name().as_str(), record.value().as_str());
                assert_eq!(kind, "CNAME");
                assert!(is_host(at) && is_host(to), "{at} {to}");
                assert!(at.starts_with('_'), "{at}");
                let owner = owner.as_str();
                assert!(at == owner || at.ends_with(&format!(".{owner}")), "{at} {owner}");
                let suffixes = [
                    "acm-validations.aws",
                    "acm-validations.amazonaws.com.cn",
                    "acm-validations.amazonaws.eu",
                ];
                assert!(suffixes.iter().any(|suffix| to.ends_with(&format!(".{suffix}"))), "{to}");
            }
        }
    });
    assert!(accepted.get() > 100, "too few cases pass the guard: {}", accepted.get());
}

#[test]
fn names_are_ordered_and_displayed_whatever_they_contain() {
    check(|rng| {
        let spelling = text(rng);
        let name = DomainName::new(&spelling);
        assert_one_line(&name.to_string());
        assert_eq!(name, DomainName::new(&spelling.to_ascii_uppercase()));
        assert_eq!(name.lineage().count(), name.depth());
        for above in name.lineage() {
            assert!(name.is_at_or_under(&above), "{name} {above}");
            assert_eq!(above.is_at_or_under(&name), above == name, "{name} {above}");
            assert!(above.position() <= name.position(), "{name} {above}");
        }
        let labels: Vec<_> = name.as_str().split('.').collect();
        let suffixes = (0..labels.len()).map(|from| labels[from..].join("."));
        assert!(name.lineage().map(|it| it.as_str().to_owned()).eq(suffixes), "{name}");
        // The rest of a name from any position is above the name only if a label begins there.
        let from = rng.usize(..=name.as_str().chars().count());
        let rest = DomainName::new(&name.as_str().chars().skip(from).collect::<String>());
        let above = name.lineage().any(|above| above == rest);
        assert_eq!(name.is_at_or_under(&rest), above, "{name} {rest}");
        assert!(name.without_wildcard().as_str().len() <= name.as_str().len());
    });
}

#[test]
fn settings_are_valid_or_rejected_in_one_line() {
    let variables = [
        ("SCHEDULE_GROUP", "checks"),
        ("SCHEDULE_ROLE_ARN", "arn:aws:iam::111122223333:role/scheduler"),
        ("SCHEDULE_DEAD_LETTER_QUEUE_ARN", "arn:aws:sqs:eu-west-1:111122223333:letters"),
        ("EVENT_BUS", "default"),
        ("HOSTED_ZONE_ROLE_ARNS", "arn:aws:iam::444455556666:role/dns"),
        ("CERTIFICATE_ROLE_NAME", "certificates"),
        ("HOSTED_ZONE_TAG", "team=dns"),
        ("CERTIFICATE_TAG", "validate=yes"),
        ("ALLOWED_DOMAINS", "example.com,example.org"),
        ("REGIONS", "eu-west-1,us-east-1"),
        ("RECORD_TTL", "300"),
        ("DRY_RUN", "false"),
    ];
    check(|rng| {
        let changed = rng.usize(..variables.len());
        let value = |rng: &mut Rng, valid: &str| match rng.u8(..4) {
            0 => text(rng),
            _ => near(rng, valid),
        };
        let near_valid = value(rng, variables[changed].1);
        let read = |name: &str| {
            let (at, (_, valid)) = variables.iter().enumerate().find(|(_, it)| it.0 == name)?;
            Some(if at == changed { near_valid.clone() } else { (*valid).to_owned() })
        };
        match Settings::from_vars(read) {
            Err(misconfigured) => assert_one_line(&misconfigured.to_string()),
            Ok(settings) => {
                assert_one_line(&settings.schedule_group);
                assert!(role_account(&settings.schedule_role_arn).is_some());
                settings.hosted_zone_role_arns.iter().for_each(|arn| assert_one_line(arn));
                settings.regions.iter().for_each(|region| assert_one_line(region));
                settings
                    .policy
                    .allowed_domains
                    .iter()
                    .for_each(|it| assert!(!it.as_str().contains('*')));
                assert!((0..=i64::from(i32::MAX)).contains(&settings.record_ttl));
                settings.event_bus.iter().for_each(|bus| assert_one_line(bus));
            }
        }
    });
}
