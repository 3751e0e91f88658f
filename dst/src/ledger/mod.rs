//! Performs the acts of a world on the simulated AWS, and keeps what they created.

mod audits;
mod events;
mod facts;
mod members;
mod public_dns;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sim::Sim;
use sim::acm::{self, RenewalStatus, Status};
use sim::aws::{Aws, Caller};

use self::events::{own_event, tag_event, unrelated_event, zone_event};
use self::members::Members;
use crate::act::{Act, Announcement, Delegation, Method, Request, Zone, ZoneKind};
use crate::deployment::configure;
use crate::names::{
    ACCOUNTS_TAG, CERTIFICATE_TAG, FUNCTION, HOME, MEMBER, NOBODYS, OURS, QUEUE, ZONE_TAG,
};
use crate::oracle::lies_in;
use crate::scenario::{EventRoute, Scenario};

/// What the acts have created so far.
#[derive(Debug)]
pub(crate) struct Ledger {
    settings: BTreeMap<&'static str, String>,
    route: EventRoute,
    timeout: i64,
    pub(crate) members: Members,
    zones: BTreeMap<usize, (String, Zone)>,
    /// The tags that list the accounts that zones take, by the zones' numbers.
    accounts: BTreeMap<usize, &'static str>,
    /// ARNs by number.
    pub(crate) certificates: BTreeMap<usize, String>,
    /// The ids of zones at other providers, by number.
    elsewhere: BTreeMap<usize, (String, &'static str)>,
    /// How many events are to be lost in total, so that none is lost after the faults end.
    to_lose: usize,
    /// When audits began, and whether each is of everything.
    pub(crate) audits: Vec<(DateTime<Utc>, bool)>,
    /// Whether there are audits at all.
    has_audits: bool,
    /// How often an event about each certificate reached the function. Each may cause one more report.
    pub(crate) touched: BTreeMap<String, usize>,
}

impl Ledger {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        Self {
            settings: scenario.settings.clone(),
            route: scenario.route,
            timeout: scenario.timeout,
            members: Members::new(scenario),
            zones: BTreeMap::new(),
            accounts: BTreeMap::new(),
            certificates: BTreeMap::new(),
            elsewhere: BTreeMap::new(),
            to_lose: 0,
            audits: Vec::new(),
            has_audits: scenario.acts.iter().any(|(_, act)| matches!(act, Act::Audit(_))),
            touched: BTreeMap::new(),
        }
    }

