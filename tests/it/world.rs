//! The world of a story: a simulated AWS with the function deployed in it, and what people do there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use acm_dns_validator::aws::clients::behavior_version;
use acm_dns_validator::aws::cloudwatch::{Labels, Metrics};
use acm_dns_validator::domain::settings::Settings;
use acm_dns_validator::entry::handler::Function;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_acm::operation::request_certificate::builders::RequestCertificateFluentBuilder;
use aws_sdk_acm::types::{Tag, ValidationMethod};
use aws_sdk_route53::types::{
    Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType,
};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_types::SdkConfig;
use aws_types::region::Region;
use chrono::{DateTime, TimeDelta, Utc};
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use sim::Sim;
use sim::aws::Aws;
use sim::dns::{DnsFault, DnsFaultKind};
use sim::eventbridge::Published;
use sim::faults::Fault;
use sim::lambda::{EventSource, Invocation};
use sim::route53::{Action, Write};
use sim::sqs::Queue;

use crate::events::check_schema;
use crate::iam;
use crate::public_dns::{RESOLVER, transport};

/// The account the function runs in.
pub(crate) const ACCOUNT: &str = "111122223333";
/// The account of a DNS team.
pub(crate) const DNS_ACCOUNT: &str = "444455556666";
/// An account with certificates and without hosted zones.
pub(crate) const MEMBER_ACCOUNT: &str = "777788889999";
/// The region the function runs in.
pub(crate) const REGION: &str = "eu-west-1";
/// The function's ARN.
pub(crate) const FUNCTION: &str =
    "arn:aws:lambda:eu-west-1:111122223333:function:acm-dns-validator";

/// The queue through which the events of an organization come.
pub(crate) const QUEUE: &str = "arn:aws:sqs:eu-west-1:111122223333:certificates";
/// The dead-letter queue of that queue.
pub(crate) const DEAD_LETTERS: &str = "arn:aws:sqs:eu-west-1:111122223333:dead-letters";

const GROUP: &str = "acm-dns-validator";
/// The role with which Scheduler invokes the function.
pub(crate) const SCHEDULE_ROLE: &str = "arn:aws:iam::111122223333:role/acm-dns-validator-scheduler";
/// The role that the function may assume in [`DNS_ACCOUNT`], in a world that has it.
pub(crate) const DNS_ROLE: &str = "arn:aws:iam::444455556666:role/dns";

/// A simulated AWS with the function deployed in it.
pub(crate) struct World {
    /// The simulated AWS, to inspect and to change.
    pub(crate) sim: Sim,
    /// The settings of the function, except the required ones.
    pub(crate) settings: BTreeMap<String, String>,
    function: Arc<Function>,
    metrics: Arc<Mutex<Vec<Value>>>,
}

impl World {
    /// A world in which the function has the required settings only.
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// A world in which the function has these settings in addition to the required ones.
    pub(crate) fn with(settings: &[(&str, &str)]) -> Self {
        Self::with_calls_of(Duration::from_millis(80), settings)
    }

    /// The same, in a world in which every call takes this long.
    pub(crate) fn with_calls_of(duration: Duration, settings: &[(&str, &str)]) -> Self {
        let sim = Sim::paused(epoch()).with_latency(duration / 2);
        deploy(&sim);
        let vars = BTreeMap::from([
            ("SCHEDULE_GROUP", GROUP),
            ("SCHEDULE_ROLE_ARN", SCHEDULE_ROLE),
            ("QUEUE_ARN", QUEUE),
            ("DNS_RESOLVERS", RESOLVER),
        ]);
        let vars: BTreeMap<_, _> = vars.into_iter().chain(settings.iter().copied()).collect();
        let read = Settings::from_vars(|name| vars.get(name).map(|value| (*value).to_owned()));
        let read = read.expect("the settings of a story are valid");
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let settings = settings.iter().map(own).collect();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let metrics = Metrics::new(Labels::new("acm-dns-validator", None), {
            let lines = Arc::clone(&lines);
            move |line| lines.lock().expect("lines").push(serde_json::from_str(line).expect(line))
        });
        let config = config(&sim, ACCOUNT, REGION);
        let config = crate::requests::recorded(config);
        let function = Function::new(read, config, sim.time_source(), metrics, transport(&sim));
        Self { sim, settings, function: Arc::new(function), metrics: lines }
    }

