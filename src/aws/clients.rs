//! SDK clients, made on first use and kept. A service that is called in hundreds of accounts and regions has
//! one client for all of them.

use std::time::Duration;

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_route53::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_route53::config::timeout::TimeoutConfig;
use aws_sdk_route53::config::{BehaviorVersion, IdentityCache};
use aws_types::SdkConfig;
use aws_types::app_name::AppName;
use aws_types::region::Region;

use super::acm::place::Acm;
use super::call_limit::CallLimit;
use super::kept::{Kept, MOST};
use super::role::AssumedRole;
use crate::domain::access::Access;

/// The behaviour of the SDK that this function was tested with.
pub fn behavior_version() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

/// What every call says it is made by, in its user agent, and so in CloudTrail's records of the calls.
const APP: &str = concat!("acm-dns-validator-", env!("CARGO_PKG_VERSION"));

/// Makes clients and keeps them.
#[derive(Debug)]
pub struct Clients {
    base: SdkConfig,
    acm: Kept<(), aws_sdk_acm::Client>,
    acm_retries: Kept<(Access, String), RetryPartition>,
    eventbridge: Kept<Option<String>, aws_sdk_eventbridge::Client>,
    organizations: Kept<Access, aws_sdk_organizations::Client>,
    roles: Kept<String, SharedCredentialsProvider>,
    route53: Kept<Access, aws_sdk_route53::Client>,
    scheduler: Kept<(), aws_sdk_scheduler::Client>,
    sts: Kept<(), aws_sdk_sts::Client>,
}

impl Clients {
    /// Clients with the region, HTTP client, credentials and clock of this configuration. Time-outs,
    /// retries and the name in the user agent are set here.
    pub fn new(base: SdkConfig) -> Self {
        let base = base
            .into_builder()
            .app_name(AppName::new(APP).expect("a name of letters, digits, hyphens and dots"))
            // One cache for all clients, so that a role is assumed once and not for each client.
            .identity_cache(IdentityCache::lazy().max_partitions(ROLES).build())
            .retry_config(RetryConfig::standard())
            .timeout_config(
                TimeoutConfig::builder()
                    .operation_attempt_timeout(Duration::from_secs(5))
                    .operation_timeout(Duration::from_secs(20))
                    .build(),
            )
            .build();
        Self {
            base,
            acm: Kept::default(),
            acm_retries: Kept::default(),
            eventbridge: Kept::default(),
            organizations: Kept::default(),
            roles: Kept::default(),
            route53: Kept::default(),
            scheduler: Kept::default(),
            sts: Kept::default(),
        }
    }

    /// The region of the function itself.
    pub(super) fn region(&self) -> &str {
        self.base.region().map_or("", AsRef::as_ref)
    }

    /// ACM in one account and region. It does not retry adaptively: after one throttled call the SDK
    /// would delay a client that calls as rarely as this one for longer than scheduling a check may
    /// take.
    pub fn acm(&self, access: &Access, region: &str) -> Acm {
        let client = self.acm.get_or_make((), || {
            let config = aws_sdk_acm::config::Builder::from(&self.base)
                .interceptor(CallLimit)
                .retry_partition(own_partition());
            aws_sdk_acm::Client::from_conf(config.build())
        });
        if *access == Access::Own && region == self.region() {
            return Acm::here(client);
        }
        let key = (access.clone(), region.to_owned());
        let mut elsewhere = aws_sdk_acm::config::Builder::new()
            .region(Region::new(region.to_owned()))
            .retry_partition(self.acm_retries.get_or_make(key, own_partition));
        if let Access::Role(arn) = access {
            elsewhere.set_credentials_provider(Some(self.credentials(arn)));
            // Without it, the SDK would assume the role for each call.
            if let Some(cache) = self.base.identity_cache() {
                elsewhere.set_identity_cache(cache);
            }
        }
        Acm::elsewhere(client, elsewhere)
    }

