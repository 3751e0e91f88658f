//! The places that a sweep or a zone change visits, and those that it leaves to the sweeps after it.

use std::collections::BTreeSet;

use crate::domain::arn::Scope;
use crate::domain::request::{PageCursor, SweepRequest};
use crate::flows::pending;
use crate::flows::places::{Places, places_after};

/// The places that a sweep visits, in their order.
#[derive(Debug)]
pub(super) struct Route<'a> {
    /// Those in which an earlier sweep ran out of time.
    unfinished: Vec<PageCursor>,
    /// All others, from the first with which no sweep has begun.
    others: Vec<PageCursor>,
    /// Where a later sweep goes on, since the places from there on could not be listed.
    unlisted: Option<PageCursor>,
    /// The accounts that a sweep may visit only since its request names them.
    named: &'a [String],
    zones: &'a [String],
}

impl<'a> Route<'a> {
    /// The places that this request asks for: what an earlier sweep left, or everything. Accounts come and
    /// go: if the place where it goes on is not there any more, it goes on with the first one after it.
    pub(super) fn of(Places { places, error }: &Places, request: &'a SweepRequest) -> Self {
        let is_all = error.is_none();
        let exists = |cursor: &PageCursor| {
            let is_it = |place: &Scope| {
                (&place.account, &place.region) == (&cursor.account, &cursor.region)
            };
            places.iter().any(is_it)
        };
        let after = |PageCursor { account, region, .. }: &PageCursor| {
            pending::cursors(places_after(places.clone(), account, region))
        };
        let unfinished = request.places.iter().filter(|it| exists(it) || !is_all).cloned();
        let (others, unlisted) = match &request.from {
            Some(from) if exists(from) => {
                (std::iter::once(from.clone()).chain(after(from)).collect(), None)
            }
            Some(from) if is_all => (after(from), None),
            Some(from) => (Vec::new(), Some(from.clone())),
            None if request.places.is_empty() => (pending::cursors(places.clone()), None),
            None => (Vec::new(), None),
        };
        Self {
            unfinished: unfinished.collect(),
            others,
            unlisted,
            named: &request.accounts,
            zones: &request.zones,
        }
    }

    pub(super) fn places(&self) -> Vec<PageCursor> {
        self.unfinished.iter().chain(&self.others).cloned().collect()
    }

    /// The sweeps that go on where this one ran out of time: several if what is left is more than one
    /// schedule can name.
    pub(super) fn rest(
        &self,
        mut unfinished: Vec<PageCursor>,
        mut left: Vec<PageCursor>,
    ) -> Vec<SweepRequest> {
        // The sweep may not even have begun again with those that an earlier one left.
        let others = left.len().min(self.others.len());
        unfinished.extend(left.drain(..left.len() - others));
        let sweeps = chunks(unfinished).into_iter();
        let mut sweeps: Vec<_> = sweeps
            .map(|places| SweepRequest {
                accounts: self.names(&places),
                places,
                ..SweepRequest::default()
            })
            .collect();
        if let (Some(from), Some(sweep)) = (&self.unlisted, sweeps.first_mut()) {
            sweep.from = Some(from.clone());
            sweep.accounts = self.named.to_vec();
        }
        let names = self.names(&left);
        let mut names = names.chunks(ACCOUNTS_TOGETHER);
        if let Some(first) = left.first() {
            // This one also visits what is left of the accounts that every sweep knows.
            if sweeps.is_empty() {
                sweeps.push(SweepRequest::default());
            }
            let sweep = &mut sweeps[0];
            sweep.from = Some(first.clone());
            let known: BTreeSet<_> = sweep.accounts.iter().cloned().collect();
            let more = names.next().unwrap_or_default().iter();
            sweep.accounts.extend(more.filter(|it| !known.contains(*it)).cloned());
        }
        sweeps.extend(names.map(|accounts| {
            let from = left.iter().find(|place| place.account == accounts[0]).cloned();
            SweepRequest { accounts: accounts.to_vec(), from, ..SweepRequest::default() }
        }));
        for sweep in &mut sweeps {
            sweep.zones = self.zones.to_vec();
        }
        sweeps
    }

    /// Those of these places' accounts that a sweep has to be told, by their ids.
    fn names(&self, places: &[PageCursor]) -> Vec<String> {
        let accounts: BTreeSet<_> = places.iter().map(|place| &place.account).collect();
        let named: BTreeSet<_> = self.named.iter().collect();
        named.intersection(&accounts).map(|account| (*account).clone()).collect()
    }
}

/// Divides places among schedules: ACM's tokens may be long.
fn chunks(places: Vec<PageCursor>) -> Vec<Vec<PageCursor>> {
    let (mut chunks, mut size) = (Vec::<Vec<PageCursor>>::new(), 0);
    for place in places {
        let length = PLACE + place.token.as_ref().map_or(0, String::len);
        size += length;
        match chunks.last_mut() {
            Some(chunk) if size <= PLACES_TOGETHER => chunk.push(place),
            _ => {
                size = length;
                chunks.push(vec![place]);
            }
        }
    }
    chunks
}

/// How many bytes of unfinished places one schedule names.
const PLACES_TOGETHER: usize = 40_000;

/// The most bytes of a place without its token.
const PLACE: usize = 120;

/// How many accounts one schedule names: 150 kB. Together with the places that is less than the 256 kB that
/// its input may have.
///
/// Source: [Scheduler's quotas](https://docs.aws.amazon.com/scheduler/latest/UserGuide/scheduler-quotas.html).
const ACCOUNTS_TOGETHER: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::request::Listing;

    fn place(account: &str, region: &str) -> PageCursor {
        let (account, region) = (account.to_owned(), region.to_owned());
        PageCursor { account, region, by: Listing::Search, token: None, done: 0 }
    }

    #[test]
    fn long_tokens_are_divided_among_schedules() {
        let token = "x".repeat(10_000);
        let long = |_| PageCursor { token: Some(token.clone()), ..place("500000000000", "x") };
        let sizes = |places| chunks(places).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(sizes((0..8).map(long).collect()), [3, 3, 2]);
        assert_eq!(sizes((0..600).map(|_| place("500000000000", "x")).collect()), [333, 267]);
        let longer = PageCursor { token: Some("x".repeat(90_000)), ..place("500000000000", "x") };
        assert_eq!(sizes(vec![longer.clone(), place("5", "x"), longer]), [1, 1, 1]);
        assert_eq!(sizes(Vec::new()), [0; 0]);
    }
}
