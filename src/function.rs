//! The function as Lambda sees it: an event in, an outcome or an error out.

use aws_config::SdkConfig;
use aws_smithy_async::time::SharedTimeSource;
use chrono::{DateTime, Utc};
use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use serde::Serialize;
use serde_json::Value;
use tracing::{Instrument, field, info, info_span};

use crate::aws::clients::Clients;
use crate::error::Error;
use crate::outcome::Outcome;
use crate::reconcile::{Context, reconcile};
use crate::settings::Settings;
use crate::sweep::{Swept, sweep};
use crate::trigger::{self, Trigger};

/// Everything that lives as long as the process: what a cold start makes and warm starts keep.
#[derive(Debug)]
pub struct Function {
    context: Context,
    clock: SharedTimeSource,
}

/// What the function answers.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Response {
    /// To whatever wakes it for one certificate.
    Look(Outcome),
    /// To a sweep.
    Sweep(Swept),
}

impl Function {
    /// A function that reaches AWS by this configuration, and reads its time from `clock`.
    pub fn new(settings: Settings, config: SdkConfig, clock: SharedTimeSource) -> Self {
        Self { context: Context { clients: Clients::new(config), settings }, clock }
    }

    /// Takes invocations from Lambda until the process ends.
    ///
    /// # Errors
    ///
    /// If Lambda's Runtime API cannot be reached.
    pub async fn serve(self) -> Result<(), lambda_runtime::Error> {
        let function = &self;
        Runtime::new(service_fn(async |event| function.handle(event).await)).run().await
    }

    /// Answers one invocation.
    ///
    /// # Errors
    ///
    /// A [`Diagnostic`] for every [`Error`]: the runtime logs what we fail with through `Debug`,
    /// and a diagnostic is one short line where an SDK error is a page.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Response, Diagnostic> {
        let request = &event.context.request_id;
        let span = info_span!(
            "look",
            request,
            certificate = field::Empty,
            status = field::Empty,
            next = field::Empty
        );
        let answer = self.answer(&event).instrument(span).await;
        answer.map_err(Diagnostic::from)
    }

    async fn answer(&self, event: &LambdaEvent<Value>) -> Result<Response, Error> {
        let function = &event.context.invoked_function_arn;
        match trigger::parse(&event.payload)? {
            Trigger::Nothing(reason) => {
                info!(reason, "nothing to do");
                Ok(Response::Look(Outcome::nothing(reason)))
            }
            Trigger::Sweep(asked) => {
                let deadline = event.context.deadline().into();
                // On the heap: rare, and large enough to be too deep for the compiler otherwise.
                let sweep = Box::pin(sweep(&self.context, function, &asked, &self.clock, deadline));
                Ok(Response::Sweep(sweep.await?))
            }
            Trigger::Wake(wake) => {
                tracing::Span::current().record("certificate", field::display(&wake.certificate));
                let now = DateTime::<Utc>::from(self.clock.now());
                Ok(Response::Look(reconcile(&self.context, function, &wake, now).await?))
            }
        }
    }
}
