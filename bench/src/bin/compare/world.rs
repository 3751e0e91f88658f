//! A simulated AWS with the function deployed in it, and certificates that wait for their first look.

use acm_dns_validator_bench::world::Failure;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sim::Sim;
use sim::acm::validation_record;
use sim::aws::Caller;

/// The account everything is in.
pub(crate) const ACCOUNT: &str = "111122223333";
/// The region everything is in.
pub(crate) const REGION: &str = "eu-west-1";
/// The function.
pub(crate) const FUNCTION: &str =
    "arn:aws:lambda:eu-west-1:111122223333:function:acm-dns-validator";
/// The schedule group for its checks.
pub(crate) const GROUP: &str = "acm-dns-validator";
/// The role that invokes the function for Scheduler.
pub(crate) const SCHEDULE_ROLE: &str = "arn:aws:iam::111122223333:role/acm-dns-validator-scheduler";

/// What the seven calls of a first look are.
const CALLS: [&str; 7] = [
    "ChangeResourceRecordSets",
    "CreateSchedule",
    "DescribeCertificate",
    "ListHostedZonesByName",
    "ListResourceRecordSets",
    "ListTagsForCertificate",
    "PutEvents",
];

/// A simulated AWS.
pub(crate) struct World {
    pub(crate) sim: Sim,
    zone: String,
    requested: Vec<Requested>,
    /// How many calls had been made when the current invocation began.
    calls_before: usize,
}

/// A certificate nobody has looked at yet.
struct Requested {
    domain: String,
    arn: String,
    /// What CloudTrail told of the request.
    event: Value,
}

impl World {
    /// A world in which this many certificates were requested a while before `now`, so that ACM has
    /// made their records.
    pub(crate) fn new(now: DateTime<Utc>, certificates: usize) -> Result<Self, Failure> {
        let sim = Sim::stepped(now - TimeDelta::minutes(1));
        let zone = {
            let mut aws = sim.aws();
            aws.sts.add_account(ACCOUNT);
            aws.scheduler.add_group(ACCOUNT, REGION, GROUP, sim.now());
            aws.scheduler.allow_role(ACCOUNT, SCHEDULE_ROLE);
            aws.lambda.add_function(FUNCTION, sim::lambda::Function::default());
            let pattern = json!({
                "source": ["aws.acm"],
                "detail-type": ["AWS API Call via CloudTrail"],
                "detail": {"eventName": ["RequestCertificate"]},
            });
            aws.eventbridge.put_rule(ACCOUNT, REGION, "default", "wake", pattern, FUNCTION);
            aws.acm.set_unlimited(true);
            aws.route53.register_domain(ACCOUNT, "example.com")
        };
        let mut world = Self { sim, zone, requested: Vec::new(), calls_before: 0 };
        for index in 0..certificates {
            let requested = world.request(&format!("n{index}.example.com"))?;
            world.requested.push(requested);
        }
        world.sim.clock().advance_to(now);
        Ok(world)
    }

    /// Requests a certificate and waits for what CloudTrail tells of it.
    fn request(&self, domain: &str) -> Result<Requested, Failure> {
        let caller = Caller { account: ACCOUNT.to_owned(), region: REGION.to_owned() };
        let body = json!({"DomainName": domain, "ValidationMethod": "DNS"}).to_string();
        let mut aws = self.sim.aws();
        let now = self.sim.now();
        let answer = aws.acm.respond("RequestCertificate", &caller, body.as_bytes(), now);
        let answer = answer.map_err(|failure| failure.code)?;
        let arn = answer["CertificateArn"].as_str().ok_or("ACM answers without an ARN")?;
        // CloudTrail takes less than a minute here; nothing depends on it but the event's time.
        let later = now + TimeDelta::minutes(1);
        aws.advance(later);
        let invocation = aws.lambda.take(later).ok_or("no event tells of the request")?;
        aws.lambda.complete(&invocation.request_id, Ok(Value::Null), later);
        Ok(Requested { domain: domain.to_owned(), arn: arn.to_owned(), event: invocation.payload })
    }

    /// The event that begins the look with this number. A second passes before it, in which the
    /// account regains what it may call.
    pub(crate) fn begin(&mut self, number: usize) -> Value {
        self.sim.clock().advance_to(self.sim.now() + TimeDelta::seconds(1));
        self.calls_before = self.sim.aws().calls().len();
        self.requested[number].event.clone()
    }

    /// How many calls were made since then, if they are those of a first look and did what it is for.
    pub(crate) fn check(&self, number: usize) -> Result<usize, Failure> {
        let Requested { domain, arn, .. } = &self.requested[number];
        let aws = self.sim.aws();
        let calls = &aws.calls()[self.calls_before..];
        if let Some(call) = calls.iter().find(|call| call.error.is_some()) {
            return Err(format!("{} ended with {:?}", call.operation, call.error).into());
        }
        let mut operations: Vec<_> = calls.iter().map(|call| call.operation.as_str()).collect();
        operations.sort_unstable();
        if operations != CALLS {
            return Err(format!("these are not the calls of a first look: {operations:?}").into());
        }
        let (name, value) = validation_record(ACCOUNT, domain);
        let record = aws.route53.record(&self.zone, &name, "CNAME");
        if record.is_none_or(|record| record.values != [value]) {
            return Err(format!("{name} is not in the zone as ACM wants it").into());
        }
        let position = |operation| calls.iter().position(|call| call.operation == operation);
        if position("CreateSchedule") > position("ChangeResourceRecordSets") {
            return Err("the record was written before the next check was armed".into());
        }
        let schedules = aws.scheduler.schedules(ACCOUNT, REGION, GROUP);
        if !schedules.iter().any(|it| it.target == FUNCTION && it.input.contains(arn.as_str())) {
            return Err("no check is armed".into());
        }
        let published = aws.eventbridge.published().last();
        let told = published.is_some_and(|event| {
            event.resources == [arn.as_str()] && event.detail["state"] == "RECORDS_WRITTEN"
        });
        if !told {
            return Err("no event tells of the record".into());
        }
        Ok(calls.len())
    }
}
