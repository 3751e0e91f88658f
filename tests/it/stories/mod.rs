//! Each story is named by what it shows.

mod accounts;
mod certificates;
mod costs;
mod misfortune;
mod sweep;
mod young;
mod zones;
