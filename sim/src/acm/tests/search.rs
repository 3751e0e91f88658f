//! What `SearchCertificates` and `ListCertificateDomainValidations` answer, in the SDK's spelling.

use super::*;

#[test]
fn a_search_combines_filters() {
    let mut world = World::new();
    let pending = world.seed(&["a.example.com"], |_| {});
    let by_email = world.seed(&["b.example.com"], |it| it.validation_method = Some(Method::Email));
    let private = world.seed(&["c.example.com"], |it| it.kind = Kind::Private);
    let mut search = |statement: Value| {
        let body = json!({"FilterStatement": statement, "MaxResults": 500});
        listed(&world.call("SearchCertificates", body).unwrap(), "Results")
    };
    let filter = |member: &str, value: &str| json!({"Filter": {"AcmCertificateMetadataFilter": {member: value}}});
    let ours = json!({"And": [
        filter("Status", "PENDING_VALIDATION"),
        filter("ValidationMethod", "DNS"),
        filter("Type", "AMAZON_ISSUED"),
    ]});
    assert_eq!(search(ours), [pending.as_str()]);
    assert_eq!(search(json!({"Not": filter("Type", "PRIVATE")})), [pending, by_email.clone()]);
    let either = json!({"Or": [filter("Type", "PRIVATE"), filter("ValidationMethod", "EMAIL")]});
    assert_eq!(search(either), [by_email, private]);
    assert_eq!(search(filter("RenewalStatus", "PENDING_VALIDATION")), Vec::<String>::new());
    let two = json!({"And": [], "Or": []});
    let code = world.refused("SearchCertificates", json!({"FilterStatement": two}));
    assert_eq!(code, "ValidationException");
}

#[test]
fn a_result_of_a_search_has_the_members_the_sdk_reads() {
    let mut world = World::new();
    let arn = world.seed(&["example.com", "www.example.com"], issued);
    world.acm.start_renewal(&arn, world.now, &world.dns);
    let results = world.call("SearchCertificates", json!({})).unwrap();
    let now = world.now.timestamp();
    let result = json!({
        "CertificateArn": arn,
        "X509Attributes": {
            "Subject": {"CommonName": "example.com"},
            "SubjectAlternativeNames": [{"DnsName": "example.com"}, {"DnsName": "www.example.com"}],
            "KeyAlgorithm": "RSA_2048",
            "NotBefore": now,
            "NotAfter": now + 198 * 86_400,
        },
        "CertificateMetadata": {"AcmCertificateMetadata": {
            "CreatedAt": now,
            "IssuedAt": now,
            "Exported": false,
            "ExportOption": "DISABLED",
            "InUse": false,
            "RenewalEligibility": "INELIGIBLE",
            "RenewalStatus": "PENDING_VALIDATION",
            "Status": "ISSUED",
            "Type": "AMAZON_ISSUED",
            "ValidationMethod": "DNS",
            "CertificateKeyPairOrigin": "AWS_MANAGED",
        }},
    });
    assert_eq!(results, json!({"Results": [result]}));
}

#[test]
fn a_region_without_the_search_does_not_know_it() {
    let mut world = World::new();
    world.acm.set_search_available(REGION, false);
    assert_eq!(world.refused("SearchCertificates", json!({})), "UnknownOperationException");
    world.acm.set_search_available(REGION, true);
    assert!(world.call("SearchCertificates", json!({})).is_ok());
}

#[test]
fn a_change_of_method_shows_both_configurations_of_a_name() {
    let mut world = World::new();
    let arn = world.seed(&["example.com"], |it| {
        issued(it);
        it.validation_method = Some(Method::Email);
    });
    let options = json!({"CertificateArn": arn, "Options": {"ValidationMethod": "DNS"}});
    world.call("UpdateCertificateOptions", options).unwrap();
    let of = json!({"CertificateArn": arn});
    let mut answer = world.call("ListCertificateDomainValidations", of).unwrap();
    let emails = answer
        .pointer_mut("/DomainValidationSummaryList/0/ActiveValidationConfiguration/ValidationChallenge/EmailValidationChallenge/ValidationEmails")
        .map(Value::take);
    assert_eq!(emails.unwrap()[0], "administrator@example.com");
    let (name, value) = validation_record(ACCOUNT, "example.com");
    let record = json!({"Name": name, "Type": "CNAME", "Value": value});
    let summary = json!({
        "DomainName": "example.com",
        "ActiveValidationConfiguration": {
            "ValidationMethod": "EMAIL",
            "ValidationStatus": "SUCCESS",
            "ValidationChallenge": {"EmailValidationChallenge": {
                "ValidationDomain": "example.com",
                "ValidationEmails": null,
            }},
        },
        "RequestedValidationConfiguration": {
            "ValidationMethod": "DNS",
            "ValidationStatus": "PENDING_VALIDATION",
            "ValidationChallenge": {"DnsValidationChallenge": {"ResourceRecord": record}},
        },
    });
    assert_eq!(answer, json!({"DomainValidationSummaryList": [summary]}));
}
