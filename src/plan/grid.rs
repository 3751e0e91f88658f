//! When a validation is looked at: points fixed by when it began, the same for whoever asks.

use chrono::{DateTime, TimeDelta, Utc};

/// The points in time at which one validation is looked at.
///
/// They depend on nothing but when the validation began, so every chain of checks for one
/// certificate falls on the same points, has the same schedule names, and doubled events merge.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Grid {
    begin: DateTime<Utc>,
    end: DateTime<Utc>,
}

impl Grid {
    /// The grid of a first validation: ACM gives up 72 hours after the request, and so do we, with
    /// a margin for ACM to say so.
    ///
    /// Source: [DNS validation](https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html).
    pub fn of_request(begin: DateTime<Utc>) -> Self {
        Self { begin, end: begin + PATIENCE }
    }

    /// The grid of a renewal, which ACM goes on trying until the certificate ends.
    pub fn of_renewal(begin: DateTime<Utc>, not_after: Option<DateTime<Utc>>) -> Self {
        Self { begin, end: not_after.unwrap_or(begin + PATIENCE) }
    }

    /// The first point at least a minute ahead: a schedule fires within the minute it names, and
    /// what it does with a minute gone by is undocumented. `None` once the validation is over.
    pub fn next(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.points().find(|point| *point >= now + TimeDelta::minutes(1))
    }

    /// Whether a chain of checks would be looking just now, or within the minute.
    pub fn is_near(self, now: DateTime<Utc>) -> bool {
        self.next(now - NEAR).is_some_and(|point| point < now + TimeDelta::minutes(1))
    }

    /// Whether a look two minutes after this point, when one at the point itself is over, would arm
    /// the same check as that one.
    pub fn has_room_after(self, point: DateTime<Utc>) -> bool {
        self.next(point) == self.next(point + TimeDelta::minutes(4))
    }

    /// The points for which a check may be armed now, the likeliest first: the next one; the last
    /// one, if its schedule has yet to fire; the one after the next, if a look was too near to that.
    pub fn armed(self, now: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
        let from = move |at| self.points().skip_while(move |point| *point < at);
        let due = from(now - TimeDelta::minutes(1)).take_while(move |point| *point < now);
        from(now).take(1).chain(due).chain(from(now).skip(1).take(1))
    }

    /// Whether a look at `now` is the first since the validation reached one of the ages at which
    /// a standing block is told again: a few at first, and every day of a renewal that takes longer,
    /// since its certificate is about to end.
    ///
    /// A look in the last minute before a point arms the check after that one. The look at the point
    /// itself then finds it armed, and takes it that all is told: so this one tells for both.
    pub fn reaches_milestone(self, now: DateTime<Utc>) -> bool {
        let origin = self.origin();
        let next = self.next(now);
        let (mut before, mut last, mut reached) = (origin, origin, origin);
        for point in self.points().take_while(|point| next.is_none_or(|next| *point < next)) {
            if point <= now {
                (before, last) = (last, point);
            }
            reached = point;
        }
        let daily = reached > origin + PATIENCE && reached > before;
        daily || MILESTONES.iter().any(|age| (before..reached).contains(&(origin + *age - INSTANT)))
    }

    fn points(self) -> impl Iterator<Item = DateTime<Utc>> {
        let origin = self.origin();
        std::iter::successors(Some(1), |age| Some(age + step(*age)))
            .map(move |age| origin + TimeDelta::minutes(age))
            .take_while(move |point| *point <= self.end)
    }

    /// The whole minute in which it began.
    fn origin(self) -> DateTime<Utc> {
        let seconds = TimeDelta::seconds(self.begin.timestamp().rem_euclid(60));
        self.begin - seconds - TimeDelta::nanoseconds(self.begin.timestamp_subsec_nanos().into())
    }
}

/// From a point to the next, in minutes, by the age of the validation: a quarter of it, and so a
/// minute at first, up to a quarter of an hour; what has waited for days is looked at daily.
fn step(age: i64) -> i64 {
    if age < PATIENCE.num_minutes() {
        (age + 3).div_euclid(4).min(15)
    } else {
        TimeDelta::days(1).num_minutes()
    }
}

