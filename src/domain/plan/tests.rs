use super::*;
use crate::domain::certificate::{Migration, Renewal};
use crate::domain::policy::SKIP_TAG;
use crate::domain::record::Refused;
use crate::domain::tag::Tag;

const MINUTE: TimeDelta = TimeDelta::minutes(1);

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + MINUTE * i32::try_from(minutes).expect("a story of days, not of ages")
}

fn request() -> Request {
    let certificate =
        "arn:aws:acm:eu-west-1:111122223333:certificate/12345678-1234-1234-1234-123456789012";
    Request::by_event(certificate.parse().expect("an ARN"), Some(at(0)))
}

fn pending(domains: Vec<Domain>) -> Certificate {
    Certificate {
        arn: request().certificate,
        created_at: at(0),
        names: domains.iter().map(|domain| domain.name.clone()).collect(),
        domains,
        eligible: false,
        in_use: false,
        issued_at: None,
        migration: None,
        not_after: None,
        origin: Origin::Public,
        renewal: None,
        status: Status::Pending,
        tags: BTreeMap::new(),
    }
}

fn domain(name: &str, progress: Progress) -> Domain {
    Domain { name: DomainName::new(name), progress }
}

fn record(domain: &str, value: &str) -> Result<ValidationRecord, Refused> {
    let domain = DomainName::new(domain).without_wildcard();
    let value = format!("_{value}.acm-validations.aws.");
    ValidationRecord::parse("aws", &domain, &format!("_x.{domain}."), "CNAME", &value)
}

fn awaiting(name: &str) -> Domain {
    domain(name, Progress::Awaiting(record(name, "v").expect("a record")))
}

/// What is published, and what comes next, for a certificate of this age in minutes.
#[track_caller]
fn check(certificate: &Certificate, policy: &Policy, age: i64, publish: &[&str], next: Next) {
    let plan = decide(Some(certificate), &request(), at(age), policy);
    let names: Vec<_> = plan.publish.iter().map(|record| record.name().as_str()).collect();
    assert_eq!((names.as_slice(), plan.next), (publish, next));
}

#[track_caller]
fn check_pending(domains: &[Domain], publish: &[&str]) {
    check(&pending(domains.to_vec()), &Policy::default(), 0, publish, Next::CheckAt(at(1)));
}

fn tags(key: &str, value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(key.to_owned(), value.to_owned())])
}

fn team_dns() -> Tag {
    Tag { key: "team".to_owned(), value: "dns".to_owned() }
}

#[test]
fn a_certificate_that_acm_does_not_show_is_checked_again_for_five_minutes() {
    for (age, next) in [
        (0, Next::CheckAt(at(1))),
        (4, Next::CheckAt(at(5))),
        (5, Next::Stop(StopReason::Deleted)),
        (600, Next::Stop(StopReason::Deleted)),
    ] {
        let plan = decide(None, &request(), at(age), &Policy::default());
        assert_eq!((plan.next, plan.publish.len(), plan.began), (next, 0, at(0)), "{age}");
    }
    let unheard_of = Request { since: None, ..request() };
    let plan = decide(None, &unheard_of, at(7), &Policy::default());
    assert_eq!(plan.next, Next::CheckAt(at(8)));
}

#[test]
fn a_new_certificate_has_no_records_yet() {
    check_pending(&[], &[]);
    check_pending(&[domain("a.com", Progress::Unready)], &[]);
}

#[test]
fn each_domain_is_planned_separately() {
    check_pending(&[domain("a.com", Progress::Unready), awaiting("b.com")], &["_x.b.com"]);
    check_pending(&[domain("a.com", Progress::Validated(None)), awaiting("b.com")], &["_x.b.com"]);
    check_pending(&[domain("a.com", Progress::NotDns), awaiting("b.com")], &["_x.b.com"]);
    check_pending(&[awaiting("b.com"), awaiting("a.com")], &["_x.a.com", "_x.b.com"]);
}

