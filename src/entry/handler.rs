//! The Lambda handler: answers one event after the other.

use std::sync::Arc;

use aws_lambda_events::sqs::SqsBatchResponse;
use aws_smithy_async::time::SharedTimeSource;
use aws_types::SdkConfig;
use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tracing::{Instrument, error, info, info_span, warn};

use crate::aws::clients::Clients;
use crate::aws::cloudwatch::Metrics;
use crate::aws::preconnect::open_connections;
use crate::dns::resolver::Resolver;
use crate::dns::servers::servers;
use crate::dns::transport::Transport;
use crate::domain::arn::FunctionArn;
use crate::domain::audit::answer::AuditAnswer;
use crate::domain::audit::request::AuditRequest;
use crate::domain::outcome::Outcome;
use crate::domain::settings::Settings;
use crate::domain::text::report;
use crate::entry::batch::Batch;
use crate::entry::error::Error;
use crate::entry::json;
use crate::entry::page;
use crate::entry::page::widget::Widget;
use crate::entry::parse::{Event, Message, Unreadable, parse};
use crate::flows::audit::audit;
use crate::flows::context::{Context, Invocation};
use crate::flows::deadline::Deadline;
use crate::flows::diagnosis::answer::Diagnosis;
use crate::flows::diagnosis::diagnose;
use crate::flows::metrics::count_rejected;
use crate::flows::organization::Organization;
use crate::flows::overview::answer::Overview;
use crate::flows::overview::kept::Kept;
use crate::flows::overview::overview;
use crate::flows::reconcile::reconcile;
use crate::flows::sweep::{SweepOutcome, sweep};
use crate::flows::zone_change::{ZoneChangeOutcome, go_on, reconcile_zones};

/// What lives as long as the process: a cold start makes it, warm starts keep it.
#[derive(Debug)]
pub struct Function {
    context: Context,
    clock: SharedTimeSource,
    overviews: Kept,
}

/// The response of the function.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Response {
    /// To a `Certificate Audit`.
    Audit(AuditAnswer),
    /// To a batch of messages.
    Batch(SqsBatchResponse),
    /// To a `Certificate Diagnosis`.
    Diagnosis(Diagnosis),
    /// To a `Certificate Overview`.
    Overview(Overview),
    /// To a question of a dashboard's widget: HTML, or Markdown that explains the widget.
    Page(String),
    /// To an event about one certificate.
    Reconciled(Outcome),
    /// To a `Certificate Sweep`.
    Sweep(SweepOutcome),
    /// To a change of a hosted zone.
    ZoneChange(ZoneChangeOutcome),
}

impl Function {
    /// A function that accesses AWS by this configuration, reads the time from `clock`, writes its
    /// metrics to `metrics`, and asks public DNS by `transport`.
    pub fn new(
        settings: Settings,
        config: SdkConfig,
        clock: SharedTimeSource,
        metrics: Metrics,
        transport: Arc<dyn Transport>,
    ) -> Self {
        let resolver = Resolver::new(servers(&settings.dns_resolvers), transport);
        let clients = Clients::new(config);
        let organization = Organization::default();
        let context = Context { clients, metrics, organization, resolver, settings };
        Self { context, clock, overviews: Kept::default() }
    }

    /// Takes invocations from Lambda until the process ends.
    ///
    /// # Errors
    ///
    /// If Lambda's Runtime API cannot be reached.
    pub async fn serve(self) -> Result<(), lambda_runtime::Error> {
        let function = &self;
        let Context { clients, settings, .. } = &self.context;
        open_connections(clients, settings.dry_run, settings.event_bus.as_deref()).await;
        // The payload is parsed here and not by the runtime, whose errors repeat all of a payload.
        let handle = async |LambdaEvent { payload, context }: LambdaEvent<Box<RawValue>>| {
            match json::from_str(payload.get()) {
                Ok(payload) => function.handle(LambdaEvent { payload, context }).await,
                Err(error) => Ok(function.reject(&Unreadable::not_json(&error).into())),
            }
        };
        Runtime::new(service_fn(handle)).run().await
    }

    /// Answers one invocation. What no retry helps is answered too.
    ///
    /// # Errors
    ///
    /// A [`Diagnostic`] for every other [`Error`].
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Response, Diagnostic> {
        let span = info_span!("invocation", request = event.context.request_id);
        let answering = async {
            match self.answer(&event).await {
                Ok(response) => Ok(response),
                Err(error) if error.is_rejection() => Ok(self.reject(&error)),
                Err(error) => {
                    let Diagnostic { error_type, error_message } = error.into();
                    error!(error_type, error = error_message, "the invocation failed");
                    Err(Diagnostic { error_type, error_message })
                }
            }
        };
        answering.instrument(span).await
    }

    /// Answers a request that no retry makes one that the function can do something about.
    fn reject(&self, error: &Error) -> Response {
        let reason = report(error);
        warn!(reason, "the request is rejected");
        count_rejected(&self.context.metrics, self.clock.now().into());
        Response::Reconciled(Outcome::ignored(reason))
    }

