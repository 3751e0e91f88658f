//! What is said if public DNS told nothing.

/// What public DNS says, if it says anything.
pub type Known<T> = Result<T, Unknown>;

/// Why nothing is known, in one line: `192.0.2.1 did not answer; SERVFAIL from 192.0.2.2`.
///
/// It is text for humans only. Whatever the reason is, the caller goes on as it would without public DNS.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct Unknown(String);

impl Unknown {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }

    /// The reasons of several tries, each once.
    pub(crate) fn all(tries: Vec<Self>) -> Self {
        let mut reasons: Vec<String> = Vec::new();
        for Self(reason) in tries {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        Self(reasons.join("; "))
    }
}
