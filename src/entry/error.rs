//! Why an invocation fails, and how Lambda is told.

use lambda_runtime::Diagnostic;

use crate::aws;
use crate::domain::arn::NotAnArn;
use crate::domain::text::report;
use crate::entry::parse::Unreadable;
use crate::flows;

/// Why an invocation, or a message, fails. Lambda or the queue retries it, and then moves it to the
/// dead-letter queue; unless it is a [rejection](Self::is_rejection) of an invocation, which is answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The payload is no event that the function handles.
    #[error(transparent)]
    Event(#[from] Unreadable),
    /// A flow fails: no check is scheduled.
    #[error(transparent)]
    Flow(#[from] flows::error::Error),
    /// The invocation names the function by something that is not the ARN of a function.
    #[error("cannot read the function's own region and account")]
    FunctionArn(#[from] NotAnArn),
}

impl Error {
    /// Whether the request asks for nothing that the function can do, however often it comes: an error
    /// means that it should come again.
    pub fn is_rejection(&self) -> bool {
        matches!(self, Self::Event(_) | Self::Flow(flows::error::Error::OutOfReach(_)))
    }
}

impl From<Error> for Diagnostic {
    fn from(error: Error) -> Self {
        use aws::error::Error as Aws;
        use flows::error::Error as Flow;
        // One stable word for each cause: alarms and filters match it.
        let error_type = match &error {
            Error::Event(_) => "Event",
            Error::Flow(Flow::Aws(Aws::Describe { .. })) => "Describe",
            Error::Flow(Flow::Aws(Aws::List { .. })) => "List",
            Error::Flow(Flow::Aws(Aws::Organization { .. })) => "Organization",
            Error::Flow(Flow::Aws(Aws::Schedule { .. })) => "Schedule",
            Error::Flow(Flow::Aws(Aws::Tags { .. })) => "Tags",
            Error::Flow(Flow::OutOfReach(_)) => "OutOfReach",
            Error::Flow(Flow::OutOfTime { .. }) => "OutOfTime",
            Error::FunctionArn(_) => "FunctionArn",
        };
        Self { error_type: error_type.to_owned(), error_message: report(&error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::parse::parse;

    #[test]
    fn every_error_has_a_word_that_alarms_can_match() {
        let error = Error::from(
            parse(&serde_json::json!({}), chrono::DateTime::UNIX_EPOCH).expect_err("no event"),
        );
        assert_eq!(Diagnostic::from(error).error_type, "Event");
    }
}