    /// A world in which the function may assume [`DNS_ROLE`].
    pub(crate) fn with_dns_role() -> Self {
        let world = Self::with(&[("HOSTED_ZONE_ROLE_ARNS", DNS_ROLE)]);
        world.role(DNS_ACCOUNT, "dns");
        world
    }

    /// Forwards the events of another account or region to the function.
    pub(crate) fn forward(&self, account: &str, region: &str) {
        let bus = format!("arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default");
        put_rules(&mut self.sim.aws(), account, region, &bus);
    }

    /// Sends events to the function through a queue, as in an organization: in batches of one minute.
    pub(crate) fn use_queue(&self) {
        let mut aws = self.sim.aws();
        aws.sqs.add_queue(DEAD_LETTERS, Queue::default());
        let queue = Queue {
            // Six times the timeout of the function, as AWS advises.
            visibility_timeout: TimeDelta::minutes(3),
            max_receive_count: Some(5),
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
        put_rules(&mut aws, ACCOUNT, REGION, QUEUE);
    }

    /// The messages in the dead-letter queue.
    pub(crate) fn dead_letters(&self) -> Vec<String> {
        let aws = self.sim.aws();
        aws.sqs.messages(DEAD_LETTERS).map(|message| message.body.clone()).collect()
    }

    /// Creates a public hosted zone in this account, with a delegation in public DNS; returns its id.
    pub(crate) fn zone_of(&self, account: &str, name: &str) -> String {
        self.sim.aws().route53.register_domain(account, name)
    }

    /// Creates a public hosted zone in the function's account, with a delegation in public DNS; returns
    /// its id.
    pub(crate) fn zone(&self, name: &str) -> String {
        self.zone_of(ACCOUNT, name)
    }

    /// Lets no resolver answer any more.
    pub(crate) fn silence_dns(&self) {
        self.sim.aws().dns.faults.add(DnsFault::new(DnsFaultKind::Silence));
    }

    /// Creates a role in this account that the function may assume; returns its ARN.
    pub(crate) fn role(&self, account: &str, name: &str) -> String {
        let arn = format!("arn:aws:iam::{account}:role/{name}");
        self.sim.aws().sts.add_role(&arn, ACCOUNT);
        arn
    }

    /// Makes calls fail.
    pub(crate) fn fault(&self, fault: Fault) {
        self.sim.aws().faults.add(fault);
    }

    /// Requests a certificate with DNS validation; returns its ARN.
    pub(crate) async fn request(&self, names: &[&str]) -> String {
        self.request_with(names, |request| request).await
    }

    /// Requests a certificate for many names; returns its ARN.
    pub(crate) async fn request_many(&self, names: &[String]) -> String {
        self.request(&names.iter().map(String::as_str).collect::<Vec<_>>()).await
    }

    /// Requests a certificate with a tag; returns its ARN.
    pub(crate) async fn request_tagged(&self, names: &[&str], key: &str, value: &str) -> String {
        self.request_with(names, |request| request.tags(tag(key, value))).await
    }

    /// Requests a certificate with other parameters; returns its ARN.
    pub(crate) async fn request_with(
        &self,
        names: &[&str],
        more: impl FnOnce(RequestCertificateFluentBuilder) -> RequestCertificateFluentBuilder,
    ) -> String {
        self.request_in(ACCOUNT, REGION, names, more).await
    }

    /// Requests a certificate in another account or region; returns its ARN.
    pub(crate) async fn request_in(
        &self,
        account: &str,
        region: &str,
        names: &[&str],
        more: impl FnOnce(RequestCertificateFluentBuilder) -> RequestCertificateFluentBuilder,
    ) -> String {
        request(&self.sim, account, region, names, more).await
    }

    /// A client of ACM for the people of this account.
    pub(crate) fn acm(&self, account: &str, region: &str) -> aws_sdk_acm::Client {
        aws_sdk_acm::Client::new(&config(&self.sim, account, region))
    }

    /// Adds a tag to a certificate through the API, which starts a check.
    pub(crate) async fn tag_certificate(&self, arn: &str, key: &str, value: &str) {
        let tags = self.acm(ACCOUNT, REGION).add_tags_to_certificate().certificate_arn(arn);
        tags.tags(tag(key, value)).send().await.expect("a tag");
    }

    /// A client of Route 53 for the people of this account.
    pub(crate) fn route53(&self, account: &str) -> aws_sdk_route53::Client {
        aws_sdk_route53::Client::new(&config(&self.sim, account, REGION))
    }

    /// Starts the renewal of a certificate, as ACM does.
    pub(crate) fn renew(&self, arn: &str) {
        let now = self.sim.now();
        let aws = &mut *self.sim.aws();
        aws.acm.start_renewal(arn, now, &aws.route53);
    }

    /// Creates a weighted CNAME in a hosted zone of the function's account.
    pub(crate) async fn put_weighted(&self, zone: &str, name: &str, value: &str) {
        let record = ResourceRecord::builder().value(value).build().expect("a value");
        let set = ResourceRecordSet::builder()
            .name(name)
            .r#type(RrType::Cname)
            .set_identifier("one of several")
            .weight(1)
            .ttl(60)
            .resource_records(record)
            .build();
        let change = Change::builder()
            .action(ChangeAction::Create)
            .resource_record_set(set.expect("a record set"))
            .build();
        let batch = ChangeBatch::builder().changes(change.expect("a change")).build();
        self.route53(ACCOUNT)
            .change_resource_record_sets()
            .hosted_zone_id(zone)
            .change_batch(batch.expect("a batch"))
            .send()
            .await
            .expect("Route 53 accepts it");
    }

    /// Lets this much time pass.
    pub(crate) async fn pass(&self, time: TimeDelta) {
        let until = self.sim.now() + time;
        let handle = async |invocation: Invocation| {
            let mut context = Context::default();
            context.request_id = invocation.request_id;
            context.invoked_function_arn = invocation.function_arn;
            context.deadline = invocation.deadline.timestamp_millis().try_into().expect("a time");
            let event = LambdaEvent::new(invocation.payload, context);
            let outcome = self.function.handle(event).await;
            match outcome {
                Ok(outcome) => Ok(serde_json::to_value(outcome).expect("an outcome is JSON")),
                Err(error) => Err(format!("{}: {}", error.error_type, error.error_message)),
            }
        };
        self.sim.run_until(until, handle).await;
        let left = until - self.sim.now();
        self.sim.clock().pass(left.to_std().unwrap_or_default()).await;
    }

    /// Lets minutes pass.
    pub(crate) async fn minutes(&self, minutes: i64) {
        self.pass(TimeDelta::minutes(minutes)).await;
    }

    /// Invokes the function with this payload, as `aws lambda invoke --invocation-type Event` does.
    pub(crate) async fn invoke(&self, payload: Value) {
        let now = self.sim.now();
        self.sim.aws().lambda.invoke(FUNCTION, payload, now);
        self.pass(TimeDelta::seconds(5)).await;
    }

    /// The status of a certificate in ACM, or `DELETED`.
    pub(crate) fn status(&self, arn: &str) -> String {
        let aws = self.sim.aws();
        let status = aws.acm.certificate(arn).map(|certificate| certificate.status);
        json!(status).as_str().unwrap_or("DELETED").to_owned()
    }

    /// All `UPSERT`s through the API of Route 53, also those without effect.
    pub(crate) fn writes(&self) -> Vec<Write> {
        let aws = self.sim.aws();
        let writes = aws.route53.writes().iter();
        writes.filter(|write| write.action == Action::Upsert).cloned().collect()
    }

    /// The records that were written, as `domain in zone`: without the hash before the domain.
    pub(crate) fn written(&self) -> Vec<String> {
        self.writes()
            .iter()
            .map(|write| format!("{} in {}", domain(&write.name), write.zone_id))
            .collect()
    }

    /// Every response of the function so far.
    pub(crate) fn outcomes(&self) -> Vec<Value> {
        self.sim.aws().lambda.responses().cloned().collect()
    }

    /// The responses to sweeps so far.
    pub(crate) fn swept(&self) -> Vec<Value> {
        self.outcomes().into_iter().filter(|outcome| outcome.get("pages").is_some()).collect()
    }

    /// The answers to audits so far.
    pub(crate) fn audited(&self) -> Vec<Value> {
        let is_audit = |outcome: &Value| outcome.get("certificatesAudited").is_some();
        self.outcomes().into_iter().filter(is_audit).collect()
    }

    /// The details of the events of this type that were published so far.
    pub(crate) fn events(&self, detail_type: &str) -> Vec<Value> {
        let aws = self.sim.aws();
        let events = aws.eventbridge.published().iter();
        events.filter(|it| it.detail_type == detail_type).map(|it| it.detail.clone()).collect()
    }

    /// The function's latest response.
    pub(crate) fn outcome(&self) -> Value {
        self.outcomes().pop().expect("the function has responded")
    }

    /// The states published about certificates so far.
    pub(crate) fn published(&self) -> Vec<String> {
        let aws = self.sim.aws();
        let events = aws.eventbridge.published().iter();
        let states = events.map(|event| event.detail["state"].as_str().unwrap_or("?").to_owned());
        states.collect()
    }

    /// How often this state was published so far.
    pub(crate) fn times_published(&self, state: &str) -> usize {
        self.published().iter().filter(|published| *published == state).count()
    }

    /// How often the function called this operation.
    pub(crate) fn count(&self, operation: &str) -> usize {
        self.sim.aws().calls().iter().filter(|call| call.operation == operation).count()
    }

    /// The errors that invocations ended with, one for each failed attempt.
    pub(crate) fn errors(&self) -> Vec<String> {
        let aws = self.sim.aws();
        aws.lambda.finished().iter().filter_map(|attempt| attempt.outcome.clone().err()).collect()
    }

    /// The sum of all values of a metric so far that were logged without dimensions.
    pub(crate) fn metric(&self, name: &str) -> i64 {
        let lines = self.metrics.lock().expect("lines");
        let totals = lines.iter().filter(|line| line.get("Reason").is_none());
        let values = totals.flat_map(|line| match &line[name] {
            Value::Array(values) => values.clone(),
            value => vec![value.clone()],
        });
        values.filter_map(|value| value.as_i64()).sum()
    }

    /// How many log lines contain this metric so far.
    pub(crate) fn lines_with(&self, metric: &str) -> usize {
        let lines = self.metrics.lock().expect("lines");
        lines.iter().filter(|line| line.get(metric).is_some()).count()
    }

    /// How many blocked records were counted for this reason.
    pub(crate) fn blocked(&self, reason: &str) -> i64 {
        let lines = self.metrics.lock().expect("lines");
        let of_reason = lines.iter().filter(|line| line["Reason"] == reason);
        of_reason.filter_map(|line| line["RecordsBlocked"].as_i64()).sum()
    }

    /// How many checks are scheduled.
    pub(crate) fn scheduled(&self) -> usize {
        let aws = self.sim.aws();
        let now = self.sim.now();
        let schedules = aws.scheduler.schedules(ACCOUNT, REGION, GROUP).into_iter();
        schedules.filter(|schedule| schedule.at > now).count()
    }

    /// What happened so far, in one line for each invocation.
    pub(crate) fn story(&self) -> String {
        let aws = self.sim.aws();
        aws.lambda
            .finished()
            .iter()
            .map(|attempt| {
                let time = attempt.began - epoch();
                let event = attempt.invocation.payload["detail"]["eventName"]
                    .as_str()
                    .or_else(|| attempt.invocation.payload["detail-type"].as_str())
                    .unwrap_or("?")
                    .to_owned();
                let result = match &attempt.outcome {
                    Ok(outcome) => summary(outcome),
                    Err(error) => format!("error {error}"),
                };
                format!(
                    "{:02}:{:02}:{:02} {event}: {result}\n",
                    time.num_hours(),
                    time.num_minutes() % 60,
                    time.num_seconds() % 60
                )
            })
            .collect()
    }
}

/// After every story: each event that the function published in it must match the schema.
impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for published in self.sim.aws().eventbridge.published() {
            let Published { source, detail_type, resources, detail, .. } = published;
            let event = json!({"source": source, "detail-type": detail_type, "resources": resources, "detail": detail});
            check_schema(&event, "an event of this story");
        }
        iam::record(self);
    }
}

