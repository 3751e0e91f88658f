//! What may be wrong with an answer.

/// The kind of a fault.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DnsFaultKind {
    /// The answer has the id of the query, and then octets without meaning.
    Garbage,
    /// An answer arrives, but with the id of another query.
    OnlyWrongId,
    /// Records of names that nobody asked about come before those of the answer, in every section.
    Poisoned,
    /// The resolver refuses to answer.
    Refused,
    /// The resolver fails.
    ServFail,
    /// No answer comes.
    Silence,
    /// The answer over UDP is truncated and empty; over TCP it is complete.
    Truncated,
    /// An answer with the id of another query arrives first, then the right one.
    WrongId,
    /// The answer repeats another question.
    WrongQuestion,
}

impl DnsFaultKind {
    /// Whether no valid answer is sent.
    pub(super) fn hides_the_answer(self) -> bool {
        matches!(self, Self::Garbage | Self::OnlyWrongId | Self::Silence | Self::WrongQuestion)
    }
}
