//! Each story is named by what it shows.

mod accounts;
mod certificates;
mod costs;
mod diagnosis;
mod metrics;
mod migration;
mod misfortune;
mod organization;
mod renewals;
mod reported;
mod sweep;
mod young;
mod zone_changes;
mod zones;
