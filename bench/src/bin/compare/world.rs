//! A simulated AWS in which the function is deployed, and certificates that wait for their first check.

use acm_dns_validator_bench::world::Failure;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sim::Sim;
use sim::acm::validation_record;
use sim::aws::Caller;

/// The account of everything.
pub(crate) const ACCOUNT: &str = "111122223333";
/// The region of everything.
pub(crate) const REGION: &str = "eu-west-1";
/// The function's ARN.
pub(crate) const FUNCTION: &str =
    "arn:aws:lambda:eu-west-1:111122223333:function:acm-dns-validator";
/// The schedule group for its checks.
pub(crate) const GROUP: &str = "acm-dns-validator";
/// The role with which Scheduler invokes the function.
pub(crate) const SCHEDULE_ROLE: &str = "arn:aws:iam::111122223333:role/acm-dns-validator-scheduler";

/// The seven calls of a first check.
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
    /// How many calls there were when the current invocation began.
    calls_before: usize,
}

/// A requested certificate that is not checked yet.
struct Requested {
    domain: String,
    arn: String,
    /// CloudTrail's event about the request.
    event: Value,
}

impl World {
    /// A world in which this many certificates were requested some time before `now`, so that ACM has
    /// their records.
    pub(crate) fn new(now: DateTime<Utc>, certificates: usize) -> Result<Self, Failure> {
        let sim = Sim::stepped(now - TimeDelta::minutes(1));
        let zone = {
            let mut aws = sim.aws();
            aws.sts.add_account(ACCOUNT);
            aws.scheduler.add_group(ACCOUNT, REGION, GROUP, sim.now());
            aws.scheduler.allow_role(ACCOUNT, SCHEDULE_ROLE, &[FUNCTION]);
            aws.lambda.add_function(FUNCTION, sim::lambda::Function::default());
            let pattern = json!({
                "source": ["aws.acm"],
                "detail-type": ["AWS API Call via CloudTrail"],
                "detail": {"eventName": ["RequestCertificate"]},
            });
            aws.eventbridge.put_rule(ACCOUNT, REGION, "default", "requested", pattern, FUNCTION);
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

    /// Requests a certificate, and waits for CloudTrail's event about it.
    fn request(&self, domain: &str) -> Result<Requested, Failure> {
        let caller = Caller { account: ACCOUNT.to_owned(), region: REGION.to_owned() };
        let body = json!({"DomainName": domain, "ValidationMethod": "DNS"}).to_string();
        let mut aws = self.sim.aws();
        let now = self.sim.now();
        let answer = aws.acm.respond("RequestCertificate", &caller, body.as_bytes(), now);
        let answer = answer.map_err(|failure| failure.code)?;
        let arn = answer["CertificateArn"].as_str().ok_or("ACM's response has no ARN")?;
        // CloudTrail takes less than a minute here. Only the event's time depends on it.
        let later = now + TimeDelta::minutes(1);
        aws.advance(later);
        let invocation = aws.lambda.take(later).ok_or("there is no event about the request")?;
        aws.lambda.complete(&invocation.request_id, Ok(Value::Null), later);
        Ok(Requested { domain: domain.to_owned(), arn: arn.to_owned(), event: invocation.payload })
    }

    /// The event that starts the check with this number. A second passes before it, in which the
    /// account's rate limits recover.
    pub(crate) fn next_event(&mut self, number: usize) -> Value {
        self.sim.clock().advance_to(self.sim.now() + TimeDelta::seconds(1));
        self.calls_before = self.sim.aws().calls().len();
        self.requested[number].event.clone()
    }

    /// Verifies that the calls since then are those of a first check, and that they had its effects.
    /// Returns how many there were.
    pub(crate) fn verify(&self, number: usize) -> Result<usize, Failure> {
        let Requested { domain, arn, .. } = &self.requested[number];
        let aws = self.sim.aws();
        let calls = &aws.calls()[self.calls_before..];
        if let Some(call) = calls.iter().find(|call| call.error.is_some()) {
            return Err(format!("{} ended with {:?}", call.operation, call.error).into());
        }
        let mut operations: Vec<_> = calls.iter().map(|call| call.operation.as_str()).collect();
        operations.sort_unstable();
        if operations != CALLS {
            return Err(format!("these are not the calls of a first check: {operations:?}").into());
        }
        let (name, value) = validation_record(ACCOUNT, domain);
        let record = aws.route53.record(&self.zone, &name, "CNAME");
        if record.is_none_or(|record| record.values != [value]) {
            return Err(format!("{name} is not in the zone as ACM wants it").into());
        }
        let position = |operation| calls.iter().position(|call| call.operation == operation);
        if position("CreateSchedule") > position("ChangeResourceRecordSets") {
            return Err("the record was written before the next check was scheduled".into());
        }
        let schedules = aws.scheduler.schedules(ACCOUNT, REGION, GROUP);
        if !schedules.iter().any(|it| it.target == FUNCTION && it.input.contains(arn.as_str())) {
            return Err("no check is scheduled".into());
        }
        let published = aws.eventbridge.published().last();
        let is_published = published.is_some_and(|event| {
            event.resources == [arn.as_str()] && event.detail["state"] == "RECORDS_WRITTEN"
        });
        if !is_published {
            return Err("no event about the record is published".into());
        }
        Ok(calls.len())
    }
}
