//! Does what a world's acts say to the simulated AWS, and remembers what they made.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sim::Sim;
use sim::acm::{self, DomainStatus, KeyPairOrigin, Kind, RenewalStatus, Status, UpdateStatus};
use sim::aws::{Aws, Caller};
use sim::eventbridge::Event;
use sim::faults::Fault;

use crate::act::{
    Act, CERTIFICATE_TAG, DNS, Found, HOME, MEMBER, Method, OURS, Request, ZONE_TAG, Zone, ZoneKind,
};
use crate::draw::{Doors, HOSTED_ZONES, Scenario};
use crate::oracle::{CertificateFact, Facts, Want, ZoneFact, lies_in};
use crate::world::{FUNCTION, QUEUE};

/// What the acts made so far.
#[derive(Debug)]
pub(crate) struct Ledger {
    settings: BTreeMap<&'static str, String>,
    doors: Doors,
    zones: BTreeMap<usize, (String, Zone)>,
    /// ARNs and main names by number.
    pub(crate) certificates: BTreeMap<usize, String>,
    registered: Vec<(String, String)>,
    delegated: Vec<(String, String, String)>,
    /// How many events were to be lost, so that none is lost later than meant.
    to_lose: usize,
    /// Whom people or luck brought before the function, and how often: reports may be as many more.
    pub(crate) touched: BTreeMap<String, usize>,
}

