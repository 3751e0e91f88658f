//! Domain names in the form and the order of Route 53.

use std::fmt;
use std::str::FromStr;

/// A fully qualified domain name, for example `_x1.www.example.com.`.
///
/// It is stored as Route 53 returns it: lower case, and every character other than `a`-`z`, `0`-`9`,
/// `-` and `_` as an octal escape (`\052` for `*`).
/// Source: <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html>
///
/// Names compare as Route 53 lists them: labels reversed, with the trailing dot, in ASCII order, so
/// that `com.example-a.` comes before `com.example.`, and all names at or below a name are one range.
/// Source: <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html>
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Name {
    /// `com.example.www._x1.`
    reversed: String,
}

impl Name {
    /// The root of the domain name system. Route 53 has no such name, so no text is parsed as one.
    pub(crate) fn root() -> Self {
        Self { reversed: String::new() }
    }

    /// Parses a name that may be the root, which is `.`.
    pub(crate) fn absolute(text: &str) -> Result<Self, NameError> {
        if text == "." { Ok(Self::root()) } else { text.parse() }
    }

    /// The name with these labels, from left to right, each with its octets.
    pub(crate) fn from_labels<'a>(labels: impl DoubleEndedIterator<Item = &'a [u8]>) -> Self {
        let mut reversed = String::new();
        for octets in labels.rev() {
            let mut label = Label::default();
            octets.iter().for_each(|&octet| label.push(octet));
            reversed.push_str(&label.text);
            reversed.push('.');
        }
        Self { reversed }
    }

    /// The octets of each label, from left to right.
    pub(crate) fn labels(&self) -> Vec<Vec<u8>> {
        let labels = self.reversed.split_terminator('.').rev();
        labels.map(octets).collect()
    }

    /// Whether this name is `ancestor` or below it, by whole labels.
    pub fn is_within(&self, ancestor: &Self) -> bool {
        self.reversed.starts_with(&ancestor.reversed)
    }

    /// The name without its first label; a top-level domain has none.
    pub fn parent(&self) -> Option<Self> {
        let labels = self.reversed.strip_suffix('.')?;
        let end = labels.rfind('.')?;
        Some(Self { reversed: labels[..=end].to_owned() })
    }

    /// This name, its parent, and so on up to the top-level domain.
    pub fn ancestors(&self) -> impl Iterator<Item = Self> + use<> {
        std::iter::successors(Some(self.clone()), Self::parent)
    }

    /// The wildcard directly below this name.
    pub(super) fn wildcard(&self) -> Self {
        Self { reversed: format!("{}\\052.", self.reversed) }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = self.reversed.trim_end_matches('.');
        labels.rsplit('.').try_for_each(|label| write!(f, "{label}."))
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let refuse = |problem| NameError { problem, text: text.to_owned() };
        let mut labels = Vec::new();
        let mut label = Label::default();
        let mut rest = text.strip_suffix('.').unwrap_or(text).bytes();
        while let Some(byte) = rest.next() {
            match byte {
                b'.' => labels.push(std::mem::take(&mut label)),
                b'\\' => {
                    let digits = [rest.next(), rest.next(), rest.next()];
                    label.push(octal(digits).ok_or_else(|| refuse(Problem::Escape))?);
                }
                b' '..=b'~' => label.push(byte),
                _ => return Err(refuse(Problem::Character)),
            }
        }
        labels.push(label);
        if labels.iter().any(|label| label.octets == 0) {
            return Err(refuse(Problem::LabelEmpty));
        }
        // RFC 1035 section 2.3.4: labels of 63 octets, names of 255 with a length octet for each
        // label and for the root.
        if labels.iter().any(|label| label.octets > 63) {
            return Err(refuse(Problem::LabelTooLong));
        }
        if labels.iter().map(|label| label.octets + 1).sum::<usize>() + 1 > 255 {
            return Err(refuse(Problem::NameTooLong));
        }
        let reversed = labels.iter().rev().map(|label| format!("{}.", label.text)).collect();
        Ok(Self { reversed })
    }
}

#[derive(Default)]
struct Label {
    text: String,
    octets: usize,
}

impl Label {
    fn push(&mut self, octet: u8) {
        self.octets += 1;
        match octet.to_ascii_lowercase() {
            plain @ (b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_') => self.text.push(char::from(plain)),
            other => self.text.push_str(&format!("\\{other:03o}")),
        }
    }
}

/// The octets of a label that is stored with escapes.
fn octets(label: &str) -> Vec<u8> {
    let mut rest = label.bytes();
    let next = || match rest.next()? {
        b'\\' => octal([rest.next(), rest.next(), rest.next()]),
        byte => Some(byte),
    };
    std::iter::from_fn(next).collect()
}

/// The octet that three octal digits encode.
fn octal(digits: [Option<u8>; 3]) -> Option<u8> {
    let value = digits.into_iter().try_fold(0_u32, |value, digit| {
        char::from(digit?).to_digit(8).map(|digit| value * 8 + digit)
    })?;
    u8::try_from(value).ok()
}

/// Why a text is not a domain name, with Route 53's message.
///
/// Observed in <https://github.com/hashicorp/terraform/issues/18482>; the messages for an invalid escape
/// or character are invented.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NameError {
    problem: Problem,
    text: String,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Problem {
    Character,
    Escape,
    LabelEmpty,
    LabelTooLong,
    NameTooLong,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (code, reason) = match self.problem {
            Problem::Character => ("DomainLabelIllegalCharacter", "Domain label is not ASCII"),
            Problem::Escape => ("DomainLabelIllegalEscape", "Escape is not three octal digits"),
            Problem::LabelEmpty => ("DomainLabelEmpty", "Domain label is empty"),
            Problem::LabelTooLong => ("DomainLabelTooLong", "Domain label is too long"),
            Problem::NameTooLong => ("DomainNameTooLong", "Domain name is too long"),
        };
        write!(f, "FATAL problem: {code} ({reason}) encountered with '{}'", self.text)
    }
}

impl std::error::Error for NameError {}
