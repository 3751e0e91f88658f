//! Serves all AWS APIs and Lambda's Runtime API on one loopback port, and public DNS on another.
//!
//! Requests with a signature are for AWS. Without one, `/2018-06-01/runtime/…` is the Runtime API of one
//! execution environment. It runs one invocation at a time. A process that asks for the next invocation
//! while one runs has died and was started again.
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>
//!
//! The clock is stepped: it moves a little with each request. Whenever the environment asks for an
//! invocation and none is ready, the clock moves to the next due time.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::aws::Answer;
use crate::drive::{EXITED, Sim};
use crate::lambda::Invocation;

mod dns;
#[cfg(test)]
mod tests;

/// A running server; dropping it stops it and closes its connections.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    dns_address: SocketAddr,
    world: Arc<World>,
    tasks: [JoinHandle<()>; 2],
}

#[derive(Debug)]
struct World {
    sim: Sim,
    /// How far the clock may move by itself.
    until: watch::Sender<DateTime<Utc>>,
    state: watch::Sender<State>,
}

/// What the execution environment does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum State {
    /// It runs an invocation, starts, or does not exist yet.
    Busy,
    /// It waits for an invocation, and none is due up to this time.
    Idle(DateTime<Utc>),
    /// It could not start; the reason.
    Failed(String),
}

/// Serves a [stepped](Sim::stepped) simulation on a free port of 127.0.0.1.
///
/// # Errors
///
/// If there is no free port, or the clock of the simulation is not stepped.
pub async fn serve(sim: Sim) -> io::Result<Server> {
    serve_on(sim, TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?)
}

/// Serves a [stepped](Sim::stepped) simulation on a port that is already open, for a function that has
/// to know the port before the simulation exists.
///
/// # Errors
///
/// If the clock of the simulation is not stepped, or there is no free port for DNS.
pub fn serve_on(sim: Sim, listener: TcpListener) -> io::Result<Server> {
    serve_with(sim, listener, dns::Sockets::open()?)
}

/// The same with the resolver at this address, for people who type it.
///
/// # Errors
///
/// If the clock of the simulation is not stepped, or the address is in use.
pub fn serve_at(sim: Sim, listener: TcpListener, resolver: SocketAddr) -> io::Result<Server> {
    serve_with(sim, listener, dns::Sockets::bind(resolver)?)
}

fn serve_with(sim: Sim, listener: TcpListener, resolver: dns::Sockets) -> io::Result<Server> {
    if !sim.clock().is_stepped() {
        let message = "a server needs a stepped clock";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let address = listener.local_addr()?;
    let until = watch::Sender::new(sim.now());
    let world = Arc::new(World { sim, until, state: watch::Sender::new(State::Busy) });
    let dns_address = resolver.address;
    let resolver = resolver.serve(world.sim.clone());
    let tasks = [tokio::spawn(accept(listener, Arc::clone(&world))), tokio::spawn(resolver)];
    Ok(Server { address, dns_address, world, tasks })
}

impl Server {
    /// Where it listens: the host and port for `AWS_LAMBDA_RUNTIME_API`, and with `http://` before
    /// them for `AWS_ENDPOINT_URL`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its recursive resolver listens, over UDP and TCP.
    pub fn dns_address(&self) -> SocketAddr {
        self.dns_address
    }

    /// The simulation that it serves.
    pub fn sim(&self) -> &Sim {
        &self.world.sim
    }

    /// Runs the simulation until `until`, or until nothing is due any more. Waits for the function,
    /// whose process the caller starts.
    ///
    /// # Errors
    ///
    /// If the process of the function reports that it could not start.
    pub async fn run_until(&self, until: DateTime<Utc>) -> Result<(), String> {
        let World { sim, until: bound, state } = &*self.world;
        {
            // AWS is locked, so that no request that read the state before can report idle afterwards.
            let _aws = sim.aws();
            state.send_replace(State::Busy);
            bound.send_replace(until);
        }
        sim.notify();
        let mut state = state.subscribe();
        let end = state.wait_for(|state| match state {
            State::Busy => false,
            State::Idle(at) => *at >= until,
            State::Failed(_) => true,
        });
        match end.await.as_deref() {
            Ok(State::Failed(error)) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// The state of the environment, to be watched.
    pub fn state(&self) -> watch::Receiver<State> {
        self.world.state.subscribe()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn accept(listener: TcpListener, world: Arc<World>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _)) = listener.accept() => {
                connections.spawn(serve_connection(stream, Arc::clone(&world)));
            }
            Some(_) = connections.join_next() => {}
            else => return,
        }
    }
}

/// Serves one connection. An error of the connection is ignored: the client sees it as well.
async fn serve_connection(stream: TcpStream, world: Arc<World>) {
    let service = service_fn(|request| respond(request, &world));
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    drop(connection.await);
}

/// An error closes the connection.
async fn respond(
    request: Request<Incoming>,
    world: &World,
) -> Result<Response<Full<Bytes>>, io::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes().to_vec();
    let request = Request::from_parts(parts, body);
    let signed = request.headers().contains_key(header::AUTHORIZATION);
    let response = match request.uri().path().strip_prefix("/2018-06-01/runtime/") {
        Some(path) if !signed => world.runtime(path, &request).await,
        _ => world.api(&request).await?,
    };
    Ok(response.map(|body| Full::new(Bytes::from(body))))
}

