//! What happens in a world, as plain data: a scenario is a list of acts.

use std::fmt;

use sim::dns::DnsFault;
use sim::faults::Fault;

/// One thing that happens. Acts name zones and certificates by number. An act about a zone or a
/// certificate that a shrunken world does not have does nothing.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// A certificate that was issued long ago, validated by email or DNS.
    AddIssued { certificate: usize, names: Vec<&'static str>, email: bool, days: i64 },
    /// A pending certificate, of whose request no event tells.
    AddPending {
        certificate: usize,
        account: &'static str,
        region: &'static str,
        name: &'static str,
    },
    /// Somebody audits, or makes something that an audit is about.
    Audit(AuditAct),
    /// Something about a certificate reaches the function, with a time that is this many seconds in the
    /// future.
    Announce { announcement: Announcement, ahead: i64 },
    /// Injected faults of calls end.
    ClearFaults,
    /// The function starts again in a new process.
    ColdStart,
    /// Lambda's retries and concurrency change.
    ConfigureLambda { retries: u32, concurrency: usize },
    /// A hosted zone is created.
    CreateZone(Zone),
    /// The next event of a service is this many minutes late.
    DelayEvent(i64),
    /// Schedules fire this many seconds late.
    DelayFirings(i64),
    /// The name is delegated from a zone to name servers of somebody else.
    DelegateAway { zone: usize, name: &'static str },
    /// Somebody deletes a certificate.
    Delete { certificate: usize },
    /// From now on events arrive twice, or once again.
    DuplicateEvents(bool),
    /// A registrar, another DNS provider or a resolver does something.
    Dns(DnsAct),
    /// The next schedules fire twice.
    DuplicateFirings(u32),
    /// All faults end. After this, people change nothing.
    EndFaults,
    /// Calls fail.
    Fault(Fault),
    /// Somebody invokes the function by hand.
    Invoke { certificate: usize },
    /// The next events of services are lost.
    LoseEvents(usize),
    /// The next schedules do not fire.
    LoseFirings(u32),
    /// ACM tries a pending renewal again, which moves the time of its last update.
    RetryRenewal { certificate: usize },
    /// The account of the members joins the organization, or leaves it.
    Member(Membership),
    /// Somebody moves a certificate from email to DNS validation.
    Migrate { certificate: usize },
    /// A TXT record exists at the name of one of the certificate's records.
    OccupyName { certificate: usize, zone: usize },
    /// Another tool writes the certificate's records into a zone, with the right value or another.
    PutRecords { certificate: usize, zone: usize, right: bool },
    /// Another tool removes the certificate's records from a zone.
    RemoveRecords { certificate: usize, zone: usize },
    /// ACM begins to renew a certificate.
    Renew { certificate: usize },
    /// An event about a zone reaches the function.
    ReportZone { zone: usize, tagged: bool },
    /// A certificate is requested.
    Request(Request),
    /// The function's clock is wrong by this many seconds.
    SkewClock(i64),
    /// The hourly sweep.
    Sweep,
    /// Somebody tags a certificate; `zone:3` in a value stands for the id of zone 3.
    Tag { certificate: usize, key: &'static str, value: String },
    /// The tag of a hosted zone lists these accounts from now on, or is removed.
    TagAccounts { zone: usize, accounts: Option<&'static str> },
    /// A hosted zone is tagged, or loses its tag.
    TagZone { zone: usize, tagged: bool },
    /// Somebody removes a tag of a certificate.
    Untag { certificate: usize, key: &'static str },
}

/// What audits are about.
#[derive(Clone, Debug)]
pub(crate) enum AuditAct {
    /// A certificate that was issued long ago, validated by DNS, and is in use.
    AddUsed {
        certificate: usize,
        account: &'static str,
        region: &'static str,
        names: Vec<&'static str>,
        days: i64,
    },
    /// An audit of these certificates begins; of everything if there are none.
    Begin { certificates: Vec<usize> },
    /// A validation record of an account out of reach is in a zone.
    LeaveRecord { zone: usize, name: &'static str },
    /// Something uses a certificate from now on, or nothing does any more; then it may have been exported.
    Use { certificate: usize, used: bool, exported: bool },
}

/// What becomes of an account in the organization.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Membership {
    /// It joins, or is active again.
    Active,
    /// It leaves.
    Gone,
    /// It is closed.
    Suspended,
}

/// What reaches the function with a time in the future.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Announcement {
    /// An event about this certificate.
    Event(usize),
    /// An event about a certificate that does not exist.
    EventOfNone,
    /// A check, as if an earlier one had scheduled it, of a certificate that does not exist.
    CheckOfNone,
}

/// What happens in public DNS outside of Route 53.
#[derive(Clone, Debug)]
pub(crate) enum DnsAct {
    /// The faults of resolvers end.
    ClearFaults,
    /// Another provider creates a zone.
    CreateElsewhere { number: usize, name: &'static str },
    /// A name is delegated to these name servers, in the zone that answers for the name above it.
    Delegate { name: &'static str, servers: NameServers },
    /// The registration of a domain expires.
    Expire { domain: &'static str },
    /// Answers of resolvers are wrong.
    Fault(DnsFault),
    /// Somebody publishes the certificate's records in a zone of another provider.
    PutElsewhere { certificate: usize, number: usize },
    /// The registrar delegates a domain to these name servers.
    Register { domain: &'static str, servers: NameServers },
    /// A delegation is removed from the zone that answers for the name above it.
    Undelegate { name: &'static str },
    /// The name servers of a zone get other names, and its NS record set has those.
    WhiteLabel { zone: usize },
}

/// Name servers that a delegation names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NameServers {
    /// Those of a zone that no longer exists.
    Deleted,
    /// Those of a zone at another provider.
    Elsewhere(usize),
    /// Two of a zone that no longer exists, and two of this zone.
    Half(usize),
    /// None.
    Nobody,
    /// The other names of a zone's name servers.
    WhiteLabels(usize),
    /// Those of this zone.
    Zone(usize),
}

/// A hosted zone.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    pub(crate) number: usize,
    pub(crate) account: &'static str,
    pub(crate) name: &'static str,
    pub(crate) kind: ZoneKind,
    pub(crate) delegation: Delegation,
    pub(crate) tagged: bool,
}

/// What a hosted zone is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ZoneKind {
    Public,
    Private,
    Linked,
}

/// How public DNS reaches a zone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Delegation {
    /// The registrar delegates to it.
    Registered,
    /// The parent zone delegates to it.
    Delegated,
    /// Nothing delegates to it.
    Missing,
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
    /// Seconds: until the certificate is visible, until it has options, until it has a first record,
    /// from one record to the next, and between ACM's checks of public DNS.
    pub(crate) delays: [i64; 5],
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
    /// Whether the act must stay when a failing world is shrunk. What people do and what goes wrong
    /// may be left out.
    pub(crate) fn is_frame(&self) -> bool {
        matches!(self, Self::EndFaults)
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EndFaults => write!(f, "all faults end"),
            Self::DelegateAway { zone, name } => {
                write!(f, "{name} is delegated away from zone {zone}")
            }
            Self::CreateZone(Zone { number, account, name, kind, delegation, tagged }) => {
                let tagged = if *tagged { ", tagged" } else { "" };
                write!(
                    f,
                    "zone {number} is created: {name}, {kind:?}, {delegation:?}, of {account}{tagged}"
                )
            }
            Self::TagZone { zone, tagged: true } => write!(f, "zone {zone} is tagged"),
            Self::TagZone { zone, .. } => write!(f, "zone {zone} loses its tag"),
            Self::Request(it) => {
                let Request { certificate, account, region, names, method, tags, delays, .. } = it;
                let names = names.join(" ");
                write!(
                    f,
                    "certificate {certificate} is requested for {names} by {method:?} in {account} {region}, tags {tags:?}, delays {delays:?}"
                )
            }
            Self::Audit(act) => write!(f, "{act:?}"),
            Self::Dns(act) => write!(f, "{act:?}"),
            other => write!(f, "{other:?}"),
        }
    }
}
