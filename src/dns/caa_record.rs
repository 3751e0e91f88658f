//! A CAA record: which authority may issue certificates.

use std::fmt::{self, Write};

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
