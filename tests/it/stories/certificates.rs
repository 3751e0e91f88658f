//! Which certificates the function serves, and what it publishes about them until they end.

use aws_sdk_acm::operation::request_certificate::builders::RequestCertificateFluentBuilder;
use aws_sdk_acm::types::{CertificateManagedBy, KeyAlgorithm, ValidationMethod};
use chrono::TimeDelta;
use serde_json::json;
use sim::acm::{Certificate, KeyPairOrigin, Kind, Method, Status};

use crate::world::{ACCOUNT, REGION, World, domain, names_under};

/// Checks that one check ended with `IGNORED`, and that nothing was written, published or scheduled.
#[track_caller]
fn check_ignored(world: &World, reason: &str) {
    let outcomes = world.outcomes();
    assert_eq!(outcomes.len(), 1, "{}", world.story());
    assert_eq!(outcomes[0]["state"], "IGNORED");
    let found = outcomes[0]["reason"].as_str().expect("a reason");
    assert!(found.contains(reason), "{found}");
    assert_eq!((world.writes(), world.published(), world.scheduled()), (Vec::new(), Vec::new(), 0));
    assert_eq!(world.errors(), [""; 0]);
}

/// A world in which a certificate was requested with these parameters.
async fn requested(
    more: impl FnOnce(RequestCertificateFluentBuilder) -> RequestCertificateFluentBuilder,
) -> World {
    let world = World::new();
    world.zone("example.com");
    world.request_with(&["example.com"], more).await;
    world.minutes(10).await;
    world
}

/// A world in which a certificate like this exists and is tagged, which starts a check.
async fn tagged(change: impl FnOnce(&mut Certificate)) -> World {
    let world = World::new();
    world.zone("example.com");
    let now = world.sim.now();
    let arn = world.sim.aws().acm.seed(ACCOUNT, REGION, &["example.com"], now, change);
    world.tag_certificate(&arn, "team", "web").await;
    world.minutes(5).await;
    world
}

#[tokio::test(start_paused = true)]
async fn a_certificate_validated_by_email_is_not_served() {
    let world = tagged(|certificate| {
        certificate.validation_method = Some(Method::Email);
        certificate.created_at -= TimeDelta::hours(1);
    })
    .await;
    check_ignored(&world, "validated by e-mail or over HTTP");
}

#[tokio::test(start_paused = true)]
async fn a_new_certificate_that_acm_shows_as_validated_by_email_at_first_is_issued() {
    let world = World::new();
    world.zone("example.com");
    world.sim.aws().acm.behaviour.method_after = TimeDelta::seconds(90);
    let arn = world.request(&["example.com", "www.example.com"]).await;
    world.minutes(8).await;
    assert_eq!(world.status(&arn), "ISSUED");
}

#[tokio::test(start_paused = true)]
async fn a_new_certificate_validated_by_email_is_left_alone_after_minutes() {
    let world = World::new();
    world.zone("example.com");
    world.request_with(&["example.com"], |it| it.validation_method(ValidationMethod::Email)).await;
    world.minutes(60).await;
    assert_eq!(world.outcome()["state"], "IGNORED");
    assert_eq!((world.writes(), world.published(), world.scheduled()), (Vec::new(), Vec::new(), 0));
    assert!(world.outcomes().len() <= 6, "{}", world.story());
}

#[tokio::test(start_paused = true)]
async fn a_certificate_managed_by_cloudfront_is_not_served() {
    let world = requested(|request| {
        let request = request.validation_method(ValidationMethod::Http);
        request.managed_by(CertificateManagedBy::Cloudfront)
    })
    .await;
    check_ignored(&world, "managed by CloudFront");
}

#[tokio::test(start_paused = true)]
async fn a_private_certificate_is_not_served() {
    let world = World::new();
    world.zone("example.com");
    let authority = format!(
        "arn:aws:acm-pca:{REGION}:{ACCOUNT}:certificate-authority/12345678-1234-1234-1234-123456789012"
    );
    world
        .request_with(&["example.com"], |request| request.certificate_authority_arn(authority))
        .await;
    world.pass(TimeDelta::seconds(50)).await;
    assert_eq!(
        world.outcomes()[0]["reason"],
        "the certificate is private, so it needs no validation"
    );
    assert_eq!((world.writes(), world.scheduled()), (Vec::new(), 0));
}

