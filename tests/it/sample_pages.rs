//! Sample pages: ordinary ones, and the largest and most hostile ones. `examples/page.rs` uses this file too,
//! so that `infra/check/page` shows them in a browser.

use std::collections::BTreeSet;

use acm_dns_validator::domain::audit::answer::AuditAnswer;
use acm_dns_validator::domain::audit::changes::ZoneChanges;
use acm_dns_validator::domain::audit::cursor::AuditCursor;
use acm_dns_validator::domain::audit::finding::{AuditedRecord, Finding, FindingKind};
use acm_dns_validator::domain::audit::summary::{AuditSummary, UnreadPart, WORST};
use acm_dns_validator::domain::name::DomainName;
use acm_dns_validator::entry::page;
use acm_dns_validator::entry::page::widget::{Theme, Widget};
use acm_dns_validator::flows::diagnosis::answer::{
    Candidate, Dates, Diagnosis, NameDiagnosis, PublicView, RecordDiagnosis, RecordStatus,
    RenewalDates, RenewalPhase, Validation,
};
use acm_dns_validator::flows::overview::answer::{
    Overview, ROWS, RecordCounts, Row, RowState, Unread,
};
use chrono::{DateTime, FixedOffset, TimeDelta, Utc};

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:111122223333:function:acm-dns-validator";

/// Text that breaks out of a page that does not escape it, and marks the page if it runs.
const HOSTILE: &str = "</td></table></style></svg><script>document.title='BROKEN'</script>\
    <img src=x onerror=\"document.title='BROKEN'\"> \"' onmouseover='x' & &lt; \u{202e}desrever\u{0} \
    {\"a\":1}</cwdb-action>";

/// Every sample page, by its name.
pub(crate) fn pages() -> Vec<(&'static str, String)> {
    let light = widget(Theme::Light, 0);
    let dark = widget(Theme::Dark, 330);
    let empty = Overview {
        certificates: Vec::new(),
        found: 0,
        not_shown: 0,
        unread: Vec::new(),
        ..ordinary()
    };
    let overview = |overview: &Overview, widget| page::overview(overview, &widget, FUNCTION);
    let audit = |answer: &AuditAnswer, widget| page::audit(answer, &widget, FUNCTION);
    let diagnosis = |it: &Diagnosis, widget| page::diagnosis(it, &widget, now());
    let denied = std::io::Error::other("cannot describe the certificate: AccessDenied: no");
    vec![
        ("overview-light", overview(&ordinary(), light)),
        ("overview-dark", overview(&ordinary(), dark)),
        ("overview-empty", overview(&empty, light)),
        ("overview-fifty", overview(&fifty(), light)),
        ("overview-hostile", overview(&hostile(), dark)),
        ("audit-light", audit(&audited(), light)),
        ("audit-dark", audit(&audited(), dark)),
        ("audit-empty", audit(&audited_well(), light)),
        ("audit-hostile", audit(&hostile_audit(), dark)),
        ("diagnosis-blocked", diagnosis(&blocked(), light)),
        ("diagnosis-renewal", diagnosis(&renewal(), dark)),
        ("diagnosis-hostile", diagnosis(&hostile_diagnosis(), light)),
        ("failure", page::failure(&arn(1), &denied, &light)),
    ]
}

fn widget(theme: Theme, minutes: i32) -> Widget {
    Widget { theme, offset: FixedOffset::east_opt(minutes * 60).expect("an offset") }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_420_800, 0).expect("2026-11-23T08:00:00Z")
}

fn arn(index: usize) -> String {
    format!("arn:aws:acm:eu-west-1:111122223333:certificate/0b6a4e4e-7f7c-4c39-9a53-{index:012}")
}

fn row(index: usize, names: &[&str], state: RowState, minutes: i64, advice: &str) -> Row {
    let counts = |wanted| if state == wanted { names.len() } else { 0 };
    Row {
        certificate_arn: arn(index),
        account: if index.is_multiple_of(3) { "777788889999" } else { "111122223333" }.to_owned(),
        region: if index.is_multiple_of(2) { "eu-west-1" } else { "us-east-1" }.to_owned(),
        names: names.iter().take(5).map(|name| DomainName::new(name)).collect(),
        more_names: names.len().saturating_sub(5),
        status: Some("PENDING_VALIDATION".to_owned()),
        since: Some(now() - TimeDelta::minutes(minutes)),
        state,
        records: RecordCounts {
            present: counts(RowState::Present),
            missing: counts(RowState::Missing),
            blocked: counts(RowState::Blocked),
            unseen: counts(RowState::Unseen),
            unknown: counts(RowState::Unknown),
        },
        reasons: Vec::new(),
        next_check: Some(now() + TimeDelta::minutes(9)),
        advice: advice.to_owned(),
    }
}

