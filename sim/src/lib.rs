//! A small, strict AWS for the tests and demos of acm-dns-validator.
//!
//! It speaks the real wire formats of ACM, Route 53, EventBridge, EventBridge Scheduler, Organizations, STS
//! and Lambda's Runtime API, and it has SQS queues between events and functions. It is strict where other emulators
//! are lenient, because leniency hides the mistakes that matter. ACM issues a certificate only if the
//! zone that *public DNS* delegates to has the right CNAME record. The function can ask the same public
//! DNS, over UDP and TCP, and gets the faults of real resolvers on request. Route 53 rejects what Route 53 rejects,
//! with the same messages. For each rule of AWS that is modelled, the source is linked.
//!
//! ```text
//!  entry      client       an HTTP client for the SDK in the same process, with tokio's paused clock
//!             server       a server on a loopback port, for any AWS client and any Lambda runtime
//!             recorder     an HTTP client that writes down requests
//!             drive        Sim: one AWS, one clock, and a loop that runs the function
//!  core       aws          Aws::respond answers one request, Aws::advance does what is due: no I/O, no clock
//!             permissions  what a call needs from IAM
//!  services   acm · route53 · scheduler · eventbridge · organizations · sts · lambda · sqs
//!             dns          a recursive resolver, which answers with the public DNS of route53
//!  shared     faults       errors that a test asks for
//!             cloudtrail   the event of an API call
//!             agenda · token_bucket
//!  values     call · service · event · iam · arn · wire · clock
//! ```
//!
//! Arrows run down only: a module imports modules of its own line or of lines below it.

pub mod acm;
mod agenda;
mod arn;
pub mod aws;
mod call;
pub mod client;
pub mod clock;
mod cloudtrail;
pub mod dns;
pub mod drive;
mod event;
pub mod eventbridge;
pub mod faults;
pub mod iam;
pub mod lambda;
pub mod organizations;
mod permissions;
pub mod recorder;
pub mod route53;
pub mod scheduler;
pub mod server;
mod service;
pub mod sqs;
pub mod sts;
mod token_bucket;
pub mod wire;

pub use drive::Sim;
