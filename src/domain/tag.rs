//! Tags: `key=value`.

use std::fmt;

/// A tag that a certificate or a hosted zone must have.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tag {
    /// The key: what stands before the first `=`.
    pub key: String,
    /// The value: what stands after it; may be empty.
    pub value: String,
}

impl Tag {
    /// Whether these tags contain this one.
    pub fn is_among<'a>(&self, tags: impl IntoIterator<Item = (&'a String, &'a String)>) -> bool {
        tags.into_iter().any(|(key, value)| *key == self.key && *value == self.value)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.key, self.value)
    }
}