    /// EventBridge in the function's own region, or in the one where a bus is.
    pub fn eventbridge(&self, region: Option<&str>) -> aws_sdk_eventbridge::Client {
        let region = region.map(str::to_owned);
        self.eventbridge.get_or_make(region.clone(), || {
            let mut config = aws_sdk_eventbridge::config::Builder::from(&self.base)
                .interceptor(CallLimit)
                .retry_partition(own_partition());
            if let Some(region) = region {
                config.set_region(Some(Region::new(region)));
            }
            aws_sdk_eventbridge::Client::from_conf(config.build())
        })
    }

    /// AWS Organizations. No check may wait long for it: without an answer IAM decides.
    pub fn organizations(&self, access: &Access) -> aws_sdk_organizations::Client {
        self.organizations.get_or_make(access.clone(), || {
            let config = self.config(access);
            let timeouts = TimeoutConfig::builder()
                .operation_attempt_timeout(Duration::from_secs(3))
                .operation_timeout(Duration::from_secs(8));
            let config = aws_sdk_organizations::config::Builder::from(&config)
                .timeout_config(timeouts.build())
                .interceptor(CallLimit)
                .retry_partition(own_partition());
            aws_sdk_organizations::Client::from_conf(config.build())
        })
    }

    /// Route 53 in one account. It retries adaptively, since its small rate is shared with
    /// everything else in the account.
    pub fn route53(&self, access: &Access) -> aws_sdk_route53::Client {
        self.route53.get_or_make(access.clone(), || {
            let config = self.config(access);
            let config = aws_sdk_route53::config::Builder::from(&config)
                .retry_config(RetryConfig::adaptive())
                .interceptor(CallLimit)
                .retry_partition(own_partition());
            aws_sdk_route53::Client::from_conf(config.build())
        })
    }

    /// EventBridge Scheduler in the function's own region.
    pub fn scheduler(&self) -> aws_sdk_scheduler::Client {
        self.scheduler.get_or_make((), || {
            let config = aws_sdk_scheduler::config::Builder::from(&self.base)
                .interceptor(CallLimit)
                .retry_partition(own_partition());
            aws_sdk_scheduler::Client::from_conf(config.build())
        })
    }

    fn config(&self, access: &Access) -> SdkConfig {
        match access {
            Access::Own => self.base.clone(),
            Access::Role(arn) => {
                let credentials = self.credentials(arn);
                self.base.clone().into_builder().credentials_provider(credentials).build()
            }
        }
    }

    fn credentials(&self, role: &str) -> SharedCredentialsProvider {
        self.roles.get_or_make(role.to_owned(), || {
            let sts = self.sts.get_or_make((), || {
                let config = aws_sdk_sts::config::Builder::from(&self.base)
                    .interceptor(CallLimit)
                    .retry_partition(own_partition());
                aws_sdk_sts::Client::from_conf(config.build())
            });
            let clock = self.base.time_source().unwrap_or_default();
            SharedCredentialsProvider::new(AssumedRole::new(sts, role, clock))
        })
    }
}

/// For how many roles credentials are cached: as many as [`Kept`] remembers.
const ROLES: usize = 2 * MOST;

/// The state of retries and rates of one account and region of a service. By default the SDK shares it among
/// all clients of a service and region in the process, and throttling in one account would slow down calls
/// to others.
fn own_partition() -> RetryPartition {
    RetryPartition::custom("acm-dns-validator").build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_client_says_which_program_of_which_version_calls() {
        let config = SdkConfig::builder().behavior_version(behavior_version()).build();
        let clients = Clients::new(config);
        let role = Access::Role("arn:aws:iam::111122223333:role/zones".to_owned());
        let app = format!("acm-dns-validator-{}", env!("CARGO_PKG_VERSION"));
        for found in [
            clients.acm(&role, "eu-west-1").client().config().app_name(),
            clients.eventbridge(None).config().app_name(),
            clients.organizations(&role).config().app_name(),
            clients.route53(&role).config().app_name(),
            clients.scheduler().config().app_name(),
            clients.base.app_name(),
        ] {
            assert_eq!(found.map(AsRef::as_ref), Some(&*app));
        }
    }
}
