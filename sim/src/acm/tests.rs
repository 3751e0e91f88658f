//! The rules of ACM, one sentence each.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    Acm, Certificate, DomainStatus, KeyPairOrigin, Kind, Method, RenewalStatus, Status,
    UpdateStatus, validation_record,
};
use crate::call::Caller;
use crate::event::Event;
use crate::route53::Route53;
use crate::wire::Failure;

mod renewal;
mod search;

const ACCOUNT: &str = "111111111111";
const REGION: &str = "eu-west-1";

/// ACM, DNS with `example.com`, and what EventBridge heard.
struct World {
    acm: Acm,
    dns: Route53,
    zone: String,
    now: DateTime<Utc>,
    heard: Vec<Event>,
}

impl World {
    fn new() -> Self {
        let mut dns = Route53::default();
        let zone = dns.register_domain(ACCOUNT, "example.com");
        let now = DateTime::from_timestamp(1_780_000_000, 0).unwrap();
        Self { acm: Acm::default(), dns, zone, now, heard: Vec::new() }
    }

    fn call(&mut self, operation: &str, body: Value) -> Result<Value, Failure> {
        let caller = Caller { account: ACCOUNT.to_owned(), region: REGION.to_owned() };
        self.acm.respond(operation, &caller, body.to_string().as_bytes(), self.now)
    }

    fn refused(&mut self, operation: &str, body: Value) -> String {
        self.call(operation, body).expect_err("a refusal").code
    }

    fn request(&mut self, body: Value) -> String {
        let answer = self.call("RequestCertificate", body).expect("an ARN");
        answer["CertificateArn"].as_str().unwrap().to_owned()
    }

    fn request_by_dns(&mut self, names: &[&str]) -> String {
        let mut body = json!({"DomainName": names[0], "ValidationMethod": "DNS"});
        if names.len() > 1 {
            body["SubjectAlternativeNames"] = json!(names);
        }
        self.request(body)
    }

    fn describe(&mut self, arn: &str) -> Value {
        let mut answer = self.call("DescribeCertificate", json!({"CertificateArn": arn})).unwrap();
        answer["Certificate"].take()
    }

    fn publish(&mut self, name: &str) {
        let (name, value) = validation_record(ACCOUNT, name);
        self.dns.put_record(&self.zone, &name, "CNAME", 300, &[&value]);
    }

    fn pass(&mut self, time: TimeDelta) {
        let end = self.now + time;
        while let Some(due) = self.acm.next_due().filter(|due| *due <= end) {
            self.heard.extend(self.acm.advance(due, &self.dns));
            assert!(self.acm.next_due().is_none_or(|next| next > due), "time stands still");
        }
        self.now = end;
    }

    fn seed(&mut self, names: &[&str], f: impl FnOnce(&mut Certificate)) -> String {
        self.acm.seed(ACCOUNT, REGION, names, self.now, f)
    }

    fn certificate(&self, arn: &str) -> &Certificate {
        self.acm.certificate(arn).unwrap()
    }

    fn heard(&self, detail_type: &str) -> Vec<&Event> {
        self.heard.iter().filter(|event| event.detail_type == detail_type).collect()
    }
}

fn minutes(minutes: i64) -> TimeDelta {
    TimeDelta::minutes(minutes)
}

fn issued(certificate: &mut Certificate) {
    certificate.status = Status::Issued;
}

#[test]
fn a_certificate_is_issued_once_every_name_shows_its_record() {
    let mut world = World::new();
    let arn = world.request_by_dns(&["example.com", "www.example.com"]);
    world.publish("example.com");
    world.pass(minutes(10));
    let statuses: Vec<_> = world.certificate(&arn).domains.iter().map(|it| it.status).collect();
    assert_eq!(statuses, [DomainStatus::Success, DomainStatus::PendingValidation]);
    assert_eq!(world.certificate(&arn).status, Status::PendingValidation);

    world.publish("www.example.com");
    world.pass(minutes(1));
    assert_eq!(world.certificate(&arn).status, Status::PendingValidation);
    world.pass(minutes(1));
    let detail = world.describe(&arn);
    assert_eq!(detail["Status"], "ISSUED");
    let days = detail["NotAfter"].as_i64().unwrap() - detail["NotBefore"].as_i64().unwrap();
    assert_eq!(days, 198 * 86_400);
    let event = world.heard("ACM Certificate Available")[0];
    assert_eq!(event.resources, [arn.as_str()]);
    assert_eq!(event.detail["Action"], "ISSUANCE");
    assert_eq!(event.detail["DaysToExpiry"], 198);
}

