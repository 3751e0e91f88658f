//! An HTTP client without a network, for SDK clients in the same process.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http::Request;

use crate::aws::Answer;
use crate::drive::{self, Sim};

impl Sim {
    /// An HTTP client for SDK clients of any service, account and region.
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(InProcess(self.clone()))
    }
}

#[derive(Clone, Debug)]
struct InProcess(Sim);

impl HttpClient for InProcess {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let sim = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = plain(request)?;
            match sim.exchange(&request).await {
                Answer::Response(response) => HttpResponse::try_from(response.map(SdkBody::from))
                    .map_err(|error| ConnectorError::other(error.into(), None)),
                Answer::Reset => Err(ConnectorError::io("connection reset by peer".into())),
                Answer::Silence => std::future::pending().await,
                Answer::Crash => {
                    drive::crash().await;
                    Err(ConnectorError::other("a crash outside any invocation".into(), None))
                }
            }
        })
    }
}

/// The request with its body. None of the services here streams bodies.
fn plain(request: HttpRequest) -> Result<Request<Vec<u8>>, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let (parts, body) = request.into_parts();
    let body = body.bytes().ok_or_else(|| ConnectorError::user("a streaming body".into()))?;
    Ok(Request::from_parts(parts, body.to_vec()))
}
