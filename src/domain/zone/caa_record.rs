//! CAA records: which authorities may issue certificates.

use std::fmt::{self, Write};

use crate::domain::name::DomainName;

/// One CAA record. Nothing in it can be trusted to make sense.
///
/// It is displayed as Route 53 shows it: `0 issue "amazon.com"`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Caa {
    /// 128 says that an authority that does not know the tag may not issue.
    pub flags: u8,
    /// `issue`, `issuewild`, `iodef` or any other, in the spelling of its owner.
    pub tag: String,
    /// The value. What is not UTF-8 is replaced by U+FFFD.
    pub value: String,
}

/// The CAA records at a name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CaaSet {
    /// The name that has the records.
    pub name: DomainName,
    /// Where the records are: the name itself, or the end of the aliases that begin at the name.
    pub owner: DomainName,
    /// The records. Empty if there are none.
    pub records: Vec<Caa>,
}

impl Caa {
    /// Reads a record as Route 53 shows it. `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (flags, rest) = text.trim().split_once(char::is_whitespace)?;
        let (tag, value) = rest.trim_start().split_once(char::is_whitespace)?;
        Some(Self {
            flags: flags.parse().ok()?,
            tag: tag.to_owned(),
            value: value.trim().trim_matches('"').replace("\\\"", "\""),
        })
    }

    /// `letsencrypt.org` of `letsencrypt.org; validationmethods=dns-01`; empty if nobody is allowed.
    pub(super) fn issuer(&self) -> String {
        let issuer = self.value.split(';').next().unwrap_or_default().trim();
        issuer.trim_end_matches('.').to_ascii_lowercase()
    }

    /// Whether an authority that does not know the tag may not issue, and Amazon is taken not to know it.
    ///
    /// Source: [RFC 8659, section 4.1](https://www.rfc-editor.org/rfc/rfc8659#section-4.1).
    pub(super) fn is_unknown_and_critical(&self) -> bool {
        let is_known = KNOWN.iter().any(|tag| self.tag.eq_ignore_ascii_case(tag));
        self.flags & CRITICAL != 0 && !is_known
    }
}

const CRITICAL: u8 = 128;

const KNOWN: [&str; 3] = ["issue", "issuewild", "iodef"];

impl fmt::Display for Caa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} \"", self.flags, self.tag)?;
        for character in self.value.chars() {
            match character {
                '"' | '\\' => write!(f, "\\{character}")?,
                // Values come from outside and go into logs: what could forge a line is shown escaped.
                _ if character.is_control() => write!(f, "{}", character.escape_default())?,
                _ => f.write_char(character)?,
            }
        }
        f.write_char('"')
    }
}

impl fmt::Display for CaaSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let records: Vec<_> = self.records.iter().map(Caa::to_string).collect();
        write!(f, "{} CAA {}", self.name, records.join(", "))?;
        if self.owner != self.name {
            write!(f, " (through its CNAME, from {})", self.owner)?;
        }
        Ok(())
    }
}
