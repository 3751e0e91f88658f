//! The style of the pages. Every class begins with `adv-`: a widget shares its document with the console.

use maud::{Markup, PreEscaped, html};

use super::widget::{Theme, Widget};

/// A page with its style, in the theme of the widget.
pub(super) fn page(widget: &Widget, content: &Markup) -> Markup {
    let theme = match widget.theme {
        Theme::Dark => "adv adv-dark",
        Theme::Light => "adv adv-light",
    };
    html! {
        div class=(theme) {
            style { (PreEscaped(STYLE)) }
            // CloudWatch's own styles of links and tables would be mixed with these.
            div class="cwdb-no-default-styles" {}
            (content)
        }
    }
}

/// It has neither `<` nor `&`, and nothing in it comes from outside.
const STYLE: &str = "\
.adv { font: 14px/1.45 system-ui, 'Amazon Ember', 'Helvetica Neue', Arial, sans-serif; padding: 12px 16px;\
 color: var(--adv-text); background: var(--adv-back); overflow-wrap: anywhere; }\
.adv-light { --adv-text: #16191f; --adv-soft: #545b64; --adv-back: #ffffff; --adv-line: #d5dbdb;\
 --adv-box: #f4f6f6; --adv-link: #0059b3; --adv-bad: #b0120a; --adv-badbox: #fdecea; --adv-warn: #7a4b00;\
 --adv-warnbox: #fdf3e1; --adv-good: #1a6b2e; --adv-goodbox: #e9f5ec; --adv-calm: #0b4f8a; --adv-calmbox: #e8f1fa; }\
.adv-dark { --adv-text: #e9ebed; --adv-soft: #a9b4c2; --adv-back: #161d26; --adv-line: #414d5c;\
 --adv-box: #212b38; --adv-link: #6cb8ff; --adv-bad: #ff9a8f; --adv-badbox: #43211e; --adv-warn: #ffc266;\
 --adv-warnbox: #3e2f14; --adv-good: #7fd896; --adv-goodbox: #173522; --adv-calm: #8cc5ff; --adv-calmbox: #152f49; }\
.adv h2 { font-size: 19px; line-height: 1.3; margin: 0 0 4px; font-weight: 700; color: var(--adv-text); }\
.adv h3 { font-size: 15px; margin: 20px 0 6px; font-weight: 700; color: var(--adv-text); }\
.adv p { margin: 4px 0 8px; }\
.adv-soft { color: var(--adv-soft); font-size: 12.5px; }\
.adv-counts { list-style: none; display: flex; flex-wrap: wrap; gap: 8px; margin: 12px 0; padding: 0; }\
.adv-counts li { border-style: solid; border-width: 0 0 0 4px; border-radius: 4px;\
 padding: 4px 14px 6px 10px; min-width: 76px; }\
.adv-counts strong { display: block; font-size: 22px; line-height: 1.2; }\
.adv-scroll { overflow-x: auto; }\
.adv table { border-collapse: collapse; width: 100%; min-width: 680px; table-layout: fixed; }\
.adv caption { text-align: left; color: var(--adv-soft); font-size: 12.5px; padding: 0 0 6px; }\
.adv th, .adv td { text-align: left; vertical-align: top; padding: 8px 10px 8px 0; font-weight: 400;\
 border-bottom: 1px solid var(--adv-line); }\
.adv thead th { color: var(--adv-soft); font-size: 12.5px; font-weight: 700; padding: 4px 10px 4px 0; }\
.adv-wide { width: 36%; } .adv-some { width: 24%; } .adv-few { width: 15%; }\
.adv cwdb-action { display: none; }\
.adv-open { color: var(--adv-link); font-weight: 700; cursor: pointer; text-decoration: underline; }\
.adv-tag { display: inline-block; border-radius: 3px; padding: 1px 7px; font-size: 12.5px; font-weight: 700;\
 overflow-wrap: normal; }\
.adv-note { border: solid var(--adv-line); border-width: 0 0 0 4px; background: var(--adv-box); padding: 8px 12px;\
 margin: 8px 0; border-radius: 2px; }\
.adv-note ul { margin: 4px 0 0; padding-left: 18px; }\
.adv-bad { color: var(--adv-bad); background: var(--adv-badbox); border-color: var(--adv-bad); }\
.adv-warn { color: var(--adv-warn); background: var(--adv-warnbox); border-color: var(--adv-warn); }\
.adv-good { color: var(--adv-good); background: var(--adv-goodbox); border-color: var(--adv-good); }\
.adv-calm { color: var(--adv-calm); background: var(--adv-calmbox); border-color: var(--adv-calm); }\
.adv-gray { color: var(--adv-soft); background: var(--adv-box); border-color: var(--adv-soft); }\
.adv-empty { text-align: center; padding: 28px 0; color: var(--adv-soft); font-size: 16px; }\
.adv-facts { display: grid; grid-template-columns: max-content 1fr; gap: 2px 14px; margin: 8px 0; }\
.adv-facts dt { color: var(--adv-soft); } .adv-facts dd { margin: 0; }\
.adv-code { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 12px; }\
.adv details { border: 1px solid var(--adv-line); border-radius: 2px; margin: 6px 0; padding: 6px 10px; }\
.adv summary { cursor: pointer; }\
.adv-block { white-space: pre-wrap; max-height: 320px; overflow: auto; margin: 8px 0 2px; padding: 8px;\
 background: var(--adv-box); color: var(--adv-text); }\
.adv-life { width: 100%; max-width: 860px; height: auto; display: block; margin: 6px 0; }\
.adv-life text { fill: var(--adv-text); font-size: 13px; text-anchor: middle; }\
.adv-life .adv-when { fill: var(--adv-soft); font-size: 11.5px; }\
.adv-life line { stroke: var(--adv-line); stroke-width: 2; }\
.adv-life .adv-dash { stroke-dasharray: 3 4; }\
.adv-life circle { stroke-width: 2; fill: var(--adv-back); stroke: var(--adv-soft); }\
.adv-life .adv-done circle { stroke: var(--adv-good); fill: var(--adv-goodbox); }\
.adv-life .adv-done .adv-mark { fill: var(--adv-good); }\
.adv-life .adv-fail circle { stroke: var(--adv-bad); fill: var(--adv-badbox); }\
.adv-life .adv-fail .adv-mark { fill: var(--adv-bad); }\
.adv-life .adv-wait circle { stroke: var(--adv-calm); }\
.adv-life .adv-wait .adv-mark { fill: var(--adv-calm); }\
.adv-life .adv-none circle { stroke-dasharray: 3 3; }\
.adv-life .adv-none .adv-mark { fill: var(--adv-soft); }\
.adv-life .adv-mark { font-weight: 700; font-size: 15px; }\
";