/// Deploys the function as the templates do.
pub(crate) fn deploy(sim: &Sim) {
    let now = sim.now();
    let mut aws = sim.aws();
    for account in [ACCOUNT, DNS_ACCOUNT, MEMBER_ACCOUNT] {
        aws.sts.add_account(account);
    }
    aws.lambda.add_function(FUNCTION, sim::lambda::Function::default());
    aws.scheduler.add_group(ACCOUNT, REGION, GROUP, now);
    aws.scheduler.allow_role(ACCOUNT, SCHEDULE_ROLE, &[FUNCTION, QUEUE, DEAD_LETTERS]);
    put_rules(&mut aws, ACCOUNT, REGION, FUNCTION);
}

/// Puts the function's rules on the default bus of an account and region. They replace earlier ones.
fn put_rules(aws: &mut Aws, account: &str, region: &str, target: &str) {
    for (index, pattern) in patterns().into_iter().enumerate() {
        let name = format!("events-{index}");
        aws.eventbridge.put_rule(account, region, "default", &name, pattern, target);
    }
}

/// Requests a certificate with DNS validation; returns its ARN.
pub(crate) async fn request(
    sim: &Sim,
    account: &str,
    region: &str,
    names: &[&str],
    more: impl FnOnce(RequestCertificateFluentBuilder) -> RequestCertificateFluentBuilder,
) -> String {
    let (main, others) = names.split_first().expect("a certificate has a name");
    let others: Vec<_> = others.iter().map(|name| (*name).to_owned()).collect();
    let request = aws_sdk_acm::Client::new(&config(sim, account, region))
        .request_certificate()
        .domain_name(*main)
        .set_subject_alternative_names((!others.is_empty()).then_some(others))
        .validation_method(ValidationMethod::Dns);
    let answer = more(request).send().await.expect("ACM accepts the request");
    answer.certificate_arn.expect("an ARN")
}

