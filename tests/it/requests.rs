//! Writes down the function's requests as they are on the wire, so that `sim/evidence/requests` can hold them to
//! AWS's own models.

use std::path::Path;

use aws_types::SdkConfig;
use sim::recorder;

use crate::world::SECRET;

/// How many requests of a kind are taken from one story.
const MOST: usize = 20;

/// A configuration whose client appends its requests to the file that `AWS_REQUESTS` names, if it is set.
pub(crate) fn recorded(config: SdkConfig) -> SdkConfig {
    #[expect(clippy::disallowed_methods, reason = "set only for sim/evidence/requests")]
    let Some(path) = std::env::var_os("AWS_REQUESTS") else { return config };
    let client = config.http_client().expect("a client");
    let client = recorder::recorded(client, Path::new(&path), SECRET, MOST).expect("a file");
    config.into_builder().http_client(client).build()
}
