use std::collections::BTreeMap;

use http::Request;
use serde_json::json;

use crate::aws::Aws;
use crate::iam::IamRequest;
use crate::sts::Credentials;

const ACCOUNT: &str = "111122223333";
const ARN: &str = "arn:aws:acm:eu-west-1:111122223333:certificate/c1";

/// What IAM judges of one call, whatever the service makes of it.
fn judged(
    service: &str,
    region: &str,
    (method, path): (&str, &str),
    operation: &str,
    body: &str,
) -> Vec<IamRequest> {
    let mut aws = Aws::default();
    let Credentials { access_key_id, .. } = aws.sts.add_account(ACCOUNT);
    let scope = format!("{access_key_id}/20261123/{region}/{service}/aws4_request");
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}, Signature=00"))
        .header("x-amz-target", format!("Service.{operation}"))
        .body(body.as_bytes().to_vec())
        .unwrap();
    drop(aws.respond(&request, "2026-11-23T08:00:00Z".parse().unwrap()));
    let [call] = aws.calls() else { panic!("one call") };
    call.iam_requests()
}

/// An action, its resources, and `key=value` for every condition.
fn told(requests: &[IamRequest]) -> Vec<String> {
    let told = requests.iter().map(|IamRequest { action, resources, conditions }| {
        let condition =
            |(key, values): (&String, &Vec<String>)| format!(" {key}={}", values.join(","));
        let conditions: String = conditions.iter().map(condition).collect();
        format!("{action} {}{conditions}", resources.join(","))
    });
    told.collect()
}

fn acm(operation: &str, body: &str) -> Vec<String> {
    told(&judged("acm", "eu-west-1", ("POST", "/"), operation, body))
}

fn route53(call: (&str, &str), body: &str) -> Vec<String> {
    let (method, path) = call;
    let path = format!("/2013-04-01/{path}");
    told(&judged("route53", "us-east-1", (method, &path), "", body))
}

#[test]
fn a_call_about_a_certificate_is_judged_by_its_arn_and_a_list_by_none() {
    let of = json!({"CertificateArn": ARN}).to_string();
    for operation in ["DescribeCertificate", "ListTagsForCertificate", "DeleteCertificate"] {
        assert_eq!(acm(operation, &of), [format!("acm:{operation} {ARN}")]);
    }
    assert_eq!(acm("ListCertificates", "{}"), ["acm:ListCertificates *"]);
    let all = judged("acm", "eu-west-1", ("POST", "/"), "SearchCertificates", "{}").remove(0);
    assert_eq!((all.resources, all.conditions), (vec!["*".to_owned()], BTreeMap::new()));
}

#[test]
fn a_change_of_records_is_judged_by_its_names_types_and_actions() {
    let set = |action: &str, name: &str, kind: &str| {
        format!(
            "<Change><Action>{action}</Action><ResourceRecordSet><Name>{name}</Name>\
             <Type>{kind}</Type></ResourceRecordSet></Change>"
        )
    };
    let changes = [
        set("UPSERT", "_X1.Example.COM.", "CNAME"),
        set("UPSERT", "_x1.example.com", "CNAME"),
        set("DELETE", "*.example.com", "A"),
    ];
    let body = format!(
        "<ChangeResourceRecordSetsRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">\
         <ChangeBatch><Changes>{}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>",
        changes.concat()
    );
    assert_eq!(
        route53(("POST", "hostedzone/Z1/rrset"), &body),
        ["route53:ChangeResourceRecordSets arn:aws:route53:::hostedzone/Z1 \
          route53:ChangeResourceRecordSetsActions=DELETE,UPSERT \
          route53:ChangeResourceRecordSetsNormalizedRecordNames=\\052.example.com,_x1.example.com \
          route53:ChangeResourceRecordSetsRecordTypes=A,CNAME"]
    );
}

#[test]
fn zones_changes_and_tags_have_arns_without_account_and_region() {
    let zone = "arn:aws:route53:::hostedzone/Z1";
    for (path, operation) in [
        ("hostedzone/Z1", "GetHostedZone"),
        ("hostedzone/Z1/rrset", "ListResourceRecordSets"),
        ("tags/hostedzone/Z1", "ListTagsForResource"),
    ] {
        assert_eq!(route53(("GET", path), ""), [format!("route53:{operation} {zone}")]);
    }
    let change = "route53:GetChange arn:aws:route53:::change/C1";
    assert_eq!(route53(("GET", "change/C1"), ""), [change]);
    for (path, operation) in
        [("hostedzone", "ListHostedZones"), ("hostedzonesbyname", "ListHostedZonesByName")]
    {
        assert_eq!(route53(("GET", path), ""), [format!("route53:{operation} *")]);
    }
    let body = "<ListTagsForResourcesRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">\
                <ResourceIds><ResourceId>Z1</ResourceId><ResourceId>Z2</ResourceId></ResourceIds>\
                </ListTagsForResourcesRequest>";
    let both = "route53:ListTagsForResources arn:aws:route53:::hostedzone/Z1,arn:aws:route53:::hostedzone/Z2";
    assert_eq!(route53(("POST", "tags/hostedzone"), body), [both]);
}

#[test]
fn who_makes_a_schedule_passes_its_role() {
    let role = "arn:aws:iam::111122223333:role/scheduler";
    let body = json!({"GroupName": "checks", "Target": {"Arn": "…", "RoleArn": role}}).to_string();
    let call =
        |method, path, body| told(&judged("scheduler", "eu-west-1", (method, path), "", body));
    let arn = "arn:aws:scheduler:eu-west-1:111122223333:schedule/checks/one";
    let pass = format!("iam:PassRole {role} iam:PassedToService=scheduler.amazonaws.com");
    let create = format!("scheduler:CreateSchedule {arn}");
    assert_eq!(call("POST", "/schedules/one", &body), [create, pass]);
    let delete = format!("scheduler:DeleteSchedule {arn}");
    assert_eq!(call("DELETE", "/schedules/one?groupName=checks", ""), [delete]);
    let group =
        "scheduler:GetScheduleGroup arn:aws:scheduler:eu-west-1:111122223333:schedule-group/checks";
    assert_eq!(call("GET", "/schedule-groups/checks", ""), [group]);
    assert_eq!(call("GET", "/schedules", ""), ["scheduler:ListSchedules *"]);
}

#[test]
fn events_are_judged_by_bus_source_and_kind_and_each_kind_once() {
    let bus = "arn:aws-cn:events:cn-north-1:444455556666:event-bus/central";
    let entry = |bus: Option<&str>, source: &str| json!({"EventBusName": bus, "Source": source, "DetailType": "State", "Detail": "{}"});
    let entries = [entry(None, "ours"), entry(None, "ours"), entry(Some(bus), "ours")];
    let body = json!({"Entries": entries}).to_string();
    let told = told(&judged("events", "cn-north-1", ("POST", "/"), "PutEvents", &body));
    let default = "arn:aws-cn:events:cn-north-1:111122223333:event-bus/default";
    let of = |bus| format!("events:PutEvents {bus} events:detail-type=State events:source=ours");
    assert_eq!(told, [of(default), of(bus)]);
}

#[test]
fn a_role_is_assumed_under_a_session_name() {
    let role = "arn:aws:iam::444455556666:role/dns";
    let body = format!("Action=AssumeRole&RoleArn={role}&RoleSessionName=one&ExternalId=secret");
    let told = told(&judged("sts", "eu-west-1", ("POST", "/"), "", &body));
    let conditions = "sts:ExternalId=secret sts:RoleSessionName=one";
    assert_eq!(told, [format!("sts:AssumeRole {role} {conditions}")]);
}