fn ordinary() -> Overview {
    let mut certificates = vec![
        row(
            3,
            &["legacy.example.org"],
            RowState::Unseen,
            34 * 60,
            "legacy.example.org: public DNS asks ns1.elsewhere.net and ns2.elsewhere.net for example.org, and \
             hosted zone Z0000000000000000009 has ns-9.awsdns-09.com: change the name servers at the registrar.",
        ),
        row(
            2,
            &[
                "www.example.com",
                "example.com",
                "api.example.com",
                "cdn.example.com",
                "a.example.com",
                "b.example.com",
                "c.example.com",
            ],
            RowState::Blocked,
            5 * 60 + 12,
            "www.example.com: no hosted zone that can hold the name may be used: Z0000000000000000004 \
             (example.com) does not have the tag validate=yes (HOSTED_ZONE_TAG).",
        ),
        row(
            4,
            &["shop.example.net"],
            RowState::Present,
            18,
            "Nothing stands in the way: public DNS shows all records, and ACM should issue the certificate \
             within half an hour; the next check is at 2026-11-23T08:09:00Z.",
        ),
        row(
            5,
            &["*.dev.example.net", "dev.example.net"],
            RowState::Missing,
            2,
            "Nothing prevents the record of *.dev.example.net from being written; the next check is at \
             2026-11-23T08:09:00Z.",
        ),
        row(
            7,
            &["new.example.com"],
            RowState::Unready,
            0,
            "ACM has not created all validation records yet; the next check is at 2026-11-23T08:09:00Z.",
        ),
    ];
    certificates[4].advice =
        "ACM has not created all validation records yet; the next check is at \
         2026-11-23T08:01:00Z."
            .to_owned();
    certificates[4].next_check = Some(now() + TimeDelta::minutes(1));
    let denied = "cannot assume the role: AccessDenied: not authorized to perform sts:AssumeRole";
    let unread = Unread {
        account: "222233334444".to_owned(),
        region: "eu-west-1".to_owned(),
        reason: denied.to_owned(),
    };
    Overview {
        at: now(),
        age: 24,
        found: certificates.len(),
        not_shown: 0,
        certificates,
        unread: vec![unread],
    }
}

fn fifty() -> Overview {
    let states = [
        RowState::Blocked,
        RowState::Unseen,
        RowState::Missing,
        RowState::Present,
        RowState::Unknown,
    ];
    let row = |index: usize| {
        let name = format!("service-{index}.department-of-long-names.example.com");
        row(
            index,
            &[&name],
            states[index % 5],
            4_000 - 60 * i64::try_from(index).unwrap_or(0),
            "All records are in their hosted zones, but public DNS shows nothing at the record's name.",
        )
    };
    let certificates: Vec<_> = (0..ROWS).map(row).collect();
    Overview { found: ROWS + 123, not_shown: 123, certificates, unread: Vec::new(), ..ordinary() }
}

/// A name of 253 bytes, without a place to break a line.
fn longest(start: &str) -> String {
    let name = format!("{start}{}", [&"w".repeat(63)[..]; 4].join("."));
    name[..253].to_owned()
}

fn hostile() -> Overview {
    let long = longest("");
    let names: Vec<_> =
        std::iter::once(HOSTILE).chain(std::iter::repeat_n(long.as_str(), 99)).collect();
    let row = |index: usize| {
        let mut row = row(index, &names, RowState::Blocked, 60, &HOSTILE.repeat(9));
        row.reasons = vec![HOSTILE.repeat(9), "w".repeat(800), "\u{202e}".repeat(800)];
        row.account = HOSTILE.to_owned();
        row.certificate_arn = HOSTILE.to_owned();
        row
    };
    let unread = Unread {
        account: HOSTILE.to_owned(),
        region: HOSTILE.to_owned(),
        reason: HOSTILE.repeat(99),
    };
    Overview {
        certificates: (0..ROWS).map(row).collect(),
        unread: vec![unread; 5_000],
        not_shown: 1,
        found: ROWS + 1,
        ..ordinary()
    }
}

