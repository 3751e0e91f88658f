//! The function, with the same entry point as on Lambda.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use acm_dns_validator::aws::cloudwatch::{Labels, Metrics};
use acm_dns_validator::dns::network::Network;
use acm_dns_validator::domain::settings::Settings;
use acm_dns_validator::entry::handler::Function;
use aws_types::SdkConfig;
use sim::Sim;
use sim::server::Server;

use crate::setup::{GROUP, REQUIRED_TAG, SCHEDULE_ROLE};

/// The function with the settings of the demo. Its metrics are not printed.
pub(crate) fn new(
    sim: &Sim,
    server: &Server,
    config: &SdkConfig,
) -> Result<Function, Box<dyn Error>> {
    let (key, value) = REQUIRED_TAG;
    let settings = BTreeMap::from([
        ("SCHEDULE_GROUP", GROUP.to_owned()),
        ("SCHEDULE_ROLE_ARN", SCHEDULE_ROLE.to_owned()),
        ("HOSTED_ZONE_TAG", format!("{key}={value}")),
        ("DNS_RESOLVERS", server.dns_address().to_string()),
    ]);
    let settings = Settings::from_vars(|name| settings.get(name).cloned())?;
    let metrics = Metrics::new(Labels::new("demo", None), |_| {});
    Ok(Function::new(settings, config.clone(), sim.time_source(), metrics, Arc::new(Network)))
}
