//! Validates ACM certificates by publishing their DNS records in Route 53.
//!
//! ACM issues a DNS-validated certificate once a CNAME it names is in public DNS. This function
//! hears that a certificate was requested, by whomever and with whatever tool, publishes that CNAME
//! in the right hosted zone, and looks again until ACM has issued the certificate or given up. One
//! invocation is one look:
//!
//! ```text
//! CloudTrail RequestCertificate │ AddTagsToCertificate ─┐
//! ACM Certificate Renewal Action Required │ Available   ├─▶ trigger::parse ─▶ Wake      why we woke ends here
//! our own scheduled check                               ┘        │
//!                          acm: DescribeCertificate ∥ ListTagsForCertificate ─▶ Certificate
//!                                                                ▼
//!                                                         plan::decide ─▶ Plan           pure
//!                                                                ▼
//!                    scheduler: CreateSchedule "<certificate uuid>-<minute>"             first
//!                                                                ▼
//!                    route53: zones by tag or by name ─▶ zone::assign ─▶ Assignment      pure
//!                                                                ▼
//!                    route53: read what is there ─▶ one UPSERT batch a zone              last
//!                                                                ▼
//!                    eventbridge: PutEvents, if it is news ─▶ Outcome, the response
//! ```
//!
//! Events may be lost: [`sweep`], every hour, arms the next check of whatever waits.
//!
//! Start at [`reconcile::reconcile`]; it is the whole program on one screen.
//!
//! # Invariants
//!
//! * [`plan`] and [`zone`] do no I/O, read no clock, and cannot fail.
//! * What is done depends only on what AWS says now, never on which event woke us. There is no store: ACM,
//!   Route 53 and the schedules are the state.
//! * No invocation waits. To wait is to arm a later check.
//! * The next check is armed before any record is touched. An `Err` means that none is armed, so
//!   Lambda must retry and somebody be told; what goes wrong later is a record blocked or deferred.
//! * Only what [`record::ValidationRecord::parse`] takes is ever written, by `UPSERT`, and only if
//!   it is not there already. Nothing is ever deleted.
//! * Every effect may be repeated.
//!
//! # Where it departs from the design
//!
//! * A look does not wait some seconds for the records of a very young certificate: CloudTrail's
//!   own delay nearly always covers that, and the first check is at most two minutes away.
//! * A zone that the certificate's tag names must carry `HOSTED_ZONE_TAG` too: the tag on a
//!   certificate is set by whoever requests it, the setting by whoever runs the function.
//! * A renewal is looked at daily after its first 73 hours, until the certificate ends.

pub mod arn;
pub mod aws;
pub mod batch;
pub mod certificate;
pub mod deadline;
pub mod diagnose;
pub mod error;
pub mod function;
pub mod heal;
mod itinerary;
pub mod metrics;
pub mod name;
pub mod outcome;
pub mod plan;
pub mod publish;
pub mod reconcile;
pub mod record;
pub mod settings;
pub mod survey;
pub mod sweep;
pub mod trigger;
pub mod waiting;
pub mod zone;
