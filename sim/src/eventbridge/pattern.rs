//! Event patterns: which events a rule matches.
//!
//! Sources: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html>,
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>, and
//! for details AWS's own matcher, <https://github.com/aws/event-ruler>. Operators that are not modelled
//! (`numeric`, `wildcard`, `cidr`) are rejected, never ignored.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::wire::Failure;

/// The request of `TestEventPattern`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TestRequest {
    event: String,
    event_pattern: String,
}

/// Answers `TestEventPattern`. The function does not call it; it serves to compare this matcher with
/// others. The messages are invented.
///
/// Source: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html>
pub(crate) fn test(body: &[u8]) -> Result<Value, Failure> {
    let refuse = |code: &str, reason: &str| {
        Failure::new(400, code, format!("The request is not valid. Reason: {reason}"))
    };
    let asked: TestRequest = serde_json::from_slice(body)
        .map_err(|error| refuse("ValidationException", &error.to_string()))?;
    let pattern = serde_json::from_str(&asked.event_pattern)
        .map_err(|error| error.to_string())
        .and_then(|pattern| Pattern::parse(&pattern))
        .map_err(|reason| refuse("InvalidEventPatternException", &reason))?;
    let event: Value = serde_json::from_str(&asked.event)
        .map_err(|error| refuse("ValidationException", &error.to_string()))?;
    for field in ["id", "account", "source", "time", "region", "resources", "detail-type"] {
        if event.get(field).is_none() {
            return Err(refuse("ValidationException", &format!("the event lacks {field}")));
        }
    }
    Ok(json!({"Result": pattern.matches(&event)}))
}

/// A parsed event pattern: every field in it has to match.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pattern(Vec<(String, Node)>);

/// What a pattern requires of one field.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    /// `{"detail": {…}}`: the fields inside.
    Inside(Pattern),
    /// `{"source": […]}`: one of these.
    AnyOf(Vec<Test>),
    /// `{"$or": [{…}, {…}]}`: one of these patterns, for the fields next to it.
    Either(Vec<Pattern>),
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    Exists(bool),
    Value(ValueTest),
    AnythingBut(Vec<ValueTest>),
}

/// A test of one value that is neither an object nor an array.
#[derive(Clone, Debug, PartialEq)]
enum ValueTest {
    Equals(Value),
    EqualsIgnoreCase(String),
    Prefix(String),
    Suffix(String),
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// What EventBridge would reject, or what this matcher does not model.
    pub(crate) fn parse(pattern: &Value) -> Result<Self, String> {
        let Value::Object(fields) = pattern else {
            return Err(format!("an event pattern is a JSON object, not {pattern}"));
        };
        if fields.is_empty() {
            return Err("empty objects are not allowed".to_owned());
        }
        let fields = fields.iter().map(|(name, node)| {
            let node = match node {
                Value::Array(patterns) if name == "$or" && patterns.len() > 1 => {
                    patterns.iter().map(Self::parse).collect::<Result<_, _>>().map(Node::Either)
                }
                _ if name.starts_with('$') => Err(format!("not modelled: {name}")),
                Value::Object(_) => Self::parse(node).map(Node::Inside),
                Value::Array(tests) if tests.is_empty() => {
                    Err(format!("empty arrays are not allowed: {name}"))
                }
                Value::Array(tests) => {
                    tests.iter().map(Test::parse).collect::<Result<_, _>>().map(Node::AnyOf)
                }
                _ => Err(format!("{name} must be an object or an array, not {node}")),
            };
            node.map(|node| (name.clone(), node))
        });
        fields.collect::<Result<_, _>>().map(Self)
    }

    /// Whether this event, with its envelope, matches.
    pub(crate) fn matches(&self, event: &Value) -> bool {
        self.matches_fields(event.as_object())
    }

    fn matches_fields(&self, object: Option<&Map<String, Value>>) -> bool {
        self.0.iter().all(|(name, node)| {
            let field = object.and_then(|object| object.get(name));
            match node {
                Node::Inside(pattern) => match field {
                    // One element has to match as a whole: the array consistency of event-ruler.
                    Some(Value::Array(elements)) if elements.iter().any(Value::is_object) => {
                        elements.iter().any(|element| {
                            element.is_object() && pattern.matches_fields(element.as_object())
                        })
                    }
                    field => pattern.matches_fields(field.and_then(Value::as_object)),
                },
                Node::Either(patterns) => {
                    patterns.iter().any(|pattern| pattern.matches_fields(object))
                }
                Node::AnyOf(tests) => {
                    let leaves = field.map(leaves).unwrap_or_default();
                    tests.iter().any(|test| test.matches(&leaves))
                }
            }
        })
    }
}

