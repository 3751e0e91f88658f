//! What tests set up and read without API calls.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Group, Schedule, Scheduler};

impl Scheduler {
    /// Creates a group.
    pub fn add_group(&mut self, account: &str, region: &str, name: &str, now: DateTime<Utc>) {
        let key = (account.to_owned(), region.to_owned(), name.to_owned());
        self.groups.insert(key, Group { created_at: now });
    }

    /// Allows Scheduler to assume a role, and the role to send to these functions and queues. For a
    /// dead-letter queue it needs a permission too.
    pub fn allow_role(&mut self, account: &str, role_arn: &str, targets: &[&str]) {
        let targets = targets.iter().map(|target| (*target).to_owned()).collect();
        self.roles.insert((account.to_owned(), role_arn.to_owned()), targets);
    }

    /// How long a completed schedule exists before it is deleted: "shortly after its last target
    /// invocation", for which AWS gives no number. 90 s by default.
    pub fn set_linger(&mut self, linger: TimeDelta) {
        self.linger = linger;
    }

    /// Delays every firing by this much.
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

    /// The names of the groups of an account in a region, except `default`.
    pub fn groups(&self, account: &str, region: &str) -> Vec<&str> {
        let here = self.groups.keys().filter(|key| (&*key.0, &*key.1) == (account, region));
        here.map(|key| key.2.as_str()).collect()
    }

    /// The schedules in a group, by name.
    pub fn schedules(&self, account: &str, region: &str, group: &str) -> Vec<&Schedule> {
        self.within(account, region, group).map(|(_, schedule)| schedule).collect()
    }

    /// How many payloads were dropped: the role may send neither to the target nor to a dead-letter queue.
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// How many schedules were created with a time in the past. They never fire.
    pub fn lost(&self) -> usize {
        self.lost
    }
}
