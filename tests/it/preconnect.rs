//! The requests that a cold start sends to AWS before the first invocation.

use std::sync::{Arc, Mutex};

use acm_dns_validator::aws::clients::Clients;
use acm_dns_validator::aws::preconnect::open_connections;
use acm_dns_validator::domain::settings::Settings;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use sim::Sim;

use crate::world::{ACCOUNT, REGION, SCHEDULE_ROLE, config, epoch};

/// An HTTP client that records every request and answers 403, as AWS does to unsigned ones.
#[derive(Clone, Debug, Default)]
struct Recorder(Arc<Mutex<Vec<HttpRequest>>>);

impl HttpClient for Recorder {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Recorder {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.0.lock().expect("requests").push(request);
        let forbidden = 403.try_into().expect("a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(forbidden, SdkBody::empty())))
    }
}

/// The URIs that a cold start with these settings requests.
async fn preconnections(settings: &[(&str, &str)]) -> Vec<String> {
    let required = [("SCHEDULE_GROUP", "checks"), ("SCHEDULE_ROLE_ARN", SCHEDULE_ROLE)];
    let read = |name: &str| {
        let found = settings.iter().chain(&required).find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let settings = Settings::from_vars(read).expect("valid settings");
    let recorder = Recorder::default();
    let config = config(&Sim::paused(epoch()), ACCOUNT, REGION).into_builder();
    let config = config.http_client(SharedHttpClient::new(recorder.clone())).build();
    let bus = settings.event_bus.as_deref();
    open_connections(&Clients::new(config), settings.dry_run, bus).await;
    let requests = recorder.0.lock().expect("requests");
    for request in requests.iter() {
        assert_eq!(request.method(), "GET");
        assert_eq!(request.headers().iter().count(), 0, "{request:?}");
        assert_eq!(request.body().bytes(), Some(&b""[..]), "{request:?}");
    }
    let mut uris: Vec<_> = requests.iter().map(|request| request.uri().to_owned()).collect();
    uris.sort();
    uris
}

#[tokio::test(start_paused = true)]
async fn a_cold_start_opens_the_connections_of_a_first_check_with_empty_requests() {
    let expected = [
        // Two: a check asks for a certificate and its tags at the same time.
        "https://acm.eu-west-1.amazonaws.com/",
        "https://acm.eu-west-1.amazonaws.com/",
        "https://events.eu-west-1.amazonaws.com/",
        "https://route53.amazonaws.com/",
        "https://scheduler.eu-west-1.amazonaws.com/",
    ];
    assert_eq!(preconnections(&[]).await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_cold_start_opens_only_the_connections_that_a_check_needs() {
    let acm = "https://acm.eu-west-1.amazonaws.com/";
    let dry_run = [acm, acm, "https://route53.amazonaws.com/"];
    assert_eq!(preconnections(&[("DRY_RUN", "true")]).await, dry_run);
    let bus = "arn:aws:events:us-east-1:111122223333:event-bus/events";
    let other_region = "https://events.us-east-1.amazonaws.com/".to_owned();
    assert!(preconnections(&[("EVENT_BUS", bus)]).await.contains(&other_region));
}
