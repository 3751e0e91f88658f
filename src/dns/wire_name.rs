//! Names as messages spell them: labels of any bytes.

use dns_wire::base::name::{Name, NameBuilder, ToLabelIter};

use crate::domain::name::DomainName;

/// A name for a message. `None` if DNS cannot ask for it, such as one with a label over 63 bytes. The
/// empty name is the root.
pub(super) fn to_wire(name: &DomainName) -> Option<Name<Vec<u8>>> {
    let mut builder = NameBuilder::new_vec();
    for label in name.as_str().split('.').filter(|_| !name.as_str().is_empty()) {
        let label = label.as_bytes();
        if label.is_empty() || !is_plain(label) {
            return None;
        }
        builder.append_label(label).ok()?;
    }
    builder.into_name().ok()
}

/// A name of a message. `None` if it has bytes that a [`DomainName`] cannot tell apart: a dot inside a
/// label would make `evil.example.com` out of two labels.
pub(super) fn from_wire(name: &impl ToLabelIter) -> Option<DomainName> {
    let mut text = String::new();
    for label in name.iter_labels().filter(|label| !label.is_root()) {
        let label = label.as_slice();
        if !is_plain(label) {
            return None;
        }
        text.extend(label.iter().map(|byte| char::from(*byte)).chain(['.']));
    }
    Some(DomainName::new(&text))
}

/// Whether each byte is one that a [`DomainName`] spells as itself.
fn is_plain(label: &[u8]) -> bool {
    label.iter().all(|byte| byte.is_ascii_graphic() && !b".\\".contains(byte))
}
