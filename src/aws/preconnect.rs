//! Opens the connections to AWS that a first check needs, during init.
//!
//! Init has a whole processor. An invocation has a share that depends on its memory: a fourteenth at
//! 128 MB. A TLS handshake is mostly arithmetic, and four handshakes at that share take longer than the
//! rest of the check. `bench/` measures both ways.

use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::retry::RetryConfig;
use tokio::time::timeout;

use super::clients::Clients;
use super::eventbridge::region_of;
use crate::domain::access::Access;

/// How long init waits. A service that answers later is waited for, or reported, by the first check.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Replaces a call, once the SDK has resolved its endpoint, by an empty, unsigned request to the root of
/// the same host. Whatever AWS answers, the connection stays open.
#[derive(Debug)]
struct Preconnect;

impl Intercept for Preconnect {
    fn name(&self) -> &'static str {
        "Preconnect"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_uri(root(context.request().uri()))?;
        *context.request_mut() = request;
        Ok(())
    }
}

/// The root of the host that a URI names.
fn root(uri: &str) -> String {
    let host = uri.find("://").map_or(0, |scheme| scheme + 3);
    let end = uri[host..].find('/').map_or(uri.len(), |slash| host + slash);
    format!("{}/", &uri[..end])
}

/// Opens the connections that a first check in the function's own account and region needs: two to ACM,
/// which is asked for a certificate and its tags at the same time, one to Route 53 and, unless the
/// function only reads, one to Scheduler and one to EventBridge if there is a bus. A service that
/// cannot be reached is left out: the check that needs it reports it.
pub async fn open_connections(clients: &Clients, read_only: bool, bus: Option<&str>) {
    // The four builders have the same methods, and no trait for them.
    macro_rules! preconnect {
        ($call:expr, $service:ident) => {
            Box::pin(async {
                let once = $service::config::Builder::new().retry_config(RetryConfig::disabled());
                let call = $call.customize().interceptor(Preconnect).config_override(once);
                drop(call.send().await);
            })
        };
    }
    let own = &Access::Own;
    let bus = bus.filter(|_| !read_only);
    let connections = async {
        // Each makes its client when it begins, while the first connections are being opened.
        tokio::join!(
            preconnect!(
                clients.acm(own, clients.region()).client().list_certificates(),
                aws_sdk_acm
            ),
            preconnect!(
                clients.acm(own, clients.region()).client().list_certificates(),
                aws_sdk_acm
            ),
            preconnect!(clients.route53(own).list_hosted_zones_by_name(), aws_sdk_route53),
            async {
                if !read_only {
                    let call = clients.scheduler().get_schedule().name("none");
                    preconnect!(call, aws_sdk_scheduler).await;
                }
            },
            async {
                if let Some(bus) = bus {
                    let call = clients.eventbridge(region_of(bus)).put_events();
                    preconnect!(call.set_entries(Some(Vec::new())), aws_sdk_eventbridge).await;
                }
            },
        )
    };
    drop(timeout(TIMEOUT, connections).await);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preconnection_asks_for_the_root_of_the_host() {
        for (uri, expected) in [
            ("https://acm.eu-west-1.amazonaws.com/", "https://acm.eu-west-1.amazonaws.com/"),
            ("https://route53.amazonaws.com/2013-04-01/x?y=/", "https://route53.amazonaws.com/"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
        ] {
            assert_eq!(root(uri), expected);
        }
    }
}
