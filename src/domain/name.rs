//! Domain names, compared the way DNS compares them: label by label.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A domain name in one spelling: lower case, no trailing dot, Route 53's escapes undone.
///
/// `Example.com.`, `example.com` and `EXAMPLE.COM` are one name. Route 53 spells a wildcard
/// `\052.example.com.`; here it is `*.example.com`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DomainName(String);

impl DomainName {
    /// Brings a name into its one spelling.
    ///
    /// Everything Route 53 or ACM may answer is a name here; what may be *written* is for
    /// [`record`](crate::domain::record) to decide.
    pub fn new(name: &str) -> Self {
        let name = name.strip_suffix('.').unwrap_or(name);
        Self(unescape(name).to_ascii_lowercase())
    }

    /// The name without a leading `*.`: ACM validates `*.example.com` by a record of `example.com`.
    pub fn without_wildcard(&self) -> Self {
        Self(self.0.strip_prefix("*.").unwrap_or(&self.0).to_owned())
    }

    /// The wildcard directly under this name: `*.example.com` of `example.com`.
    pub fn wildcard(&self) -> Self {
        Self(format!("*.{}", self.0))
    }

    /// Whether this is `ancestor` or lies under it, by whole labels: `notexample.com` is not under
    /// `example.com`.
    pub fn is_at_or_under(&self, ancestor: &Self) -> bool {
        self.0
            .strip_suffix(ancestor.0.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }

    /// This name and every name above it, longest first: `a.b.c`, `b.c`, `c`.
    pub fn lineage(&self) -> impl Iterator<Item = Self> + '_ {
        let parents = self.0.match_indices('.').map(|(dot, _)| &self.0[dot + 1..]);
        std::iter::once(self.0.as_str()).chain(parents).map(|name| Self(name.to_owned()))
    }

    /// How many labels it has: two for `example.com`.
    pub fn depth(&self) -> usize {
        self.0.split('.').count()
    }

    /// Where Route 53 sorts it: by labels in reverse order, each followed by a dot, so that
    /// `www.example.com` stands at `com.example.www.`
    ///
    /// Source: [ListHostedZonesByName], which also says why the trailing dot matters: `-` sorts
    /// before it.
    ///
    /// [ListHostedZonesByName]: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZonesByName.html
    pub fn position(&self) -> String {
        self.0.rsplit('.').flat_map(|label| [label, "."]).collect()
    }

    /// The name without a trailing dot.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names come from outside and go into logs: what could forge a line is shown escaped.
        write!(f, "{}", self.0.escape_default())
    }
}

impl Serialize for DomainName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for DomainName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|name| Self::new(&name))
    }
}

/// Undoes the escapes Route 53 writes for everything but `a`–`z`, `0`–`9`, `-`, `_` and `.`: a
/// backslash and three octal digits.
///
/// Source: [DNS domain name format](https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html).
fn unescape(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(backslash) = rest.find('\\') {
        plain.push_str(&rest[..backslash]);
        let escape = rest.get(backslash + 1..backslash + 4);
        let code = escape.and_then(|octal| u8::from_str_radix(octal, 8).ok());
        match code.filter(u8::is_ascii) {
            Some(code) => {
                plain.push(char::from(code));
                rest = &rest[backslash + 4..];
            }
            None => {
                plain.push('\\');
                rest = &rest[backslash + 1..];
            }
        }
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> DomainName {
        DomainName::new(text)
    }

    #[test]
    fn one_name_has_one_spelling() {
        for text in ["example.com", "Example.COM.", "ex\\141mple.com."] {
            assert_eq!(name(text), name("example.com"), "{text}");
        }
        assert_eq!(name("\\052.example.com.").as_str(), "*.example.com");
        assert_eq!(name("a\\b.example.com").as_str(), "a\\b.example.com");
        assert_eq!(name("a\\").as_str(), "a\\");
    }

    #[test]
    fn names_are_compared_by_whole_labels() {
        for (under, ancestor, expected) in [
            ("example.com", "example.com", true),
            ("a.b.example.com", "example.com", true),
            ("notexample.com", "example.com", false),
            ("example.com", "a.example.com", false),
            ("example.com.evil.org", "example.com", false),
        ] {
            assert_eq!(name(under).is_at_or_under(&name(ancestor)), expected, "{under} {ancestor}");
        }
    }

    #[test]
    fn a_lineage_climbs_to_the_top() {
        let lineage: Vec<_> = name("a.b.c").lineage().map(|name| name.0).collect();
        assert_eq!(lineage, ["a.b.c", "b.c", "c"]);
        assert_eq!(name("a.b.c").depth(), 3);
    }

    #[test]
    fn a_position_is_that_of_route_53() {
        assert_eq!(name("www.example.com").position(), "com.example.www.");
        assert!(name("example-a.com").position() < name("example.com").position());
        assert!(name("example.com").position() < name("_x.example.com").position());
    }

    #[test]
    fn a_name_cannot_forge_a_log_line() {
        assert_eq!(name("a\nb.example.com").to_string(), "a\\nb.example.com");
    }
}
