//! Opens the connections to AWS that a first look needs, before anybody waits for it.
//!
//! A cold start has a whole processor, the invocation after it a share by its memory: at 128 MB a
//! fourteenth. A TLS handshake is mostly arithmetic, and to reach four services at that share takes
//! longer than the whole look: `bench/` measures it both ways.

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
use crate::settings::Settings;
use crate::zone::Access;

/// Whoever does not answer so soon will do so during the look, or be reported by it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Takes the place of a call on its way out, when the SDK has found the endpoint: a request to the
/// same host that says nothing, and that nobody signed. Whatever AWS answers, the connection stays.
#[derive(Debug)]
struct Knock;

impl Intercept for Knock {
    fn name(&self) -> &'static str {
        "Knock"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut knock = HttpRequest::new(SdkBody::empty());
        knock.set_uri(root(context.request().uri()))?;
        *context.request_mut() = knock;
        Ok(())
    }
}

/// The root of the host that a URI names.
fn root(uri: &str) -> String {
    let host = uri.find("://").map_or(0, |scheme| scheme + 3);
    let end = uri[host..].find('/').map_or(uri.len(), |slash| host + slash);
    format!("{}/", &uri[..end])
}

/// Opens the connections that a first look in the function's own account and region needs: one to
/// each service, and two to ACM, which is asked for a certificate and its tags side by side. What
/// cannot be reached is passed over: the look that needs it reports it.
pub async fn open_connections(clients: &Clients, settings: &Settings) {
    // The four builders have the same methods, and no trait for them.
    macro_rules! knock {
        ($call:expr, $service:ident) => {
            Box::pin(async {
                let once = $service::config::Builder::new().retry_config(RetryConfig::disabled());
                let call = $call.customize().interceptor(Knock).config_override(once);
                drop(call.send().await);
            })
        };
    }
    let own = &Access::Own;
    let bus = settings.event_bus.as_deref().filter(|_| !settings.dry_run);
    let knocks = async {
        // Each makes its client when it begins: while the first connections are on their way.
        tokio::join!(
            knock!(clients.acm(own, clients.home()).list_certificates(), aws_sdk_acm),
            knock!(clients.acm(own, clients.home()).list_certificates(), aws_sdk_acm),
            knock!(clients.route53(own).list_hosted_zones_by_name(), aws_sdk_route53),
            async {
                if !settings.dry_run {
                    let call = clients.scheduler().get_schedule().name("none");
                    knock!(call, aws_sdk_scheduler).await;
                }
            },
            async {
                if let Some(bus) = bus {
                    let call = clients.eventbridge(region_of(bus)).put_events();
                    knock!(call.set_entries(Some(Vec::new())), aws_sdk_eventbridge).await;
                }
            },
        )
    };
    drop(timeout(PATIENCE, knocks).await);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_knock_goes_to_the_root_of_the_host() {
        for (uri, door) in [
            ("https://acm.eu-west-1.amazonaws.com/", "https://acm.eu-west-1.amazonaws.com/"),
            ("https://route53.amazonaws.com/2013-04-01/x?y=/", "https://route53.amazonaws.com/"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
        ] {
            assert_eq!(root(uri), door);
        }
    }
}
