//! Validates ACM certificates by publishing their DNS records in Route 53.
//!
//! ACM issues a DNS-validated certificate once a CNAME it names is in public DNS. This function
//! hears that a certificate was requested, by whomever and with whatever tool, publishes that CNAME
//! in the right hosted zone, and looks again until ACM has issued the certificate or given up. One
//! invocation is one look:
//!
//! ```text
//! CloudTrail RequestCertificate │ AddTagsToCertificate ─┐
//!        UpdateCertificateOptions                       │
//! ACM Certificate Renewal Action Required │ Available   ├─▶ trigger::parse ─▶ Wake      why we woke ends here
//! our own scheduled check                               │        │
//! a queue's batch of all these ─────────────────────────┘        │  several at once are looked at together
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
//!                                                                ▼
//!                    scheduler: DeleteSchedule, if the end came before its check
//! ```
//!
//! Three ways lead round it: [`sweep`], every hour, arms the next check of whatever waits, since
//! events may be lost; [`heal`] looks at whatever waits under a hosted zone that was created or
//! tagged; [`diagnose`] answers somebody who asks what stands in the way.
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
//!   Lambda or the queue must bring the event back and somebody be told; what goes wrong later is a
//!   record blocked or deferred.
//! * Every invocation ends before Lambda ends it: what it has no time for is deferred, or comes again.
//! * Only what [`record::ValidationRecord::parse`] takes is ever written, by `UPSERT`, and only if
//!   it is not there already. No record is ever deleted.
//! * Every effect may be repeated.
//!
//! # Where it departs from the design
//!
//! * A look does not wait some seconds for the records of a very young certificate: CloudTrail's
//!   own delay nearly always covers that, and the first check is at most two minutes away.
//! * A zone that the certificate's tag names must carry `HOSTED_ZONE_TAG` too: the tag on a
//!   certificate is set by whoever requests it, the setting by whoever runs the function.
//! * A renewal is looked at daily after its first 73 hours, until the certificate ends, and each time
//!   told of if it is blocked.
//! * Whoever hears from ACM itself that a certificate is issued takes back the check that is armed for
//!   it, which would tell so once more. Of renewals only checks tell: most need no help, and of one
//!   that did the check cannot be found again.
//! * A check goes back through the door its event came by: one that came from a queue is sent to the
//!   queue, so that the later looks of thousands of certificates are taken together like the first.
//! * Only Route 53 is called with adaptive retries. They make a client that calls as rarely as this
//!   one wait for many seconds after a single refusal, which ACM's and Scheduler's calls, on which the
//!   next check hangs, cannot afford.
//! * A sweep asks about a renewal before it arms its check: listings do not tell when it began. It does
//!   not find certificates that move from e-mail to DNS, which no listing tells at all.
//! * `aws-config` is not used: [`aws::environment`] reads what a Lambda's environment says of regions,
//!   credentials, endpoints and certificate authorities, and roles are assumed by a provider of our
//!   own. It was a tenth of the binary, for profiles and metadata services that no Lambda has.
//! * A cold start opens its connections to AWS before the first invocation ([`aws::knock`]), which has
//!   a fraction of its processor.
//! * A look for news of a hosted zone tells of a block as a first look does, unless a chain of checks
//!   goes on that has told it.

pub mod arn;
pub mod aws;
pub mod batch;
pub mod certificate;
pub mod context;
pub mod deadline;
pub mod diagnose;
pub mod error;
pub mod function;
pub mod heal;
mod itinerary;
pub mod metrics;
pub mod name;
pub mod outcome;
mod pace;
mod pack;
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
