//! What prevents a record from being written, or a hosted zone from being read.

/// A problem with one record, hosted zone or call. It is a value, not an error: the other records go on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// The kind of problem.
    pub cause: Cause,
    /// What is wrong and, where it helps, what to do.
    pub message: String,
}

/// The kinds of problems. Their words are values of the metric dimension `Reason`: they are stable
/// and few.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Cause {
    /// Several hosted zones match equally well.
    Ambiguous,
    /// The name is below a zone cut: it is delegated away from the hosted zone.
    BelowZoneCut,
    /// AWS refuses the call until somebody acts; most often IAM denies it.
    Denied,
    /// The name is outside `ALLOWED_DOMAINS`, or its hosted zone takes no records for certificates of the
    /// account (`HOSTED_ZONE_ACCOUNTS_TAG`).
    NotAllowed,
    /// ACM asks for a record that is not one of its validation records.
    NotAcms,
    /// The record exists in a hosted zone that public DNS does not ask.
    NotDelegated,
    /// No hosted zone can hold the name, or none of those that can may be used.
    NoZone,
    /// Another record set exists at the name.
    Taken,
    /// The problem passes by itself: throttling, a server error, a broken connection.
    Transient,
    /// AWS answers with an error code that may pass or not. It is permanent if it lasts.
    Unknown,
    /// The certificate's tag names a hosted zone that cannot be used.
    WrongTag,
}

impl Problem {
    /// A problem of this kind.
    pub fn new(cause: Cause, message: impl Into<String>) -> Self {
        Self { cause, message: message.into() }
    }

    /// The invocation ran out of time.
    pub fn out_of_time() -> Self {
        let message = "the invocation ran out of time: the next check goes on";
        Self::new(Cause::Transient, message)
    }

    /// Whether the problem lasts until somebody acts, as far as one check can tell.
    pub fn is_permanent(&self) -> bool {
        !matches!(self.cause, Cause::Transient | Cause::Unknown)
    }
}

impl Cause {
    /// The value of the metric dimension `Reason`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ambiguous => "Ambiguous",
            Self::BelowZoneCut => "BelowZoneCut",
            Self::Denied => "Denied",
            Self::NotAllowed => "NotAllowed",
            Self::NotAcms => "NotAcms",
            Self::NotDelegated => "NotDelegated",
            Self::NoZone => "NoZone",
            Self::Taken => "Taken",
            Self::Transient => "Transient",
            Self::Unknown => "Unknown",
            Self::WrongTag => "WrongTag",
        }
    }
}
