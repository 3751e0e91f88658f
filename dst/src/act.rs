//! What people and misfortune do to a world, as plain data: a world is a list of these.

use std::fmt;

use sim::faults::FaultKind;

/// The account the function runs in.
pub(crate) const OURS: &str = "111122223333";
/// The account of a DNS team, within reach where `HOSTED_ZONE_ROLE_ARNS` is set.
pub(crate) const DNS: &str = "444455556666";
/// An account that has certificates, and zones out of reach.
pub(crate) const MEMBER: &str = "777788889999";
/// The region the function runs in.
pub(crate) const HOME: &str = "eu-west-1";
/// Another one.
pub(crate) const AWAY: &str = "us-east-1";

/// The tag of `HOSTED_ZONE_TAG`.
pub(crate) const ZONE_TAG: (&str, &str) = ("team", "dns");
/// The tag of `CERTIFICATE_TAG`.
pub(crate) const CERTIFICATE_TAG: (&str, &str) = ("validate", "yes");

/// One thing that happens. Zones and certificates go by their number, so that whatever is about one
/// that a shrunken world does not have simply does not happen.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// All misfortune ends, and people rest.
    Cease,
    /// The name is delegated away from a zone, to name servers of somebody else.
    Cut { zone: usize, name: &'static str },
    /// A hosted zone is created.
    CreateZone(Zone),
    /// A hosted zone is tagged, or loses its tag.
    TagZone { zone: usize, tagged: bool },
    /// A certificate is requested.
    Request(Request),
    /// A certificate that was issued long ago, validated by e-mail or DNS.
    Old { certificate: usize, names: Vec<&'static str>, email: bool, days: i64 },
    /// ACM begins to renew it.
    Renew { certificate: usize },
    /// Somebody moves it from e-mail to DNS.
    Migrate { certificate: usize },
    /// Somebody deletes it.
    Delete { certificate: usize },
    /// Somebody tags it; `zone:3` in a value stands for the id of zone 3.
    Tag { certificate: usize, key: &'static str, value: String },
    /// Somebody takes a tag away.
    Untag { certificate: usize, key: &'static str },
    /// Somebody else's tool writes one of its records into a zone: the right value, or another.
    Put { certificate: usize, zone: usize, right: bool },
    /// Somebody else's tool removes its records from a zone.
    Remove { certificate: usize, zone: usize },
    /// A TXT record stands where one of its records belongs.
    Occupy { certificate: usize, zone: usize },
    /// Somebody invokes the function by hand.
    Invoke { certificate: usize },
    /// The hourly sweep.
    Sweep,
    /// Calls go wrong.
    Fault { kind: FaultKind, operation: Option<&'static str>, after: u32, times: Option<u32> },
    /// Whatever calls go wrong, they are well again.
    Well,
    /// The next events of services are lost.
    Lose(usize),
    /// Events arrive twice from now on, or once again.
    Double(bool),
    /// The next event of a service is this many minutes late.
    Late(i64),
    /// The next schedules do not fire.
    LoseFirings(u32),
    /// The next schedules fire twice.
    DoubleFirings(u32),
    /// Schedules fire this many seconds late.
    LateFirings(i64),
    /// Lambda is configured anew.
    Lambda { retries: u32, concurrency: usize },
    /// The function's clock is off by this many seconds.
    Skew(i64),
    /// The function begins with a new process.
    ColdStart,
    /// News of a zone reaches the function.
    ZoneNews { zone: usize, tagged: bool },
}

/// A hosted zone.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    pub(crate) number: usize,
    pub(crate) account: &'static str,
    pub(crate) name: &'static str,
    pub(crate) kind: ZoneKind,
    pub(crate) found: Found,
    pub(crate) tagged: bool,
}

/// What a hosted zone is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ZoneKind {
    Public,
    Private,
    Linked,
}

/// How public DNS finds a zone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Found {
    /// Its registrar knows it.
    Registered,
    /// The zone above delegates to it.
    Delegated,
    /// It does not.
    Never,
}

/// A request for a certificate, and how long ACM takes for it.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) certificate: usize,
    pub(crate) account: &'static str,
    pub(crate) region: &'static str,
    pub(crate) names: Vec<&'static str>,
    pub(crate) method: Method,
    pub(crate) key: &'static str,
    pub(crate) tags: Vec<(&'static str, String)>,
    /// Seconds: until it is visible, has options, has a first record, from one record to the next,
    /// between ACM's looks.
    pub(crate) pace: [i64; 5],
}

/// How a certificate is validated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Method {
    Dns,
    Email,
    CloudFront,
    Private,
}

impl Act {
    /// Whether the world would be another one without it: people's wishes and bad luck may be left
    /// out when a failure is cut down, the frame may not.
    pub(crate) fn is_frame(&self) -> bool {
        matches!(self, Self::Cease)
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cease => write!(f, "all misfortune ceases"),
            Self::Cut { zone, name } => write!(f, "{name} is delegated away from zone {zone}"),
            Self::CreateZone(Zone { number, account, name, kind, found, tagged }) => {
                let tagged = if *tagged { ", tagged" } else { "" };
                write!(
                    f,
                    "zone {number} is created: {name}, {kind:?}, {found:?}, of {account}{tagged}"
                )
            }
            Self::TagZone { zone, tagged: true } => write!(f, "zone {zone} is tagged"),
            Self::TagZone { zone, .. } => write!(f, "zone {zone} loses its tag"),
            Self::Request(it) => {
                let Request { certificate, account, region, names, method, tags, pace, .. } = it;
                let names = names.join(" ");
                write!(
                    f,
                    "certificate {certificate} is requested for {names} by {method:?} in {account} {region}, tags {tags:?}, pace {pace:?}"
                )
            }
            other => write!(f, "{other:?}"),
        }
    }
}
