//! The table at the end.

use std::fmt::{self, Display};

use serde::Serialize;
use serde_json::{Value, json};
use sim::acm::Certificate;

/// The headings of the table.
pub(crate) const HEADINGS: &str =
    "certificate                names  status                issued in  checks  AWS calls";

/// A certificate in the table.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    certificate: String,
    names: usize,
    status: Value,
    seconds_to_issue: Option<i64>,
    checks: usize,
    calls: usize,
}

impl Row {
    /// The row of a certificate, with the number of calls of each of its checks.
    pub(crate) fn new(certificate: &Certificate, calls: &[usize]) -> Self {
        let issued = certificate.issued_at;
        Self {
            certificate: certificate.domains.first().map(|it| it.name.clone()).unwrap_or_default(),
            names: certificate.domains.len(),
            status: json!(certificate.status),
            seconds_to_issue: issued.map(|at| (at - certificate.created_at).num_seconds()),
            checks: calls.len(),
            calls: calls.iter().sum(),
        }
    }
}

impl Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { certificate, names, status, seconds_to_issue, checks, calls } = self;
        let status = status.as_str().unwrap_or_default();
        let minutes = |seconds: i64| format!("{}:{:02} min", seconds / 60, seconds % 60);
        let took = seconds_to_issue.map_or_else(|| "–".to_owned(), minutes);
        write!(f, "{certificate:<26} {names:>5}  {status:<21} {took:>9} {checks:>7} {calls:>10}")
    }
}
