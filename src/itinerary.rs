//! Finds a few names in a long sorted listing without reading all of it.

use std::collections::BTreeMap;

use crate::name::DomainName;

/// Names to look up in one of Route 53's listings, which start anywhere and go on in the order of
/// [`DomainName::position`].
///
/// Each page settles every name that sorts before its last entry; what is left is asked for by its
/// own position. So the cost depends on the names looked for, not on the length of the listing:
/// ten thousand hosted zones cost what ten do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Itinerary {
    open: BTreeMap<String, DomainName>,
}

impl Itinerary {
    pub(crate) fn new(names: impl IntoIterator<Item = DomainName>) -> Self {
        Self { open: names.into_iter().map(|name| (name.position(), name)).collect() }
    }

    /// Where the next page should start.
    pub(crate) fn next(&self) -> Option<DomainName> {
        self.open.first_key_value().map(|(_, name)| name.clone())
    }

    /// Settles what a page showed. The pages that were asked for one after the other, beginning at
    /// `start`, now reach to the entry `last`, or with `None` to the end of the listing.
    ///
    /// Whoever gets a page that ends with `start` itself must ask for the following one, as there
    /// may be more entries of that name.
    pub(crate) fn settle(&mut self, start: &DomainName, last: Option<&DomainName>) {
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
        let mut itinerary = Itinerary::new(names.iter().map(|text| name(text)));
        itinerary.settle(&name(start), last.map(name).as_ref());
        assert_eq!(itinerary.next(), next.map(name));
    }

    #[test]
    fn the_first_page_starts_at_the_first_name_of_the_order() {
        let itinerary = Itinerary::new(["b.example.com", "example.com", "z.com"].map(name));
        assert_eq!(itinerary.next(), Some(name("example.com")));
        assert_eq!(Itinerary::default().next(), None);
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
    fn every_page_brings_us_on_even_if_the_listing_is_in_another_order() {
        check(&["example.com"], "example.com", Some("a.com"), None);
    }
}
