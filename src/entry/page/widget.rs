//! What CloudWatch tells a custom widget: how it is shown.

use chrono::FixedOffset;
use serde_json::Value;

/// A custom widget of a dashboard, as far as it matters for a page. All other fields are ignored.
///
/// Source: [details about custom widgets](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_custom_widget_dashboard_about.html).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Widget {
    /// The theme of the dashboard.
    pub theme: Theme,
    /// The dashboard's time zone.
    pub offset: FixedOffset,
}

/// The theme of a dashboard.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Theme {
    /// Light on dark.
    Dark,
    /// Dark on light.
    Light,
}

impl Widget {
    /// The widget that asks, if one does: its payload has a `widgetContext`. What is missing in it, or
    /// cannot be read, is as in a light dashboard in UTC.
    pub fn of(payload: &Value) -> Option<Self> {
        let context = payload.get("widgetContext").filter(|context| !context.is_null())?;
        let theme = if context["theme"] == "dark" { Theme::Dark } else { Theme::Light };
        // Not `offsetInMinutes`: it is undocumented which sign it has east of Greenwich.
        let offset = context["timezone"]["offsetISO"].as_str().and_then(|it| it.parse().ok());
        Some(Self { theme, offset: offset.unwrap_or_else(utc) })
    }
}

fn utc() -> FixedOffset {
    FixedOffset::east_opt(0).expect("no offset is one")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(payload: &Value, expected: Option<(Theme, i32)>) {
        let found = Widget::of(payload).map(|it| (it.theme, it.offset.local_minus_utc() / 60));
        assert_eq!(found, expected, "{payload}");
    }

    #[test]
    fn theme_and_time_zone_are_read_and_all_else_is_ignored() {
        check(&json!({}), None);
        check(&json!({"widgetContext": null}), None);
        check(&json!({"widgetContext": {}}), Some((Theme::Light, 0)));
        let context = json!({
            "theme": "dark", "surprise": [1], "forms": {"all": {"a": "<script>"}},
            "timezone": {"label": "Local", "offsetISO": "+05:30", "offsetInMinutes": -330},
        });
        check(&json!({"widgetContext": context}), Some((Theme::Dark, 330)));
        for broken in [json!("x"), json!(7), json!({"theme": 1, "timezone": {"offsetISO": "99"}})] {
            check(&json!({"widgetContext": broken}), Some((Theme::Light, 0)));
        }
    }
}
