//! Visits places, each a region of an account, many at a time, until the time is up.
//!
//! ACM limits the rate of each place by itself, so nothing is gained by waiting for one before the next one
//! is asked. What the function has of time and memory limits how many are visited at once.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::aws;
use crate::aws::acm::list::PendingCertificate;
use crate::domain::request::PageCursor;
use crate::flows::context::{Context, Invocation};
use crate::flows::deadline::Deadline;
use crate::flows::error::Error;
use crate::flows::pause::pause;
use crate::flows::pending;

/// How many places are visited at the same time: each holds a page of certificates in memory.
const AT_ONCE: usize = 32;

/// In how many parts the regions share these: where there are as many regions, one that does not answer
/// holds up no more than its part.
const PARTS: usize = 4;

/// How many certificates a page has. Pages of 32 places with a hundred names each fit into 128 MB.
const PAGE: i32 = 100;

/// How far apart the pages of one place are asked for. ACM allows `SearchCertificates` five times a second:
/// <https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html>
const BETWEEN_PAGES: Duration = Duration::from_millis(250);

/// How long before the deadline a visit begins nothing new: enough to read a page, and to schedule checks.
const MARGIN: TimeDelta = TimeDelta::seconds(10);

/// How long before the deadline it ends what is not done: enough to schedule another invocation.
const REST: TimeDelta = TimeDelta::seconds(2);

/// The time for a visit.
#[derive(Clone, Debug)]
pub(super) struct Time {
    /// From then on nothing new begins.
    stop: Deadline,
    /// From then on nothing is waited for.
    pub(super) end: Deadline,
}

impl Time {
    /// The time before this deadline.
    pub(super) fn before(deadline: &Deadline) -> Self {
        let rest = REST.min(deadline.left() / 5);
        Self { stop: deadline.earlier(MARGIN), end: deadline.earlier(rest) }
    }

    /// Whether nothing new begins.
    pub(super) fn is_up(&self) -> bool {
        self.stop.left() <= TimeDelta::zero()
    }

    /// Until when new work begins. What was visited from the beginning is worked on to the end, so that
    /// every visit makes progress.
    pub(super) fn limit(&self, opening: bool) -> &Deadline {
        if opening { &self.end } else { &self.stop }
    }
}

/// What a visit of places came to.
#[derive(Debug)]
pub(super) struct Visited<T> {
    /// The results, in no order.
    pub(super) results: Vec<T>,
    /// The places that were passed over since their region had its part of the visits already.
    pub(super) passed: Vec<PageCursor>,
    /// The last places, with which the visit had not begun.
    pub(super) left: Vec<PageCursor>,
}

/// Visits places in their order, many at a time. `opening` tells a visit that it is one of the first, with
/// which the whole begins. However little time there is, one place is visited.
pub(super) async fn visit<T>(
    places: Vec<PageCursor>,
    time: &Time,
    visit: impl AsyncFn(PageCursor, bool) -> T,
) -> Visited<T> {
    let most = most_of_a_region(&places);
    let mut waiting: VecDeque<_> = places.into_iter().enumerate().collect();
    let mut visits = FuturesUnordered::new();
    let mut running: BTreeMap<String, usize> = BTreeMap::new();
    let (mut results, mut begun, mut opening) = (Vec::new(), 0, true);
    loop {
        while visits.len() < AT_ONCE && (begun == 0 || !time.is_up()) {
            let may_begin = |(_, place): &(usize, PageCursor)| {
                running.get(&place.region).is_none_or(|running| *running < most)
            };
            let Some(next) = waiting.iter().position(may_begin) else { break };
            let Some((index, place)) = waiting.remove(next) else { break };
            begun = begun.max(index + 1);
            *running.entry(place.region.clone()).or_default() += 1;
            let region = place.region.clone();
            let visiting = visit(place, opening);
            visits.push(async move { (region, visiting.await) });
        }
        opening = false;
        let Some((region, result)) = visits.next().await else { break };
        running.entry(region).and_modify(|running| *running -= 1);
        results.push(result);
    }
    let (passed, left) = waiting.into_iter().partition::<Vec<_>, _>(|(index, _)| *index < begun);
    let places = |them: Vec<(usize, PageCursor)>| them.into_iter().map(|(_, it)| it).collect();
    Visited { results, passed: places(passed), left: places(left) }
}

/// How many places of one region are visited at the same time.
fn most_of_a_region(places: &[PageCursor]) -> usize {
    let regions: BTreeSet<_> = places.iter().map(|place| &place.region).collect();
    AT_ONCE / regions.len().clamp(1, PARTS)
}

/// How the visit of a place ended.
#[derive(Debug)]
pub(super) struct End {
    /// How many pages were read.
    pub(super) pages: usize,
    /// Why it could not be read to the end.
    pub(super) error: Option<Error>,
    /// Where the time was up.
    pub(super) stopped_at: Option<PageCursor>,
}

/// Reads the pages of one place. `work` gets the certificates of each, and returns how many of them, from the
/// first on, it is done with; if those are not all, the time is up.
pub(super) async fn read_pages(
    context: &Context,
    invocation: &Invocation,
    time: &Time,
    cursor: PageCursor,
    opening: bool,
    mut work: impl AsyncFnMut(Vec<PendingCertificate>, &Deadline) -> usize,
) -> End {
    let mut end = End { pages: 0, error: None, stopped_at: None };
    let mut next = Some(cursor);
    while let Some(cursor) = next.take() {
        let opening = opening && end.pages == 0;
        if end.pages > 0 {
            pause(BETWEEN_PAGES).await;
        }
        if !opening && time.is_up() {
            return End { stopped_at: Some(cursor), ..end };
        }
        let now = invocation.deadline.now();
        let page = pending::page(context, &invocation.scope, cursor.clone(), PAGE, now);
        let mut page = match time.end.bound(page).await {
            Some(Ok(page)) => page,
            Some(Err(error)) => return End { error: Some(error), ..end },
            // It had all the time there was. The next invocation would wait in vain, too.
            None if opening => return End { error: Some(no_answer(&cursor)), ..end },
            None => return End { stopped_at: Some(cursor), ..end },
        };
        end.pages += 1;
        let count = page.certificates.len();
        let done = work(page.certificates, time.limit(opening)).await;
        if done < count {
            page.cursor.done += done;
            return End { stopped_at: Some(page.cursor), ..end };
        }
        next = page.next;
    }
    end
}

fn no_answer(PageCursor { account, region, .. }: &PageCursor) -> Error {
    let (account, region) = (account.clone(), region.clone());
    let source = "ACM does not answer in time".into();
    aws::error::Error::List { account, region, denied: false, no_role: false, source }.into()
}
