//! SDK clients: one for each service, region and account, made on first use and kept.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_route53::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_route53::config::timeout::TimeoutConfig;
use aws_sdk_route53::config::{BehaviorVersion, IdentityCache};
use aws_types::SdkConfig;
use aws_types::region::Region;

use super::call_limit::CallLimit;
use super::role::AssumedRole;
use crate::domain::access::Access;

/// The behaviour of the SDK that this function was tested with.
pub fn behavior_version() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

/// Makes clients and keeps them.
#[derive(Debug)]
pub struct Clients {
    base: SdkConfig,
    acm: Kept<(Access, String), aws_sdk_acm::Client>,
    eventbridge: Kept<Option<String>, aws_sdk_eventbridge::Client>,
    roles: Kept<String, SharedCredentialsProvider>,
    route53: Kept<Access, aws_sdk_route53::Client>,
    scheduler: Kept<(), aws_sdk_scheduler::Client>,
}

impl Clients {
    /// Clients with the region, HTTP client, credentials and clock of this configuration. Time-outs and
    /// retries are set here.
    pub fn new(base: SdkConfig) -> Self {
        let base = base
            .into_builder()
            // One cache for all clients, so that a role is assumed once and not for each client.
            .identity_cache(IdentityCache::lazy().build())
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
            eventbridge: Kept::default(),
            roles: Kept::default(),
            route53: Kept::default(),
            scheduler: Kept::default(),
        }
    }

    /// The region of the function itself.
    pub(super) fn region(&self) -> &str {
        self.base.region().map_or("", AsRef::as_ref)
    }

    /// ACM in one account and region. It does not retry adaptively: after one throttled call the SDK
    /// would delay a client that calls as rarely as this one for longer than scheduling a check may
    /// take.
    pub fn acm(&self, access: &Access, region: &str) -> aws_sdk_acm::Client {
        let region = region.to_owned();
        let key = (access.clone(), region.clone());
        self.acm.get_or_make(key, || {
            let config = self.config(access);
            let config = aws_sdk_acm::config::Builder::from(&config)
                .region(Region::new(region))
                .interceptor(CallLimit)
                .retry_partition(own_partition());
            aws_sdk_acm::Client::from_conf(config.build())
        })
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
            let sts = aws_sdk_sts::config::Builder::from(&self.base)
                .interceptor(CallLimit)
                .retry_partition(own_partition());
            let sts = aws_sdk_sts::Client::from_conf(sts.build());
            SharedCredentialsProvider::new(AssumedRole { sts, arn: role.to_owned() })
        })
    }
}

/// The state of retries and rates of one client. By default the SDK shares it among all clients of a
/// service and region in the process, and throttling in one account would slow down calls to others.
fn own_partition() -> RetryPartition {
    RetryPartition::custom("acm-dns-validator").build()
}

/// Values that are made once each. If two are made at the same time, both callers get the first one.
#[derive(Debug)]
struct Kept<K, V>(Mutex<BTreeMap<K, V>>);

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }
}

impl<K: Ord, V: Clone> Kept<K, V> {
    fn get_or_make(&self, key: K, make: impl FnOnce() -> V) -> V {
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = kept().get(&key) {
            return value.clone();
        }
        let made = make();
        kept().entry(key).or_insert(made).clone()
    }
}