/// The time at which every story begins.
pub(crate) fn epoch() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_420_803, 0).expect("2026-11-23T08:00:03Z")
}

/// The payload of a check of this certificate.
pub(crate) fn check(arn: &str, detail: &Value) -> Value {
    json!({
        "source": "acm-dns-validator", "detail-type": "Certificate Check", "resources": [arn],
        "detail": detail,
    })
}

/// The payload of a sweep.
pub(crate) fn sweep(detail: &Value) -> Value {
    json!({"source": "acm-dns-validator", "detail-type": "Certificate Sweep", "resources": [], "detail": detail})
}

/// The payload of an audit of these certificates; of all, if there are none.
pub(crate) fn audit(arns: &[&str]) -> Value {
    json!({
        "source": "acm-dns-validator", "detail-type": "Certificate Audit", "resources": arns,
        "detail": {},
    })
}

/// This many names under one domain: `n0.example.com`, `n1.example.com`, …
pub(crate) fn names_under(domain: &str, count: usize) -> Vec<String> {
    (0..count).map(|index| format!("n{index}.{domain}")).collect()
}

/// A tag of the SDK's type.
pub(crate) fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build().expect("a tag")
}

/// The domain of a record name: `example.com` of `_0123….example.com.`
pub(crate) fn domain(record_name: &str) -> &str {
    let name = record_name.strip_suffix('.').unwrap_or(record_name);
    name.split_once('.').map_or(name, |(_, domain)| domain)
}

