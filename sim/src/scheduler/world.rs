//! The world's side: what tests arrange and look at.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Group, Schedule, Scheduler};

impl Scheduler {
    /// Creates a group, as a template would.
    pub fn add_group(&mut self, account: &str, region: &str, name: &str, now: DateTime<Utc>) {
        let key = (account.to_owned(), region.to_owned(), name.to_owned());
        self.groups.insert(key, Group { created_at: now });
    }

    /// Creates a role that Scheduler may assume.
    pub fn allow_role(&mut self, account: &str, role_arn: &str) {
        self.roles.insert((account.to_owned(), role_arn.to_owned()));
    }

    /// For how long a spent schedule stays until it is deleted: "shortly after its last target
    /// invocation", which AWS does not put into numbers. 90 s by default.
    pub fn set_linger(&mut self, linger: TimeDelta) {
        self.linger = linger;
    }

    /// Lets every schedule come due this much later.
    pub fn set_delay(&mut self, delay: TimeDelta) {
        self.delay = delay;
    }

    /// Loses the next `times` firings.
    pub fn lose_firings(&mut self, times: u32) {
        self.lose = times;
    }

    /// Delivers the next `times` firings twice.
    pub fn duplicate_firings(&mut self, times: u32) {
        self.duplicate = times;
    }

    /// The names of the groups an account has in a region, but for `default`.
    pub fn groups(&self, account: &str, region: &str) -> Vec<&str> {
        let here = self.groups.keys().filter(|key| (&*key.0, &*key.1) == (account, region));
        here.map(|key| key.2.as_str()).collect()
    }

    /// The schedules in a group, by name.
    pub fn schedules(&self, account: &str, region: &str, group: &str) -> Vec<&Schedule> {
        self.within(account, region, group).map(|(_, schedule)| schedule).collect()
    }

    /// How often a schedule was given a time gone by. Who relies on one waits for ever.
    pub fn lost(&self) -> usize {
        self.lost
    }
}
