//! Check times: when a validation is checked. They depend only on facts that stand still.

use chrono::{DateTime, TimeDelta, Utc};

/// The times at which one validation is checked.
///
/// They depend only on when the validation was requested or, for a renewal, on when the certificate
/// expires. So all checks of one certificate have the same times and the same schedule names, and
/// duplicate events cause no extra checks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CheckTimes(Series);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Series {
    /// Ever more rarely since the whole minute `began`, until `end`.
    Validation { began: DateTime<Utc>, end: DateTime<Utc> },
    /// Every hour until the whole minute `end`.
    Renewal { end: DateTime<Utc> },
}

impl CheckTimes {
    /// The check times of a first validation. ACM ends it 72 hours after the request; the checks end
    /// after 73 hours, so that ACM has time to say so.
    ///
    /// Source: [DNS validation](https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html).
    pub fn for_request(began: DateTime<Utc>) -> Self {
        Self(Series::Validation { began: whole_minute(began), end: began + PATIENCE })
    }

    /// The check times of a renewal. ACM goes on trying until the certificate expires, and its
    /// `RenewalSummary` has no time that stands still: ACM may move `UpdatedAt` at each of its attempts.
    /// So the times count back from the expiry: every hour. Only without an expiry do they count from
    /// `updated_at`.
    pub fn for_renewal(updated_at: DateTime<Utc>, not_after: Option<DateTime<Utc>>) -> Self {
        match not_after {
            Some(not_after) => Self(Series::Renewal { end: whole_minute(not_after) }),
            None => Self::for_request(updated_at),
        }
    }

    /// The next check: the first check time that is at least a minute ahead. A schedule fires within the
    /// minute it names; what happens to a schedule for a minute that has passed is undocumented.
    /// `None` once the validation is over.
    pub fn next(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.at_or_after(now + TimeDelta::minutes(1))
    }

    /// Whether a scheduled check may be running now, or within the minute.
    pub fn is_near(self, now: DateTime<Utc>) -> bool {
        self.next(now - NEAR).is_some_and(|time| time < now + TimeDelta::minutes(1))
    }

    /// Whether a check two minutes after this time, when the check at the time itself is over, would
    /// schedule the same next check.
    pub fn has_room_after(self, time: DateTime<Utc>) -> bool {
        self.next(time) == self.next(time + TimeDelta::minutes(4))
    }

    /// The times for which a check may be scheduled now, the likeliest first: the next one; the last
    /// one, if its schedule has not fired yet; the one after the next, if a check ran less than a
    /// minute before the next one.
    pub fn candidates(self, now: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
        let next = self.at_or_after(now);
        let due = self.at_or_after(now - TimeDelta::minutes(1)).filter(|time| *time < now);
        let after_next = next.and_then(|next| self.at_or_after(next + INSTANT));
        [next, due, after_next].into_iter().flatten()
    }

    /// Whether a check at `now` is the first since the validation reached one of the ages at which a
    /// block is published again. For a renewal that is once a day.
    ///
    /// A check in the last minute before a check time schedules the check after that one. The check at
    /// the time itself then finds it scheduled and publishes nothing: so this one publishes for both.
    pub fn reaches_milestone(self, now: DateTime<Utc>) -> bool {
        let before = self.before(self.before(now + INSTANT));
        let next = self.next(now).unwrap_or_else(|| self.end() + INSTANT);
        let reached = self.before(next);
        match self.0 {
            Series::Validation { began, .. } => {
                MILESTONES.iter().any(|age| (before..reached).contains(&(began + *age - INSTANT)))
            }
            Series::Renewal { end } => {
                let days_left = |time: DateTime<Utc>| (end - time).num_days();
                days_left(reached) < days_left(before)
            }
        }
    }

    /// The first check time that is not before this time.
    fn at_or_after(self, from: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.0 {
            Series::Validation { began, end } => by_age(began, end).find(|time| *time >= from),
            Series::Renewal { end } => {
                (from <= end).then(|| end - TimeDelta::hours(whole_hours(end - from)))
            }
        }
    }

