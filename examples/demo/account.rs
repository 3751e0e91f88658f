//! The AWS account: what people do in it, and what its state is.

use std::collections::BTreeMap;
use std::error::Error;

use aws_sdk_acm::types::{Tag, ValidationMethod};
use aws_sdk_route53::types::TagResourceType;
use aws_types::SdkConfig;
use chrono::TimeDelta;
use serde_json::{Value, json};
use sim::Sim;
use sim::acm::{RenewalStatus, Status};
use sim::lambda::Finished;
use sim::server::Server;

use crate::setup::{ACCOUNT, FUNCTION, GROUP, REGION, REQUIRED_TAG, deploy};

/// The tag of a certificate that names its hosted zones.
const ZONE_TAG: &str = "acm-dns-validator:hosted-zone-id";

/// AWS's sample of an event about a request for several names.
const SAMPLE: &str = include_str!("../../events/request-certificate-several-names.json");

/// A simulated AWS account in which the function is deployed.
pub(crate) struct Account {
    sim: Sim,
    server: Server,
    acm: aws_sdk_acm::Client,
    route53: aws_sdk_route53::Client,
    zones: BTreeMap<&'static str, String>,
}

impl Account {
    /// An account with hosted zones, the function's rules and its schedule group.
    pub(crate) fn new(sim: Sim, server: Server, config: &SdkConfig) -> Self {
        let zones = deploy(&sim);
        let acm = aws_sdk_acm::Client::new(config);
        let route53 = aws_sdk_route53::Client::new(config);
        Self { sim, server, acm, route53, zones }
    }

    /// The simulator.
    pub(crate) fn sim(&self) -> &Sim {
        &self.sim
    }

