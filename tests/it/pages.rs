//! The pages: well-formed whatever others wrote, without scripts, and not too large.

use acm_dns_validator::domain::audit::request::AuditRequest;
use acm_dns_validator::domain::name::DomainName;
use acm_dns_validator::entry::page::documentation;
use acm_dns_validator::entry::parse::Event;

use crate::sample_pages::pages;

/// The elements that a page may have: none of those that CloudWatch removes, none that loads anything.
const ELEMENTS: [&str; 31] = [
    "a",
    "bdi",
    "caption",
    "circle",
    "cwdb-action",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "g",
    "h2",
    "h3",
    "li",
    "line",
    "p",
    "pre",
    "span",
    "strong",
    "style",
    "summary",
    "svg",
    "table",
    "tbody",
    "td",
    "text",
    "th",
    "thead",
    "title",
    "tr",
    "ul",
];

/// The attributes that a page may have: no address of anything, no event handler.
const ATTRIBUTES: [&str; 18] = [
    "action", "class", "cx", "cy", "display", "endpoint", "r", "role", "scope", "title", "viewBox",
    "x", "x1", "x2", "xmlns", "y", "y1", "y2",
];

/// Checks that elements are nested, known, and closed.
#[track_caller]
pub(crate) fn check_page(name: &str, page: &str) {
    let mut open = Vec::new();
    let mut rest = page;
    while let Some((text, tag)) = rest.split_once('<') {
        assert!(!text.contains('>') || open.last() == Some(&"style"), "{name}: {text}");
        let (tag, after) = tag.split_once('>').expect("a tag ends");
        rest = after;
        match tag.strip_prefix('/') {
            Some(closed) => assert_eq!(open.pop(), Some(closed), "{name}: {tag}"),
            None => {
                let element = tag.split(' ').next().unwrap_or_default();
                assert!(ELEMENTS.contains(&element), "{name}: {tag}");
                check_attributes(name, &tag[element.len()..]);
                open.push(element);
            }
        }
    }
    assert_eq!((open, rest), (Vec::new(), ""), "{name}");
}

#[track_caller]
fn check_attributes(name: &str, mut text: &str) {
    while let Some(attribute) = text.strip_prefix(' ') {
        let (attribute, value) = attribute.split_once("=\"").expect("a value in quotes");
        assert!(ATTRIBUTES.contains(&attribute), "{name}: {attribute}");
        text = value.split_once('"').expect("a value ends").1;
    }
    assert_eq!(text, "", "{name}");
}

#[test]
fn every_page_is_well_formed_and_has_nothing_that_runs_or_loads() {
    for (name, page) in pages() {
        check_page(name, &page);
        assert!(!page.contains("url(") && !page.contains("@import"), "{name}");
        assert!(!page.contains(['\u{202e}', '\u{0}']), "{name}");
    }
}

/// Lambda answers 6 MB at most; as JSON, a quote takes two bytes.
#[test]
fn the_largest_pages_are_far_below_the_limit_of_lambda() {
    for (name, page) in pages() {
        let size = serde_json::to_string(&page).expect("JSON").len();
        println!("{name}: {size} bytes");
        assert!(size < 2_000_000, "{name}: {size}");
    }
}

/// The payloads that clicks on a page send to the function.
pub(crate) fn actions(page: &str) -> Vec<serde_json::Value> {
    let actions = page.split("<cwdb-action ").skip(1).map(|action| {
        assert!(action.starts_with(
            "action=\"call\" display=\"popup\" \
             endpoint=\"arn:aws:lambda:eu-west-1:111122223333:function:acm-dns-validator\">"
        ));
        let payload = action.split_once('>').expect("a tag").1.split_once('<').expect("an end").0;
        serde_json::from_str(&payload.replace("&quot;", "\"").replace("&amp;", "&")).expect("JSON")
    });
    actions.collect()
}

fn page(name: &str) -> String {
    pages().into_iter().find(|(it, _)| *it == name).expect("a page").1
}

#[test]
fn a_click_on_audit_asks_for_everything() {
    let payload = &actions(&page("overview-light"))[0];
    let parsed = acm_dns_validator::entry::parse::parse(payload, crate::world::epoch());
    let everything = AuditRequest::default();
    assert_eq!(parsed, Ok(Event::Audit(everything)));
}

#[test]
fn an_audit_that_was_cut_goes_on_by_a_click_with_what_it_knows() {
    let page = page("audit-light");
    let Ok(Event::Audit(request)) =
        acm_dns_validator::entry::parse::parse(&actions(&page)[0], crate::world::epoch())
    else {
        panic!("an audit")
    };
    assert_eq!(request.detail.from.expect("a place").name, DomainName::new("m.example.net"));
    assert_eq!(request.detail.so_far.expect("what was found").certificates_at_risk, 3);
    assert!(page.contains("This is only a part. "));
    assert_eq!(actions(&page)[1]["detail-type"], "Certificate Diagnosis");
}

#[test]
fn a_change_batch_can_be_copied_from_the_page_of_an_audit() {
    let page = page("audit-light");
    let (_, block) = page.split_once("<pre").expect("a block");
    let json = block.split_once('>').expect("a tag").1.split_once('<').expect("an end").0;
    let batch: serde_json::Value =
        serde_json::from_str(&json.replace("&quot;", "\"")).expect("JSON");
    let change = &batch["Changes"][0];
    assert_eq!(
        (&change["Action"], &change["ResourceRecordSet"]["TTL"]),
        (&"DELETE".into(), &300.into())
    );
}

#[test]
fn a_click_on_a_certificate_asks_for_its_diagnosis() {
    let page = page("overview-light");
    assert_eq!(actions(&page)[1]["detail-type"], "Certificate Diagnosis");
    assert!(page.contains("certificate/0b6a4e4e-7f7c-4c39-9a53-000000000003"));
}

#[test]
fn the_documentation_has_parameters_that_the_function_understands() {
    let markdown = documentation();
    let json = markdown.split("```json\n").nth(1).and_then(|it| it.split("```").next());
    let payload = serde_json::from_str(json.expect("an example")).expect("JSON");
    let parsed = acm_dns_validator::entry::parse::parse(&payload, crate::world::epoch());
    assert!(matches!(parsed, Ok(Event::Overview(_))));
}
