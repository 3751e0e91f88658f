//! Texts of others in messages of ours: one line, bounded length.

use std::error::Error;

/// Text from outside, as a message repeats it: escaped to one line, 200 characters at most.
pub fn quote(text: &str) -> String {
    text.escape_debug().take(200).collect()
}

/// A text of ours with at most this many characters.
pub fn shorten(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some(_) => text.chars().take(characters - 1).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

/// An error and its causes in one line of at most 2,000 characters. SDK errors repeat the text of
/// their source: the repetition is dropped.
pub fn report(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_line = cause.to_string();
        if !line.ends_with(&cause_line) {
            line = format!("{line}: {cause_line}");
        }
        source = cause.source();
    }
    line.escape_debug().take(2_000).collect()
}

/// The first of these texts, and how many more there are: a message stays short, however many zones
/// have one name.
pub fn a_few(texts: &[impl AsRef<str>], separator: &str) -> String {
    const FEW: usize = 5;
    let mut few: Vec<_> = texts.iter().take(FEW).map(|it| it.as_ref().to_owned()).collect();
    if texts.len() > FEW {
        few.push(format!("and {} more", texts.len() - FEW));
    }
    few.join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Link(&'static str, #[source] Option<Box<Self>>);

    #[test]
    fn a_report_names_every_cause_once() {
        let cause = Link("busy", None);
        let wrapper = Link("service error", Some(Box::new(Link("busy", Some(Box::new(cause))))));
        assert_eq!(report(&wrapper), "service error: busy");
    }

    #[test]
    fn a_long_text_is_shortened_and_shows_it() {
        assert_eq!(shorten("äbc", 3), "äbc");
        assert_eq!(shorten("äbcd", 3), "äb…");
    }

    #[test]
    fn a_report_is_one_line() {
        assert_eq!(report(&Link("a\nb", None)), "a\\nb");
    }
}
