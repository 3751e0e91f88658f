//! Stories: each runs the function in one situation and checks what AWS and the function then hold.

mod accounts;
mod bounds;
mod certificates;
mod costs;
mod diagnosis;
mod failures;
mod metrics;
mod migration;
mod new_certificates;
mod organization;
mod overview;
mod public_dns;
mod renewals;
mod reported;
mod sweep;
mod zone_changes;
mod zones;
