//! What one attempt to run the function does: its calls, as far as their order matters.

use std::collections::BTreeSet;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

tokio::task_local! {
    /// The attempt that makes the current calls: the request id, and the number of the attempt.
    pub(crate) static ATTEMPT: (String, u32);
}

/// What one attempt did so far.
#[derive(Debug, Default)]
pub(super) struct Attempt {
    /// How many messages it handles.
    pub(super) messages: usize,
    pub(super) calls: usize,
    /// Whether it called `CreateSchedule`.
    pub(super) asked_to_schedule: bool,
    /// The names of the schedules that exist.
    pub(super) scheduled: BTreeSet<String>,
    pub(super) written: BTreeSet<String>,
}

/// What a call does, as far as its order matters.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum CallKind {
    /// It writes these records: zone and name, and how many characters their values have.
    Records(Vec<String>, usize),
    /// It creates a schedule of this name.
    Schedule(String),
    Other,
}

impl CallKind {
    pub(super) fn of(request: &HttpRequest) -> Self {
        let path = request.uri().split('?').next().unwrap_or_default().trim_end_matches('/');
        let body = request.body().bytes().and_then(|body| std::str::from_utf8(body).ok());
        let texts = |element: &str| -> Vec<String> {
            let opening = format!("<{element}>");
            let pieces = body.unwrap_or_default().split(&opening).skip(1);
            pieces.map(|it| it.split('<').next().unwrap_or_default().to_owned()).collect()
        };
        match request.method() {
            "POST" if path.contains("/schedules/") => {
                Self::Schedule(path.rsplit('/').next().unwrap_or_default().to_owned())
            }
            "POST" if path.ends_with("/rrset") => {
                let names = texts("Name").into_iter().map(|name| format!("{name} by {path}"));
                Self::Records(names.collect(), texts("Value").iter().map(String::len).sum())
            }
            _ => Self::Other,
        }
    }
}
