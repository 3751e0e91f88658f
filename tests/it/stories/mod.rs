//! Stories: each runs the function in one situation and checks what AWS and the function then hold.

mod accounts;
mod audit;
mod audit_page;
mod bounds;
mod certificates;
mod costs;
mod diagnosis;
mod failures;
mod metrics;
mod migration;
mod new_certificates;
mod organization;
mod organization_accounts;
mod overview;
mod public_dns;
mod renewals;
mod reported;
mod sweep;
mod wide_sweeps;
mod wide_zone_changes;
mod zone_accounts;
mod zone_changes;
mod zones;