/// A schedule fires within a minute of its time, and a look takes less than another.
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

    fn ages(grid: Grid) -> Vec<i64> {
        grid.points().map(|point| (point - DateTime::UNIX_EPOCH).num_minutes()).collect()
    }

    #[test]
    fn checks_grow_rarer_with_age() {
        let ages = ages(Grid::of_request(at(0)));
        assert_eq!(ages[..16], [1, 2, 3, 4, 5, 7, 9, 12, 15, 19, 24, 30, 38, 48, 60, 75]);
        assert!(ages[15..].windows(2).all(|pair| pair[1] - pair[0] == 15));
        assert_eq!(ages.last(), Some(&(73 * 60)));
        assert!(ages.len() < 400, "{}", ages.len());
    }

    #[test]
    fn a_renewal_is_looked_at_daily_until_the_certificate_ends() {
        let ages = ages(Grid::of_renewal(at(0), Some(at(45 * 24 * 60))));
        assert_eq!(ages.last(), Some(&(73 * 60 + 41 * 24 * 60)));
        assert!(ages.len() < 400, "{}", ages.len());
    }

    #[test]
    fn a_renewal_without_an_end_is_looked_at_as_long_as_a_request() {
        assert_eq!(ages(Grid::of_renewal(at(0), None)), ages(Grid::of_request(at(0))));
    }

    #[test]
    fn points_fall_on_whole_minutes_whatever_second_it_began() {
        let begin = at(10) + TimeDelta::milliseconds(59_750);
        assert_eq!(Grid::of_request(begin).points().next(), Some(at(11)));
    }

    #[test]
    fn the_next_check_is_at_least_a_minute_ahead() {
        let grid = Grid::of_request(at(0));
        assert_eq!(grid.next(at(0)), Some(at(1)));
        assert_eq!(grid.next(at(0) + INSTANT), Some(at(2)));
        assert_eq!(grid.next(at(9)), Some(at(12)));
        assert_eq!(grid.next(at(73 * 60 - 1)), Some(at(73 * 60)));
        assert_eq!(grid.next(at(73 * 60)), None);
    }

    #[test]
    fn a_check_is_armed_for_one_of_three_points() {
        let grid = Grid::of_request(at(0));
        let armed =
            |now| grid.armed(now).map(|point| (point - at(0)).num_minutes()).collect::<Vec<_>>();
        assert_eq!(armed(at(14)), [15, 19]);
        assert_eq!(armed(at(15)), [15, 19]);
        assert_eq!(armed(at(15) + TimeDelta::seconds(20)), [19, 15, 24]);
        assert_eq!(armed(at(73 * 60)), [73 * 60]);
    }

    #[test]
    fn a_point_is_near_from_a_minute_before_it_to_two_after() {
        let grid = Grid::of_request(at(0));
        // Points at 75, 90, 105, …
        for (minute, near) in
            [(74, false), (75, true), (77, true), (78, false), (88, false), (90, true)]
        {
            assert_eq!(grid.is_near(at(minute)), near, "{minute}");
        }
        assert!(grid.is_near(at(74) + TimeDelta::seconds(30)));
    }

    #[test]
    fn there_is_room_after_a_point_once_they_lie_more_than_four_minutes_apart() {
        let grid = Grid::of_request(at(0));
        for (minute, room) in [(1, false), (9, false), (15, false), (19, true), (75, true)] {
            assert_eq!(grid.has_room_after(at(minute)), room, "{minute}");
        }
    }

    #[test]
    fn a_milestone_is_reached_once() {
        let grid = Grid::of_request(at(0) + TimeDelta::seconds(59));
        let mut reached = grid.points().filter(|point| grid.reaches_milestone(*point));
        for minutes in [15, 60, 360, 24 * 60, 48 * 60] {
            assert_eq!(reached.next(), Some(at(minutes)));
        }
        assert_eq!(reached.next(), None);
        assert!(grid.reaches_milestone(at(16)) && !grid.reaches_milestone(at(14)));
    }

    #[test]
    fn a_renewal_that_takes_long_reaches_one_every_day() {
        let grid = Grid::of_renewal(at(0), Some(at(7 * 24 * 60)));
        let reached = grid.points().filter(|point| grid.reaches_milestone(*point)).skip(5);
        let ages: Vec<_> = reached.map(|point| (point - at(0)).num_hours()).collect();
        assert_eq!(ages, [73 + 24, 73 + 48, 73 + 72]);
    }

    #[test]
    fn who_looks_in_the_minute_before_a_point_tells_for_both() {
        let grid = Grid::of_request(at(0));
        let before = at(15) - TimeDelta::seconds(30);
        assert_eq!(grid.next(before), grid.next(at(15)));
        assert!(grid.reaches_milestone(before));
        // And whoever comes so late that the next point is near still tells of the last one.
        assert!(grid.reaches_milestone(at(19) - TimeDelta::seconds(30)));
        assert!(!grid.reaches_milestone(at(24) - TimeDelta::seconds(30)));
    }
}