fn name(name: &str, state: RecordStatus, reason: Option<&str>) -> NameDiagnosis {
    let servers = ["ns-4.awsdns-04.com", "ns-516.awsdns-04.net", "ns-1028.awsdns-04.org"];
    NameDiagnosis {
        name: DomainName::new(name),
        validation: Validation::Awaiting,
        record: Some(RecordDiagnosis {
            name: format!("_0123456789abcdef0123456789abcdef.{}.", name.trim_start_matches("*.")),
            value: "_fedcba9876543210fedcba9876543210.jkddzztszm.acm-validations.aws.".to_owned(),
            state,
            hosted_zone_id: None,
            reason: reason.map(str::to_owned),
        }),
        zones: vec![Candidate {
            id: "Z0000000000000000004".to_owned(),
            name: DomainName::new("example.com"),
            role: None,
            chosen: reason.is_none(),
            seen: Some(true),
            why: reason
                .map_or(
                    "public DNS asks it",
                    |_| "does not have the tag validate=yes (HOSTED_ZONE_TAG)",
                )
                .to_owned(),
        }],
        public_dns: Some(PublicView::Known {
            apex: DomainName::new("example.com"),
            name_servers: servers.iter().map(|it| DomainName::new(it)).collect(),
            cname: None,
        }),
        caa: None,
    }
}

fn blocked() -> Diagnosis {
    let reason = "no hosted zone that can hold the name may be used: Z0000000000000000004 (example.com) does not \
                  have the tag validate=yes (HOSTED_ZONE_TAG)";
    Diagnosis {
        certificate_arn: arn(2),
        advice: format!("www.example.com: {reason}."),
        status: Some("PENDING_VALIDATION".to_owned()),
        reason: None,
        dates: Some(Dates {
            requested: now() - TimeDelta::minutes(312),
            pending_since: Some(now() - TimeDelta::minutes(312)),
            issued: None,
            expires: None,
            renewal: None,
        }),
        next_check: Some(now() + TimeDelta::minutes(9)),
        remarks: vec![
            "hosted zone Z0000000000000000004 (example.com) has no record set at www.example.com"
                .to_owned(),
        ],
        names: vec![
            name("www.example.com", RecordStatus::Blocked, Some(reason)),
            NameDiagnosis {
                caa: Some("example.com CAA 0 issue \"letsencrypt.org\"".to_owned()),
                ..name("example.com", RecordStatus::Missing, None)
            },
        ],
    }
}

fn renewal() -> Diagnosis {
    let began = now() - TimeDelta::days(3);
    let mut seen = name("shop.example.net", RecordStatus::Present, None);
    if let (Some(PublicView::Known { cname, .. }), Some(record)) =
        (&mut seen.public_dns, &seen.record)
    {
        *cname = Some(DomainName::new(&record.value));
    }
    seen.validation = Validation::Validated;
    let unknown = PublicView::Unknown { unknown: "no resolver answered in time".to_owned() };
    Diagnosis {
        advice: "The record could not be read just now (Throttling: Rate exceeded); no check is scheduled.".to_owned(),
        status: Some("ISSUED".to_owned()),
        dates: Some(Dates {
            requested: now() - TimeDelta::days(155),
            pending_since: Some(began),
            issued: Some(now() - TimeDelta::days(155) + TimeDelta::minutes(21)),
            expires: Some(now() + TimeDelta::days(43)),
            renewal: Some(RenewalDates { phase: RenewalPhase::Pending, updated: began }),
        }),
        next_check: None,
        remarks: Vec::new(),
        names: vec![
            seen,
            NameDiagnosis { public_dns: Some(unknown), ..name("*.shop.example.net", RecordStatus::Unknown, None) },
        ],
        ..blocked()
    }
}

fn hostile_diagnosis() -> Diagnosis {
    let long = longest("x");
    let hostile_name = |index: usize| {
        let mut it =
            name(&longest(&index.to_string()), RecordStatus::Blocked, Some(&HOSTILE.repeat(20)));
        it.caa = Some(HOSTILE.repeat(20));
        it.zones[0].why = HOSTILE.repeat(20);
        it.zones = vec![it.zones[0].clone(); 300];
        let servers: BTreeSet<_> =
            (0..100).map(|it| DomainName::new(&format!("{it}{long}"))).collect();
        let cname = Some(DomainName::new(HOSTILE));
        it.public_dns = Some(PublicView::Known {
            apex: DomainName::new(HOSTILE),
            name_servers: servers,
            cname,
        });
        it
    };
    let mut names: Vec<_> = (0..100).map(hostile_name).collect();
    names[0].name = DomainName::new(HOSTILE);
    Diagnosis {
        certificate_arn: HOSTILE.to_owned(),
        advice: HOSTILE.repeat(99),
        status: Some(HOSTILE.to_owned()),
        reason: Some(HOSTILE.to_owned()),
        remarks: vec![HOSTILE.repeat(20); 500],
        names,
        ..blocked()
    }
}

fn audited_well() -> AuditAnswer {
    let counts =
        AuditSummary { certificates_audited: 41, hosted_zones: 6, ..AuditSummary::new(now()) };
    AuditAnswer {
        summary: AuditSummary { invocations: 1, ..counts },
        change_batches: Vec::new(),
        changes_not_shown: 0,
        from: None,
        certificates_left: None,
    }
}

