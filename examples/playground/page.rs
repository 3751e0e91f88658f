//! Shows the custom widget of the dashboard in a browser, in the place of CloudWatch.

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;

use acm_dns_validator::entry::handler::Function;
use chrono::TimeDelta;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use sim::Sim;
use tokio::net::TcpListener;

use crate::setup::FUNCTION;

/// What surrounds the widget. It does what CloudWatch does: it shows the widget again and again, and a click on
/// the element before a `cwdb-action` calls the function.
const DASHBOARD: &str = include_str!("dashboard.html");

/// Serves the page until the process ends, in a `LocalSet`: the futures of the function stay on one thread.
pub(crate) async fn serve(
    listener: TcpListener,
    function: Arc<Function>,
    sim: Sim,
) -> Result<(), Box<dyn Error>> {
    loop {
        let (stream, _) = listener.accept().await?;
        let (function, sim) = (Arc::clone(&function), sim.clone());
        let service = service_fn(move |request| {
            let (function, sim) = (Arc::clone(&function), sim.clone());
            async move { Ok::<_, Infallible>(respond(request, &function, &sim).await) }
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service);
        // Whoever closes the page breaks the connection.
        tokio::task::spawn_local(async move { drop(connection.await) });
    }
}

async fn respond(
    request: Request<Incoming>,
    function: &Function,
    sim: &Sim,
) -> Response<Full<Bytes>> {
    let (status, body) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/") => (StatusCode::OK, DASHBOARD.to_owned()),
        (&Method::POST, "/widget") => match request.into_body().collect().await {
            Ok(body) => widget(&body.to_bytes(), function, sim).await,
            Err(error) => (StatusCode::BAD_REQUEST, error.to_string()),
        },
        _ => (StatusCode::NOT_FOUND, "there is no such page".to_owned()),
    };
    let response = Response::builder()
        .status(status)
        .header("content-type", "text/html; charset=utf-8")
        // A page of another origin must not make the function do anything.
        .header("content-security-policy", "default-src 'self' 'unsafe-inline'; form-action 'none'")
        .body(Full::new(Bytes::from(body)));
    response.expect("its parts are valid")
}

/// Calls the function as CloudWatch does, and returns the HTML that it answers.
async fn widget(body: &[u8], function: &Function, sim: &Sim) -> (StatusCode, String) {
    let Ok(mut payload) = serde_json::from_slice::<Value>(body) else {
        return (StatusCode::BAD_REQUEST, "the payload is no JSON".to_owned());
    };
    // The page asks, and changes nothing.
    let asks = ["Certificate Overview", "Certificate Diagnosis"];
    if !payload["detail-type"].as_str().is_some_and(|it| asks.contains(&it)) {
        return (StatusCode::BAD_REQUEST, "the payload is none of the page's".to_owned());
    }
    payload["widgetContext"] =
        json!({"theme": payload["theme"], "timezone": {"offsetISO": "+00:00"}});
    let mut context = Context::default();
    context.invoked_function_arn = FUNCTION.to_owned();
    let deadline = sim.now() + TimeDelta::seconds(30);
    context.deadline = deadline.timestamp_millis().try_into().unwrap_or_default();
    match function.handle(LambdaEvent::new(payload, context)).await {
        Ok(answer) => match serde_json::to_value(answer) {
            Ok(Value::String(html)) => (StatusCode::OK, html),
            Ok(other) => (StatusCode::OK, other.to_string()),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        },
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.error_message),
    }
}