impl World {
    async fn api(&self, request: &Request<Vec<u8>>) -> io::Result<Response<Vec<u8>>> {
        match self.sim.exchange(request).await {
            Answer::Response(response) => Ok(response),
            Answer::Reset => Err(io::ErrorKind::ConnectionReset.into()),
            Answer::Silence => std::future::pending().await,
            // The connection does not say which process this is, so it is taken to be that of the
            // environment. What a process that did not really die does next belongs to no invocation.
            Answer::Crash => {
                self.end_running();
                Err(io::ErrorKind::ConnectionReset.into())
            }
        }
    }

    async fn runtime(&self, path: &str, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        let path: Vec<&str> = path.split('/').collect();
        let get = request.method() == Method::GET;
        let post = request.method() == Method::POST;
        match path[..] {
            ["invocation", "next"] if get => invocation_response(&self.next().await),
            ["invocation", id, "response"] if post => {
                let response = serde_json::from_slice(request.body()).unwrap_or(Value::Null);
                self.complete(id, Ok(response))
            }
            ["invocation", id, "error"] if post => {
                self.complete(id, Err(error_text(request.body())))
            }
            ["init", "error"] if post => {
                let error = error_text(request.body());
                self.sim.aws().lambda.init_error(error.clone());
                self.state.send_replace(State::Failed(error));
                accepted()
            }
            _ => {
                let message = "this simulator has no such path in its Runtime API";
                refused(StatusCode::NOT_FOUND, "NotFound", message)
            }
        }
    }

    /// Waits for the next invocation, and moves the clock to it.
    async fn next(&self) -> Invocation {
        self.end_running();
        let sim = &self.sim;
        loop {
            let mut changed = pin!(sim.changed().notified());
            changed.as_mut().enable();
            {
                let mut aws = sim.aws();
                let now = sim.now();
                aws.advance(now);
                if let Some(invocation) = aws.lambda.take(now) {
                    self.state.send_replace(State::Busy);
                    return invocation;
                }
                let until = *self.until.borrow();
                match aws.next_due() {
                    Some(due) if due <= until => {
                        sim.clock().advance_to(due);
                        continue;
                    }
                    Some(_) => sim.clock().advance_to(until),
                    None => {}
                }
                self.state.send_replace(State::Idle(until));
            }
            changed.await;
        }
    }

    /// Ends the invocation that runs: its process is gone.
    fn end_running(&self) {
        let mut aws = self.sim.aws();
        let ids: Vec<String> = aws.lambda.running().map(|it| it.request_id.clone()).collect();
        for id in ids {
            aws.lambda.complete(&id, Err(EXITED.to_owned()), self.sim.now());
        }
    }

    fn complete(&self, request_id: &str, outcome: Result<Value, String>) -> Response<Vec<u8>> {
        let mut aws = self.sim.aws();
        let now = self.sim.now();
        aws.advance(now);
        if aws.lambda.complete(request_id, outcome, now) {
            accepted()
        } else {
            refused(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID")
        }
    }
}

/// Hands an invocation to the runtime. Its deadline is on the virtual clock.
fn invocation_response(invocation: &Invocation) -> Response<Vec<u8>> {
    let Invocation { request_id, function_arn, payload, deadline, .. } = invocation;
    let serial = request_id.rsplit('-').next().unwrap_or_default();
    let trace_id =
        format!("Root=1-{:08x}-{serial:0>24};Parent=0000{serial};Sampled=0", deadline.timestamp(),);
    let mut response = answer(StatusCode::OK, payload);
    for (name, value) in [
        ("lambda-runtime-aws-request-id", request_id.clone()),
        ("lambda-runtime-deadline-ms", deadline.timestamp_millis().to_string()),
        ("lambda-runtime-invoked-function-arn", function_arn.clone()),
        ("lambda-runtime-trace-id", trace_id),
    ] {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn accepted() -> Response<Vec<u8>> {
    answer(StatusCode::ACCEPTED, &json!({"status": "OK"}))
}

fn refused(status: StatusCode, error_type: &str, message: &str) -> Response<Vec<u8>> {
    answer(status, &json!({"errorType": error_type, "errorMessage": message}))
}

fn answer(status: StatusCode, body: &Value) -> Response<Vec<u8>> {
    let mut response = Response::new(body.to_string().into_bytes());
    *response.status_mut() = status;
    let json = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// `{"errorType": …, "errorMessage": …}` as one line.
fn error_text(body: &[u8]) -> String {
    let error: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    match (error["errorType"].as_str(), error["errorMessage"].as_str()) {
        (Some(error_type), Some(message)) => format!("{error_type}: {message}"),
        _ => String::from_utf8_lossy(body).into_owned(),
    }
}