    /// The last check time before this time; the beginning if there is none.
    fn before(self, until: DateTime<Utc>) -> DateTime<Utc> {
        match self.0 {
            Series::Validation { began, end } => {
                by_age(began, end).take_while(|time| *time < until).last().unwrap_or(began)
            }
            Series::Renewal { end } => end - TimeDelta::hours(whole_hours(end - until) + 1),
        }
    }

    fn end(self) -> DateTime<Utc> {
        match self.0 {
            Series::Validation { end, .. } | Series::Renewal { end } => end,
        }
    }
}

/// Times that grow rarer with the age of what began.
fn by_age(began: DateTime<Utc>, end: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
    std::iter::successors(Some(1), |age| Some(age + step(*age)))
        .map(move |age| began + TimeDelta::minutes(age))
        .take_while(move |time| *time <= end)
}

/// The whole hours of a span of time, rounded down.
fn whole_hours(span: TimeDelta) -> i64 {
    const HOUR: i64 = 3_600_000_000_000;
    // A span of nanoseconds is too long after 292 years.
    span.num_nanoseconds().map_or_else(|| span.num_hours(), |span| span.div_euclid(HOUR))
}

fn whole_minute(time: DateTime<Utc>) -> DateTime<Utc> {
    let seconds = TimeDelta::seconds(time.timestamp().rem_euclid(60));
    time - seconds - TimeDelta::nanoseconds(time.timestamp_subsec_nanos().into())
}

/// From one check time to the next, in minutes, by the age of the validation: a quarter of the age, at
/// least one minute and at most a quarter of an hour.
fn step(age: i64) -> i64 {
    (age + 3).div_euclid(4).min(15)
}

/// A schedule fires within a minute of its time, and a check takes less than another minute.
const NEAR: TimeDelta = TimeDelta::minutes(3);

const INSTANT: TimeDelta = TimeDelta::nanoseconds(1);

const PATIENCE: TimeDelta = TimeDelta::hours(73);

