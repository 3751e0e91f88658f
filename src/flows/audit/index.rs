//! The certificates of an audit: all public ones within reach, in little memory.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use super::key::Key;
use crate::domain::arn::{CertificateArn, Scope};
use crate::domain::audit::listed::ListedCertificate;
use crate::domain::name::DomainName;

/// All public certificates within reach.
///
/// A hundred thousand of them must fit into the memory of the smallest function, so of their names the
/// first one is kept and of the others a hash: enough to find the certificates of a name.
#[derive(Debug, Default)]
pub(super) struct Index {
    places: Vec<Scope>,
    entries: Vec<Entry>,
    /// The hash of each name, with the index of the certificate.
    names: Vec<(u64, u32)>,
}

#[derive(Debug)]
struct Entry {
    /// Where the first of its names stands among all names.
    position: Box<str>,
    place: u32,
    id: Box<str>,
    renewable: bool,
}

/// A certificate in the index.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Id(u32);

impl Index {
    /// Adds the certificates of one place.
    pub(super) fn add(&mut self, place: &Scope, certificates: Vec<ListedCertificate>) {
        if self.places.last() != Some(place) {
            self.places.push(place.clone());
        }
        let place = number(self.places.len() - 1);
        for ListedCertificate { certificate, names, renewable, .. } in certificates {
            let index = number(self.entries.len());
            let plain = names.iter().map(DomainName::without_wildcard);
            let position = plain.clone().map(|name| name.position()).min().unwrap_or_default();
            self.names.extend(plain.map(|name| (hash(&name), index)));
            self.entries.push(Entry {
                position: position.into(),
                place,
                id: certificate.id.into(),
                renewable,
            });
        }
    }

    /// Sorts what was added, so that it can be found.
    pub(super) fn finish(&mut self) {
        let Self { places, entries, names } = self;
        let mut order: Vec<u32> = (0..number(entries.len())).collect();
        let key = |index: u32| {
            let Entry { position, place, id, .. } = &entries[index as usize];
            (position, &places[*place as usize], id)
        };
        order.sort_unstable_by(|one, other| key(*one).cmp(&key(*other)));
        let mut ranks = vec![0; entries.len()];
        for (rank, index) in order.iter().enumerate() {
            ranks[*index as usize] = number(rank);
        }
        for (_, index) in names.iter_mut() {
            *index = ranks[*index as usize];
        }
        names.sort_unstable();
        names.dedup();
        let mut ranked: Vec<_> = ranks.into_iter().zip(entries.drain(..)).collect();
        ranked.sort_unstable_by_key(|(rank, _)| *rank);
        entries.extend(ranked.into_iter().map(|(_, entry)| entry));
    }

    /// The certificates between these keys, in order.
    pub(super) fn between(
        &self,
        from: Option<&Key>,
        until: Option<&Key>,
    ) -> impl Iterator<Item = Id> + '_ {
        let place = |key: Option<&Key>| {
            key.map(|key| self.entries.partition_point(|entry| self.key_of(entry) < *key))
        };
        let first = place(from).unwrap_or(0);
        let last = place(until).unwrap_or(self.entries.len()).max(first);
        (number(first)..number(last)).map(Id)
    }

    /// The certificates that may have this name, `*.` left out.
    pub(super) fn with_name<'a>(&'a self, name: &DomainName) -> impl Iterator<Item = Id> + use<'a> {
        let hash = hash(name);
        let first = self.names.partition_point(|(it, _)| *it < hash);
        self.names[first..]
            .iter()
            .take_while(move |(it, _)| *it == hash)
            .map(|(_, index)| Id(*index))
    }

    /// The ARN of a certificate.
    pub(super) fn arn(&self, id: Id) -> CertificateArn {
        self.arn_of(&self.entries[id.0 as usize])
    }

    /// The key of a certificate.
    pub(super) fn key(&self, id: Id) -> Key {
        self.key_of(&self.entries[id.0 as usize])
    }

    /// Whether a certificate may be renewed some day.
    pub(super) fn is_renewable(&self, id: Id) -> bool {
        self.entries[id.0 as usize].renewable
    }

    fn arn_of(&self, Entry { place, id, .. }: &Entry) -> CertificateArn {
        CertificateArn { scope: self.places[*place as usize].clone(), id: id.to_string() }
    }

    fn key_of(&self, entry: &Entry) -> Key {
        Key::certificate(entry.position.to_string(), self.arn_of(entry))
    }
}

impl Id {
    /// Its place in the order of certificates.
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// The hash of something, the same throughout an invocation.
pub(super) fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Four billion certificates do not fit into memory.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(account: &str, number: usize, names: &[&str]) -> ListedCertificate {
        let id = format!("12345678-1234-1234-1234-{number:012}");
        let arn = format!("arn:aws:acm:eu-west-1:{account}:certificate/{id}");
        ListedCertificate {
            certificate: arn.parse().expect("an ARN"),
            names: names.iter().map(|name| DomainName::new(name)).collect(),
            all_names: true,
            renewable: true,
        }
    }

    fn index() -> Index {
        let mut index = Index::default();
        for (account, certificates) in [
            ("222222222222", [listed("222222222222", 1, &["*.b.com", "z.org"])].to_vec()),
            (
                "111111111111",
                [
                    listed("111111111111", 3, &["a.com", "b.com"]),
                    listed("111111111111", 2, &["x.a.com", "b.com"]),
                ]
                .to_vec(),
            ),
        ] {
            let place = certificates[0].certificate.scope.clone();
            assert_eq!(place.account, account);
            index.add(&place, certificates);
        }
        index.finish();
        index
    }

    fn numbers(index: &Index, ids: impl Iterator<Item = Id>) -> Vec<char> {
        ids.filter_map(|id| index.arn(id).id.chars().last()).collect()
    }

    #[test]
    fn certificates_come_in_the_order_of_their_first_names() {
        let index = index();
        assert_eq!(numbers(&index, index.between(None, None)), ['3', '2', '1']);
        let second = index.between(None, None).nth(1).map(|id| index.key(id));
        assert_eq!(numbers(&index, index.between(second.as_ref(), None)), ['2', '1']);
        assert_eq!(numbers(&index, index.between(None, second.as_ref())), ['3']);
    }

    #[test]
    fn the_certificates_of_a_name_are_found_whether_it_is_a_wildcard_or_not() {
        let index = index();
        let with_name = |name: &str| numbers(&index, index.with_name(&DomainName::new(name)));
        assert_eq!(with_name("b.com"), ['3', '2', '1']);
        assert_eq!(with_name("x.a.com"), ['2']);
        assert_eq!(with_name("y.a.com"), [' '; 0]);
    }
}