#[test]
fn apex_and_wildcard_share_one_record() {
    check_pending(&[awaiting("a.com"), awaiting("*.a.com")], &["_x.a.com"]);
}

#[test]
fn two_values_for_one_record_are_both_refused() {
    let other = domain("*.a.com", Progress::Awaiting(record("a.com", "w").expect("a record")));
    let certificate = pending(vec![awaiting("a.com"), other, awaiting("b.com")]);
    let plan = decide(Some(&certificate), &request(), at(0), &Policy::default());
    let names: Vec<_> = plan.publish.iter().map(|record| record.name().as_str()).collect();
    assert_eq!(names, ["_x.b.com"]);
    assert_eq!(plan.refuse.keys().collect::<Vec<_>>(), [&DomainName::new("_x.a.com")]);
}

#[test]
fn a_record_that_the_guard_refuses_does_not_affect_the_others() {
    let refused = ValidationRecord::parse("aws", &DomainName::new("a.com"), "x", "TXT", "y");
    let refused = domain("a.com", Progress::Refused(refused.expect_err("no CNAME")));
    let certificate = pending(vec![refused, awaiting("b.com")]);
    let plan = decide(Some(&certificate), &request(), at(0), &Policy::default());
    assert_eq!((plan.publish.len(), plan.refuse.len()), (1, 1));
}

#[test]
fn checks_follow_the_age_of_the_request() {
    let certificate = pending(vec![awaiting("a.com")]);
    for (age, next) in [(0, 1), (1, 2), (9, 12), (60, 75), (72 * 60, 72 * 60 + 15)] {
        check(&certificate, &Policy::default(), age, &["_x.a.com"], Next::CheckAt(at(next)));
    }
}

#[test]
fn checks_end_by_themselves_whatever_acm_says() {
    let certificate = pending(vec![awaiting("a.com")]);
    check(&certificate, &Policy::default(), 73 * 60, &[], Next::Stop(StopReason::Overdue));
    let unknown = Certificate { status: Status::Unknown("LIMBO".to_owned()), ..certificate };
    check(&unknown, &Policy::default(), 1, &["_x.a.com"], Next::CheckAt(at(2)));
    check(&unknown, &Policy::default(), 74 * 60, &[], Next::Stop(StopReason::Overdue));
}

#[test]
fn a_certificate_that_needs_no_validation_needs_no_check() {
    let reason = || Some("CAA_ERROR".to_owned());
    for (status, expected) in [
        (Status::Issued, StopReason::Issued),
        (Status::TimedOut, StopReason::TimedOut),
        (Status::Failed(reason()), StopReason::Failed(reason())),
        (Status::Closed("EXPIRED".to_owned()), StopReason::Closed("EXPIRED".to_owned())),
    ] {
        let certificate = Certificate { status, ..pending(vec![awaiting("a.com")]) };
        check(&certificate, &Policy::default(), 9, &[], Next::Stop(expected));
    }
}

#[test]
fn a_certificate_that_is_not_validated_by_dns_is_not_served() {
    let elsewhere = || domain("a.com", Progress::NotDns);
    let by_mail = pending(vec![elsewhere(), elsewhere()]);
    check(&by_mail, &Policy::default(), 5, &[], Next::Stop(StopReason::NotDns));
    check(&by_mail, &Policy::default(), 4, &[], Next::CheckAt(at(5)));
    for origin in [Origin::Acme, Origin::CloudFront, Origin::Imported, Origin::Private] {
        let certificate = Certificate { origin, ..pending(vec![awaiting("a.com")]) };
        check(&certificate, &Policy::default(), 0, &[], Next::Stop(StopReason::NotPublic(origin)));
    }
}

#[test]
fn an_owner_can_opt_out() {
    for (value, skipped) in
        [("true", true), ("", true), ("no", true), ("false", false), ("False", false)]
    {
        let tags = tags(SKIP_TAG, value);
        let certificate = Certificate { tags, ..pending(vec![awaiting("a.com")]) };
        let (publish, next) = match skipped {
            true => (&[][..], Next::Stop(StopReason::OptedOut)),
            false => (&["_x.a.com"][..], Next::CheckAt(at(1))),
        };
        check(&certificate, &Policy::default(), 0, publish, next);
    }
}

