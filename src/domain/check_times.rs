//! Check times: when a validation is checked. The times depend only on when the validation began.

use chrono::{DateTime, TimeDelta, Utc};

/// The times at which one validation is checked.
///
/// They depend only on when the validation began. So all checks of one certificate have the same
/// times and the same schedule names, and duplicate events cause no extra checks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CheckTimes {
    begin: DateTime<Utc>,
    end: DateTime<Utc>,
}

impl CheckTimes {
    /// The check times of a first validation. ACM ends it 72 hours after the request; the checks end
    /// after 73 hours, so that ACM has time to say so.
    ///
    /// Source: [DNS validation](https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html).
    pub fn for_request(begin: DateTime<Utc>) -> Self {
        Self { begin, end: begin + PATIENCE }
    }

    /// The check times of a renewal. ACM goes on trying until the certificate expires.
    pub fn for_renewal(begin: DateTime<Utc>, not_after: Option<DateTime<Utc>>) -> Self {
        Self { begin, end: not_after.unwrap_or(begin + PATIENCE) }
    }

    /// The next check: the first check time that is at least a minute ahead. A schedule fires within the
    /// minute it names; what happens to a schedule for a minute that has passed is undocumented.
    /// `None` once the validation is over.
    pub fn next(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.times().find(|time| *time >= now + TimeDelta::minutes(1))
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
        let from = move |at| self.times().skip_while(move |time| *time < at);
        let due = from(now - TimeDelta::minutes(1)).take_while(move |time| *time < now);
        from(now).take(1).chain(due).chain(from(now).skip(1).take(1))
    }

    /// Whether a check at `now` is the first since the validation reached one of the ages at which a
    /// block is published again: a few at first, then every day of a renewal that takes longer, since
    /// its certificate is about to expire.
    ///
    /// A check in the last minute before a check time schedules the check after that one. The check at
    /// the time itself then finds it scheduled and publishes nothing: so this one publishes for both.
    pub fn reaches_milestone(self, now: DateTime<Utc>) -> bool {
        let origin = self.origin();
        let next = self.next(now);
        let (mut before, mut last, mut reached) = (origin, origin, origin);
        for time in self.times().take_while(|time| next.is_none_or(|next| *time < next)) {
            if time <= now {
                (before, last) = (last, time);
            }
            reached = time;
        }
        let daily = reached > origin + PATIENCE && reached > before;
        daily || MILESTONES.iter().any(|age| (before..reached).contains(&(origin + *age - INSTANT)))
    }

    fn times(self) -> impl Iterator<Item = DateTime<Utc>> {
        let origin = self.origin();
        std::iter::successors(Some(1), |age| Some(age + step(*age)))
            .map(move |age| origin + TimeDelta::minutes(age))
            .take_while(move |time| *time <= self.end)
    }

    /// The whole minute in which the validation began.
    fn origin(self) -> DateTime<Utc> {
        let seconds = TimeDelta::seconds(self.begin.timestamp().rem_euclid(60));
        self.begin - seconds - TimeDelta::nanoseconds(self.begin.timestamp_subsec_nanos().into())
    }
}

/// From one check time to the next, in minutes, by the age of the validation: a quarter of the age, at
/// least one minute and at most a quarter of an hour; a day once the validation is 73 hours old.
fn step(age: i64) -> i64 {
    if age < PATIENCE.num_minutes() {
        (age + 3).div_euclid(4).min(15)
    } else {
        TimeDelta::days(1).num_minutes()
    }
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

    fn ages(times: CheckTimes) -> Vec<i64> {
        times.times().map(|time| (time - DateTime::UNIX_EPOCH).num_minutes()).collect()
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
    fn a_renewal_is_checked_daily_until_the_certificate_expires() {
        let ages = ages(CheckTimes::for_renewal(at(0), Some(at(45 * 24 * 60))));
        assert_eq!(ages.last(), Some(&(73 * 60 + 41 * 24 * 60)));
        assert!(ages.len() < 400, "{}", ages.len());
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
        assert_eq!(CheckTimes::for_request(begin).times().next(), Some(at(11)));
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
        let mut reached = times.times().filter(|time| times.reaches_milestone(*time));
        for minutes in [15, 60, 360, 24 * 60, 48 * 60] {
            assert_eq!(reached.next(), Some(at(minutes)));
        }
        assert_eq!(reached.next(), None);
        assert!(times.reaches_milestone(at(16)) && !times.reaches_milestone(at(14)));
    }

    #[test]
    fn a_renewal_that_takes_long_reaches_one_every_day() {
        let times = CheckTimes::for_renewal(at(0), Some(at(7 * 24 * 60)));
        let reached = times.times().filter(|time| times.reaches_milestone(*time)).skip(5);
        let ages: Vec<_> = reached.map(|time| (time - at(0)).num_hours()).collect();
        assert_eq!(ages, [73 + 24, 73 + 48, 73 + 72]);
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
