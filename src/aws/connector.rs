//! The HTTP connections to AWS: one pool for all clients, replaced as soon as a call on it fails.
//!
//! A process is frozen between invocations, and connections may die meanwhile without notice. Where one is
//! dead, all are: if each retry took another one from the pool, a pool of three would use up all attempts
//! of the SDK. So after a failure no call gets a connection that was open before.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// An HTTP client with one connector for all services: the SDK's own makes one for each client, and
/// another to see whether it can, and each reads all root certificates anew.
#[derive(Clone)]
pub(super) struct OneConnector(Arc<Replaceable>);

struct Replaceable {
    make: Box<dyn Fn() -> SharedHttpConnector + Send + Sync>,
    current: Mutex<Current>,
}

#[derive(Clone)]
struct Current {
    connector: SharedHttpConnector,
    /// How many connectors were made before.
    generation: usize,
}

impl OneConnector {
    /// A client with the connector that this function makes, now and after each failure.
    pub(super) fn new(make: impl Fn() -> SharedHttpConnector + Send + Sync + 'static) -> Self {
        let current = Mutex::new(Current { connector: make(), generation: 0 });
        Self(Arc::new(Replaceable { make: Box::new(make), current }))
    }
}

impl Replaceable {
    fn current(&self) -> Current {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the connector of this generation. Of several calls that fail on it, only the first does.
    fn replace(&self, generation: usize) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.generation == generation {
            *current = Current { connector: (self.make)(), generation: generation + 1 };
        }
    }
}

/// A call that is not answered yet. Dropped as it is, its connector is replaced: a call that times out is
/// dropped.
struct Unanswered<'a> {
    connector: &'a Replaceable,
    generation: usize,
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        self.connector.replace(self.generation);
    }
}

impl HttpConnector for OneConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let replaceable = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move {
            let Current { connector, generation } = replaceable.current();
            let unanswered = Unanswered { connector: &replaceable, generation };
            let answer = connector.call(request).await?;
            std::mem::forget(unanswered);
            Ok(answer)
        })
    }
}

impl HttpClient for OneConnector {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl fmt::Debug for OneConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneConnector")
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_types::body::SdkBody;
    use futures_util::FutureExt;

    use super::*;

    /// What a connector does with every call.
    #[derive(Clone, Copy, Debug)]
    enum Does {
        Answer,
        Fail,
        Hang,
    }

    impl HttpConnector for Does {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            match self {
                Self::Answer => {
                    let ok = 200.try_into().expect("a status");
                    HttpConnectorFuture::ready(Ok(HttpResponse::new(ok, SdkBody::empty())))
                }
                Self::Fail => {
                    let reset = io::Error::from(io::ErrorKind::ConnectionReset);
                    HttpConnectorFuture::ready(Err(ConnectorError::io(reset.into())))
                }
                Self::Hang => HttpConnectorFuture::new(std::future::pending()),
            }
        }
    }

    fn connector(does: &'static [Does]) -> OneConnector {
        let made = AtomicUsize::new(0);
        OneConnector::new(move || {
            SharedHttpConnector::new(does[made.fetch_add(1, Ordering::Relaxed)])
        })
    }

    fn call(connector: &OneConnector) -> Option<bool> {
        let request = HttpRequest::new(SdkBody::empty());
        connector.call(request).now_or_never().map(|answer| answer.is_ok())
    }

    #[test]
    fn connections_are_kept_while_calls_are_answered() {
        let connector = connector(&[Does::Answer, Does::Fail]);
        for _ in 0..3 {
            assert_eq!(call(&connector), Some(true));
        }
    }

    #[test]
    fn after_a_failure_no_call_gets_an_old_connection() {
        let connector = connector(&[Does::Fail, Does::Answer]);
        assert_eq!(call(&connector), Some(false));
        assert_eq!(call(&connector), Some(true));
    }

    #[test]
    fn after_a_call_that_timed_out_no_call_gets_an_old_connection() {
        let connector = connector(&[Does::Hang, Does::Answer]);
        assert_eq!(call(&connector), None);
        assert_eq!(call(&connector), Some(true));
    }

    #[test]
    fn calls_that_fail_together_replace_their_connections_once() {
        let connector = connector(&[Does::Hang, Does::Answer, Does::Fail]);
        let mut calls = [(); 3].map(|()| connector.call(HttpRequest::new(SdkBody::empty())));
        for call in &mut calls {
            assert!(call.now_or_never().is_none());
        }
        drop(calls);
        assert_eq!(call(&connector), Some(true));
    }
}
