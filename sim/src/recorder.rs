//! An HTTP client that writes down requests as they are sent, for `sim/evidence/requests`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use serde_json::{Value, json};

/// A client that appends requests to this file, one JSON object for each line: method, URI, headers, body, and
/// the secret with which the client's own credentials sign. Of requests that only differ in their values, it
/// takes this many. The answer of `AssumeRole` comes with its request, because it has the next credentials.
///
/// # Errors
///
/// If the file cannot be opened.
pub fn recorded(
    client: SharedHttpClient,
    path: &Path,
    secret: &str,
    most: usize,
) -> std::io::Result<SharedHttpClient> {
    let file = File::options().create(true).append(true).open(path)?;
    let taken = Mutex::default();
    let recorder = Arc::new(Recorder { file, secret: secret.to_owned(), most, taken });
    Ok(SharedHttpClient::new(Client { client, recorder }))
}

#[derive(Debug)]
struct Recorder {
    file: File,
    secret: String,
    most: usize,
    /// How many requests of each kind are taken.
    taken: Mutex<BTreeMap<String, usize>>,
}

#[derive(Clone, Debug)]
struct Client {
    client: SharedHttpClient,
    recorder: Arc<Recorder>,
}

#[derive(Debug)]
struct Connector {
    connector: SharedHttpConnector,
    recorder: Arc<Recorder>,
}

impl HttpClient for Client {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = self.client.http_connector(settings, components);
        let recorder = Arc::clone(&self.recorder);
        SharedHttpConnector::new(Connector { connector, recorder })
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let line = self.recorder.line(&request);
        let assumes = request.body().bytes().is_some_and(|it| it.starts_with(b"Action=AssumeRole"));
        let (connector, recorder) = (self.connector.clone(), Arc::clone(&self.recorder));
        HttpConnectorFuture::new(async move {
            let answer = connector.call(request).await;
            if let Some(line) = line {
                recorder.write(line, answer.as_ref().ok().filter(|_| assumes));
            }
            answer
        })
    }
}

impl Recorder {
    /// The request as an object, unless there are enough of its kind. All of STS are taken: each has credentials.
    fn line(&self, request: &HttpRequest) -> Option<Value> {
        let headers: Vec<_> = request.headers().iter().collect();
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let body = text(request.body().bytes().unwrap_or_default());
        let kind = format!("{} {target} {}", request.method(), shape(request.uri()));
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(kind).or_default();
        *count += 1;
        (*count <= self.most || body.starts_with("Action=")).then(|| {
            let (method, uri) = (request.method(), request.uri());
            json!({"method": method, "uri": uri, "headers": headers, "body": body, "secret": self.secret})
        })
    }

    fn write(&self, mut line: Value, answer: Option<&HttpResponse>) {
        if let Some(answer) = answer {
            line["answer"] = text(answer.body().bytes().unwrap_or_default()).into();
        }
        // One write for each line, since worlds run at the same time. A line that is lost is one proof less.
        drop((&self.file).write_all(format!("{line}\n").as_bytes()));
    }
}

/// A URI without its values: only the words of lower case in its path, and the names of its query.
fn shape(uri: &str) -> String {
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let words = path.split('/').filter(|part| part.bytes().all(|it| it.is_ascii_lowercase()));
    let names = query.split('&').filter_map(|pair| pair.split('=').next());
    words.chain(names).collect::<Vec<_>>().join(" ")
}

/// No service here takes anything but text.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
