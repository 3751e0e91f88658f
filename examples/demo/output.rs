//! What is printed.

use std::fmt::Display;
use std::io::{self, Write};

/// How much is printed, and in which form.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Output {
    /// One JSON object a line.
    Json,
    /// The table at the end.
    Quiet,
    /// What happens, what the function does, and the table at the end.
    Timeline,
}

/// Prints a line. Errors are ignored: whoever closed the pipe wants no more lines.
pub(crate) fn print(line: impl Display) {
    drop(writeln!(io::stdout(), "{line}"));
}