#[test]
fn a_required_tag_excludes_certificates_without_it() {
    let policy = Policy { certificate_tag: Some(team_dns()), ..Policy::default() };
    let untagged = pending(vec![awaiting("a.com")]);
    let tagged = Certificate { tags: tags("team", "dns"), ..untagged.clone() };
    let mistagged = Certificate { tags: tags("team", "web"), ..untagged.clone() };
    let issued = Certificate { status: Status::Issued, ..untagged.clone() };
    let stop = || Next::Stop(StopReason::NotOptedIn(team_dns()));
    check(&tagged, &policy, 0, &["_x.a.com"], Next::CheckAt(at(1)));
    check(&untagged, &policy, 0, &[], Next::CheckAt(at(1)));
    check(&untagged, &policy, 5, &[], stop());
    check(&mistagged, &policy, 5, &[], stop());
    check(&issued, &policy, 0, &[], stop());
}

#[test]
fn allowed_domains_exclude_other_names() {
    let policy = Policy { allowed_domains: vec![DomainName::new("a.com")], ..Policy::default() };
    let mixed = pending(vec![awaiting("*.x.a.com"), awaiting("a.com"), awaiting("b.com")]);
    check(&mixed, &policy, 0, &["_x.a.com", "_x.x.a.com"], Next::CheckAt(at(1)));
    let plan = decide(Some(&mixed), &request(), at(0), &policy);
    assert_eq!(plan.refuse.keys().collect::<Vec<_>>(), [&DomainName::new("b.com")]);
    let foreign = pending(vec![awaiting("b.com"), awaiting("nota.com")]);
    check(&foreign, &policy, 0, &[], Next::Stop(StopReason::NotAllowed));
    check(&pending(Vec::new()), &policy, 0, &[], Next::CheckAt(at(1)));
}

fn renewing(phase: Phase) -> Certificate {
    Certificate {
        status: Status::Issued,
        issued_at: Some(at(0)),
        not_after: Some(at(1000 + 45 * 24 * 60)),
        renewal: Some(Renewal { domains: vec![awaiting("r.com")], phase, updated_at: at(1000) }),
        ..pending(vec![domain("a.com", Progress::Validated(None))])
    }
}

#[test]
fn a_pending_renewal_is_validated_by_its_own_records() {
    let certificate = renewing(Phase::Pending);
    check(&certificate, &Policy::default(), 1000, &["_x.r.com"], Next::CheckAt(at(1060)));
    let day = 24 * 60;
    check(&certificate, &Policy::default(), 1000 + 40 * day, &["_x.r.com"], {
        Next::CheckAt(at(1000 + 40 * day + 60))
    });
    check(&certificate, &Policy::default(), 1000 + 46 * day, &[], Next::Stop(StopReason::Overdue));
    let plan = decide(Some(&certificate), &request(), at(1000), &Policy::default());
    assert_eq!(plan.began, at(1000));
}

#[test]
fn a_renewal_that_is_not_pending_needs_nothing() {
    for (status, reason) in [
        (Phase::Succeeded, StopReason::Renewed),
        (Phase::Failed(None), StopReason::RenewalFailed(None)),
    ] {
        check(&renewing(status), &Policy::default(), 1000, &[], Next::Stop(reason));
    }
    let older = Certificate { issued_at: Some(at(1001)), ..renewing(Phase::Succeeded) };
    check(&older, &Policy::default(), 1002, &[], Next::Stop(StopReason::Issued));
}

fn migrating(phase: Phase) -> Certificate {
    let migration = Migration {
        domains: vec![awaiting("m.com")],
        requested_at: at(1000),
        phase,
        updated_at: at(1010),
    };
    Certificate {
        status: Status::Issued,
        issued_at: Some(at(0)),
        migration: Some(migration),
        ..pending(vec![domain("a.com", Progress::NotDns)])
    }
}