/// The values that a pattern tests: each value of an array, none of an object.
fn leaves(field: &Value) -> Vec<&Value> {
    match field {
        Value::Object(_) => Vec::new(),
        Value::Array(elements) => elements.iter().flat_map(leaves).collect(),
        value => vec![value],
    }
}

impl Test {
    fn parse(test: &Value) -> Result<Self, String> {
        match test {
            Value::Object(_) => match operator(test)? {
                ("exists", Value::Bool(wanted)) => Ok(Self::Exists(*wanted)),
                ("anything-but", Value::Array(values)) if !values.is_empty() => values
                    .iter()
                    .map(ValueTest::literal)
                    .collect::<Result<_, _>>()
                    .map(Self::AnythingBut),
                ("anything-but", Value::Object(operand)) => {
                    let (name, texts) = operator_of(operand)?;
                    let texts = match texts {
                        Value::Array(texts) if !texts.is_empty() => texts.as_slice(),
                        text => std::slice::from_ref(text),
                    };
                    texts
                        .iter()
                        .map(|text| ValueTest::operator(name, text))
                        .collect::<Result<_, _>>()
                        .map(Self::AnythingBut)
                }
                ("anything-but", value) => Ok(Self::AnythingBut(vec![ValueTest::literal(value)?])),
                (name, operand) => ValueTest::operator(name, operand).map(Self::Value),
            },
            Value::Array(_) => Err(format!("arrays do not nest in a pattern: {test}")),
            value => Ok(Self::Value(ValueTest::Equals(value.clone()))),
        }
    }

    fn matches(&self, leaves: &[&Value]) -> bool {
        match self {
            // Only leaves exist; an explicit null is one, an object or an empty array is not.
            Self::Exists(wanted) => leaves.is_empty() != *wanted,
            Self::Value(test) => leaves.iter().any(|value| test.matches(value)),
            // A missing field is not "anything but": there has to be a value.
            Self::AnythingBut(tests) => {
                leaves.iter().any(|value| !tests.iter().any(|test| test.matches(value)))
            }
        }
    }
}

impl ValueTest {
    fn literal(value: &Value) -> Result<Self, String> {
        match value {
            Value::String(_) | Value::Number(_) => Ok(Self::Equals(value.clone())),
            _ => Err(format!("anything-but takes strings and numbers, not {value}")),
        }
    }

    fn operator(name: &str, operand: &Value) -> Result<Self, String> {
        match (name, operand) {
            ("equals-ignore-case", Value::String(text)) => {
                Ok(Self::EqualsIgnoreCase(text.to_lowercase()))
            }
            ("prefix", Value::String(text)) => Ok(Self::Prefix(text.clone())),
            ("suffix", Value::String(text)) => Ok(Self::Suffix(text.clone())),
            _ => Err(format!("unknown or not modelled: {{\"{name}\": {operand}}}")),
        }
    }

    /// Numbers are compared as they are written: 300 is not 300.0 (eb-create-pattern).
    fn matches(&self, value: &Value) -> bool {
        let text = value.as_str();
        match self {
            Self::Equals(wanted) => wanted == value,
            Self::EqualsIgnoreCase(lower) => text.is_some_and(|text| text.to_lowercase() == *lower),
            Self::Prefix(prefix) => text.is_some_and(|text| text.starts_with(prefix)),
            Self::Suffix(suffix) => text.is_some_and(|text| text.ends_with(suffix)),
        }
    }
}

fn operator(test: &Value) -> Result<(&str, &Value), String> {
    test.as_object().map_or_else(|| Err(format!("not an operator: {test}")), operator_of)
}

fn operator_of(test: &Map<String, Value>) -> Result<(&str, &Value), String> {
    let mut operators = test.iter();
    match (operators.next(), operators.next()) {
        (Some((name, operand)), None) => Ok((name, operand)),
        _ => Err(format!("one operator each, not {}", test.len())),
    }
}
