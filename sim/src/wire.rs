//! The protocols of AWS: how each writes answers and errors.

use std::collections::BTreeMap;

use http::{Request, Response, StatusCode, header::CONTENT_TYPE};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

/// An error that a service answers with, before the protocol encodes it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// The HTTP status.
    pub status: u16,
    /// The error code, such as `ThrottlingException`.
    pub code: String,
    /// The message.
    pub message: String,
}

impl Failure {
    /// An error with this HTTP status, code and message.
    pub fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into() }
    }
}

/// How a service encodes requests and answers.
///
/// Source: [Smithy's AWS protocols](https://smithy.io/2.0/aws/protocols/index.html).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Protocol {
    /// `POST /` with the operation in `X-Amz-Target`, bodies in JSON: ACM and EventBridge.
    AwsJson,
    /// The same, but the errors of the service's model have a `Message`: Organizations.
    AwsJsonMessage,
    /// Form-encoded `Action=…`, answers in XML: STS.
    Query,
    /// Operations distinguished by method and path, bodies in JSON: EventBridge Scheduler.
    RestJson,
    /// Operations distinguished by method and path, bodies in XML: Route 53.
    RestXml,
}

impl Protocol {
    /// Whether bodies are in JSON.
    pub(crate) fn is_json(self) -> bool {
        matches!(self, Self::AwsJson | Self::AwsJsonMessage | Self::RestJson)
    }

    /// The HTTP status for invalid credentials.
    ///
    /// Source: "Common Errors" of the API references, and for AWS JSON
    /// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>
    pub(crate) fn unauthenticated(self) -> u16 {
        if matches!(self, Self::AwsJson | Self::AwsJsonMessage) { 400 } else { 403 }
    }

    /// Encodes an error.
    pub fn failure(self, failure: &Failure, request_id: &str) -> Response<Vec<u8>> {
        let Failure { status, code, message } = failure;
        match self {
            Self::AwsJson | Self::AwsJsonMessage => {
                let is_common = self == Self::AwsJson || COMMON.contains(&code.as_str());
                let member = if is_common { "message" } else { "Message" };
                let body = json!({"__type": code, member: message});
                answer(*status, "application/x-amz-json-1.1", request_id, body.to_string())
            }
            Self::RestJson => {
                // The code is in the header: the errors in the model have no other member.
                let body = json!({"Message": message}).to_string();
                let mut response = answer(*status, "application/json", request_id, body);
                if let Ok(code) = code.parse() {
                    response.headers_mut().insert("x-amzn-errortype", code);
                }
                response
            }
            Self::Query | Self::RestXml => {
                let namespace = match self {
                    Self::Query => "https://sts.amazonaws.com/doc/2011-06-15/",
                    _ => "https://route53.amazonaws.com/doc/2013-04-01/",
                };
                let (code, message) = (escape(code), escape(message));
                let fault = if *status < 500 { "Sender" } else { "Receiver" };
                let body = format!(
                    "<?xml version=\"1.0\"?>\n<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{fault}</Type>\
                     <Code>{code}</Code><Message>{message}</Message></Error>\
                     <RequestId>{request_id}</RequestId></ErrorResponse>"
                );
                answer(*status, "text/xml", request_id, body)
            }
        }
    }

    /// Encodes a JSON answer.
    pub fn json(self, body: &Value, request_id: &str) -> Response<Vec<u8>> {
        let content_type = match self {
            Self::AwsJson | Self::AwsJsonMessage => "application/x-amz-json-1.1",
            _ => "application/json",
        };
        answer(200, content_type, request_id, body.to_string())
    }

    /// Encodes an XML answer; `body` is the document without its declaration.
    pub fn xml(self, body: &str, request_id: &str) -> Response<Vec<u8>> {
        let mut document = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{body}");
        // https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
        if let (Self::Query, Some(end)) = (self, document.rfind("</")) {
            let metadata =
                format!("<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>");
            document.insert_str(end, &metadata);
        }
        answer(200, "text/xml", request_id, document)
    }
}

/// The errors that are in no model, since every service has them.
///
/// Source: [common errors](https://docs.aws.amazon.com/organizations/latest/APIReference/CommonErrors.html).
const COMMON: [&str; 8] = [
    "ExpiredTokenException",
    "InternalFailure",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "SerializationException",
    "ServiceUnavailable",
    "UnknownOperationException",
    "UnrecognizedClientException",
];

/// The query parameters of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    pub(crate) fn of(request: &Request<Vec<u8>>) -> Self {
        Self::read(request.uri().query().unwrap_or_default())
    }

    /// Reads `one=1&two=2`.
    pub(crate) fn read(text: &str) -> Self {
        let decode = |text: &str| {
            let text = text.replace('+', " ");
            percent_decode_str(&text).decode_utf8_lossy().into_owned()
        };
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        Self(pairs.map(|(name, value)| (decode(name), decode(value))).collect())
    }

    /// A parameter; an empty one counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Escapes text for the inside of an XML element.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn answer(status: u16, content_type: &str, request_id: &str, body: String) -> Response<Vec<u8>> {
    let mut response = Response::new(body.into_bytes());
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [(CONTENT_TYPE.as_str(), content_type), ("x-amzn-requestid", request_id)];
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<http::HeaderName>(), value.parse()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
