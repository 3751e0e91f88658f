//! What a cold start says to AWS before the first invocation.

use std::sync::{Arc, Mutex};

use acm_dns_validator::aws::clients::Clients;
use acm_dns_validator::aws::knock::open_connections;
use acm_dns_validator::settings::Settings;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use sim::Sim;

use crate::world::{HOME, OURS, SCHEDULE_ROLE, config, epoch};

/// Every request that left, and the refusal of whoever is not signed.
#[derive(Clone, Debug, Default)]
struct Doors(Arc<Mutex<Vec<HttpRequest>>>);

impl HttpClient for Doors {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Doors {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.0.lock().expect("requests").push(request);
        let forbidden = 403.try_into().expect("a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(forbidden, SdkBody::empty())))
    }
}

/// The URIs that a cold start with these settings knocks at.
async fn knocks(settings: &[(&str, &str)]) -> Vec<String> {
    let must = [("SCHEDULE_GROUP", "checks"), ("SCHEDULE_ROLE_ARN", SCHEDULE_ROLE)];
    let read = |name: &str| {
        let found = settings.iter().chain(&must).find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let settings = Settings::from_vars(read).expect("right settings");
    let doors = Doors::default();
    let config = config(&Sim::paused(epoch()), OURS, HOME).into_builder();
    let config = config.http_client(SharedHttpClient::new(doors.clone())).build();
    open_connections(&Clients::new(config), &settings).await;
    let requests = doors.0.lock().expect("requests");
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
async fn a_cold_start_opens_the_connections_of_a_first_look_and_says_nothing() {
    let home = [
        // Two: a look asks for a certificate and its tags side by side.
        "https://acm.eu-west-1.amazonaws.com/",
        "https://acm.eu-west-1.amazonaws.com/",
        "https://events.eu-west-1.amazonaws.com/",
        "https://route53.amazonaws.com/",
        "https://scheduler.eu-west-1.amazonaws.com/",
    ];
    assert_eq!(knocks(&[]).await, home);
}

#[tokio::test(start_paused = true)]
async fn it_knocks_only_where_a_look_will_call() {
    let acm = "https://acm.eu-west-1.amazonaws.com/";
    let reading = [acm, acm, "https://route53.amazonaws.com/"];
    assert_eq!(knocks(&[("DRY_RUN", "true")]).await, reading);
    let bus = "arn:aws:events:us-east-1:111122223333:event-bus/ours";
    let away = "https://events.us-east-1.amazonaws.com/".to_owned();
    assert!(knocks(&[("EVENT_BUS", bus)]).await.contains(&away));
}
