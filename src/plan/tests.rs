use super::*;
use crate::certificate::{Migration, Renewal};
use crate::record::Refused;

const MINUTE: TimeDelta = TimeDelta::minutes(1);

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + MINUTE * i32::try_from(minutes).expect("a story of days, not of ages")
}

fn wake() -> Wake {
    let certificate =
        "arn:aws:acm:eu-west-1:111122223333:certificate/12345678-1234-1234-1234-123456789012";
    let certificate = certificate.parse().expect("an ARN");
    Wake { certificate, since: Some(at(0)), follow_up: false, spent: false }
}

fn pending(domains: Vec<Domain>) -> Certificate {
    Certificate {
        arn: wake().certificate,
        created_at: at(0),
        names: domains.iter().map(|domain| domain.name.clone()).collect(),
        domains,
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
    let plan = decide(Some(certificate), &wake(), at(age), policy);
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
fn what_acm_does_not_show_yet_is_looked_at_again_for_five_minutes() {
    for (age, next) in [
        (0, Next::CheckAt(at(1))),
        (4, Next::CheckAt(at(5))),
        (5, Next::Stop(Reason::Deleted)),
        (600, Next::Stop(Reason::Deleted)),
    ] {
        let plan = decide(None, &wake(), at(age), &Policy::default());
        assert_eq!((plan.next, plan.publish.len(), plan.began), (next, 0, at(0)), "{age}");
    }
    let unheard_of = Wake { since: None, ..wake() };
    let plan = decide(None, &unheard_of, at(7), &Policy::default());
    assert_eq!(plan.next, Next::CheckAt(at(8)));
}

#[test]
fn a_new_certificate_says_nothing_yet() {
    check_pending(&[], &[]);
    check_pending(&[domain("a.com", Progress::Unready)], &[]);
}

#[test]
fn each_domain_stands_on_its_own() {
    check_pending(&[domain("a.com", Progress::Unready), awaiting("b.com")], &["_x.b.com"]);
    check_pending(&[domain("a.com", Progress::Validated(None)), awaiting("b.com")], &["_x.b.com"]);
    check_pending(&[domain("a.com", Progress::Elsewhere), awaiting("b.com")], &["_x.b.com"]);
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
    let plan = decide(Some(&certificate), &wake(), at(0), &Policy::default());
    let names: Vec<_> = plan.publish.iter().map(|record| record.name().as_str()).collect();
    assert_eq!(names, ["_x.b.com"]);
    assert_eq!(plan.refuse.keys().collect::<Vec<_>>(), [&DomainName::new("_x.a.com")]);
}

#[test]
fn what_the_guard_refuses_is_told_and_holds_up_nothing() {
    let refused = ValidationRecord::parse("aws", &DomainName::new("a.com"), "x", "TXT", "y");
    let refused = domain("a.com", Progress::Refused(refused.expect_err("no CNAME")));
    let certificate = pending(vec![refused, awaiting("b.com")]);
    let plan = decide(Some(&certificate), &wake(), at(0), &Policy::default());
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
fn a_chain_ends_by_itself_whatever_acm_says() {
    let certificate = pending(vec![awaiting("a.com")]);
    check(&certificate, &Policy::default(), 73 * 60, &[], Next::Stop(Reason::GaveUp));
    let unknown = Certificate { status: Status::Unknown("LIMBO".to_owned()), ..certificate };
    check(&unknown, &Policy::default(), 1, &["_x.a.com"], Next::CheckAt(at(2)));
    check(&unknown, &Policy::default(), 74 * 60, &[], Next::Stop(Reason::GaveUp));
}

#[test]
fn what_is_over_is_left_alone() {
    let reason = || Some("CAA_ERROR".to_owned());
    for (status, expected) in [
        (Status::Issued, Reason::Issued),
        (Status::TimedOut, Reason::TimedOut),
        (Status::Failed(reason()), Reason::Failed(reason())),
        (Status::Closed("EXPIRED".to_owned()), Reason::Closed("EXPIRED".to_owned())),
    ] {
        let certificate = Certificate { status, ..pending(vec![awaiting("a.com")]) };
        check(&certificate, &Policy::default(), 9, &[], Next::Stop(expected));
    }
}

#[test]
fn what_is_not_validated_by_dns_is_not_ours() {
    let elsewhere = || domain("a.com", Progress::Elsewhere);
    let by_mail = pending(vec![elsewhere(), elsewhere()]);
    check(&by_mail, &Policy::default(), 0, &[], Next::Stop(Reason::NotDns));
    for origin in [Origin::Acme, Origin::CloudFront, Origin::Imported, Origin::Private] {
        let certificate = Certificate { origin, ..pending(vec![awaiting("a.com")]) };
        check(&certificate, &Policy::default(), 0, &[], Next::Stop(Reason::NotPublic(origin)));
    }
}

#[test]
fn an_owner_may_keep_us_away() {
    for (value, skipped) in
        [("true", true), ("", true), ("no", true), ("false", false), ("False", false)]
    {
        let tags = tags(SKIP_TAG, value);
        let certificate = Certificate { tags, ..pending(vec![awaiting("a.com")]) };
        let (publish, next) = match skipped {
            true => (&[][..], Next::Stop(Reason::OptedOut)),
            false => (&["_x.a.com"][..], Next::CheckAt(at(1))),
        };
        check(&certificate, &Policy::default(), 0, publish, next);
    }
}

#[test]
fn where_a_tag_is_required_only_who_carries_it_is_served() {
    let policy = Policy { certificate_tag: Some(team_dns()), ..Policy::default() };
    let untagged = pending(vec![awaiting("a.com")]);
    let tagged = Certificate { tags: tags("team", "dns"), ..untagged.clone() };
    let mistagged = Certificate { tags: tags("team", "web"), ..untagged.clone() };
    let issued = Certificate { status: Status::Issued, ..untagged.clone() };
    let stop = || Next::Stop(Reason::NotOptedIn(team_dns()));
    check(&tagged, &policy, 0, &["_x.a.com"], Next::CheckAt(at(1)));
    check(&untagged, &policy, 0, &[], Next::CheckAt(at(1)));
    check(&untagged, &policy, 5, &[], stop());
    check(&mistagged, &policy, 5, &[], stop());
    check(&issued, &policy, 0, &[], stop());
}

#[test]
fn where_domains_are_listed_only_they_are_served() {
    let policy = Policy { allowed_domains: vec![DomainName::new("a.com")], ..Policy::default() };
    let mixed = pending(vec![awaiting("*.x.a.com"), awaiting("a.com"), awaiting("b.com")]);
    check(&mixed, &policy, 0, &["_x.a.com", "_x.x.a.com"], Next::CheckAt(at(1)));
    let plan = decide(Some(&mixed), &wake(), at(0), &policy);
    assert_eq!(plan.refuse.keys().collect::<Vec<_>>(), [&DomainName::new("b.com")]);
    let foreign = pending(vec![awaiting("b.com"), awaiting("nota.com")]);
    check(&foreign, &policy, 0, &[], Next::Stop(Reason::NotAllowed));
    check(&pending(Vec::new()), &policy, 0, &[], Next::CheckAt(at(1)));
}

fn renewing(status: Proceeding) -> Certificate {
    Certificate {
        status: Status::Issued,
        issued_at: Some(at(0)),
        not_after: Some(at(1000 + 45 * 24 * 60)),
        renewal: Some(Renewal { domains: vec![awaiting("r.com")], status, updated_at: at(1000) }),
        ..pending(vec![domain("a.com", Progress::Validated(None))])
    }
}

#[test]
fn a_renewal_that_waits_for_dns_is_validated_by_its_own_records() {
    let certificate = renewing(Proceeding::Pending);
    check(&certificate, &Policy::default(), 1000, &["_x.r.com"], Next::CheckAt(at(1001)));
    let day = 24 * 60;
    check(&certificate, &Policy::default(), 1000 + 40 * day, &["_x.r.com"], {
        Next::CheckAt(at(1000 + 40 * day + 60))
    });
    check(&certificate, &Policy::default(), 1000 + 46 * day, &[], Next::Stop(Reason::GaveUp));
    let plan = decide(Some(&certificate), &wake(), at(1000), &Policy::default());
    assert_eq!(plan.began, at(1000));
}

#[test]
fn a_renewal_that_does_not_wait_for_us_is_left_alone() {
    for (status, reason) in [
        (Proceeding::Done, Reason::Renewed),
        (Proceeding::Failed(None), Reason::RenewalFailed(None)),
    ] {
        check(&renewing(status), &Policy::default(), 1000, &[], Next::Stop(reason));
    }
    let older = Certificate { issued_at: Some(at(1001)), ..renewing(Proceeding::Done) };
    check(&older, &Policy::default(), 1002, &[], Next::Stop(Reason::Issued));
}

fn migrating(status: Proceeding) -> Certificate {
    let migration = Migration {
        domains: vec![awaiting("m.com")],
        requested_at: at(1000),
        status,
        updated_at: at(1010),
    };
    Certificate {
        status: Status::Issued,
        issued_at: Some(at(0)),
        migration: Some(migration),
        ..pending(vec![domain("a.com", Progress::Elsewhere)])
    }
}

#[test]
fn a_change_from_email_to_dns_is_validated_by_its_own_records_on_its_own_grid() {
    let certificate = migrating(Proceeding::Pending);
    check(&certificate, &Policy::default(), 1000, &["_x.m.com"], Next::CheckAt(at(1001)));
    check(&certificate, &Policy::default(), 1000 + 73 * 60, &[], Next::Stop(Reason::GaveUp));
    let both = Certificate { migration: certificate.migration, ..renewing(Proceeding::Pending) };
    check(&both, &Policy::default(), 1000, &["_x.m.com"], Next::CheckAt(at(1001)));
}

#[test]
fn a_change_to_dns_ends_with_what_acm_says_of_it() {
    let failed = migrating(Proceeding::Failed(None));
    check(&failed, &Policy::default(), 1010, &[], Next::Stop(Reason::MigrationFailed(None)));
    let by_dns = Certificate {
        domains: vec![domain("a.com", Progress::Validated(None))],
        ..migrating(Proceeding::Done)
    };
    check(&by_dns, &Policy::default(), 1010, &[], Next::Stop(Reason::Migrated));
    check_news(&by_dns, false, 1010 + 59, true);
    check_news(&by_dns, false, 1010 + 60, false);
    check(&migrating(Proceeding::Done), &Policy::default(), 1010, &[], Next::Stop(Reason::NotDns));
}

#[track_caller]
fn check_news(certificate: &Certificate, follow_up: bool, age: i64, news: bool) {
    let wake = Wake { follow_up, ..wake() };
    let plan = decide(Some(certificate), &wake, at(age), &Policy::default());
    assert_eq!(plan.news, news);
}

#[test]
fn a_block_is_news_at_the_first_look_and_at_milestones() {
    let certificate = pending(vec![awaiting("a.com")]);
    for (follow_up, age, news) in
        [(false, 0, true), (false, 20, true), (true, 2, false), (true, 15, true), (true, 20, false)]
    {
        check_news(&certificate, follow_up, age, news);
    }
}

#[test]
fn an_end_is_news_to_our_own_checks_and_while_it_is_fresh() {
    let ended = |status| Certificate { status, issued_at: Some(at(10)), ..pending(Vec::new()) };
    for (status, follow_up, age, news) in [
        (Status::Issued, true, 600, true),
        (Status::Issued, false, 69, true),
        (Status::Issued, false, 70, false),
        (Status::Failed(None), false, 59, true),
        (Status::Failed(None), false, 60, false),
        (Status::TimedOut, false, 72 * 60 + 59, true),
        (Status::TimedOut, false, 73 * 60, false),
    ] {
        check_news(&ended(status), follow_up, age, news);
    }
    check_news(&renewing(Proceeding::Done), true, 1059, true);
    check_news(&renewing(Proceeding::Done), false, 1059, false);
    check_news(&renewing(Proceeding::Failed(None)), false, 1059, true);
    check_news(&renewing(Proceeding::Failed(None)), false, 1060, false);
    check_news(&pending(vec![awaiting("a.com")]), true, 73 * 60, true);
    check_news(&pending(vec![awaiting("a.com")]), false, 73 * 60, false);
}

#[test]
fn every_reason_is_a_sentence() {
    let text = |reason: Reason| reason.to_string();
    assert!(text(Reason::Failed(Some("CAA_ERROR".to_owned()))).contains("allow amazon.com"));
    assert_eq!(text(Reason::Failed(None)), "ACM could not issue it");
    assert_eq!(
        text(Reason::RenewalFailed(Some("OTHER".to_owned()))),
        "ACM could not renew it: OTHER"
    );
    assert!(text(Reason::NotOptedIn(team_dns())).contains("team=dns"));
}
