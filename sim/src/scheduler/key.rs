//! Keys, ARNs and page tokens of schedules and groups.

use crate::arn::partition;
use crate::call::Caller;

pub(super) const DEFAULT_GROUP: &str = "default";

/// Account, region, group.
pub(super) type GroupKey = (String, String, String);
/// Account, region, group, name.
pub(super) type Key = (String, String, String, String);

pub(super) fn group_key(caller: &Caller, name: &str) -> GroupKey {
    (caller.account.clone(), caller.region.clone(), name.to_owned())
}

pub(super) fn arn((account, region, group, name): &Key) -> String {
    let partition = partition(region);
    format!("arn:{partition}:scheduler:{region}:{account}:schedule/{group}/{name}")
}

/// The ARN of a schedule, whether it exists or not.
pub(crate) fn schedule_arn(caller: &Caller, group: Option<&str>, name: &str) -> String {
    let Caller { account, region } = caller.clone();
    arn(&(account, region, group.unwrap_or(DEFAULT_GROUP).to_owned(), name.to_owned()))
}

pub(crate) fn group_arn(Caller { account, region }: &Caller, name: &str) -> String {
    format!("arn:{}:scheduler:{region}:{account}:schedule-group/{name}", partition(region))
}

/// The token of the last schedule of a page. No name contains a `/`.
pub(super) fn token((_, _, group, name): &Key) -> String {
    format!("{group}/{name}")
}