#[test]
fn a_pending_certificate_tells_the_record_it_wants() {
    let mut world = World::new();
    let arn = world.request_by_dns(&["example.com"]);
    let detail = world.describe(&arn);
    let (name, value) = validation_record(ACCOUNT, "example.com");
    let option = json!({
        "DomainName": "example.com",
        "ValidationDomain": "example.com",
        "ValidationStatus": "PENDING_VALIDATION",
        "ValidationMethod": "DNS",
        "ResourceRecord": {"Name": name, "Type": "CNAME", "Value": value},
    });
    assert_eq!(detail["DomainValidationOptions"], json!([option]));
    assert_eq!(detail["SubjectAlternativeNames"], json!(["example.com"]));
    assert_eq!(detail["KeyAlgorithm"], "RSA-2048");
    assert_eq!(detail["Type"], "AMAZON_ISSUED");
    assert_eq!(detail.get("FailureReason"), None);
    assert_eq!(detail.get("RenewalSummary"), None);
}

#[test]
fn apex_and_wildcard_share_one_record_that_no_other_account_has() {
    let record = validation_record(ACCOUNT, "example.com");
    assert_eq!(record, validation_record(ACCOUNT, "*.example.com"));
    assert_eq!(record, validation_record(ACCOUNT, "Example.COM."));
    assert_ne!(record.0, validation_record("222222222222", "example.com").0);
    let (name, value) = record;
    let token = name.strip_suffix(".example.com.").unwrap().strip_prefix('_').unwrap();
    assert!(token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let parts: Vec<&str> = value.split('.').collect();
    assert_eq!(parts[2..], ["acm-validations", "aws", ""]);
    assert!(parts[0].len() == 33 && parts[0].starts_with('_'));
    assert!(parts[1].len() == 10 && parts[1].bytes().all(|byte| byte.is_ascii_lowercase()));
}

#[test]
fn records_appear_one_name_at_a_time() {
    let mut world = World::new();
    world.acm.behaviour.visible_after = TimeDelta::seconds(2);
    world.acm.behaviour.options_after = TimeDelta::seconds(4);
    world.acm.behaviour.record_after = TimeDelta::seconds(6);
    world.acm.behaviour.record_step = TimeDelta::seconds(10);
    let arn = world.request_by_dns(&["example.com", "www.example.com"]);
    let code = world.refused("DescribeCertificate", json!({"CertificateArn": arn}));
    assert_eq!(code, "ResourceNotFoundException");
    world.pass(TimeDelta::seconds(2));
    assert_eq!(world.describe(&arn).get("DomainValidationOptions"), None);
    world.pass(TimeDelta::seconds(2));
    let shown = |detail: &Value| -> Vec<bool> {
        let options = detail["DomainValidationOptions"].as_array().unwrap();
        options.iter().map(|option| option.get("ResourceRecord").is_some()).collect()
    };
    let detail = world.describe(&arn);
    assert_eq!(shown(&detail), [false, false]);
    assert_eq!(detail["DomainValidationOptions"][0].get("ValidationStatus"), None);
    world.pass(TimeDelta::seconds(2));
    assert_eq!(shown(&world.describe(&arn)), [true, false]);
    world.pass(TimeDelta::seconds(10));
    assert_eq!(shown(&world.describe(&arn)), [true, true]);
}

#[test]
fn behaviour_holds_for_certificates_requested_from_then_on() {
    let mut world = World::new();
    let before = world.request_by_dns(&["example.com"]);
    world.acm.behaviour.visible_after = TimeDelta::hours(1);
    let after = world.request_by_dns(&["www.example.com"]);
    world.describe(&before);
    let code = world.refused("DescribeCertificate", json!({"CertificateArn": after}));
    assert_eq!(code, "ResourceNotFoundException");
}

#[test]
fn three_days_without_validation_end_it_for_good() {
    let mut world = World::new();
    let arn = world.request_by_dns(&["example.com"]);
    world.pass(TimeDelta::hours(72) - TimeDelta::seconds(1));
    assert_eq!(world.certificate(&arn).status, Status::PendingValidation);
    world.pass(TimeDelta::seconds(1));
    world.publish("example.com");
    world.pass(minutes(10));
    assert_eq!(world.describe(&arn)["Status"], "VALIDATION_TIMED_OUT");
    assert_eq!(world.acm.next_due(), None);
}

#[track_caller]
fn check_caa(names: &[&str], records: &[&str], expected: Status) {
    let mut world = World::new();
    world.dns.put_record(&world.zone.clone(), "example.com", "CAA", 300, records);
    let arn = world.request_by_dns(names);
    names.iter().for_each(|name| world.publish(name));
    world.pass(minutes(5));
    assert_eq!(world.certificate(&arn).status, expected);
    let reason = (expected == Status::Failed).then_some("CAA_ERROR");
    assert_eq!(world.describe(&arn)["FailureReason"].as_str(), reason);
}

#[test]
fn a_caa_record_that_excludes_amazon_fails_the_certificate() {
    check_caa(&["example.com"], &["0 issue \"letsencrypt.org\""], Status::Failed);
    check_caa(&["www.example.com"], &["0 issue \";\""], Status::Failed);
    let both = ["0 issue \"letsencrypt.org\"", "0 issue \"amazontrust.com; x=y\""];
    check_caa(&["example.com"], &both, Status::Issued);
    check_caa(&["example.com"], &["0 iodef \"mailto:a@example.com\""], Status::Issued);
}

#[test]
fn a_wildcard_heeds_issuewild_before_issue() {
    let records = ["0 issue \"amazon.com\"", "0 issuewild \"letsencrypt.org\""];
    check_caa(&["*.example.com"], &records, Status::Failed);
    check_caa(&["example.com"], &records, Status::Issued);
    check_caa(&["*.example.com"], &["0 issue \"letsencrypt.org\""], Status::Failed);
}

#[test]
fn a_certificate_by_email_waits_and_names_mailboxes() {
    let mut world = World::new();
    let arn = world.request(json!({"DomainName": "example.com"}));
    let detail = world.describe(&arn);
    let option = &detail["DomainValidationOptions"][0];
    assert_eq!(option["ValidationMethod"], "EMAIL");
    assert_eq!(option["ValidationEmails"][0], "administrator@example.com");
    assert_eq!(option.get("ResourceRecord"), None);
    world.publish("example.com");
    world.pass(TimeDelta::hours(71));
    assert_eq!(world.certificate(&arn).status, Status::PendingValidation);
}

#[test]
fn cloudfront_validates_by_http_and_has_no_wildcards() {
    let mut world = World::new();
    let arn = world.request(json!({
        "DomainName": "example.com", "ValidationMethod": "HTTP", "ManagedBy": "CLOUDFRONT",
    }));
    let detail = world.describe(&arn);
    let option = &detail["DomainValidationOptions"][0];
    assert!(option["HttpRedirect"]["RedirectFrom"].as_str().is_some());
    assert_eq!(option.get("ResourceRecord"), None);
    assert_eq!(detail["ManagedBy"], "CLOUDFRONT");
    let wildcard = json!({"DomainName": "*.example.com", "ValidationMethod": "HTTP"});
    assert_eq!(world.refused("RequestCertificate", wildcard), "ValidationException");
}

#[test]
fn a_private_certificate_is_issued_without_validation() {
    let mut world = World::new();
    let authority = "arn:aws:acm-pca:eu-west-1:111111111111:certificate-authority/1";
    let body = json!({"DomainName": "a.internal", "CertificateAuthorityArn": authority});
    let arn = world.request(body);
    assert_eq!(world.describe(&arn)["Status"], "PENDING_VALIDATION");
    world.pass(TimeDelta::seconds(5));
    let detail = world.describe(&arn);
    assert_eq!((&detail["Status"], &detail["Type"]), (&json!("ISSUED"), &json!("PRIVATE")));
    assert_eq!(detail.get("DomainValidationOptions"), None);
}

#[test]
fn one_token_asks_for_one_certificate_within_an_hour() {
    let mut world = World::new();
    let body = json!({"DomainName": "example.com", "IdempotencyToken": "token"});
    let first = world.request(body.clone());
    world.pass(minutes(59));
    assert_eq!(world.request(body.clone()), first);
    world.pass(minutes(1));
    assert_ne!(world.request(body), first);
}

#[test]
fn requests_outside_the_model_are_refused() {
    let mut world = World::new();
    world.acm.set_unlimited(true);
    let odd_names =
        ["localhost", "-a.com", "a-.com", "*.*.com", "a.*.com", "a..com", "a_b.com", "a.c", ""];
    for name in odd_names {
        let code = world.refused("RequestCertificate", json!({"DomainName": name}));
        assert_eq!(code, "ValidationException", "{name}");
    }
    for extra in ["Domain", "ValidationMethods"] {
        let body = json!({"DomainName": "example.com", extra: "DNS"});
        assert_eq!(world.refused("RequestCertificate", body), "ValidationException");
    }
    let body = json!({"DomainName": "example.com", "ValidationMethod": "dns"});
    assert_eq!(world.refused("RequestCertificate", body), "ValidationException");
    assert_eq!(world.acm.certificates().count(), 0);
}

#[test]
fn a_certificate_has_a_hundred_names_at_most() {
    let mut world = World::new();
    let names: Vec<String> = (0..100).map(|number| format!("n{number}.example.com")).collect();
    let body = |main: &str| json!({"DomainName": main, "SubjectAlternativeNames": names});
    let arn = world.request(body("n0.example.com"));
    assert_eq!(world.certificate(&arn).domains.len(), 100);
    let code = world.refused("RequestCertificate", body("example.com"));
    assert_eq!(code, "LimitExceededException");
}

#[test]
fn a_certificate_is_found_only_in_its_account_and_region() {
    let mut world = World::new();
    let elsewhere = world.acm.seed(ACCOUNT, "us-east-1", &["example.com"], world.now, |_| {});
    let foreign = world.acm.seed("222222222222", REGION, &["example.com"], world.now, |_| {});
    for arn in [elsewhere.as_str(), &foreign, "arn:aws:acm:eu-west-1:111111111111:certificate/x"] {
        let code = world.refused("DescribeCertificate", json!({"CertificateArn": arn}));
        assert_eq!(code, "ResourceNotFoundException");
    }
    let code = world.refused("DescribeCertificate", json!({"CertificateArn": "nonsense"}));
    assert_eq!(code, "ValidationException");
    let bucket = json!({"CertificateArn": "arn:aws:s3:::some-bucket-of-mine"});
    assert_eq!(world.refused("DescribeCertificate", bucket), "InvalidArnException");
    let china = world.acm.seed(ACCOUNT, "cn-north-1", &["example.com"], world.now, |_| {});
    assert!(china.starts_with("arn:aws-cn:acm:cn-north-1:"));
}

#[test]
fn tags_come_and_go() {
    let mut world = World::new();
    let tags = json!([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]);
    let arn = world.request(json!({"DomainName": "example.com", "Tags": tags}));
    let more = json!({"CertificateArn": arn, "Tags": [{"Key": "c"}]});
    world.call("AddTagsToCertificate", more).unwrap();
    let fewer = json!({"CertificateArn": arn, "Tags": [{"Key": "a"}, {"Key": "b", "Value": "3"}]});
    world.call("RemoveTagsFromCertificate", fewer).unwrap();
    let answer = world.call("ListTagsForCertificate", json!({"CertificateArn": arn})).unwrap();
    assert_eq!(answer["Tags"], json!([{"Key": "b", "Value": "2"}, {"Key": "c", "Value": ""}]));
    let reserved = json!({"CertificateArn": arn, "Tags": [{"Key": "aws:x"}]});
    assert_eq!(world.refused("AddTagsToCertificate", reserved), "InvalidTagException");
    let many: Vec<Value> = (0..49).map(|number| json!({"Key": format!("k{number}")})).collect();
    let many = json!({"CertificateArn": arn, "Tags": many});
    assert_eq!(world.refused("AddTagsToCertificate", many), "TooManyTagsException");
}

#[test]
fn a_certificate_in_use_cannot_be_deleted() {
    let mut world = World::new();
    let arn = world.seed(&["example.com"], |it| it.in_use_by.push("arn:aws:elb".to_owned()));
    let body = json!({"CertificateArn": arn});
    assert_eq!(world.refused("DeleteCertificate", body.clone()), "ResourceInUseException");
    world.acm.certificate_mut(&arn).unwrap().in_use_by.clear();
    world.call("DeleteCertificate", body.clone()).unwrap();
    assert_eq!(world.refused("DescribeCertificate", body), "ResourceNotFoundException");
}

fn listed(answer: &Value, list: &str) -> Vec<String> {
    let items = answer[list].as_array().unwrap();
    items.iter().map(|item| item["CertificateArn"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn listing_hides_elliptic_curves_and_acme_unless_asked() {
    let mut world = World::new();
    let plain = world.seed(&["a.example.com"], |_| {});
    let curve = world.seed(&["b.example.com"], |it| it.key_algorithm = "EC_prime256v1".to_owned());
    let acme = world.seed(&["c.example.com"], |it| it.key_pair_origin = KeyPairOrigin::Acme);
    let mut list = |body: Value| {
        listed(&world.call("ListCertificates", body).unwrap(), "CertificateSummaryList")
    };
    assert_eq!(list(json!({})), [plain.as_str()]);
    let key_types = json!({"keyTypes": ["RSA_2048", "EC_prime256v1"]});
    assert_eq!(list(json!({"Includes": key_types})), [plain, curve]);
    assert_eq!(list(json!({"CertificateKeyPairOrigins": ["ACME"]})), [acme]);
    assert_eq!(list(json!({"CertificateStatuses": ["ISSUED"]})), Vec::<String>::new());
}

#[test]
fn pages_shift_nothing_when_a_certificate_goes() {
    let mut world = World::new();
    let arns: Vec<String> = (0..5).map(|_| world.seed(&["example.com"], |_| {})).collect();
    let first = world.call("ListCertificates", json!({"MaxItems": 2})).unwrap();
    assert_eq!(listed(&first, "CertificateSummaryList"), arns[..2]);
    world.acm.delete(&arns[1]);
    let body = json!({"MaxItems": 3, "NextToken": first["NextToken"]});
    let second = world.call("ListCertificates", body).unwrap();
    assert_eq!(listed(&second, "CertificateSummaryList"), arns[2..]);
    assert_eq!(second.get("NextToken"), None);
    let odd = json!({"MaxItems": 1001});
    assert_eq!(world.refused("ListCertificates", odd), "ValidationException");
}

#[test]
fn too_many_calls_are_throttled_by_account_region_and_operation() {
    let mut world = World::new();
    for _ in 0..16 {
        world.call("ListCertificates", json!({})).unwrap();
    }
    assert_eq!(world.refused("ListCertificates", json!({})), "ThrottlingException");
    world.call("SearchCertificates", json!({})).unwrap();
    world.pass(TimeDelta::seconds(1));
    world.call("ListCertificates", json!({})).unwrap();
    world.acm.set_unlimited(true);
    for _ in 0..100 {
        world.call("ListCertificates", json!({})).unwrap();
    }
}

#[test]
fn cloudtrail_tells_of_writes_and_of_no_reads() {
    let mut world = World::new();
    let arn = world.request_by_dns(&["example.com", "www.example.com"]);
    world.describe(&arn);
    let tags = json!({"CertificateArn": arn, "Tags": [{"Key": "a", "Value": "1"}]});
    world.call("AddTagsToCertificate", tags).unwrap();
    world.refused("RequestCertificate", json!({"DomainName": "localhost"}));
    assert_eq!(world.acm.next_due(), Some(world.now));
    world.pass(TimeDelta::zero());
    let told = world.heard("AWS API Call via CloudTrail");
    let [request, tags, refused] = told[..] else { panic!("{told:?}") };
    assert_eq!(request.resources, Vec::<String>::new());
    assert_eq!(request.source, "aws.acm");
    assert_eq!(request.detail["eventSource"], "acm.amazonaws.com");
    assert_eq!(request.detail["eventName"], "RequestCertificate");
    assert_eq!(
        request.detail["requestParameters"],
        json!({
            "domainName": "example.com",
            "subjectAlternativeNames": ["example.com", "www.example.com"],
            "validationMethod": "DNS",
        })
    );
    assert_eq!(request.detail["responseElements"], json!({"certificateArn": arn}));
    assert_eq!(request.detail.get("errorCode"), None);
    assert_eq!(tags.detail["requestParameters"]["tags"], json!([{"key": "a", "value": "1"}]));
    assert_eq!(tags.detail["responseElements"], Value::Null);
    assert_eq!(refused.detail["errorCode"], "ValidationException");
    assert_eq!(refused.detail["responseElements"], Value::Null);
}

#[test]
fn a_failed_certificate_says_why_and_stays_failed() {
    let mut world = World::new();
    let arn = world.request_by_dns(&["example.com"]);
    world.acm.fail(&arn, "DOMAIN_NOT_ALLOWED");
    world.acm.tag(&arn, "a", "1");
    world.publish("example.com");
    world.pass(TimeDelta::days(4));
    let detail = world.describe(&arn);
    assert_eq!(detail["Status"], "FAILED");
    assert_eq!(detail["FailureReason"], "DOMAIN_NOT_ALLOWED");
    assert_eq!(world.certificate(&arn).tags["a"], "1");
}

#[test]
fn a_certificate_moves_from_email_to_dns_while_issued() {
    let mut world = World::new();
    let arn = world.seed(&["example.com"], |it| {
        issued(it);
        it.validation_method = Some(Method::Email);
    });
    let body = json!({"CertificateArn": arn, "Options": {"ValidationMethod": "DNS"}});
    world.call("UpdateCertificateOptions", body.clone()).unwrap();
    assert_eq!(world.refused("UpdateCertificateOptions", body.clone()), "ConflictException");
    let detail = world.describe(&arn);
    assert_eq!(detail["Status"], "ISSUED");
    assert_eq!(detail["UpdateSummary"]["Status"], "PENDING_DOMAIN_VALIDATION");
    let answer =
        world.call("ListCertificateDomainValidations", json!({"CertificateArn": arn})).unwrap();
    let requested = &answer["DomainValidationSummaryList"][0]["RequestedValidationConfiguration"];
    let record = &requested["ValidationChallenge"]["DnsValidationChallenge"]["ResourceRecord"];
    assert_eq!(record["Name"], validation_record(ACCOUNT, "example.com").0);

    world.publish("example.com");
    world.pass(minutes(1));
    let certificate = world.certificate(&arn);
    assert_eq!(certificate.validation_method, Some(Method::Dns));
    assert_eq!(certificate.update.as_ref().unwrap().status, UpdateStatus::Success);
    assert_eq!(world.refused("UpdateCertificateOptions", body), "InvalidStateException");
}

#[test]
fn a_move_to_dns_gives_up_after_three_days() {
    let mut world = World::new();
    let arn = world.seed(&["example.com"], |it| {
        issued(it);
        it.validation_method = Some(Method::Email);
    });
    let body = json!({"CertificateArn": arn, "Options": {"ValidationMethod": "DNS"}});
    world.call("UpdateCertificateOptions", body).unwrap();
    world.pass(TimeDelta::hours(72));
    let detail = world.describe(&arn);
    assert_eq!(detail["Status"], "ISSUED");
    assert_eq!(detail["UpdateSummary"]["Status"], "FAILED");
}
