//! Performs what audits are about.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sim::acm::{self, Status};
use sim::aws::Aws;

use super::Ledger;
use super::events::own_event;
use crate::act::AuditAct;
use crate::names::{CERTIFICATE_TAG, FUNCTION, QUEUE, STRANGER};
use crate::oracle::lies_in;
use crate::scenario::EventRoute;

impl Ledger {
    /// Performs one act; `None` if the world lacks something that the act needs.
    pub(super) fn perform_audit(
        &mut self,
        act: &AuditAct,
        aws: &mut Aws,
        now: DateTime<Utc>,
    ) -> Option<()> {
        match act {
            AuditAct::AddUsed { certificate, account, region, names, days } => {
                let arn = aws.acm.seed(account, region, names, now - TimeDelta::days(158), |it| {
                    it.status = Status::Issued;
                    it.in_use_by = vec![USER.to_owned()];
                    if self.settings.contains_key("CERTIFICATE_TAG") {
                        it.tags.insert(CERTIFICATE_TAG.0.to_owned(), CERTIFICATE_TAG.1.to_owned());
                    }
                });
                aws.acm.certificate_mut(&arn)?.not_after = Some(now + TimeDelta::days(*days));
                self.certificates.insert(*certificate, arn);
            }
            AuditAct::Begin { certificates } => {
                let arns: Vec<_> =
                    certificates.iter().filter_map(|it| self.certificates.get(it)).collect();
                let arns: Vec<_> = arns.into_iter().cloned().collect();
                if arns.is_empty() && !certificates.is_empty() {
                    return None;
                }
                self.audits.push((now, arns.is_empty()));
                let audit = own_event("Certificate Audit", &arns, json!({}));
                match self.route {
                    EventRoute::Queue { .. } => aws.sqs.send(QUEUE, audit.to_string(), now),
                    EventRoute::Both { .. } | EventRoute::Function => {
                        aws.lambda.invoke(FUNCTION, audit, now)
                    }
                }
            }
            AuditAct::LeaveRecord { zone, name } => {
                let (id, zone) = self.zones.get(zone)?;
                let (record, value) = acm::validation_record(STRANGER, name);
                lies_in(&record, zone.name).then_some(())?;
                aws.route53.put_record(id, &record, "CNAME", 60, &[&value]);
            }
            AuditAct::Use { certificate, used, exported } => {
                let it = aws.acm.certificate_mut(self.certificates.get(certificate)?)?;
                it.in_use_by = if *used { vec![USER.to_owned()] } else { Vec::new() };
                it.exported = *exported;
            }
        }
        Some(())
    }
}

const USER: &str = "a load balancer";
