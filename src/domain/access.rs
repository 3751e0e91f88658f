//! Access: the credentials that are used for a call.

/// The credentials used for a call.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Access {
    /// The function's own credentials.
    Own,
    /// The credentials of the role with this ARN, which the function assumes.
    Role(String),
}