    /// The ids of the hosted zones by their names.
    pub(crate) fn zones(&self) -> &BTreeMap<&'static str, String> {
        &self.zones
    }

    /// Lets time pass, and the function work.
    pub(crate) async fn pass(&self, time: TimeDelta) -> Result<(), Box<dyn Error>> {
        let until = self.sim.now() + time;
        self.server.run_until(until).await?;
        self.sim.clock().advance_to(until);
        Ok(())
    }

    /// Lets time pass while nothing happens.
    pub(crate) fn skip(&self, time: TimeDelta) {
        self.sim.clock().advance_to(self.sim.now() + time);
    }

    /// Requests a certificate. With `zones`, its tag names them: ids separated by spaces.
    pub(crate) async fn request(
        &self,
        names: &[&str],
        zones: Option<&str>,
    ) -> Result<String, Box<dyn Error>> {
        let others: Vec<_> = names.iter().skip(1).map(|&name| name.to_owned()).collect();
        let tag = |ids| Tag::builder().key(ZONE_TAG).value(ids).build();
        let tags = zones.map(tag).transpose()?.map(|tag| vec![tag]);
        let response = self
            .acm
            .request_certificate()
            .domain_name(names[0])
            .set_subject_alternative_names((!others.is_empty()).then_some(others))
            .set_tags(tags)
            .validation_method(ValidationMethod::Dns)
            .send()
            .await?;
        response.certificate_arn.ok_or_else(|| "ACM's response has no ARN".into())
    }

    /// CloudTrail loses the next event.
    pub(crate) fn lose_next_event(&self) {
        self.sim.aws().eventbridge.drop_next(1);
    }

    /// Invokes the function with AWS's sample event, changed to be about this certificate.
    pub(crate) fn send_sample_about(&self, arn: &str, zones: &str) {
        let mut sample: Value = serde_json::from_str(SAMPLE).unwrap_or_default();
        sample["detail"]["responseElements"]["certificateArn"] = json!(arn);
        sample["detail"]["requestParameters"]["tags"] = json!([{"key": ZONE_TAG, "value": zones}]);
        self.invoke(sample);
    }

    /// Invokes the function as the hourly schedule does.
    pub(crate) fn sweep(&self) {
        self.invoke(json!({
            "source": "acm-dns-validator",
            "detail-type": "Certificate Sweep",
            "resources": [],
            "detail": {},
        }));
    }

    fn invoke(&self, payload: Value) {
        let now = self.sim.now();
        self.sim.aws().lambda.invoke(FUNCTION, payload, now);
    }

    /// ACM shows the records of new certificates only after this time.
    pub(crate) fn delay_records(&self, time: TimeDelta) {
        self.sim.aws().acm.behaviour.record_after = time;
    }

    /// Gives a hosted zone the tag that the function requires.
    pub(crate) async fn tag_zone(&self, name: &str) -> Result<(), Box<dyn Error>> {
        let (key, value) = REQUIRED_TAG;
        let tag = aws_sdk_route53::types::Tag::builder().key(key).value(value).build();
        let call = self.route53.change_tags_for_resource().resource_id(&self.zones[name]);
        call.resource_type(TagResourceType::Hostedzone).add_tags(tag).send().await?;
        Ok(())
    }

    /// Deletes the validation record of a name, and starts the renewal of the certificate that needs
    /// it.
    pub(crate) fn renew_without_record(&self, arn: &str, name: &str, zone: &str) {
        let (record, _) = sim::acm::validation_record(ACCOUNT, name);
        let now = self.sim.now();
        let aws = &mut *self.sim.aws();
        aws.route53.remove_record(&self.zones[zone], &record, "CNAME");
        aws.acm.start_renewal(arn, now, &aws.route53);
    }

    /// ACM's status of a certificate.
    pub(crate) fn status(&self, arn: &str) -> Option<Status> {
        self.sim.aws().acm.certificate(arn).map(|certificate| certificate.status)
    }

    /// Whether a certificate is issued.
    pub(crate) fn is_issued(&self, arn: &str) -> bool {
        self.status(arn) == Some(Status::Issued)
    }

    /// Whether people were told that the certificate is blocked, with all these words.
    pub(crate) fn is_told(&self, arn: &str, words: [&str; 2]) -> bool {
        let aws = self.sim.aws();
        let mut details = aws.eventbridge.published().iter().map(|event| &event.detail);
        details.any(|detail| {
            let reason = detail["reason"].as_str().unwrap_or_default();
            let all = words.iter().all(|word| reason.contains(word));
            detail["certificateArn"] == arn && detail["state"] == "BLOCKED" && all
        })
    }

    /// Sets the name servers of a hosted zone at the registrar of its domain.
    pub(crate) fn set_registrar(&self, zone: &str) {
        self.sim.aws().route53.register(zone, &self.zones[zone]);
    }

    /// Whether a certificate is renewed.
    pub(crate) fn is_renewed(&self, arn: &str) -> bool {
        let aws = self.sim.aws();
        let renewal = aws.acm.certificate(arn).and_then(|certificate| certificate.renewal.as_ref());
        renewal.is_some_and(|renewal| renewal.status == RenewalStatus::Success)
    }

    /// How many records were written into a hosted zone.
    pub(crate) fn writes(&self, zone: &str) -> usize {
        let aws = self.sim.aws();
        aws.route53.writes().iter().filter(|write| write.zone_id == self.zones[zone]).count()
    }

    /// Whether nothing is left to do: no check is scheduled, no event is waiting, and none failed.
    pub(crate) fn is_done(&self) -> bool {
        let aws = self.sim.aws();
        let schedules = aws.scheduler.schedules(ACCOUNT, REGION, GROUP);
        let scheduled = schedules.iter().any(|schedule| schedule.at > self.sim.now());
        !scheduled && aws.lambda.queued() == 0 && aws.lambda.dead_letters().is_empty()
    }

    /// All invocations after the first `count`.
    pub(crate) fn invocations_after(&self, count: usize) -> Vec<Finished> {
        self.sim.aws().lambda.finished()[count..].to_vec()
    }

    /// How many calls each check of a certificate made.
    pub(crate) fn calls_of_checks(&self, arn: &str) -> Vec<usize> {
        let aws = self.sim.aws();
        let checks = aws.lambda.finished().iter().filter(|invocation| {
            invocation.outcome.as_ref().is_ok_and(|outcome| outcome["certificateArn"] == arn)
        });
        checks.map(|check| check.calls.len()).collect()
    }
}
