//! What CloudTrail tells of Route 53's calls.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::super::Route53;
use crate::call::Caller;
use crate::event::Event;

const NAMESPACE: &str = "https://route53.amazonaws.com/doc/2013-04-01/";

fn now() -> DateTime<Utc> {
    "2026-11-23T15:05:30Z".parse().unwrap()
}

/// Makes one call from the region of the endpoint, and hears of it.
fn told(route53: &mut Route53, region: &str, call: (&str, &str, &str, &str)) -> Option<Event> {
    let (method, path, root, body) = call;
    let body = match root {
        "" => String::new(),
        root => format!("<{root} xmlns=\"{NAMESPACE}\">{body}</{root}>"),
    };
    let request = http::Request::builder().method(method).uri(format!("/2013-04-01/{path}"));
    let request = request.body(body.into_bytes()).unwrap();
    let caller = Caller { account: "111122223333".to_owned(), region: region.to_owned() };
    let operation = super::super::operation(&request);
    drop(route53.respond(operation, &caller, &request, now()));
    route53.next_due().map(|due| {
        assert_eq!(due, now());
        route53.advance(due).remove(0)
    })
}

fn home(route53: &mut Route53, call: (&str, &str, &str, &str)) -> Value {
    let event = told(route53, "us-east-1", call).expect("an event");
    assert_eq!((&*event.source, &*event.region), ("aws.route53", "us-east-1"));
    assert_eq!((&*event.account, event.resources.len()), ("111122223333", 0));
    event.detail
}

#[test]
fn a_new_zone_is_told_in_cloudtrails_spelling() {
    let body = "<Name>shop.example.com</Name><CallerReference>2026-11-23-15:05</CallerReference>\
                <HostedZoneConfig><Comment>the shop</Comment><PrivateZone>false</PrivateZone>\
                </HostedZoneConfig>";
    let mut route53 = Route53::default();
    let call = ("POST", "hostedzone", "CreateHostedZoneRequest", body);
    let detail = home(&mut route53, call);
    let id = route53.zone_ids("111122223333").remove(0);
    let config = json!({"comment": "the shop", "privateZone": false});
    assert_eq!(
        detail["requestParameters"],
        json!({
            "name": "shop.example.com",
            "callerReference": "2026-11-23-15:05",
            "hostedZoneConfig": config,
        })
    );
    assert_eq!(
        detail["responseElements"],
        json!({
            "hostedZone": {
                "id": format!("/hostedzone/{id}"),
                "name": "shop.example.com.",
                "callerReference": "2026-11-23-15:05",
                "config": config,
                "resourceRecordSetCount": 2,
            },
            "changeInfo": {
                "id": "/change/C0000000000000000001",
                "status": "PENDING",
                "submittedAt": "Nov 23, 2026 3:05:30 PM",
            },
            "delegationSet": {"nameServers": route53.name_servers(&id)},
            "location": format!("https://route53.amazonaws.com/2013-04-01/hostedzone/{id}"),
        })
    );
    assert_eq!(detail["eventSource"], "route53.amazonaws.com");
    assert_eq!(
        (&detail["eventName"], &detail["awsRegion"]),
        (&json!("CreateHostedZone"), &json!("us-east-1"))
    );

    let again = home(&mut route53, call);
    assert_eq!(again["errorCode"], "HostedZoneAlreadyExists");
    assert_eq!(again["responseElements"], Value::Null);
    assert_ne!(again["eventID"], detail["eventID"]);
}

#[test]
fn tags_records_and_the_end_of_a_zone_are_told() {
    let mut route53 = Route53::default();
    let id = route53.create_zone("111122223333", "example.com");
    assert_eq!(route53.next_due(), None, "what the world puts in place is no call");

    let tag = "<AddTags><Tag><Key>use</Key><Value>public</Value></Tag></AddTags>\
               <RemoveTagKeys><Key>old</Key></RemoveTagKeys>";
    let path = format!("tags/hostedzone/{id}");
    let detail = home(&mut route53, ("POST", &path, "ChangeTagsForResourceRequest", tag));
    let parameters = json!({
        "resourceType": "hostedzone",
        "resourceId": id,
        "addTags": [{"key": "use", "value": "public"}],
        "removeTagKeys": ["old"],
    });
    assert_eq!(
        (&detail["requestParameters"], &detail["responseElements"]),
        (&parameters, &Value::Null)
    );

    let batch = "<ChangeBatch><Changes><Change><Action>UPSERT</Action><ResourceRecordSet>\
                 <Name>a.example.com</Name><Type>A</Type><TTL>60</TTL><ResourceRecords>\
                 <ResourceRecord><Value>192.0.2.1</Value></ResourceRecord></ResourceRecords>\
                 </ResourceRecordSet></Change></Changes></ChangeBatch>";
    let path = format!("hostedzone/{id}/rrset");
    let root = "ChangeResourceRecordSetsRequest";
    let detail = home(&mut route53, ("POST", &path, root, batch));
    let set = json!({
        "name": "a.example.com",
        "type": "A",
        "tTL": 60,
        "resourceRecords": [{"value": "192.0.2.1"}],
    });
    let changes = json!([{"action": "UPSERT", "resourceRecordSet": set}]);
    let parameters = json!({"hostedZoneId": id, "changeBatch": {"changes": changes}});
    assert_eq!(detail["requestParameters"], parameters);
    assert_eq!(detail["responseElements"]["changeInfo"]["status"], "PENDING");

    let path = format!("hostedzone/{id}");
    let detail = home(&mut route53, ("DELETE", &path, "", ""));
    assert_eq!(detail["requestParameters"], json!({"id": id}));
    assert_eq!(detail["errorCode"], "HostedZoneNotEmpty");
    assert!(told(&mut route53, "us-east-1", ("GET", &path, "", "")).is_none(), "a read");
}

#[test]
fn every_partition_tells_in_its_home_region() {
    for (region, home) in [("eu-west-1", "us-east-1"), ("cn-north-1", "cn-northwest-1")] {
        let mut route53 = Route53::default();
        let call = ("DELETE", "hostedzone/Z1", "", "");
        assert_eq!(told(&mut route53, region, call).unwrap().region, home);
    }
}
