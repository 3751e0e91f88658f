//! Finds a few names in a long sorted listing without reading all of it.

use std::collections::BTreeMap;

use crate::domain::name::DomainName;

/// The names that are still to be found in a listing of Route 53. A listing starts at any name and
/// goes on in the order of [`DomainName::position`].
///
/// Each page settles all names that sort before its last entry; the next page starts at the first name
/// that is left. So the number of calls depends on the names to find, not on the length of the
/// listing: ten thousand hosted zones need as many calls as ten.
#[derive(Clone, Debug, Default)]
pub(super) struct NameCursor {
    open: BTreeMap<String, DomainName>,
}

impl NameCursor {
    pub(super) fn new(names: impl IntoIterator<Item = DomainName>) -> Self {
        Self { open: names.into_iter().map(|name| (name.position(), name)).collect() }
    }

    /// The name at which the next page starts.
    pub(super) fn next(&self) -> Option<DomainName> {
        self.open.first_key_value().map(|(_, name)| name.clone())
    }

    /// Settles the names that the pages since `start` cover. The last entry of the last page is `last`;
    /// `None` is the end of the listing.
    ///
    /// A page that ends with `start` itself must be followed by the next one first, since there may be
    /// more entries of that name.
    pub(super) fn settle(&mut self, start: &DomainName, last: Option<&DomainName>) {
        match last {
            None => self.open.clear(),
            Some(last) => {
                let last = last.position();
                self.open.retain(|position, _| *position >= last);
                self.open.remove(&start.position());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> DomainName {
        DomainName::new(text)
    }

    #[track_caller]
    fn check(names: &[&str], start: &str, last: Option<&str>, next: Option<&str>) {
        let mut cursor = NameCursor::new(names.iter().map(|text| name(text)));
        cursor.settle(&name(start), last.map(name).as_ref());
        assert_eq!(cursor.next(), next.map(name));
    }

    #[test]
    fn the_first_page_starts_at_the_first_name_of_the_order() {
        let cursor = NameCursor::new(["b.example.com", "example.com", "z.com"].map(name));
        assert_eq!(cursor.next(), Some(name("example.com")));
        assert_eq!(NameCursor::default().next(), None);
    }

    #[test]
    fn the_end_of_the_listing_settles_everything() {
        check(&["example.com", "z.com"], "example.com", None, None);
    }

    #[test]
    fn a_page_settles_what_sorts_before_its_last_entry() {
        let names = ["example.com", "b.example.com", "d.example.com"];
        check(&names, "example.com", Some("c.example.com"), Some("d.example.com"));
    }

    #[test]
    fn a_name_that_a_page_ends_with_may_have_more_entries() {
        let names = ["example.com", "b.example.com"];
        check(&names, "example.com", Some("b.example.com"), Some("b.example.com"));
    }

    #[test]
    fn every_page_settles_a_name_even_if_the_listing_is_in_another_order() {
        check(&["example.com"], "example.com", Some("a.com"), None);
    }
}
