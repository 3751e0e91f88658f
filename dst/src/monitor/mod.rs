//! An HTTP client between the function and AWS. Between any two calls it performs the acts that are
//! due, and checks the invariants of safety.

mod asked;
mod attempt;
mod audits;
mod batches;
mod choice;
mod origin;
mod questions;
mod reading;
mod reasons;
mod roles;
mod safety;
pub(crate) mod state;
mod sweeps;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use sim::Sim;

pub(crate) use self::attempt::ATTEMPT;
use self::attempt::CallKind;
use self::origin::Origin;
use self::state::State;

/// A world's state, shared with the HTTP client of the function.
#[derive(Clone, Debug)]
pub(crate) struct Monitor {
    pub(crate) sim: Sim,
    inner: SharedHttpClient,
    state: Arc<Mutex<State>>,
}

impl Monitor {
    pub(crate) fn new(sim: &Sim, state: State) -> Self {
        let inner = sim.http_client();
        Self { sim: sim.clone(), inner, state: Arc::new(Mutex::new(state)) }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpClient for Monitor {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Connector { monitor: self.clone(), connector })
    }
}

#[derive(Debug)]
struct Connector {
    monitor: Monitor,
    connector: SharedHttpConnector,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (monitor, connector) = (self.monitor.clone(), self.connector.clone());
        HttpConnectorFuture::new(async move {
            let (call, origin) = (CallKind::of(&request), Origin::of(&request));
            {
                let mut state = monitor.state();
                state.step(&monitor.sim);
                state.before_call(monitor.sim.now(), &call);
            }
            let answer = connector.call(request).await;
            let status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
            let mut state = monitor.state();
            let body = answer.as_ref().ok().and_then(|answer| answer.body().bytes());
            state.check_role(monitor.sim.now(), &origin, status, body.unwrap_or_default());
            state.after_call(monitor.sim.now(), call, &origin, status);
            state.check(&monitor.sim);
            drop(state);
            answer
        })
    }
}
