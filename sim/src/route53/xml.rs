//! Reads requests and writes answers in the shapes of the API.
//!
//! Source: botocore's `data/route53/2013-04-01/service-2.json.gz`.

use std::fmt::Display;

use http::{Method, Request};
use percent_encoding::percent_decode_str;
use roxmltree::{Document, Node};

use crate::wire::{Failure, Parameters, escape};

const NAMESPACE: &str = "https://route53.amazonaws.com/doc/2013-04-01/";

/// `<name>value</name>`
pub(super) fn text(name: &str, value: impl Display) -> String {
    format!("<{name}>{}</{name}>", escape(&value.to_string()))
}

/// `<name>children</name>`
pub(super) fn node(name: &str, children: impl IntoIterator<Item = String>) -> String {
    let children: String = children.into_iter().collect();
    format!("<{name}>{children}</{name}>")
}

/// The document that an operation answers with.
pub(super) fn document(name: &str, children: impl IntoIterator<Item = String>) -> String {
    let children: String = children.into_iter().collect();
    format!("<{name} xmlns=\"{NAMESPACE}\">{children}</{name}>")
}

pub(super) fn invalid_input(message: impl Into<String>) -> Failure {
    Failure::new(400, "InvalidInput", message)
}

/// The error of Route 53 for a value that is longer than its model allows.
///
/// Observed in <https://github.com/kubernetes-sigs/external-dns/issues/5012>.
pub(super) fn too_long(value: &str, member: &str, limit: usize) -> Failure {
    invalid_input(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: \
         Member must have length less than or equal to {limit}"
    ))
}

/// The operation that a request calls, and the id in its path.
pub(super) fn route(request: &Request<Vec<u8>>) -> Option<(&'static str, Target)> {
    let path = request.uri().path().strip_prefix("/2013-04-01/")?;
    let path: Vec<String> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
        .collect();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let get = *request.method() == Method::GET;
    let post = *request.method() == Method::POST;
    let delete = *request.method() == Method::DELETE;
    // Ids are accepted with and without the prefix that the API returns.
    Some(match path.as_slice() {
        ["hostedzone"] if post => ("CreateHostedZone", Target::default()),
        ["hostedzone"] if get => ("ListHostedZones", Target::default()),
        ["hostedzonesbyname"] if get => ("ListHostedZonesByName", Target::default()),
        ["hostedzonecount"] if get => ("GetHostedZoneCount", Target::default()),
        ["hostedzone", id, "rrset"] | ["hostedzone", "hostedzone", id, "rrset"] if post => {
            ("ChangeResourceRecordSets", Target::id(id))
        }
        ["hostedzone", id, "rrset"] | ["hostedzone", "hostedzone", id, "rrset"] if get => {
            ("ListResourceRecordSets", Target::id(id))
        }
        ["hostedzone", id] | ["hostedzone", "hostedzone", id] if get => {
            ("GetHostedZone", Target::id(id))
        }
        ["hostedzone", id] | ["hostedzone", "hostedzone", id] if delete => {
            ("DeleteHostedZone", Target::id(id))
        }
        ["change", id] | ["change", "change", id] if get => ("GetChange", Target::id(id)),
        ["tags", kind] if post => ("ListTagsForResources", Target::tagged(kind, "")),
        ["tags", kind, id] if get => ("ListTagsForResource", Target::tagged(kind, id)),
        ["tags", kind, id] if post => ("ChangeTagsForResource", Target::tagged(kind, id)),
        // Here a prefix is not accepted, so it is kept for the error.
        ["tags", kind, prefix, id] if get => {
            ("ListTagsForResource", Target::tagged(kind, &format!("/{prefix}/{id}")))
        }
        ["tags", kind, prefix, id] if post => {
            ("ChangeTagsForResource", Target::tagged(kind, &format!("/{prefix}/{id}")))
        }
        _ => return None,
    })
}

/// The resource in the path of a request.
#[derive(Default)]
pub(super) struct Target {
    pub(super) id: String,
    pub(super) resource_type: String,
}

impl Target {
    fn id(id: &str) -> Self {
        Self { id: id.to_owned(), resource_type: String::new() }
    }

    fn tagged(resource_type: &str, id: &str) -> Self {
        Self { id: id.to_owned(), resource_type: resource_type.to_owned() }
    }
}

/// The requested page size; `most` is the limit and the default.
pub(super) fn max_items(query: &Parameters, most: usize) -> Result<usize, Failure> {
    let Some(value) = query.get("maxitems") else {
        return Ok(most);
    };
    match value.parse() {
        Ok(items) if items > 0 => Ok(most.min(items)),
        _ => Err(invalid_input(format!("Invalid MaxItems: {value}"))),
    }
}

/// Reads the body of a request, whose root must be `root` in the namespace of the API.
///
/// Source of the message: <https://github.com/stalwartlabs/dns-update/issues/44>.
pub(super) fn parse<'a>(body: &'a str, root: &str) -> Result<Document<'a>, Failure> {
    let malformed = |message: String| Failure::new(400, "MalformedInput", message);
    let document = Document::parse(body).map_err(|error| malformed(error.to_string()))?;
    let found = document.root_element().tag_name();
    if found.name() != root {
        return Err(malformed(format!("{} is not valid, expected {root}", found.name())));
    }
    if found.namespace() != Some(NAMESPACE) {
        return Err(invalid_xml(format!(
            "cvc-elt.1: Cannot find the declaration of element '{root}'."
        )));
    }
    Ok(document)
}

/// The error of Route 53 for a body that its schema forbids.
///
/// Observed in <https://github.com/cloud-custodian/cloud-custodian/issues/2356>.
pub(super) fn invalid_xml(violation: impl Display) -> Failure {
    invalid_input(format!("Invalid XML ; {violation}"))
}

/// The child elements of this name.
pub(super) fn children<'a, 'input>(
    parent: Node<'a, 'input>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    parent.children().filter(move |child| child.is_element() && child.tag_name().name() == name)
}

/// The child element of this name.
pub(super) fn child<'a, 'input>(
    parent: Node<'a, 'input>,
    name: &'static str,
) -> Option<Node<'a, 'input>> {
    children(parent, name).next()
}

/// The text of the child element of this name.
pub(super) fn child_text(parent: Node<'_, '_>, name: &'static str) -> Option<String> {
    child(parent, name).map(|child| child.text().unwrap_or_default().to_owned())
}

/// A child element that the schema requires.
pub(super) fn required<'a, 'input>(
    parent: Node<'a, 'input>,
    name: &'static str,
) -> Result<Node<'a, 'input>, Failure> {
    child(parent, name).ok_or_else(|| {
        let parent = parent.tag_name().name();
        invalid_xml(format!(
            "cvc-complex-type.2.4.b: The content of element '{parent}' is not complete. One of \
             '{{\"{NAMESPACE}\":{name}}}' is expected."
        ))
    })
}

/// The text of a child element that the schema requires.
pub(super) fn required_text(parent: Node<'_, '_>, name: &'static str) -> Result<String, Failure> {
    required(parent, name).map(|child| child.text().unwrap_or_default().to_owned())
}