#[test]
fn a_change_from_email_to_dns_has_its_own_records_and_check_times() {
    let certificate = migrating(Phase::Pending);
    check(&certificate, &Policy::default(), 1000, &["_x.m.com"], Next::CheckAt(at(1001)));
    check(&certificate, &Policy::default(), 1000 + 73 * 60, &[], Next::Stop(StopReason::Overdue));
    let both = Certificate { migration: certificate.migration, ..renewing(Phase::Pending) };
    check(&both, &Policy::default(), 1000, &["_x.m.com"], Next::CheckAt(at(1001)));
}

#[test]
fn a_change_to_dns_ends_as_acm_says() {
    let failed = migrating(Phase::Failed(None));
    check(&failed, &Policy::default(), 1010, &[], Next::Stop(StopReason::MigrationFailed(None)));
    let by_dns = Certificate {
        domains: vec![domain("a.com", Progress::Validated(None))],
        ..migrating(Phase::Succeeded)
    };
    check(&by_dns, &Policy::default(), 1010, &[], Next::Stop(StopReason::Migrated));
    check_notable(&by_dns, false, 1010 + 59, true);
    check_notable(&by_dns, false, 1010 + 60, false);
    check(
        &migrating(Phase::Succeeded),
        &Policy::default(),
        1010,
        &[],
        Next::Stop(StopReason::NotDns),
    );
}

#[track_caller]
fn check_notable(certificate: &Certificate, follow_up: bool, age: i64, notable: bool) {
    let trigger = if follow_up { Trigger::FollowUp } else { Trigger::Event };
    let request = Request { trigger, ..request() };
    let plan = decide(Some(certificate), &request, at(age), &Policy::default());
    assert_eq!(plan.notable, notable);
}

#[test]
fn a_block_is_notable_at_the_first_check_and_at_milestones() {
    let certificate = pending(vec![awaiting("a.com")]);
    for (follow_up, age, notable) in
        [(false, 0, true), (false, 20, true), (true, 2, false), (true, 15, true), (true, 20, false)]
    {
        check_notable(&certificate, follow_up, age, notable);
    }
}

#[test]
fn an_end_is_notable_to_a_follow_up_and_while_it_is_recent() {
    let ended = |status| Certificate { status, issued_at: Some(at(10)), ..pending(Vec::new()) };
    for (status, follow_up, age, notable) in [
        (Status::Issued, true, 600, true),
        (Status::Issued, false, 69, true),
        (Status::Issued, false, 70, false),
        (Status::Failed(None), false, 59, true),
        (Status::Failed(None), false, 60, false),
        (Status::TimedOut, false, 72 * 60 + 59, true),
        (Status::TimedOut, false, 73 * 60, false),
    ] {
        check_notable(&ended(status), follow_up, age, notable);
    }
    check_notable(&renewing(Phase::Succeeded), true, 1059, true);
    check_notable(&renewing(Phase::Succeeded), false, 1059, false);
    check_notable(&renewing(Phase::Failed(None)), false, 1059, true);
    check_notable(&renewing(Phase::Failed(None)), false, 1060, false);
    check_notable(&pending(vec![awaiting("a.com")]), true, 73 * 60, true);
    check_notable(&pending(vec![awaiting("a.com")]), false, 73 * 60, false);
}

#[test]
fn every_reason_is_a_sentence() {
    let text = |reason: StopReason| reason.to_string();
    assert!(text(StopReason::Failed(Some("CAA_ERROR".to_owned()))).contains("allow amazon.com"));
    assert_eq!(text(StopReason::Failed(None)), "ACM did not issue the certificate");
    assert_eq!(
        text(StopReason::RenewalFailed(Some("OTHER".to_owned()))),
        "ACM did not renew the certificate: OTHER"
    );
    assert!(text(StopReason::NotOptedIn(team_dns())).contains("team=dns"));
}
