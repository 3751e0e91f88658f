//! What can go wrong with a look, and how it is told.

use std::error::Error as StdError;

use lambda_runtime::Diagnostic;

use crate::arn::{CertificateArn, NotAnArn};
use crate::trigger::Unreadable;

/// Why an invocation did not do its job.
///
/// An `Err` means *no check is armed*: Lambda runs the invocation again, and then somebody must be
/// told. A fact about the world that no retry changes is no error; see [`crate::plan::Reason`].
/// Neither is what goes wrong after a check is armed; see [`Trouble`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Scheduler did not take the next check.
    #[error("cannot arm the check {name}")]
    Arm {
        /// The schedule's name.
        name: String,
        /// The SDK's own error.
        #[source]
        source: BoxError,
    },
    /// ACM did not describe the certificate.
    #[error("cannot describe {certificate}")]
    Describe {
        /// Which one.
        certificate: CertificateArn,
        /// The SDK's own error.
        #[source]
        source: BoxError,
    },
    /// The payload is no event that the function handles.
    #[error(transparent)]
    Event(#[from] Unreadable),
    /// The certificate is not within our reach.
    #[error("the certificate is in {whose}")]
    Foreign {
        /// Which account or partition it is in instead of ours, and what to do.
        whose: String,
    },
    /// Lambda did not say who we are.
    #[error("cannot tell this function's own region and account")]
    Home(#[from] NotAnArn),
    /// The time of the invocation ran out before the next check was armed.
    #[error("the time ran out before a check of {certificate} was armed")]
    Late {
        /// Which one.
        certificate: CertificateArn,
    },
    /// ACM did not list the certificates that wait.
    #[error("cannot list the certificates of {account} in {region}")]
    List {
        /// The account.
        account: String,
        /// The region in it.
        region: String,
        /// The SDK's own error.
        #[source]
        source: BoxError,
    },
    /// ACM did not list the certificate's tags.
    #[error("cannot list the tags of {certificate}")]
    Tags {
        /// Which one.
        certificate: CertificateArn,
        /// The SDK's own error.
        #[source]
        source: BoxError,
    },
}

/// An SDK error; nobody branches on it once [`crate::aws`] has.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Why a record could not be written this time, or why a zone could not be seen.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Trouble {
    /// What kind of trouble it is.
    pub cause: Cause,
    /// What is wrong, and where it helps what to do.
    pub message: String,
}

/// The kinds of trouble. Its words are a dimension of the metrics: stable, and never many.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Cause {
    /// Several hosted zones fit equally.
    Ambiguous,
    /// The name is delegated away from the hosted zone.
    BelowZoneCut,
    /// AWS refuses, and will until somebody acts; most often IAM.
    Denied,
    /// The name is outside `ALLOWED_DOMAINS`.
    NotAllowed,
    /// ACM asks for something that is not one of its validation records.
    NotAcms,
    /// No hosted zone holds the name, or none of those that do may be used.
    NoZone,
    /// Bad luck that passes by itself: throttling, a failing server, a broken line.
    Passing,
    /// Another record stands in the way.
    Taken,
    /// The certificate's tag names a hosted zone that it cannot be.
    WrongTag,
}

impl Trouble {
    /// Trouble of this kind.
    pub fn new(cause: Cause, message: impl Into<String>) -> Self {
        Self { cause, message: message.into() }
    }

    /// Whether it stands until somebody acts, as opposed to having been unlucky this once.
    pub fn is_standing(&self) -> bool {
        self.cause != Cause::Passing
    }
}

impl Cause {
    /// Its word in the metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ambiguous => "Ambiguous",
            Self::BelowZoneCut => "BelowZoneCut",
            Self::Denied => "Denied",
            Self::NotAllowed => "NotAllowed",
            Self::NotAcms => "NotAcms",
            Self::NoZone => "NoZone",
            Self::Passing => "Passing",
            Self::Taken => "Taken",
            Self::WrongTag => "WrongTag",
        }
    }
}

impl From<Error> for Diagnostic {
    fn from(error: Error) -> Self {
        // A stable word a cause: alarms and filters match on it.
        let error_type = match error {
            Error::Arm { .. } => "Arm",
            Error::Describe { .. } => "Describe",
            Error::Event(_) => "Event",
            Error::Foreign { .. } => "Foreign",
            Error::Home(_) => "Home",
            Error::Late { .. } => "Late",
            Error::List { .. } => "List",
            Error::Tags { .. } => "Tags",
        };
        Self { error_type: error_type.to_owned(), error_message: report(&error) }
    }
}

/// What somebody else wrote, as a message repeats it: on one line, and no more than tells what it is.
pub fn quote(text: &str) -> String {
    text.escape_debug().take(200).collect()
}

/// An error and its causes in one line that no input makes longer than 2,000 characters. SDK errors
/// repeat what their source says: that is dropped.
pub fn report(error: &dyn StdError) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_line = cause.to_string();
        if !line.ends_with(&cause_line) {
            line = format!("{line}: {cause_line}");
        }
        source = cause.source();
    }
    line.escape_debug().take(2_000).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Link(&'static str, #[source] Option<Box<Self>>);

    #[test]
    fn a_report_names_every_cause_once() {
        let cause = Link("busy", None);
        let wrapper = Link("service error", Some(Box::new(Link("busy", Some(Box::new(cause))))));
        assert_eq!(report(&wrapper), "service error: busy");
    }

    #[test]
    fn a_report_is_one_line() {
        assert_eq!(report(&Link("a\nb", None)), "a\\nb");
    }

    #[test]
    fn every_error_has_a_word_that_alarms_can_match() {
        let error =
            Error::from(crate::trigger::parse(&serde_json::json!({})).expect_err("no event"));
        assert_eq!(Diagnostic::from(error).error_type, "Event");
    }
}
