//! The simulated AWS before the story begins: hosted zones, the function's rules and schedule group.

use std::collections::BTreeMap;

use acm_dns_validator::aws::clients::behavior_version;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_types::SdkConfig;
use aws_types::region::Region;
use chrono::{DateTime, Utc};
use serde_json::json;
use sim::Sim;
use sim::server::Server;

/// The account of everything.
pub(crate) const ACCOUNT: &str = "111122223333";
/// The region of everything.
pub(crate) const REGION: &str = "eu-central-1";
/// The function's ARN.
pub(crate) const FUNCTION: &str =
    "arn:aws:lambda:eu-central-1:111122223333:function:acm-dns-validator";
/// The group of the function's schedules.
pub(crate) const GROUP: &str = "acm-dns-validator";
/// The role with which Scheduler invokes the function.
pub(crate) const SCHEDULE_ROLE: &str = "arn:aws:iam::111122223333:role/acm-dns-validator-scheduler";
/// The tag that a hosted zone must have: key and value.
pub(crate) const REQUIRED_TAG: (&str, &str) = ("validate", "yes");

/// The public zone that does not have the tag at first.
pub(crate) const UNTAGGED_ZONE: &str = "partner.example.net";
/// The public zone that public DNS does not delegate to at first.
pub(crate) const UNDELEGATED_ZONE: &str = "lost.example.info";
/// The name servers that its registrar has instead.
pub(crate) const OTHER_NAME_SERVERS: [&str; 2] =
    ["ns1.provider.example.net", "ns2.provider.example.net"];
/// The key of the private zone of example.com in the map of zones.
pub(crate) const PRIVATE_ZONE: &str = "example.com (private)";

/// Monday morning.
pub(crate) fn start_time() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_420_803, 0).unwrap_or_default()
}

/// Deploys the function, and creates the hosted zones. Returns the ids of the zones by their names.
pub(crate) fn deploy(sim: &Sim) -> BTreeMap<&'static str, String> {
    let aws = &mut *sim.aws();
    aws.sts.add_account(ACCOUNT);
    aws.lambda.add_function(FUNCTION, sim::lambda::Function::default());
    aws.scheduler.add_group(ACCOUNT, REGION, GROUP, start_time());
    aws.scheduler.allow_role(ACCOUNT, SCHEDULE_ROLE, &[FUNCTION]);
    let certificate_calls = json!({
        "source": ["aws.acm"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {
            "eventSource": ["acm.amazonaws.com"],
            "eventName": ["RequestCertificate", "AddTagsToCertificate"],
            "errorCode": [{"exists": false}],
        },
    });
    let zone_calls = json!({
        "source": ["aws.route53"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {"eventName": ["CreateHostedZone", "ChangeTagsForResource"]},
    });
    let renewals = json!({
        "source": ["aws.acm"],
        "detail-type": ["ACM Certificate Renewal Action Required"],
    });
    let rules =
        [("requests", certificate_calls), ("renewals", renewals), ("zones", zone_calls.clone())];
    for (name, pattern) in rules {
        aws.eventbridge.put_rule(ACCOUNT, REGION, "default", name, pattern, FUNCTION);
    }
    // CloudTrail reports calls to Route 53 in us-east-1 only.
    let bus = format!("arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default");
    aws.eventbridge.put_rule(ACCOUNT, "us-east-1", "default", "forward", zone_calls, &bus);
    let dns = &mut aws.route53;
    let zones = BTreeMap::from([
        (PRIVATE_ZONE, dns.create_private_zone(ACCOUNT, "example.com")),
        ("example.com", dns.register_domain(ACCOUNT, "example.com")),
        ("example.org", dns.register_domain(ACCOUNT, "example.org")),
        (UNTAGGED_ZONE, dns.register_domain(ACCOUNT, UNTAGGED_ZONE)),
        (UNDELEGATED_ZONE, dns.create_zone(ACCOUNT, UNDELEGATED_ZONE)),
    ]);
    dns.zone_elsewhere(UNDELEGATED_ZONE, &OTHER_NAME_SERVERS);
    dns.register_with(UNDELEGATED_ZONE, &OTHER_NAME_SERVERS);
    let (key, value) = REQUIRED_TAG;
    for (_, zone) in zones.iter().filter(|(name, _)| **name != UNTAGGED_ZONE) {
        dns.tag_zone(zone, key, value);
    }
    zones
}

/// The SDK's configuration for this simulated AWS.
pub(crate) fn sdk_config(sim: &Sim, server: &Server) -> SdkConfig {
    let keys = Credentials::new(format!("AKIA{ACCOUNT}"), "secret", None, None, "demo");
    SdkConfig::builder()
        .behavior_version(behavior_version())
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .endpoint_url(format!("http://{}", server.address()))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .region(Region::new(REGION))
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(sim.time_source())
        .build()
}
