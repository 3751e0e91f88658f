//! What a Lambda function sees of the world: AWS over HTTPS, and Lambda's Runtime API over HTTP.

use std::cell::Cell;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};

use acm_dns_validator_bench::process::processor_time;
use acm_dns_validator_bench::world::Failure;
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

/// The services and where they are: a host each, as on AWS.
pub(crate) const SERVICES: [(&str, Ipv4Addr); 4] = [
    ("ACM", Ipv4Addr::new(127, 0, 0, 1)),
    ("ROUTE_53", Ipv4Addr::new(127, 0, 0, 2)),
    ("SCHEDULER", Ipv4Addr::new(127, 0, 0, 3)),
    ("EVENTBRIDGE", Ipv4Addr::new(127, 0, 0, 4)),
];

/// AWS over HTTPS; dropping it ends it.
pub(crate) struct Services {
    /// Where each service is: the name in `AWS_ENDPOINT_URL_…`, and the address.
    pub(crate) addresses: Vec<(&'static str, SocketAddr)>,
    seen: Rc<Seen>,
    tasks: Vec<JoinHandle<()>>,
}

/// What the services have seen of a function.
#[derive(Default)]
struct Seen {
    /// Its process, once there is one.
    process: Cell<Option<u32>>,
    /// When it first turned to one of them.
    contact: Cell<Option<Moment>>,
    /// TLS connections so far.
    connections: Cell<usize>,
}

/// A moment in the life of a process.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    /// When.
    pub(crate) at: Instant,
    /// How much processor time it had used by then.
    pub(crate) used: Duration,
}

impl Moment {
    /// Now.
    pub(crate) fn now(process: u32) -> io::Result<Self> {
        Ok(Self { at: Instant::now(), used: processor_time(process)? })
    }
}

impl Services {
    /// Serves a world. Each round trip takes `latency` longer than it would.
    pub(crate) async fn serve(
        sim: &Sim,
        acceptor: &TlsAcceptor,
        latency: Duration,
    ) -> io::Result<Self> {
        let seen = Rc::new(Seen::default());
        let (mut addresses, mut tasks) = (Vec::new(), Vec::new());
        for (service, host) in SERVICES {
            let listener = TcpListener::bind((host, 0)).await?;
            addresses.push((service, listener.local_addr()?));
            let (sim, acceptor) = (sim.clone(), acceptor.clone());
            let seen = Rc::clone(&seen);
            tasks.push(spawn_local(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    if let (None, Some(process)) = (seen.contact.get(), seen.process.get()) {
                        seen.contact.set(Moment::now(process).ok());
                    }
                    let (sim, acceptor) = (sim.clone(), acceptor.clone());
                    let seen = Rc::clone(&seen);
                    spawn_local(async move {
                        let talk = converse(stream, &sim, &acceptor, latency, &seen);
                        // How a connection ends is its client's business.
                        drop(talk.await);
                    });
                }
            }));
        }
        Ok(Self { addresses, seen, tasks })
    }

    /// Says which process is the function's.
    pub(crate) fn watch(&self, process: u32) {
        self.seen.process.set(Some(process));
    }

    /// When the function first turned to a service, if it did.
    pub(crate) fn contact(&self) -> Option<Moment> {
        self.seen.contact.get()
    }

    /// How many TLS connections were made so far.
    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.get()
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn converse(
    stream: TcpStream,
    sim: &Sim,
    acceptor: &TlsAcceptor,
    latency: Duration,
    seen: &Seen,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    // A round trip for TCP, one for TLS 1.3.
    pass(2 * latency).await;
    let stream = acceptor.accept(stream).await?;
    seen.connections.set(seen.connections.get() + 1);
    let service = service_fn(async |request: Request<Incoming>| {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes().to_vec();
        pass(latency).await;
        let answer = sim.aws().respond(&Request::from_parts(parts, body), sim.now());
        match answer {
            Answer::Response(response) => Ok(response.map(|body| Full::new(Bytes::from(body)))),
            Answer::Crash | Answer::Reset => Err(io::Error::from(io::ErrorKind::ConnectionReset)),
        }
    });
    talk(stream, service).await
}

async fn pass(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

async fn talk<S>(stream: impl AsyncRead + AsyncWrite + Unpin, service: S) -> io::Result<()>
where
    S: hyper::service::HttpService<Incoming, ResBody = Full<Bytes>>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    connection.await.map_err(io::Error::other)
}

/// What a function says to the Runtime API, and when.
enum Said {
    /// It wants the next invocation.
    Next(Instant, oneshot::Sender<Value>),
    /// It has answered one.
    Answered(Instant),
    /// It failed, in its own words.
    Failed(String),
}

/// Lambda's Runtime API over HTTP; dropping it ends it.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>
pub(crate) struct RuntimeApi {
    pub(crate) address: SocketAddr,
    said: mpsc::UnboundedReceiver<Said>,
    /// Takes the invocation that the function has asked for.
    give: Option<oneshot::Sender<Value>>,
    task: JoinHandle<()>,
}

impl RuntimeApi {
    /// Serves on a free port of loopback. Each invocation has this long.
    pub(crate) async fn serve(timeout: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (say, said) = mpsc::unbounded_channel();
        let task = spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let say = say.clone();
                spawn_local(async move {
                    stream.set_nodelay(true)?;
                    talk(stream, service_fn(|request| respond(request, &say, timeout))).await
                });
            }
        });
        Ok(Self { address, said, give: None, task })
    }

    /// Waits until the function asks for an invocation: when.
    pub(crate) async fn asked(&mut self) -> Result<Instant, Failure> {
        match self.hear().await? {
            Said::Next(at, give) => {
                self.give = Some(give);
                Ok(at)
            }
            Said::Answered(_) | Said::Failed(_) => Err("it answers what nobody asked".into()),
        }
    }

    /// Gives the function what it has asked for, and waits for the answer: how long.
    pub(crate) async fn invoke(&mut self, event: Value) -> Result<Duration, Failure> {
        let give = self.give.take().ok_or("it has not asked for an invocation")?;
        let begin = Instant::now();
        drop(give.send(event));
        match self.hear().await? {
            Said::Answered(at) => Ok(at - begin),
            Said::Next(..) | Said::Failed(_) => Err("it does not answer".into()),
        }
    }

    async fn hear(&mut self) -> Result<Said, Failure> {
        match self.said.recv().await {
            Some(Said::Failed(message)) => Err(format!("it failed: {message}").into()),
            Some(said) => Ok(said),
            None => Err("the Runtime API is gone".into()),
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
    say: &mpsc::UnboundedSender<Said>,
    timeout: Duration,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let arrived = Instant::now();
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().strip_prefix("/2018-06-01/runtime/").unwrap_or_default();
    if (parts.method, path) == (Method::GET, "invocation/next") {
        let (give, given) = oneshot::channel();
        // Who does not listen any more has ended this run.
        drop(say.send(Said::Next(arrived, give)));
        let event = given.await.unwrap_or_default();
        return Ok(offered(&event, timeout));
    }
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let said = match path.rsplit('/').next() {
        Some("response") => Said::Answered(Instant::now()),
        _ => Said::Failed(String::from_utf8_lossy(&body).into_owned()),
    };
    drop(say.send(said));
    let mut response = Response::new(Full::from(r#"{"status":"OK"}"#));
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}

/// Hands an event to the runtime.
fn offered(event: &Value, timeout: Duration) -> Response<Full<Bytes>> {
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
