//! Tests of the whole function, from the events that it receives to the calls that it makes: the real
//! function with the real SDK clients and wire formats, on a strict simulator of AWS and a virtual clock.

mod architecture;
mod compat;
mod events;
mod iam;
mod pages;
mod preconnect;
mod process;
mod properties;
mod public_dns;
mod requests;
mod sample_pages;
mod stories;
mod world;
