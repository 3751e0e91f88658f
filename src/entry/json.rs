//! Reads JSON that is not quite Unicode.

use std::borrow::Cow;

use serde_json::Value;

/// Reads JSON. A `\u` escape of one half of a surrogate pair, which JSON allows and no Unicode text can
/// hold, is read as the replacement character: it may stand in a field that nobody reads.
///
/// # Errors
///
/// If the text is not JSON.
pub(super) fn from_str(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text).or_else(|error| match replace_lone_surrogates(text) {
        Cow::Borrowed(_) => Err(error),
        Cow::Owned(text) => serde_json::from_str(&text),
    })
}

fn replace_lone_surrogates(text: &str) -> Cow<'_, str> {
    let escape = |at: usize| -> Option<u16> {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut replaced = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = text[at..].find('\\') {
        let start = at + found;
        at = match (escape(start), escape(start + 6)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => start + 12,
            (Some(0xD800..=0xDFFF), _) => {
                replaced.push_str(&text[copied..start]);
                replaced.push_str("\\ufffd");
                copied = start + 6;
                copied
            }
            // An escape of one character: the backslash that follows a backslash begins nothing.
            _ => start + 1 + text[start + 1..].chars().next().map_or(0, char::len_utf8),
        };
    }
    match copied {
        0 => Cow::Borrowed(text),
        copied => Cow::Owned(replaced + &text[copied..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: Option<&str>) {
        let read = from_str(json).ok();
        assert_eq!(read.as_ref().and_then(Value::as_str), expected, "{json}");
    }

    #[test]
    fn one_half_of_a_pair_is_the_replacement_character() {
        check(r#""a\ud800""#, Some("a\u{fffd}"));
        check(r#""\udc00\ud83d\ude00\uD800""#, Some("\u{fffd}\u{1f600}\u{fffd}"));
        check(r#""\\ud800\ud800é""#, Some("\\ud800\u{fffd}é"));
    }

    #[test]
    fn other_texts_are_left_alone() {
        check(r#""\ud83d\ude00""#, Some("\u{1f600}"));
        check(r#""\\ud800""#, Some("\\ud800"));
        for broken in ["", "{", r#""\ud8"#, r#""\"#, r#""\ué""#, r#""\ud800"#] {
            check(broken, None);
        }
    }
}
