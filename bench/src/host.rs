//! What a Lambda function connects to: AWS over HTTPS, and Lambda's Runtime API over HTTP.

use std::cell::Cell;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::process::processor_time;
use crate::world::Failure;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use sim::Sim;
use sim::aws::Answer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, spawn_local};
use tokio_rustls::TlsAcceptor;

use crate::world::FUNCTION;

/// The services and their addresses: a host for each, as on AWS.
pub const SERVICES: [(&str, Ipv4Addr); 5] = [
    ("ACM", Ipv4Addr::new(127, 0, 0, 1)),
    ("ROUTE_53", Ipv4Addr::new(127, 0, 0, 2)),
    ("SCHEDULER", Ipv4Addr::new(127, 0, 0, 3)),
    ("EVENTBRIDGE", Ipv4Addr::new(127, 0, 0, 4)),
    ("STS", Ipv4Addr::new(127, 0, 0, 5)),
];

/// AWS over HTTPS. It ends when it is dropped.
pub struct Services {
    /// Each service's name in `AWS_ENDPOINT_URL_…`, and its address.
    pub addresses: Vec<(&'static str, SocketAddr)>,
    observed: Rc<Observed>,
    tasks: Vec<JoinHandle<()>>,
}

/// What the services observe of a function.
#[derive(Default)]
struct Observed {
    /// The function's process, once it is started.
    process: Cell<Option<u32>>,
    /// When it first connected to a service.
    first_contact: Cell<Option<Moment>>,
    /// TLS connections so far.
    connections: Cell<usize>,
}

/// A moment in the run of a process.
#[derive(Clone, Copy)]
pub struct Moment {
    /// The time.
    pub at: Instant,
    /// The processor time that it had used until then.
    pub used: Duration,
}

impl Moment {
    /// The current moment.
    pub fn now(process: u32) -> io::Result<Self> {
        Ok(Self { at: Instant::now(), used: processor_time(process)? })
    }
}

impl Services {
    /// Serves a simulated AWS. Each round trip takes `latency` longer.
    pub async fn serve(sim: &Sim, acceptor: &TlsAcceptor, latency: Duration) -> io::Result<Self> {
        let observed = Rc::new(Observed::default());
        let (mut addresses, mut tasks) = (Vec::new(), Vec::new());
        for (service, host) in SERVICES {
            let listener = TcpListener::bind((host, 0)).await?;
            addresses.push((service, listener.local_addr()?));
            let (sim, acceptor) = (sim.clone(), acceptor.clone());
            let observed = Rc::clone(&observed);
            tasks.push(spawn_local(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    if let (None, Some(process)) =
                        (observed.first_contact.get(), observed.process.get())
                    {
                        observed.first_contact.set(Moment::now(process).ok());
                    }
                    let (sim, acceptor) = (sim.clone(), acceptor.clone());
                    let observed = Rc::clone(&observed);
                    spawn_local(async move {
                        let serving = serve_tls(stream, &sim, &acceptor, latency, &observed);
                        // Errors of a connection are left to its client.
                        drop(serving.await);
                    });
                }
            }));
        }
        Ok(Self { addresses, observed, tasks })
    }

    /// Sets the function's process.
    pub fn observe(&self, process: u32) {
        self.observed.process.set(Some(process));
    }

    /// When the function first connected to a service, if it did.
    pub fn first_contact(&self) -> Option<Moment> {
        self.observed.first_contact.get()
    }

    /// How many TLS connections were opened so far.
    pub fn connections(&self) -> usize {
        self.observed.connections.get()
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn serve_tls(
    stream: TcpStream,
    sim: &Sim,
    acceptor: &TlsAcceptor,
    latency: Duration,
    observed: &Observed,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    // One round trip for TCP, one for TLS 1.3.
    delay(2 * latency).await;
    let stream = acceptor.accept(stream).await?;
    observed.connections.set(observed.connections.get() + 1);
    let service = service_fn(async |request: Request<Incoming>| {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes().to_vec();
        delay(latency).await;
        let answer = sim.aws().respond(&Request::from_parts(parts, body), sim.now());
        match answer {
            Answer::Response(response) => Ok(response.map(|body| Full::new(Bytes::from(body)))),
            Answer::Silence => std::future::pending().await,
            Answer::Crash | Answer::Reset => Err(io::Error::from(io::ErrorKind::ConnectionReset)),
        }
    });
    serve_http(stream, service).await
}

async fn delay(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

async fn serve_http<S>(stream: impl AsyncRead + AsyncWrite + Unpin, service: S) -> io::Result<()>
where
    S: hyper::service::HttpService<Incoming, ResBody = Full<Bytes>>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    connection.await.map_err(io::Error::other)
}

/// What a function sends to the Runtime API, and when.
enum Message {
    /// It requests the next invocation.
    Next(Instant, oneshot::Sender<Value>),
    /// It responds to an invocation.
    Response(Instant),
    /// It reports an error; this is its text.
    Failed(String),
}

/// Lambda's Runtime API over HTTP. It ends when it is dropped.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>
pub struct RuntimeApi {
    /// Where it listens.
    pub address: SocketAddr,
    messages: mpsc::UnboundedReceiver<Message>,
    /// Where the event goes that the function has requested.
    invocation: Option<oneshot::Sender<Value>>,
    task: JoinHandle<()>,
}

impl RuntimeApi {
    /// Serves on a free port of loopback. `timeout` is that of each invocation.
    pub async fn serve(timeout: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (sender, messages) = mpsc::unbounded_channel();
        let task = spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let sender = sender.clone();
                spawn_local(async move {
                    stream.set_nodelay(true)?;
                    serve_http(stream, service_fn(|request| respond(request, &sender, timeout)))
                        .await
                });
            }
        });
        Ok(Self { address, messages, invocation: None, task })
    }

    /// Waits until the function requests an invocation, and returns when it did.
    pub async fn next_request(&mut self) -> Result<Instant, Failure> {
        match self.receive().await? {
            Message::Next(at, invocation) => {
                self.invocation = Some(invocation);
                Ok(at)
            }
            Message::Response(_) | Message::Failed(_) => {
                Err("it responds without an invocation".into())
            }
        }
    }

    /// Gives the function the invocation that it has requested, waits for the response, and returns how
    /// long that took.
    pub async fn invoke(&mut self, event: Value) -> Result<Duration, Failure> {
        let invocation = self.invocation.take().ok_or("it has not requested an invocation")?;
        let begin = Instant::now();
        drop(invocation.send(event));
        match self.receive().await? {
            Message::Response(at) => Ok(at - begin),
            Message::Next(..) | Message::Failed(_) => Err("it does not respond".into()),
        }
    }

    async fn receive(&mut self) -> Result<Message, Failure> {
        match self.messages.recv().await {
            Some(Message::Failed(text)) => Err(format!("it failed: {text}").into()),
            Some(message) => Ok(message),
            None => Err("the Runtime API has ended".into()),
        }
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn respond(
    request: Request<Incoming>,
    sender: &mpsc::UnboundedSender<Message>,
    timeout: Duration,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let arrived = Instant::now();
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().strip_prefix("/2018-06-01/runtime/").unwrap_or_default();
    if (parts.method, path) == (Method::GET, "invocation/next") {
        let (invocation, event) = oneshot::channel();
        // If nobody receives it, the run has ended.
        drop(sender.send(Message::Next(arrived, invocation)));
        let event = event.await.unwrap_or_default();
        return Ok(invocation_response(&event, timeout));
    }
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let message = match path.rsplit('/').next() {
        Some("response") => Message::Response(Instant::now()),
        _ => Message::Failed(String::from_utf8_lossy(&body).into_owned()),
    };
    drop(sender.send(message));
    let mut response = Response::new(Full::from(r#"{"status":"OK"}"#));
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}

/// The response that hands an event to the runtime.
fn invocation_response(event: &Value, timeout: Duration) -> Response<Full<Bytes>> {
    let deadline = chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now() + timeout);
    let deadline = deadline.timestamp_millis().to_string();
    let response = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
        .header("lambda-runtime-deadline-ms", deadline)
        .header("lambda-runtime-invoked-function-arn", FUNCTION)
        .header("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0")
        .body(Full::from(event.to_string()));
    response.unwrap_or_default()
}
