//! The fixed names of every world: accounts, regions, ARNs and tags.

/// The account the function runs in.
pub(crate) const OURS: &str = "111122223333";
/// The account of a DNS team. The function can access it if `HOSTED_ZONE_ROLE_ARNS` is set.
pub(crate) const DNS: &str = "444455556666";
/// An account with certificates, and with zones that the function cannot access.
pub(crate) const MEMBER: &str = "777788889999";
/// An account out of reach, which has validation records in zones within reach.
pub(crate) const STRANGER: &str = "999900001111";
/// The account that manages the organization, in worlds that have one.
pub(crate) const MANAGEMENT: &str = "100000000000";
/// The region the function runs in.
pub(crate) const HOME: &str = "eu-west-1";
/// Another region.
pub(crate) const AWAY: &str = "us-east-1";

/// The tag that `HOSTED_ZONE_TAG` requires.
pub(crate) const ZONE_TAG: (&str, &str) = ("team", "dns");
/// The key of the tag that lists the accounts that a zone takes, where `HOSTED_ZONE_ACCOUNTS_TAG` is set.
pub(crate) const ACCOUNTS_TAG: &str = "certificate-accounts";
/// The tag that `CERTIFICATE_TAG` requires.
pub(crate) const CERTIFICATE_TAG: (&str, &str) = ("validate", "yes");

/// The tag of a certificate that names its zones.
pub(crate) const HOSTED_ZONES: &str = "acm-dns-validator:hosted-zone-id";

/// The function.
pub(crate) const FUNCTION: &str =
    "arn:aws:lambda:eu-west-1:111122223333:function:acm-dns-validator";

/// The queue for events, in worlds that have one.
pub(crate) const QUEUE: &str = "arn:aws:sqs:eu-west-1:111122223333:certificates";
/// The dead-letter queue.
pub(crate) const DEAD_LETTERS: &str = "arn:aws:sqs:eu-west-1:111122223333:dead-letters";

/// The id of a certificate that does not exist.
pub(crate) const NOBODYS: &str = "00000000-0000-4000-9000-000000000000";

/// The schedule group of the checks.
pub(crate) const GROUP: &str = "acm-dns-validator";
pub(crate) const SCHEDULE_ROLE: &str = "arn:aws:iam::111122223333:role/acm-dns-validator-scheduler";

/// Error codes of problems that pass by themselves.
pub(crate) const PASSING: [&str; 2] = ["SignatureDoesNotMatch", "ConcurrentModification"];

/// An error code that the function does not know.
pub(crate) const UNKNOWN: &str = "SomethingNew";
