//! A small, strict AWS for tests and demos of acm-dns-validator.
//!
//! It speaks the real wire formats of ACM, Route 53, EventBridge, EventBridge Scheduler, STS and
//! Lambda's Runtime API, has queues between events and functions, and it is strict where other emulators are lenient: leniency hides exactly
//! the mistakes that matter. ACM issues a certificate only when the zone that *public DNS* delegates
//! to holds the right CNAME; Route 53 refuses what Route 53 refuses, in its words.
//!
//! ```text
//!  request ──▶ aws::Aws::respond(request, now) ──▶ answer      one pure core: state, no I/O, no clock
//!                    │  who calls (credentials), which operation, faults asked for, token buckets
//!                    ▼
//!   acm · route53 · scheduler · eventbridge · sts               one room a service
//!                    ▲
//!  Aws::advance(now) │ everything that happens by itself: ACM looks at public DNS, CloudTrail
//!                    │ delivers, schedules fire, queues are polled, Lambda retries
//! ```
//!
//! Two doors lead in: [`client`] stands behind the SDK's HTTP client in the same process, with
//! tokio's paused clock, so that three days pass in milliseconds; [`server`] listens on loopback
//! and serves anything that speaks to AWS.
//!
//! Where a rule of AWS is modelled, its source stands beside it.

pub mod acm;
mod agenda;
pub mod aws;
pub mod client;
pub mod clock;
mod cloudtrail;
pub mod drive;
pub mod eventbridge;
pub mod faults;
pub mod iam;
pub mod lambda;
pub mod route53;
pub mod scheduler;
pub mod server;
pub mod sqs;
pub mod sts;
pub mod wire;

pub use drive::Sim;