impl Ledger {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        Self {
            settings: scenario.settings.clone(),
            doors: scenario.doors,
            zones: BTreeMap::new(),
            certificates: BTreeMap::new(),
            registered: Vec::new(),
            delegated: Vec::new(),
            to_lose: 0,
            touched: BTreeMap::new(),
        }
    }

    fn id(&self, zone: usize) -> Option<&str> {
        self.zones.get(&zone).map(|(id, _)| id.as_str())
    }

    /// Does one act. What it needs and the world does not have makes it nothing.
    pub(crate) fn perform(&mut self, act: &Act, sim: &Sim) -> Option<()> {
        let now = sim.now();
        let aws = &mut *sim.aws();
        match act {
            Act::Cease => self.cease(aws, now),
            Act::CreateZone(zone) => self.create_zone(aws, zone),
            Act::Cut { zone, name } => {
                let (id, zone) = self.zones.get(zone)?;
                if zone.name == *name || !lies_in(name, zone.name) {
                    return None;
                }
                aws.route53.put_record(id, name, "NS", 172_800, &["ns.elsewhere.example."]);
                let id = id.clone();
                self.delegated.retain(|(from, at, _)| (from, at.as_str()) != (&id, *name));
            }
            Act::TagZone { zone, tagged } => {
                let (id, zone) = self.zones.get_mut(zone)?;
                zone.tagged = *tagged;
                match tagged {
                    true => aws.route53.tag_zone(id, ZONE_TAG.0, ZONE_TAG.1),
                    false => aws.route53.untag_zone(id, ZONE_TAG.0),
                }
            }
            Act::Request(request) => self.request(aws, request, now)?,
            Act::Old { certificate, names, email, days } => {
                let arn = aws.acm.seed(OURS, HOME, names, now - TimeDelta::days(158), |it| {
                    it.status = Status::Issued;
                    it.in_use_by = vec!["a load balancer".to_owned()];
                    if *email {
                        it.validation_method = Some(acm::Method::Email);
                    }
                    if self.settings.contains_key("CERTIFICATE_TAG") {
                        it.tags.insert(CERTIFICATE_TAG.0.to_owned(), CERTIFICATE_TAG.1.to_owned());
                    }
                });
                aws.acm.certificate_mut(&arn)?.not_after = Some(now + TimeDelta::days(*days));
                self.certificates.insert(*certificate, arn);
            }
            Act::Renew { certificate } => {
                let arn = self.touch(*certificate)?;
                let due = aws.acm.certificate(&arn).is_some_and(|it| it.status == Status::Issued);
                due.then(|| aws.acm.start_renewal(&arn, now, &aws.route53))?;
            }
            Act::Migrate { certificate } => {
                let arn = self.touch(*certificate)?;
                let body = json!({"CertificateArn": arn, "Options": {"ValidationMethod": "DNS"}});
                call(aws, &arn, "UpdateCertificateOptions", &body, now)?;
            }
            Act::Delete { certificate } => {
                let arn = self.certificates.get(certificate)?;
                call(aws, arn, "DeleteCertificate", &json!({"CertificateArn": arn}), now)?;
            }
            Act::Tag { certificate, key, value } => {
                let value = self.spell(value);
                let arn = self.touch(*certificate)?;
                let tags = json!([{"Key": key, "Value": value}]);
                let body = json!({"CertificateArn": arn, "Tags": tags});
                call(aws, &arn, "AddTagsToCertificate", &body, now)?;
            }
            Act::Untag { certificate, key } => {
                let arn = self.certificates.get(certificate)?;
                let body = json!({"CertificateArn": arn, "Tags": [{"Key": key}]});
                call(aws, arn, "RemoveTagsFromCertificate", &body, now)?;
            }
            Act::Put { certificate, zone, right } => {
                for (name, value) in self.records_in(aws, *certificate, *zone)? {
                    let value = if *right { value } else { "_old.acm-validations.aws.".to_owned() };
                    aws.route53.put_record(self.id(*zone)?, &name, "CNAME", 60, &[&value]);
                }
            }
            Act::Remove { certificate, zone } => {
                for (name, _) in self.records_in(aws, *certificate, *zone)? {
                    aws.route53.remove_record(self.id(*zone)?, &name, "CNAME");
                }
            }
            Act::Occupy { certificate, zone } => {
                let (name, _) = self.records_in(aws, *certificate, *zone)?.into_iter().next()?;
                let id = self.id(*zone)?;
                aws.route53.remove_record(id, &name, "CNAME");
                aws.route53.put_record(id, &name, "TXT", 60, &["\"x\""]);
            }
            Act::Invoke { certificate } => {
                let arn = self.touch(*certificate)?;
                aws.lambda.invoke(FUNCTION, ours("Certificate Check", &[arn], json!({})), now);
            }
            Act::Sweep => {
                let detail = match self.settings.contains_key("CERTIFICATE_ROLE_NAME") {
                    true => json!({"accounts": [MEMBER]}),
                    false => json!({}),
                };
                let sweep = ours("Certificate Sweep", &[], detail);
                match self.doors {
                    Doors::Queue { .. } => aws.sqs.send(QUEUE, sweep.to_string(), now),
                    Doors::Both { .. } | Doors::Function => aws.lambda.invoke(FUNCTION, sweep, now),
                }
            }
            Act::Fault { kind, operation, after, times } => {
                let mut fault = Fault::new(*kind).after(*after);
                if let Some(operation) = operation {
                    fault = fault.on(operation);
                }
                if let Some(times) = times {
                    fault = fault.times(*times);
                }
                aws.faults.add(fault);
            }
            Act::Well => aws.faults.clear(),
            Act::Lose(events) => {
                self.to_lose += events;
                aws.eventbridge.drop_next(*events);
            }
            Act::Double(every) => aws.eventbridge.duplicate(*every),
            Act::Late(minutes) => aws.eventbridge.delay_next(TimeDelta::minutes(*minutes)),
            Act::LoseFirings(times) => aws.scheduler.lose_firings(*times),
            Act::DoubleFirings(times) => aws.scheduler.duplicate_firings(*times),
            Act::LateFirings(seconds) => aws.scheduler.set_delay(TimeDelta::seconds(*seconds)),
            Act::Lambda { retries, concurrency } => configure(aws, *retries, *concurrency),
            // The world's own: it holds the clock and the process.
            Act::Skew(_) | Act::ColdStart => {}
            Act::ZoneNews { zone, tagged } => {
                let (id, zone) = self.zones.get(zone)?;
                let payload = zone_news(id, zone, *tagged, now);
                if self.doors.receives().is_some() {
                    aws.sqs.send(QUEUE, payload.to_string(), now);
                }
                if !matches!(self.doors, Doors::Queue { .. }) {
                    aws.lambda.invoke(FUNCTION, payload, now);
                }
                self.certificates.values().for_each(|arn| {
                    *self.touched.entry(arn.clone()).or_default() += 1;
                });
            }
        }
        Some(())
    }

    /// The certificate of this number, before which the function is about to be brought.
    fn touch(&mut self, certificate: usize) -> Option<String> {
        let arn = self.certificates.get(&certificate)?.clone();
        *self.touched.entry(arn.clone()).or_default() += 1;
        Some(arn)
    }

    fn cease(&mut self, aws: &mut Aws, now: DateTime<Utc>) {
        aws.faults.clear();
        aws.eventbridge.duplicate(false);
        aws.scheduler.lose_firings(0);
        aws.scheduler.duplicate_firings(0);
        aws.scheduler.set_delay(TimeDelta::zero());
        configure(aws, 2, 10);
        // Losses and delays that nothing has met yet are spent on events that nobody waits for.
        while aws.eventbridge.dropped() < self.to_lose {
            aws.eventbridge.emit(nobodys(), now);
        }
        (0..10).for_each(|_| aws.eventbridge.emit(nobodys(), now));
    }

    fn create_zone(&mut self, aws: &mut Aws, zone: &Zone) {
        let id = match zone.kind {
            ZoneKind::Public => aws.route53.create_zone(zone.account, zone.name),
            ZoneKind::Private => aws.route53.create_private_zone(zone.account, zone.name),
            ZoneKind::Linked => aws.route53.create_linked_zone(zone.account, zone.name),
        };
        if zone.tagged {
            aws.route53.tag_zone(&id, ZONE_TAG.0, ZONE_TAG.1);
        }
        self.zones.insert(zone.number, (id.clone(), zone.clone()));
        match zone.found {
            Found::Registered => {
                aws.route53.register(zone.name, &id);
                self.registered.retain(|(domain, _)| domain != zone.name);
                self.registered.push((zone.name.to_owned(), id));
            }
            Found::Delegated => {
                let facts = self.facts(aws, DateTime::UNIX_EPOCH);
                let above = zone.name.split_once('.').map_or("", |(_, above)| above);
                let Some(above) = facts.answering_id(above) else { return };
                let servers = aws.route53.name_servers(&id);
                let servers: Vec<_> = servers.iter().map(|it| format!("{it}.")).collect();
                let servers: Vec<_> = servers.iter().map(String::as_str).collect();
                aws.route53.put_record(&above, zone.name, "NS", 172_800, &servers);
                self.delegated.push((above, zone.name.to_owned(), id));
            }
            Found::Never => {}
        }
    }

    fn request(&mut self, aws: &mut Aws, request: &Request, now: DateTime<Utc>) -> Option<()> {
        let [visible, options, record, step, interval] = request.pace.map(TimeDelta::seconds);
        aws.acm.behaviour.visible_after = visible;
        aws.acm.behaviour.options_after = options;
        aws.acm.behaviour.record_after = record;
        aws.acm.behaviour.record_step = step;
        aws.acm.behaviour.validation_interval = interval;
        let (main, others) = request.names.split_first()?;
        let tags = request.tags.iter().map(|(key, value)| {
            let value = self.spell(value);
            json!({"Key": key, "Value": value})
        });
        let mut body = json!({"DomainName": main, "KeyAlgorithm": request.key});
        if !others.is_empty() {
            body["SubjectAlternativeNames"] = json!(others);
        }
        if !request.tags.is_empty() {
            body["Tags"] = tags.collect();
        }
        match request.method {
            Method::Dns => body["ValidationMethod"] = json!("DNS"),
            Method::Email => body["ValidationMethod"] = json!("EMAIL"),
            Method::CloudFront => body["ManagedBy"] = json!("CLOUDFRONT"),
            Method::Private => {
                body["CertificateAuthorityArn"] = json!(format!(
                    "arn:aws:acm-pca:{}:{}:certificate-authority/1",
                    request.region, request.account
                ));
            }
        }
        let (account, region) = (request.account.to_owned(), request.region.to_owned());
        let caller = Caller { account, region };
        let answer = aws
            .acm
            .respond("RequestCertificate", &caller, body.to_string().as_bytes(), now)
            .ok()?;
        let arn = answer["CertificateArn"].as_str()?.to_owned();
        self.touched.insert(arn.clone(), 1);
        self.certificates.insert(request.certificate, arn);
        Some(())
    }

    /// `zone:3` stands for the id of zone 3.
    fn spell(&self, value: &str) -> String {
        let word = |word: &str| {
            let number = word.strip_prefix("zone:").and_then(|number| number.parse().ok());
            number.and_then(|number| self.id(number)).unwrap_or(word).to_owned()
        };
        value.split(' ').map(word).collect::<Vec<_>>().join(" ")
    }

    /// The records of a certificate that a zone could hold.
    fn records_in(
        &self,
        aws: &Aws,
        certificate: usize,
        zone: usize,
    ) -> Option<Vec<(String, String)>> {
        let certificate = aws.acm.certificate(self.certificates.get(&certificate)?)?;
        let (_, zone) = self.zones.get(&zone)?;
        let records = certificate.domains.iter();
        let records =
            records.map(|domain| acm::validation_record(&certificate.account, &domain.name));
        let held = records.filter(|(name, _)| lies_in(name, zone.name));
        (zone.kind != ZoneKind::Linked).then(|| held.collect())
    }

    /// The world now.
    pub(crate) fn facts(&self, aws: &Aws, at: DateTime<Utc>) -> Facts {
        let set = |name| self.settings.contains_key(name);
        let zones = self.zones.values().map(|(id, zone)| {
            let records = aws
                .route53
                .records(id)
                .map(|set| (set.name.to_string(), set.record_type.clone(), set.values.clone()));
            ZoneFact {
                id: id.clone(),
                name: zone.name.to_owned(),
                kind: zone.kind,
                within_reach: zone.account == OURS
                    || (zone.account == DNS && set("HOSTED_ZONE_ROLE_ARNS")),
                admitted: zone.tagged || !set("HOSTED_ZONE_TAG"),
                records: records.collect(),
            }
        });
        let certificates = aws.acm.certificates().map(|it| self.certificate(it, at));
        Facts {
            at,
            zones: zones.collect(),
            certificates: certificates.collect(),
            registered: self.registered.clone(),
            delegated: self.delegated.clone(),
        }
    }

    fn certificate(&self, it: &acm::Certificate, at: DateTime<Utc>) -> CertificateFact {
        let set = |name| self.settings.get(name);
        let skipped = it.tags.get("acm-dns-validator:skip").is_some_and(|value| value != "false");
        let opted_in = set("CERTIFICATE_TAG").is_none()
            || it.tags.get(CERTIFICATE_TAG.0).is_some_and(|value| value == CERTIFICATE_TAG.1);
        let reached = it.account == OURS || set("CERTIFICATE_ROLE_NAME").is_some();
        let update = it.update.as_ref();
        let update = update.filter(|it| it.status == UpdateStatus::PendingDomainValidation);
        let renewal = it.renewal.as_ref();
        let renewal = renewal.filter(|it| it.status == RenewalStatus::PendingValidation);
        let by_dns = it.validation_method == Some(acm::Method::Dns);
        let domains = match (it.status, update, renewal) {
            (Status::PendingValidation | Status::ValidationTimedOut, ..) if by_dns => {
                &it.domains[..]
            }
            (Status::Issued, Some(update), _) => &update.domains,
            (Status::Issued, None, Some(renewal)) if by_dns => &renewal.domains,
            _ => &[],
        };
        let allowed = |name: &str| {
            let name = name.trim_start_matches("*.");
            let domains = set("ALLOWED_DOMAINS").map(String::as_str);
            domains.is_none_or(|them| them.split(',').any(|domain| lies_in(name, domain)))
        };
        let pending = domains.iter().filter(|it| it.status != DomainStatus::Success);
        let wanted = pending.map(|domain| {
            let (name, value) = acm::validation_record(&it.account, &domain.name);
            let told = domain.record_at.is_some_and(|told| told <= at);
            Want { name, value, open: told && allowed(&domain.name) }
        });
        CertificateFact {
            arn: it.arn.clone(),
            names: it
                .domains
                .iter()
                .map(|it| it.name.trim_start_matches("*.").to_owned())
                .collect(),
            ours: it.kind == Kind::AmazonIssued
                && it.managed_by.is_none()
                && it.key_pair_origin == KeyPairOrigin::AwsManaged
                && !skipped
                && opted_in
                && reached
                && it.domains.iter().any(|domain| allowed(&domain.name)),
            lapsed: it.status == Status::ValidationTimedOut,
            wanted: wanted.collect(),
            ids: it
                .tags
                .get(HOSTED_ZONES)
                .map(|ids| ids.split_whitespace().map(str::to_owned).collect())
                .unwrap_or_default(),
        }
    }
}

