//! Whole lives of certificates, from CloudTrail's event to ACM's verdict: the real function, the real
//! SDK clients and real wire formats, on a strict simulator of AWS and a virtual clock.

mod architecture;
mod events;
mod iam;
mod preconnect;
mod process;
mod properties;
mod stories;
mod world;