    /// Whether the function has this setting.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.settings.contains_key(name)
    }

    fn id(&self, zone: usize) -> Option<&str> {
        self.zones.get(&zone).map(|(id, _)| id.as_str())
    }

    /// Performs one act; `None` if the world lacks something that the act needs.
    pub(crate) fn perform(&mut self, act: &Act, sim: &Sim) -> Option<()> {
        let now = sim.now();
        let aws = &mut *sim.aws();
        match act {
            Act::EndFaults => self.end_faults(aws, now),
            Act::Audit(act) => self.perform_audit(act, aws, now)?,
            Act::CreateZone(zone) => self.create_zone(aws, zone),
            Act::DelegateAway { zone, name } => {
                let (id, zone) = self.zones.get(zone)?;
                if zone.name == *name || !lies_in(name, zone.name) {
                    return None;
                }
                aws.route53.put_record(id, name, "NS", 172_800, &["ns.elsewhere.example."]);
            }
            Act::TagAccounts { zone, accounts } => {
                let id = self.id(*zone)?.to_owned();
                match accounts {
                    Some(value) => {
                        aws.route53.tag_zone(&id, ACCOUNTS_TAG, value);
                        self.accounts.insert(*zone, value);
                    }
                    None => {
                        aws.route53.untag_zone(&id, ACCOUNTS_TAG);
                        self.accounts.remove(zone);
                    }
                }
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
            Act::AddIssued { certificate, names, email, days } => {
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
            Act::AddPending { certificate, account, region, name } => {
                let arn = aws.acm.seed(account, region, &[*name], now, |it| {
                    if self.settings.contains_key("CERTIFICATE_TAG") {
                        it.tags.insert(CERTIFICATE_TAG.0.to_owned(), CERTIFICATE_TAG.1.to_owned());
                    }
                });
                self.certificates.insert(*certificate, arn);
            }
            Act::Announce { announcement, ahead } => {
                let time = now + TimeDelta::seconds(*ahead);
                let nobodys = format!("arn:aws:acm:{HOME}:{OURS}:certificate/{NOBODYS}");
                let payload = match announcement {
                    Announcement::Event(certificate) => tag_event(&self.touch(*certificate)?, time),
                    Announcement::EventOfNone => tag_event(&nobodys, time),
                    Announcement::CheckOfNone => {
                        own_event("Certificate Check", &[nobodys], json!({"since": time}))
                    }
                };
                self.deliver(aws, &payload, now);
            }
            Act::Renew { certificate } => {
                let arn = self.touch(*certificate)?;
                let due = aws.acm.certificate(&arn).is_some_and(|it| it.status == Status::Issued);
                due.then(|| aws.acm.start_renewal(&arn, now, &aws.route53))?;
            }
            Act::RetryRenewal { certificate } => {
                let arn = self.certificates.get(certificate)?;
                let renewal = aws.acm.certificate_mut(arn)?.renewal.as_mut()?;
                (renewal.status == RenewalStatus::PendingValidation)
                    .then(|| renewal.updated_at = now)?;
            }
            Act::Migrate { certificate } => {
                let arn = self.touch(*certificate)?;
                let body = json!({"CertificateArn": arn, "Options": {"ValidationMethod": "DNS"}});
                call(aws, &arn, "UpdateCertificateOptions", &body, now)?;
            }
            Act::Member(act) => {
                let is_first = aws.calls().is_empty();
                self.members.perform(*act, aws, now, is_first)?;
                // It may be reported again, as after an event about it.
                for (arn, times) in &mut self.touched {
                    *times += usize::from(arn.contains(MEMBER));
                }
            }
            Act::Delete { certificate } => {
                let arn = self.certificates.get(certificate)?;
                call(aws, arn, "DeleteCertificate", &json!({"CertificateArn": arn}), now)?;
            }
            Act::Tag { certificate, key, value } => {
                let value = self.resolve(value);
                let arn = self.touch(*certificate)?;
                let tags = json!([{"Key": key, "Value": value}]);
                let body = json!({"CertificateArn": arn, "Tags": tags});
                call(aws, &arn, "AddTagsToCertificate", &body, now)?;
            }
            Act::Untag { certificate, key } => {
                let arn = self.touch(*certificate)?;
                let body = json!({"CertificateArn": arn, "Tags": [{"Key": key}]});
                call(aws, &arn, "RemoveTagsFromCertificate", &body, now)?;
            }
            Act::PutRecords { certificate, zone, right } => {
                for (name, value) in self.records_in(aws, *certificate, *zone)? {
                    let value = if *right { value } else { "_old.acm-validations.aws.".to_owned() };
                    aws.route53.put_record(self.id(*zone)?, &name, "CNAME", 60, &[&value]);
                }
            }
            Act::RemoveRecords { certificate, zone } => {
                for (name, _) in self.records_in(aws, *certificate, *zone)? {
                    aws.route53.remove_record(self.id(*zone)?, &name, "CNAME");
                }
            }
            Act::OccupyName { certificate, zone } => {
                let (name, _) = self.records_in(aws, *certificate, *zone)?.into_iter().next()?;
                let id = self.id(*zone)?;
                aws.route53.remove_record(id, &name, "CNAME");
                aws.route53.put_record(id, &name, "TXT", 60, &["\"x\""]);
            }
            Act::Invoke { certificate } => {
                let arn = self.touch(*certificate)?;
                aws.lambda.invoke(FUNCTION, own_event("Certificate Check", &[arn], json!({})), now);
            }
            Act::Sweep => {
                let names_member = self.settings.contains_key("CERTIFICATE_ROLE_NAME")
                    && !self.settings.contains_key("ACCOUNTS");
                let detail = match names_member {
                    true => json!({"accounts": [MEMBER]}),
                    false => json!({}),
                };
                let sweep = own_event("Certificate Sweep", &[], detail);
                match self.route {
                    EventRoute::Queue { .. } => aws.sqs.send(QUEUE, sweep.to_string(), now),
                    EventRoute::Both { .. } | EventRoute::Function => {
                        aws.lambda.invoke(FUNCTION, sweep, now)
                    }
                }
            }
            Act::Fault(fault) => aws.faults.add(fault.clone()),
            Act::ClearFaults => aws.faults.clear(),
            Act::LoseEvents(events) => {
                self.to_lose += events;
                aws.eventbridge.drop_next(*events);
            }
            Act::DuplicateEvents(every) => aws.eventbridge.duplicate(*every),
            Act::DelayEvent(minutes) => aws.eventbridge.delay_next(TimeDelta::minutes(*minutes)),
            Act::LoseFirings(times) => aws.scheduler.lose_firings(*times),
            Act::DuplicateFirings(times) => aws.scheduler.duplicate_firings(*times),
            Act::DelayFirings(seconds) => aws.scheduler.set_delay(TimeDelta::seconds(*seconds)),
            Act::ConfigureLambda { retries, concurrency } => {
                configure(aws, *retries, *concurrency, self.timeout);
            }
            // `State` and `Host` do these: they hold the clock and the process.
            Act::SkewClock(_) | Act::ColdStart => {}
            Act::Dns(act) => self.perform_dns(act, aws)?,
            Act::ReportZone { zone, tagged } => {
                let (id, zone) = self.zones.get(zone)?;
                let payload = zone_event(id, zone, *tagged, now);
                self.deliver(aws, &payload, now);
                self.certificates.values().for_each(|arn| {
                    *self.touched.entry(arn.clone()).or_default() += 1;
                });
            }
        }
        Some(())
    }

    /// Delivers an event the way events come in this world.
    fn deliver(&self, aws: &mut Aws, payload: &Value, now: DateTime<Utc>) {
        if self.route.receives().is_some() {
            aws.sqs.send(QUEUE, payload.to_string(), now);
        }
        if !matches!(self.route, EventRoute::Queue { .. }) {
            aws.lambda.invoke(FUNCTION, payload.clone(), now);
        }
    }

    /// The certificate of this number, about which an event is about to reach the function.
    fn touch(&mut self, certificate: usize) -> Option<String> {
        let arn = self.certificates.get(&certificate)?.clone();
        *self.touched.entry(arn.clone()).or_default() += 1;
        Some(arn)
    }

    fn end_faults(&mut self, aws: &mut Aws, now: DateTime<Utc>) {
        aws.faults.clear();
        aws.dns.faults.clear();
        aws.eventbridge.duplicate(false);
        aws.scheduler.lose_firings(0);
        aws.scheduler.duplicate_firings(0);
        aws.scheduler.set_delay(TimeDelta::zero());
        configure(aws, 2, 10, self.timeout);
        // Losses and delays that are left are used up by events that no rule matches.
        while aws.eventbridge.dropped() < self.to_lose {
            aws.eventbridge.emit(unrelated_event(), now);
        }
        (0..10).for_each(|_| aws.eventbridge.emit(unrelated_event(), now));
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
        match zone.delegation {
            Delegation::Registered => {
                aws.route53.register(zone.name, &id);
            }
            Delegation::Delegated => {
                let servers = aws.route53.name_servers(&id);
                _ = Self::delegate(aws, zone.name, &servers);
            }
            Delegation::Missing => {}
        }
    }

    fn request(&mut self, aws: &mut Aws, request: &Request, now: DateTime<Utc>) -> Option<()> {
        let [visible, options, record, step, interval] = request.delays.map(TimeDelta::seconds);
        aws.acm.behaviour.visible_after = visible;
        aws.acm.behaviour.options_after = options;
        aws.acm.behaviour.record_after = record;
        aws.acm.behaviour.record_step = step;
        aws.acm.behaviour.validation_interval = interval;
        let (main, others) = request.names.split_first()?;
        let tags = request.tags.iter().map(|(key, value)| {
            let value = self.resolve(value);
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

    /// Replaces `zone:3` by the id of zone 3.
    fn resolve(&self, value: &str) -> String {
        let word = |word: &str| {
            let number = word.strip_prefix("zone:").and_then(|number| number.parse().ok());
            number.and_then(|number| self.id(number)).unwrap_or(word).to_owned()
        };
        value.split(' ').map(word).collect::<Vec<_>>().join(" ")
    }

    /// The records of a certificate that a zone can hold.
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
}

/// A call by the owner of a certificate.
fn call(aws: &mut Aws, arn: &str, operation: &str, body: &Value, now: DateTime<Utc>) -> Option<()> {
    let parts: Vec<_> = arn.split(':').collect();
    let caller =
        Caller { account: (*parts.get(4)?).to_owned(), region: (*parts.get(3)?).to_owned() };
    aws.acm.respond(operation, &caller, body.to_string().as_bytes(), now).ok().map(drop)
}
