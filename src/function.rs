//! The function as Lambda sees it: an event in, an answer or an error out.

use aws_lambda_events::sqs::SqsBatchResponse;
use aws_smithy_async::time::SharedTimeSource;
use aws_types::SdkConfig;
use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tracing::{Instrument, info, info_span};

use crate::arn::Home;
use crate::aws::clients::Clients;
use crate::aws::knock::open_connections;
use crate::batch::batch;
use crate::context::{Context, Invocation};
use crate::deadline::Deadline;
use crate::diagnose::{Diagnosis, diagnose};
use crate::error::Error;
use crate::heal::{Healed, heal};
use crate::metrics::Metrics;
use crate::outcome::Outcome;
use crate::reconcile::reconcile;
use crate::settings::Settings;
use crate::sweep::{Swept, sweep};
use crate::trigger::{self, Trigger, Unreadable};

/// Everything that lives as long as the process: what a cold start makes and warm starts keep.
#[derive(Debug)]
pub struct Function {
    context: Context,
    clock: SharedTimeSource,
}

/// What the function answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Response {
    /// To a batch of messages.
    Batch(SqsBatchResponse),
    /// To a question what stands in a certificate's way.
    Diagnosis(Diagnosis),
    /// To news of a hosted zone.
    Healed(Healed),
    /// To whatever wakes it for one certificate.
    Look(Outcome),
    /// To a sweep.
    Sweep(Swept),
}

impl Function {
    /// A function that reaches AWS by this configuration, reads its time from `clock`, and counts
    /// what it does in `metrics`.
    pub fn new(
        settings: Settings,
        config: SdkConfig,
        clock: SharedTimeSource,
        metrics: Metrics,
    ) -> Self {
        Self { context: Context { clients: Clients::new(config), metrics, settings }, clock }
    }

    /// Takes invocations from Lambda until the process ends.
    ///
    /// # Errors
    ///
    /// If Lambda's Runtime API cannot be reached.
    pub async fn serve(self) -> Result<(), lambda_runtime::Error> {
        let function = &self;
        let Context { clients, settings, .. } = &self.context;
        open_connections(clients, settings).await;
        // Read here and not by the runtime, whose errors repeat as much of a payload as there is.
        let read = async |LambdaEvent { payload, context }: LambdaEvent<Box<RawValue>>| {
            let payload = serde_json::from_str(payload.get());
            let payload = payload.map_err(|error| Error::from(Unreadable::not_json(&error)))?;
            function.handle(LambdaEvent { payload, context }).await
        };
        Runtime::new(service_fn(read)).run().await
    }

    /// Answers one invocation.
    ///
    /// # Errors
    ///
    /// A [`Diagnostic`] for every [`Error`]: the runtime logs what we fail with through `Debug`,
    /// and a diagnostic is one short line where an SDK error is a page.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Response, Diagnostic> {
        let span = info_span!("invocation", request = event.context.request_id);
        let answer = self.answer(&event).instrument(span).await;
        answer.map_err(Diagnostic::from)
    }

    /// Each kind of answer on the heap: one future as large as the largest of them would be too deep
    /// for the compiler.
    async fn answer(&self, event: &LambdaEvent<Value>) -> Result<Response, Error> {
        let context = &self.context;
        let lambda = &event.context;
        let invocation = &Invocation {
            deadline: Deadline::new(&self.clock, lambda.deadline().into()),
            door: lambda.invoked_function_arn.clone(),
            home: Home::of_function(&lambda.invoked_function_arn)?,
            request: lambda.request_id.clone(),
        };
        Ok(match trigger::parse(&event.payload)? {
            Trigger::Batch(messages) => {
                Response::Batch(Box::pin(batch(context, invocation, messages)).await)
            }
            Trigger::Diagnosis(certificate) => {
                Response::Diagnosis(Box::pin(diagnose(context, invocation, &certificate)).await?)
            }
            Trigger::Nothing(reason) => {
                info!(reason, "nothing to do");
                Response::Look(Outcome::nothing(reason))
            }
            Trigger::Sweep(asked) => {
                Response::Sweep(Box::pin(sweep(context, invocation, &asked)).await?)
            }
            Trigger::Wake(wake) => {
                let wakes = std::slice::from_ref(&wake);
                let mut outcomes = Box::pin(reconcile(context, invocation, wakes)).await;
                Response::Look(outcomes.pop().expect("an answer to each wake")?)
            }
            Trigger::Zone(news) => {
                let news = std::slice::from_ref(&news);
                Response::Healed(Box::pin(heal(context, invocation, news)).await)
            }
        })
    }
}