fn finding(kind: FindingKind, name: &str, days: i64, advice: &str) -> Finding {
    Finding {
        finding: kind,
        certificate_arn: Some(arn(usize::try_from(days).unwrap_or(0))),
        domain_name: Some(DomainName::new(name)),
        record: None,
        hosted_zone_id: None,
        not_after: Some(now() + TimeDelta::days(days)),
        advice: advice.to_owned(),
        repaired: false,
    }
}

fn unused_record(name: &str) -> AuditedRecord {
    AuditedRecord {
        name: format!("_fedcba9876543210fedcba9876543210.{name}."),
        value: "_0123456789abcdef0123456789abcdef.jkddzztszm.acm-validations.aws.".to_owned(),
        ttl: Some(300),
    }
}

fn audited() -> AuditAnswer {
    let record = AuditedRecord { ttl: None, ..unused_record("shop.example.net") };
    let findings = [
        finding(
            FindingKind::RenewalFailed,
            "legacy.example.org",
            6,
            "ACM did not renew the certificate (CAA_ERROR): example.org has CAA 0 issue \"letsencrypt.org\": allow \
             amazon.com there, or replace the certificate before it expires.",
        ),
        Finding {
            record: Some(record),
            hosted_zone_id: Some("Z0000000000000000004".to_owned()),
            ..finding(
                FindingKind::RecordMissing,
                "shop.example.net",
                29,
                "The record does not exist, so ACM cannot renew the certificate.",
            )
        },
        finding(
            FindingKind::EmailValidated,
            "old.example.com",
            58,
            "old.example.com is validated by e-mail, so a person must approve each renewal: change the certificate \
             to DNS validation (`aws acm update-certificate-options --options ValidationMethod=DNS`).",
        ),
        finding(
            FindingKind::NotInUse,
            "test.example.com",
            90,
            "Nothing uses the certificate, so ACM does not renew it: delete it if nobody needs it.",
        ),
        Finding {
            certificate_arn: None,
            not_after: None,
            record: Some(unused_record("gone.example.com")),
            hosted_zone_id: Some("Z0000000000000000004".to_owned()),
            ..finding(
                FindingKind::RecordUnused,
                "gone.example.com",
                0,
                "No certificate of 3 accounts within reach, in eu-west-1, us-east-1, as listed at 2026-11-23T08:00Z, has the name gone.example.com. \
                 That is no proof that nobody needs it.",
            )
        },
    ];
    let mut answer = audited_well();
    answer.summary.certificates_at_risk = 3;
    answer.summary.records_unused = 1;
    answer.summary.add(&findings);
    let reason = "cannot read hosted zone Z0000000000000000009: Throttling: Rate exceeded";
    answer.summary.add_unread(UnreadPart {
        hosted_zone_id: Some("Z0000000000000000009".to_owned()),
        reason: reason.to_owned(),
        ..UnreadPart::default()
    });
    let zone = DomainName::new("example.com");
    let unused = [unused_record("gone.example.com")];
    answer.change_batches = vec![ZoneChanges::new("Z0000000000000000004", &zone, &unused).0];
    answer.from = Some(AuditCursor {
        name: DomainName::new("m.example.net"),
        certificate_arn: None,
        hosted_zone_id: None,
    });
    answer
}

/// Texts are as long as an audit makes them, and full of what must be escaped.
fn hostile_audit() -> AuditAnswer {
    let long = longest("x");
    let record = AuditedRecord {
        name: format!("{HOSTILE}{long}"),
        value: HOSTILE.repeat(4),
        ttl: Some(i64::MAX),
    };
    let finding = Finding {
        certificate_arn: Some(HOSTILE.to_owned()),
        domain_name: Some(DomainName::new(HOSTILE)),
        record: Some(record.clone()),
        hosted_zone_id: Some(HOSTILE.to_owned()),
        ..finding(FindingKind::RecordMissing, "x", 1, &HOSTILE.repeat(5))
    };
    let mut answer = audited_well();
    answer.summary.add(&vec![finding; 2 * WORST]);
    for index in 0..1_000 {
        answer.summary.add_unread(UnreadPart {
            account: Some(format!("{index}{HOSTILE}")),
            region: Some(HOSTILE.to_owned()),
            reason: HOSTILE.repeat(9),
            ..UnreadPart::default()
        });
    }
    answer.summary.unused_unknown = Some(HOSTILE.repeat(9));
    let zone = DomainName::new(HOSTILE);
    answer.change_batches = vec![ZoneChanges::new(HOSTILE, &zone, &vec![record; 100]).0; 10];
    answer.changes_not_shown = 7;
    answer.from = Some(AuditCursor { name: zone, certificate_arn: None, hosted_zone_id: None });
    answer.certificates_left = Some(3);
    answer
}