/// How Lambda treats the function's events.
pub(crate) fn configure(aws: &mut Aws, retries: u32, concurrency: usize) {
    let function = sim::lambda::Function {
        maximum_retry_attempts: retries,
        reserved_concurrency: concurrency,
        ..Default::default()
    };
    aws.lambda.add_function(FUNCTION, function);
}

/// A call by the owner of a certificate.
fn call(aws: &mut Aws, arn: &str, operation: &str, body: &Value, now: DateTime<Utc>) -> Option<()> {
    let parts: Vec<_> = arn.split(':').collect();
    let caller =
        Caller { account: (*parts.get(4)?).to_owned(), region: (*parts.get(3)?).to_owned() };
    aws.acm.respond(operation, &caller, body.to_string().as_bytes(), now).ok().map(drop)
}

fn nobodys() -> Event {
    Event {
        account: OURS.to_owned(),
        region: HOME.to_owned(),
        source: "nobody".to_owned(),
        detail_type: "Nothing".to_owned(),
        resources: Vec::new(),
        detail: json!({}),
    }
}

/// One of the function's own events.
fn ours(detail_type: &str, resources: &[String], detail: Value) -> Value {
    json!({"source": "acm-dns-validator", "detail-type": detail_type, "resources": resources, "detail": detail})
}

/// CloudTrail's record of a zone's creation, or of its being tagged, as far as the function reads it.
fn zone_news(id: &str, zone: &Zone, tagged: bool, now: DateTime<Utc>) -> Value {
    let detail = if tagged {
        json!({
            "eventName": "ChangeTagsForResource",
            "requestParameters": {"resourceType": "hostedzone", "resourceId": id},
        })
    } else {
        let private = zone.kind == ZoneKind::Private;
        let zone = json!({"name": format!("{}.", zone.name), "config": {"privateZone": private}});
        json!({"eventName": "CreateHostedZone", "responseElements": {"hostedZone": zone}})
    };
    json!({
        "source": "aws.route53",
        "detail-type": "AWS API Call via CloudTrail",
        "time": now,
        "resources": [],
        "detail": detail,
    })
}
