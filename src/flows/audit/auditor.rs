//! What certificates and hosted zones are audited with, and what that gives.

use super::asked::Asked;
use super::index::Index;
use crate::aws::route53::audit::FoundRecord;
use crate::domain::audit::changes::ZoneChanges;
use crate::domain::audit::finding::Finding;
use crate::domain::audit::summary::UnreadPart;
use crate::domain::certificate::Certificate;
use crate::domain::stop::StopReason;
use crate::domain::zone::{Content, HostedZone};
use crate::flows::context::{Context, Invocation};
use crate::flows::deadline::Deadline;

/// What a group is audited with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Auditor<'a> {
    pub(super) context: &'a Context,
    pub(super) invocation: &'a Invocation,
    /// When the work on a group must be over.
    pub(super) deadline: &'a Deadline,
    /// Whether it must change and publish nothing.
    pub(super) only_reads: bool,
    /// All certificates within reach; none if no record may be called unused.
    pub(super) reach: Option<Reach<'a>>,
}

/// All certificates within reach, and what they ask for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach<'a> {
    pub(super) index: &'a Index,
    pub(super) asked: &'a Asked,
    /// Where they are, and when they were listed, as a finding says it.
    pub(super) words: &'a str,
}

/// What the audit of a group found.
#[derive(Debug, Default)]
pub(super) struct Audited {
    pub(super) certificates: usize,
    pub(super) at_risk: usize,
    pub(super) zones: usize,
    pub(super) repaired: usize,
    pub(super) findings: Vec<Finding>,
    pub(super) unread: Vec<UnreadPart>,
    pub(super) changes: Vec<ZoneChanges>,
    pub(super) changes_not_shown: usize,
}

/// A certificate that was examined.
#[derive(Debug)]
pub(super) struct Examined {
    pub(super) certificate: Certificate,
    /// Why the function does nothing for it (any more), if so.
    pub(super) stopped_by: Option<StopReason>,
    pub(super) findings: Vec<Finding>,
}

/// A hosted zone that was read completely.
#[derive(Debug)]
pub(super) struct ReadZone {
    pub(super) zone: HostedZone,
    /// All its validation records.
    pub(super) records: Vec<FoundRecord>,
    /// What it holds at the names that were asked for.
    pub(super) content: Content,
}
