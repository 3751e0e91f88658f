//! Pages for a custom widget of a CloudWatch dashboard: HTML without scripts and external resources.
//!
//! The template escapes every text, and `text` cleans those that others may have written. Nothing on a
//! page needs `<iframe>`, `<use>` or scripts, which CloudWatch removes. No limit is documented for what a
//! widget answers but Lambda's: [6 MB](https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
//! Every list on a page is cut, and the tests hold the largest pages below a third of that.
//!
//! Source: [security](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_custom_widget_dashboard_security.html)
//! and [interactivity](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_custom_widget_dashboard_interactivity.html)
//! of custom widgets.

use std::error::Error;

use chrono::{DateTime, Utc};
use maud::html;

use self::style::page;
use self::text::clean;
use self::widget::Widget;
use crate::domain::audit::answer::AuditAnswer;
use crate::domain::request::overview_payload;
use crate::domain::text::report;
use crate::flows::diagnosis::answer::Diagnosis;
use crate::flows::overview::answer::{Overview, ROWS};

mod audit;
mod diagnosis;
mod life;
mod overview;
mod style;
mod text;
pub mod widget;

/// The page of an overview. A click on a certificate calls `endpoint`, the ARN of the function.
pub fn overview(overview: &Overview, widget: &Widget, endpoint: &str) -> String {
    page(widget, &overview::content(overview, widget, endpoint)).into_string()
}

/// The page of an audit. A click on a certificate calls `endpoint`, the ARN of the function.
pub fn audit(answer: &AuditAnswer, widget: &Widget, endpoint: &str) -> String {
    page(widget, &audit::content(answer, widget, endpoint)).into_string()
}

/// The page of a diagnosis that was made now.
pub fn diagnosis(diagnosis: &Diagnosis, widget: &Widget, now: DateTime<Utc>) -> String {
    page(widget, &diagnosis::content(diagnosis, widget, now)).into_string()
}

/// The page of a certificate that could not be diagnosed.
pub fn failure(certificate: &str, error: &dyn Error, widget: &Widget) -> String {
    let content = html! {
        h2 { "The certificate could not be read" }
        p class="adv-code" { (clean(certificate)) }
        p class="adv-note adv-bad" { bdi { (clean(&report(error))) } }
    };
    page(widget, &content).into_string()
}

/// What CloudWatch shows if it asks for the documentation of the widget: Markdown.
pub fn documentation() -> String {
    let payload = overview_payload();
    format!(
        "## ACM certificates that wait for validation\n\n\
         Shows which certificates are pending, since when, the state of their records, the next check, \
         and what to do: at most {ROWS}, the oldest first. A click on a certificate shows its diagnosis, and \
         one on *Audit* what is wrong with all the others. Nothing is written. An answer is kept for a minute, so that refreshing costs nothing.\n\n\
         ### Widget parameters\n\n\
         Leave `resources` empty to see what is pending in every account and region that the function \
         serves, or list the ARNs of certificates there to see those only, also when they are issued.\n\n\
         ### Example parameters\n\n\
         ```json\n{payload:#}\n```\n"
    )
}