#[tokio::test(start_paused = true)]
async fn an_imported_certificate_is_not_served() {
    let world = tagged(|certificate| certificate.kind = Kind::Imported).await;
    check_ignored(&world, "the certificate is imported");
}

#[tokio::test(start_paused = true)]
async fn a_certificate_requested_over_acme_is_not_served() {
    let world = tagged(|certificate| certificate.key_pair_origin = KeyPairOrigin::Acme).await;
    check_ignored(&world, "over ACME");
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_ended_long_ago_is_left_alone() {
    for (status, state) in [
        (Status::Issued, "ISSUED"),
        (Status::ValidationTimedOut, "TIMED_OUT"),
        (Status::Expired, "IGNORED"),
        (Status::Revoked, "IGNORED"),
        (Status::Inactive, "IGNORED"),
    ] {
        let world = tagged(|certificate| {
            certificate.created_at -= TimeDelta::days(10);
            certificate.issued_at = Some(certificate.created_at);
            certificate.status = status;
        })
        .await;
        assert_eq!(world.outcome()["state"], state);
        assert_eq!(
            (world.writes(), world.published(), world.scheduled()),
            (Vec::new(), Vec::new(), 0)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_certificate_with_the_skip_tag_is_not_served() {
    let world = World::new();
    world.zone("example.com");
    world.request_tagged(&["example.com"], "acm-dns-validator:skip", "yes").await;
    world.minutes(10).await;
    check_ignored(&world, "acm-dns-validator:skip");
}

#[tokio::test(start_paused = true)]
async fn certificates_without_the_required_tag_are_not_served() {
    let world = World::with(&[("CERTIFICATE_TAG", "validate=yes")]);
    world.zone("example.com");
    let tagged = world.request_tagged(&["a.example.com"], "validate", "yes").await;
    world.minutes(30).await;
    assert_eq!(world.status(&tagged), "ISSUED");
    let untagged = world.request(&["b.example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&untagged), "PENDING_VALIDATION");
    assert_eq!(world.writes().len(), 1);
    assert_eq!(world.scheduled(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_required_tag_that_is_added_later_starts_a_check() {
    let world = World::with(&[("CERTIFICATE_TAG", "validate=yes")]);
    world.zone("example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(60).await;
    assert_eq!(world.scheduled(), 0);
    world.tag_certificate(&arn, "validate", "yes").await;
    world.minutes(60).await;
    assert_eq!(world.status(&arn), "ISSUED");
}

#[tokio::test(start_paused = true)]
async fn names_outside_the_allowed_domains_are_never_written() {
    let world = World::with(&[("ALLOWED_DOMAINS", "example.com")]);
    world.zone("example.com");
    world.zone("example.org");
    world.request(&["www.example.com", "www.example.org"]).await;
    world.minutes(10).await;
    assert_eq!(
        world.writes().iter().map(|write| domain(&write.name)).collect::<Vec<_>>(),
        ["www.example.com"]
    );
    assert!(world.outcomes()[0]["reason"].to_string().contains("ALLOWED_DOMAINS"));
    let world = World::with(&[("ALLOWED_DOMAINS", "example.com")]);
    world.zone("example.org");
    world.request(&["example.org"]).await;
    world.minutes(10).await;
    check_ignored(&world, "ALLOWED_DOMAINS");
}

#[tokio::test(start_paused = true)]
async fn a_caa_record_that_forbids_amazon_is_published_as_the_reason_of_the_failure() {
    let world = World::new();
    let zone = world.zone("example.com");
    let only = ["0 issue \"letsencrypt.org\""];
    world.sim.aws().route53.put_record(&zone, "example.com", "CAA", 300, &only);
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "FAILED");
    assert_eq!(world.published(), ["RECORDS_WRITTEN", "FAILED"]);
    let reason = world.outcome()["reason"].to_string();
    assert!(reason.contains("CAA_ERROR") && reason.contains("allow amazon.com"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn checks_of_a_certificate_that_is_never_validated_end_when_acm_times_it_out() {
    let world = World::new();
    // The function can write to the zone, but public DNS does not delegate to it.
    world.sim.aws().route53.create_zone(ACCOUNT, "example.com");
    let arn = world.request(&["example.com"]).await;
    world.pass(TimeDelta::hours(80)).await;
    assert_eq!(world.status(&arn), "VALIDATION_TIMED_OUT");
    let checks = world.outcomes().len();
    assert!(checks <= 400, "{checks} checks");
    let [first, blocked @ .., last] = &*world.published() else { panic!("{}", world.story()) };
    assert_eq!((first.as_str(), last.as_str()), ("RECORDS_WRITTEN", "TIMED_OUT"));
    assert_eq!(blocked, ["BLOCKED"; 5]);
    assert_eq!((world.scheduled(), world.writes().len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_lasting_block_is_published_at_first_and_then_at_growing_intervals() {
    let world = World::new();
    world.request(&["example.com"]).await;
    world.pass(TimeDelta::hours(80)).await;
    let aws = world.sim.aws();
    let ages = aws.eventbridge.published().iter().map(|event| {
        (
            event.detail["state"].as_str().unwrap_or_default(),
            event.detail["age"].as_i64().unwrap_or_default() / 60,
        )
    });
    let expected = [
        ("BLOCKED", 0),
        ("BLOCKED", 15),
        ("BLOCKED", 60),
        ("BLOCKED", 360),
        ("BLOCKED", 24 * 60),
        ("BLOCKED", 48 * 60),
    ];
    let found: Vec<_> = ages.collect();
    assert_eq!(found.len(), expected.len() + 1, "{found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            found.0 == expected.0 && (expected.1 - 1..=expected.1).contains(&found.1),
            "{found:?}"
        );
    }
    assert_eq!(found.last().map(|(state, _)| *state), Some("TIMED_OUT"));
}

#[tokio::test(start_paused = true)]
async fn an_issued_certificate_is_published_once_and_as_soon_as_acm_announces_it() {
    let world = World::new();
    world.zone("example.com");
    let arn = world.request(&["example.com"]).await;
    world.pass(TimeDelta::seconds(130)).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.published(), ["RECORDS_WRITTEN", "ISSUED"]);
    assert_eq!(world.scheduled(), 0);
    world.minutes(30).await;
    assert_eq!(world.published(), ["RECORDS_WRITTEN", "ISSUED"]);
    assert_eq!(world.metric("CertificatesIssued"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_certificate_with_an_elliptic_curve_key_is_issued() {
    let world = World::new();
    world.zone("example.com");
    let arn = world
        .request_with(&["example.com"], |request| request.key_algorithm(KeyAlgorithm::EcPrime256v1))
        .await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
}

#[tokio::test(start_paused = true)]
async fn a_hundred_names_are_written_in_one_change() {
    let world = World::new();
    world.zone("example.com");
    let arn = world.request_many(&names_under("example.com", 100)).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.writes().len(), 100);
    assert_eq!(world.count("ChangeResourceRecordSets"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_publishes_what_it_would_write() {
    let world = World::with(&[("DRY_RUN", "true")]);
    world.zone("example.com");
    world.request(&["example.com"]).await;
    world.minutes(30).await;
    assert_eq!((world.published(), world.writes()), (vec!["WOULD_WRITE".to_owned()], Vec::new()));
    assert_eq!(world.outcome()["state"], "WOULD_WRITE");
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_plans_and_responds_but_writes_nothing() {
    let world = World::with(&[("DRY_RUN", "true")]);
    let zone = world.zone("example.com");
    world.request(&["example.com", "example.org"]).await;
    world.minutes(30).await;
    let outcomes = world.outcomes();
    assert_eq!(outcomes.len(), 1);
    let states: Vec<_> = outcomes[0]["records"]
        .as_array()
        .expect("records")
        .iter()
        .map(|record| json!([record["state"], record["hostedZoneId"]]))
        .collect();
    assert!(
        states.contains(&json!(["WOULD_WRITE", zone]))
            && states.contains(&json!(["BLOCKED", null])),
        "{states:?}"
    );
    assert_eq!(outcomes[0].get("next"), None, "no check is scheduled");
    assert_eq!((world.writes(), world.published()), (Vec::new(), vec!["BLOCKED".to_owned()]));
    assert_eq!(world.metric("RecordsWouldWrite"), 1);
    let aws = world.sim.aws();
    let effects = ["CreateSchedule", "ChangeResourceRecordSets"];
    assert!(!aws.calls().iter().any(|call| effects.contains(&call.operation.as_str())));
}