    /// Each flow is boxed: one future as large as the largest of them would be too deep for the
    /// compiler.
    async fn answer(&self, event: &LambdaEvent<Value>) -> Result<Response, Error> {
        let context = &self.context;
        let lambda = &event.context;
        let function: FunctionArn = lambda.invoked_function_arn.parse()?;
        let invocation = &Invocation {
            deadline: Deadline::new(&self.clock, lambda.deadline().into()),
            check_target: function.to_string(),
            scope: function.scope,
            request_id: lambda.request_id.clone(),
        };
        let deadline = &invocation.deadline;
        Ok(match parse(&event.payload, deadline.now())? {
            Event::Audit(request) => {
                let widget = Widget::of(&event.payload);
                // A page shows; it changes nothing, whichever function answers it.
                let request = AuditRequest { only_reads: widget.is_some(), ..request };
                let answer = Box::pin(audit(context, invocation, &request)).await?;
                match widget {
                    None => Response::Audit(answer),
                    Some(widget) => {
                        let endpoint = &lambda.invoked_function_arn;
                        Response::Page(page::audit(&answer, &widget, endpoint))
                    }
                }
            }
            Event::Batch(messages) => {
                Response::Batch(Box::pin(answer_batch(context, invocation, messages)).await)
            }
            Event::Diagnosis(certificate) => {
                let diagnosis = Box::pin(diagnose(context, invocation, &certificate)).await;
                match (Widget::of(&event.payload), diagnosis) {
                    (None, Ok(diagnosis)) => Response::Diagnosis(diagnosis),
                    // Whoever asked reads the answer, and no retry helps.
                    (None, Err(error)) if error.is_out_of_reach() => self.reject(&error.into()),
                    (None, Err(error)) => return Err(error.into()),
                    (Some(widget), Ok(diagnosis)) => {
                        Response::Page(page::diagnosis(&diagnosis, &widget, deadline.now()))
                    }
                    // A click on a certificate that cannot be read is no failure of the function.
                    (Some(widget), Err(error)) => {
                        Response::Page(page::failure(&certificate.to_string(), &error, &widget))
                    }
                }
            }
            Event::Documentation => Response::Page(page::documentation()),
            Event::Ignored(reason) => {
                info!(reason, "nothing to do");
                Response::Reconciled(Outcome::ignored(reason))
            }
            Event::Overview(asked) => {
                let reading = Box::pin(overview(context, invocation, &self.overviews, &asked));
                let overview = reading.await;
                match Widget::of(&event.payload) {
                    None => Response::Overview(overview),
                    Some(widget) => {
                        let endpoint = &lambda.invoked_function_arn;
                        Response::Page(page::overview(&overview, &widget, endpoint))
                    }
                }
            }
            Event::Reconcile(request) => {
                let requests = std::slice::from_ref(&request);
                let mut outcomes = Box::pin(reconcile(context, invocation, requests)).await;
                Response::Reconciled(outcomes.pop().expect("one result for each request")?)
            }
            Event::Sweep(request) if !request.zones.is_empty() => {
                Response::ZoneChange(Box::pin(go_on(context, invocation, &request)).await)
            }
            Event::Sweep(request) => {
                Response::Sweep(Box::pin(sweep(context, invocation, &request)).await?)
            }
            Event::ZoneChange(change) => {
                let changes = std::slice::from_ref(&change);
                let reconciling = Box::pin(reconcile_zones(context, invocation, changes));
                Response::ZoneChange(reconciling.await)
            }
        })
    }
}

/// Does what each message asks for, and reports the messages that must come again: those that cannot be
/// read, and those for which no check could be scheduled. The queue delivers them again, and moves them
/// to its dead-letter queue in the end.
async fn answer_batch(
    context: &Context,
    invocation: &Invocation,
    messages: Vec<Message>,
) -> SqsBatchResponse {
    let count = messages.len();
    let batch = Batch::new(messages);
    let check_target = check_target(context, invocation, batch.queue);
    let invocation = &Invocation { check_target, ..invocation.clone() };
    let mut response = SqsBatchResponse::default();
    let mut fail = |id: &str, error: &Error| {
        warn!(id, error = report(error), "a message must come again");
        response.add_failure(id);
    };
    for (id, unreadable) in batch.unreadable {
        fail(&id, &unreadable.into());
    }
    let outcomes = reconcile(context, invocation, &batch.requests).await;
    for (outcome, ids) in outcomes.into_iter().zip(batch.request_ids) {
        if let Err(error) = outcome.map_err(Error::from) {
            ids.iter().for_each(|id| fail(id, &error));
        }
    }
    if !batch.zone_changes.is_empty() {
        reconcile_zones(context, invocation, &batch.zone_changes).await;
    }
    for (id, request) in batch.sweeps {
        if !request.zones.is_empty() {
            go_on(context, invocation, &request).await;
        } else if let Err(error) = sweep(context, invocation, &request).await {
            fail(&id, &error.into());
        }
    }
    for (id, request) in batch.audits {
        if let Err(error) = Box::pin(audit(context, invocation, &request)).await {
            fail(&id, &error.into());
        }
    }
    let certificates = batch.requests.len();
    let failed = response.batch_item_failures.len();
    info!(messages = count, certificates, failed, "handled a batch");
    response
}

/// Where the checks of a batch are sent to: to its queue, if that is the one that the function is
/// configured for. Anybody who may invoke the function can name another.
fn check_target(context: &Context, invocation: &Invocation, queue: Option<String>) -> String {
    match queue {
        Some(queue) if context.settings.queue_arn.as_ref() == Some(&queue) => queue,
        Some(queue) => {
            warn!(queue, "QUEUE_ARN does not name this queue: no check returns to it");
            invocation.check_target.clone()
        }
        None => invocation.check_target.clone(),
    }
}
