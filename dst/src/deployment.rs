//! The function as it is deployed: accounts, roles, rules, queues and schedules.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sim::Sim;
use sim::aws::Aws;
use sim::lambda::EventSource;
use sim::organizations::AccountState;
use sim::sqs::Queue;

use crate::names::{
    AWAY, DEAD_LETTERS, DNS, FUNCTION, GROUP, HOME, MANAGEMENT, MEMBER, OURS, QUEUE, SCHEDULE_ROLE,
};
use crate::scenario::{EventRoute, Scenario};

/// Creates what the templates create, in all accounts and regions of a world.
pub(crate) fn deploy(sim: &Sim, scenario: &Scenario) {
    let now = sim.now();
    let aws = &mut *sim.aws();
    for account in [OURS, DNS, MEMBER] {
        aws.sts.add_account(account);
    }
    aws.sts.add_role(&format!("arn:aws:iam::{DNS}:role/dns"), OURS);
    let of_organization =
        scenario.settings.get("ACCOUNTS").is_some_and(|accounts| accounts == "organization");
    if !of_organization {
        // An account of the organization gets its role when it joins: IAM refuses other accounts.
        aws.sts.add_role(&member_role(), OURS);
    } else {
        aws.sts.add_account(MANAGEMENT);
        aws.sts.add_role(&format!("arn:aws:iam::{MANAGEMENT}:role/accounts"), OURS);
        aws.organizations.create(MANAGEMENT, now);
        aws.organizations.join(OURS, AccountState::Active, now);
        if !scenario.settings.contains_key("ORGANIZATION_ROLE_ARN") {
            aws.organizations.delegate(OURS);
        }
    }
    configure(aws, 2, 10, scenario.timeout);
    aws.scheduler.add_group(OURS, HOME, GROUP, now);
    aws.scheduler.allow_role(OURS, SCHEDULE_ROLE, &[FUNCTION, QUEUE, DEAD_LETTERS]);
    if let Some(receives) = scenario.route.receives() {
        aws.sqs.add_queue(DEAD_LETTERS, Queue::default());
        // Six times as long as the function may take here, as AWS advises.
        let queue = Queue {
            visibility_timeout: TimeDelta::minutes(3),
            max_receive_count: Some(receives),
            dead_letter_queue: Some(DEAD_LETTERS.to_owned()),
            ..Queue::default()
        };
        aws.sqs.add_queue(QUEUE, queue);
        let source = EventSource {
            batch_size: 1_000,
            batching_window: TimeDelta::minutes(1),
            maximum_concurrency: Some(2),
            ..EventSource::default()
        };
        aws.lambda.add_event_source(QUEUE, FUNCTION, source);
    }
    let bus = format!("arn:aws:events:{HOME}:{OURS}:event-bus/default");
    let member = scenario.settings.contains_key("CERTIFICATE_ROLE_NAME");
    for (index, pattern) in patterns().into_iter().enumerate() {
        let name = format!("rule-{index}");
        let mut rule = |account: &str, region: &str, target: &str| {
            let name = if target == QUEUE { format!("{name}-queue") } else { name.clone() };
            aws.eventbridge.put_rule(account, region, "default", &name, pattern.clone(), target);
        };
        if !matches!(scenario.route, EventRoute::Queue { .. }) {
            rule(OURS, HOME, FUNCTION);
        }
        if scenario.route != EventRoute::Function {
            rule(OURS, HOME, QUEUE);
        }
        rule(OURS, AWAY, &bus);
        if member {
            rule(MEMBER, HOME, &bus);
            rule(MEMBER, AWAY, &bus);
        }
    }
}

/// The role of the members for their certificates.
pub(crate) fn member_role() -> String {
    format!("arn:aws:iam::{MEMBER}:role/certificates")
}

fn patterns() -> [Value; 2] {
    [
        json!({
            "source": ["aws.acm"],
            "detail-type": ["AWS API Call via CloudTrail"],
            "detail": {
                "eventSource": ["acm.amazonaws.com"],
                "eventName": [
                    "RequestCertificate",
                    "AddTagsToCertificate",
                    "RemoveTagsFromCertificate",
                    "UpdateCertificateOptions",
                ],
            },
        }),
        json!({
            "source": ["aws.acm"],
            "detail-type": ["ACM Certificate Renewal Action Required", "ACM Certificate Available"],
        }),
    ]
}

/// Configures how Lambda retries the function, how many attempts run at once, and how many seconds one
/// may take.
pub(crate) fn configure(aws: &mut Aws, retries: u32, concurrency: usize, timeout: i64) {
    let function = sim::lambda::Function {
        timeout: TimeDelta::seconds(timeout),
        maximum_retry_attempts: retries,
        reserved_concurrency: concurrency,
        ..Default::default()
    };
    aws.lambda.add_function(FUNCTION, function);
}
