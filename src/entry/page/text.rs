//! Texts on a page: others wrote some of them, so each is cleaned and cut.

use chrono::{DateTime, FixedOffset, SecondsFormat, TimeDelta, Utc};

/// A text that somebody else may have written, cut to [`LONGEST`] characters. Markup needs no care here:
/// the template escapes it. Characters that are no text, or that turn the direction of what follows, are
/// shown as the replacement character.
pub(super) fn clean(text: &str) -> String {
    let mut clean: String =
        text.chars()
            .take(LONGEST)
            .map(|it| {
                if it.is_control() || turns_direction(it) {
                    char::REPLACEMENT_CHARACTER
                } else {
                    it
                }
            })
            .collect();
    if text.chars().nth(LONGEST).is_some() {
        clean.push('…');
    }
    clean
}

/// How many characters of a text a page shows. A name has 253 bytes at most, which Route 53 may spell with
/// four characters each.
const LONGEST: usize = 1_200;

/// The characters that set, embed, override or isolate a direction.
///
/// Source: [Unicode's bidirectional algorithm](https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters).
fn turns_direction(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// A time in the time zone of a dashboard: `2026-11-23 08:02`.
pub(super) fn time(at: DateTime<Utc>, offset: FixedOffset) -> String {
    at.with_timezone(&offset).format("%Y-%m-%d %H:%M").to_string()
}

/// The name of a time zone: `UTC`, `UTC+05:30`.
pub(super) fn zone(offset: FixedOffset) -> String {
    match offset.local_minus_utc() {
        0 => "UTC".to_owned(),
        _ => format!("UTC{offset}"),
    }
}

/// How long something lasts, in its largest two units: `3 d 4 h`, `12 min`.
pub(super) fn duration(time: TimeDelta) -> String {
    let (days, hours, minutes) = (time.num_days(), time.num_hours() % 24, time.num_minutes() % 60);
    match (days, hours) {
        (1.., 0) => format!("{days} d"),
        (1.., _) => format!("{days} d {hours} h"),
        (_, 1..) if minutes == 0 => format!("{hours} h"),
        (_, 1..) => format!("{hours} h {minutes} min"),
        _ => format!("{} min", minutes.max(0)),
    }
}

/// An advice without the time of the next check, which the page shows in its own time zone.
pub(super) fn advice(advice: &str, next_check: Option<DateTime<Utc>>) -> String {
    let short = next_check.and_then(|at| {
        let at = at.to_rfc3339_opts(SecondsFormat::Secs, true);
        advice.strip_suffix(&format!("; the next check is at {at}."))
    });
    clean(&short.map_or_else(|| advice.to_owned(), |short| format!("{short}.")))
}

/// `1 name`, `2 names`.
pub(super) fn count(count: usize, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_the_direction_is_replaced_and_long_texts_are_cut() {
        assert_eq!(clean("a\u{202e}b\nc\u{2067}"), "a\u{fffd}b\u{fffd}c\u{fffd}");
        assert_eq!(clean("müller.example"), "müller.example");
        assert_eq!(clean(&"ä".repeat(5_000)).chars().count(), LONGEST + 1);
    }

    #[test]
    fn times_are_in_the_time_zone_of_the_dashboard() {
        let at = DateTime::from_timestamp(1_795_420_803, 0).expect("a time");
        let india = "+05:30".parse().expect("an offset");
        assert_eq!((time(at, india), zone(india)), ("2026-11-23 13:30".into(), "UTC+05:30".into()));
    }

    #[test]
    fn a_duration_has_two_units() {
        let minutes = [0, 59, 60, 61, 24 * 60, 25 * 60 + 5];
        let texts = minutes.map(|it| duration(TimeDelta::minutes(it)));
        assert_eq!(texts, ["0 min", "59 min", "1 h", "1 h 1 min", "1 d", "1 d 1 h"]);
    }
}