const MILESTONES: [TimeDelta; 5] = [
    TimeDelta::minutes(15),
    TimeDelta::hours(1),
    TimeDelta::hours(6),
    TimeDelta::hours(24),
    TimeDelta::hours(48),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    /// The check times from here on.
    fn all(times: CheckTimes) -> impl Iterator<Item = DateTime<Utc>> {
        let next = move |time: &DateTime<Utc>| times.at_or_after(*time + INSTANT);
        std::iter::successors(times.at_or_after(at(0)), next)
    }

    fn ages(times: CheckTimes) -> Vec<i64> {
        all(times).map(|time| (time - at(0)).num_minutes()).collect()
    }

    #[test]
    fn checks_grow_rarer_with_age() {
        let ages = ages(CheckTimes::for_request(at(0)));
        assert_eq!(ages[..16], [1, 2, 3, 4, 5, 7, 9, 12, 15, 19, 24, 30, 38, 48, 60, 75]);
        assert!(ages[15..].windows(2).all(|pair| pair[1] - pair[0] == 15));
        assert_eq!(ages.last(), Some(&(73 * 60)));
        assert!(ages.len() < 400, "{}", ages.len());
    }

    #[test]
    fn a_renewal_is_checked_every_hour_until_the_certificate_expires() {
        let not_after = at(45 * 24 * 60 + 20) + TimeDelta::seconds(59);
        let ages = ages(CheckTimes::for_renewal(at(0), Some(not_after)));
        assert_eq!(ages[..3], [20, 80, 140]);
        assert_eq!((ages.len(), ages.last()), (45 * 24 + 1, Some(&(45 * 24 * 60 + 20))));
    }

    #[test]
    fn the_check_times_of_a_renewal_stand_still_while_acm_tries_again() {
        let not_after = Some(at(45 * 24 * 60));
        let times = CheckTimes::for_renewal(at(0), not_after);
        assert_eq!(times, CheckTimes::for_renewal(at(700), not_after));
    }

    #[test]
    fn a_renewal_of_a_certificate_without_an_end_is_checked_as_long_as_a_request() {
        assert_eq!(
            ages(CheckTimes::for_renewal(at(0), None)),
            ages(CheckTimes::for_request(at(0)))
        );
    }

    #[test]
    fn check_times_are_whole_minutes_whatever_second_the_validation_began() {
        let begin = at(10) + TimeDelta::milliseconds(59_750);
        assert_eq!(CheckTimes::for_request(begin).at_or_after(at(0)), Some(at(11)));
    }

    #[test]
    fn the_next_check_is_at_least_a_minute_ahead() {
        let times = CheckTimes::for_request(at(0));
        assert_eq!(times.next(at(0)), Some(at(1)));
        assert_eq!(times.next(at(0) + INSTANT), Some(at(2)));
        assert_eq!(times.next(at(9)), Some(at(12)));
        assert_eq!(times.next(at(73 * 60 - 1)), Some(at(73 * 60)));
        assert_eq!(times.next(at(73 * 60)), None);
    }

    #[test]
    fn a_check_is_scheduled_for_one_of_three_times() {
        let times = CheckTimes::for_request(at(0));
        let candidates = |now| {
            times.candidates(now).map(|time| (time - at(0)).num_minutes()).collect::<Vec<_>>()
        };
        assert_eq!(candidates(at(14)), [15, 19]);
        assert_eq!(candidates(at(15)), [15, 19]);
        assert_eq!(candidates(at(15) + TimeDelta::seconds(20)), [19, 15, 24]);
        assert_eq!(candidates(at(73 * 60)), [73 * 60]);
    }

    #[test]
    fn a_check_time_is_near_from_a_minute_before_it_to_two_after() {
        let times = CheckTimes::for_request(at(0));
        // Check times at 75, 90, 105, …
        for (minute, near) in
            [(74, false), (75, true), (77, true), (78, false), (88, false), (90, true)]
        {
            assert_eq!(times.is_near(at(minute)), near, "{minute}");
        }
        assert!(times.is_near(at(74) + TimeDelta::seconds(30)));
    }

    #[test]
    fn there_is_room_after_a_check_time_once_they_are_more_than_four_minutes_apart() {
        let times = CheckTimes::for_request(at(0));
        for (minute, room) in [(1, false), (9, false), (15, false), (19, true), (75, true)] {
            assert_eq!(times.has_room_after(at(minute)), room, "{minute}");
        }
    }

    #[test]
    fn a_milestone_is_reached_once() {
        let times = CheckTimes::for_request(at(0) + TimeDelta::seconds(59));
        let mut reached = all(times).filter(|time| times.reaches_milestone(*time));
        for minutes in [15, 60, 360, 24 * 60, 48 * 60] {
            assert_eq!(reached.next(), Some(at(minutes)));
        }
        assert_eq!(reached.next(), None);
        assert!(times.reaches_milestone(at(16)) && !times.reaches_milestone(at(14)));
    }

    #[test]
    fn a_renewal_reaches_one_every_day() {
        let times = CheckTimes::for_renewal(at(0), Some(at(5 * 24 * 60 + 120)));
        let reached = all(times).filter(|time| times.reaches_milestone(*time));
        let ages: Vec<_> = reached.map(|time| (time - at(0)).num_hours()).collect();
        assert_eq!(ages, [3, 27, 51, 75, 99]);
        // Also for the check that runs a little after its time, or within the minute before the next.
        for (seconds, reached) in [(20, true), (59 * 60 + 30, true), (60 * 60 + 20, false)] {
            let now = at(3 * 60) + TimeDelta::seconds(seconds);
            assert_eq!(times.reaches_milestone(now), reached, "{seconds}");
        }
    }

    #[test]
    fn a_check_in_the_minute_before_a_check_time_publishes_for_both() {
        let times = CheckTimes::for_request(at(0));
        let before = at(15) - TimeDelta::seconds(30);
        assert_eq!(times.next(before), times.next(at(15)));
        assert!(times.reaches_milestone(before));
        // A check so late that the next time is near still publishes for the last one.
        assert!(times.reaches_milestone(at(19) - TimeDelta::seconds(30)));
        assert!(!times.reaches_milestone(at(24) - TimeDelta::seconds(30)));
    }
}