/// The secret of every long-lived access key.
pub(crate) const SECRET: &str = "secret";

/// The SDK's configuration for a caller of this account in this region.
pub(crate) fn config(sim: &Sim, account: &str, region: &str) -> SdkConfig {
    let keys = Credentials::new(format!("AKIA{account}"), SECRET, None, None, "story");
    SdkConfig::builder()
        .behavior_version(behavior_version())
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .http_client(sim.http_client())
        .region(Region::new(region.to_owned()))
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(sim.time_source())
        .build()
}

/// The patterns of the rules that send events to the function.
fn patterns() -> [Value; 3] {
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
        json!({
            "source": ["aws.route53"],
            "detail-type": ["AWS API Call via CloudTrail"],
            "detail": {
                "eventSource": ["route53.amazonaws.com"],
                "eventName": ["CreateHostedZone", "ChangeTagsForResource"],
            },
        }),
    ]
}

/// A response in one line of a story.
fn summary(outcome: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut line = text(&outcome["state"]);
    for record in outcome["records"].as_array().into_iter().flatten() {
        let name = text(&record["name"]);
        line += &format!(", {} {}", domain(&name), text(&record["state"]));
        if let Some(zone) = record["hostedZoneId"].as_str() {
            line += &format!(" in {}", zone.trim_start_matches("Z0").trim_start_matches('0'));
        }
    }
    if let Some(reason) = outcome["reason"].as_str() {
        line += &format!(" ({reason})");
    }
    if let Some(next) = outcome["next"].as_str() {
        let next = DateTime::parse_from_rfc3339(next).expect("a time").to_utc()
            - (epoch() - TimeDelta::seconds(3));
        line += &format!(", next check {:02}:{:02}", next.num_hours(), next.num_minutes() % 60);
    }
    line
}
