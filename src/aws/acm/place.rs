//! ACM in one account and region. All share one SDK client: a client of its own for each takes 20 kB for as
//! long as the process lives, and making it more of the processor than a call.

use aws_sdk_acm::Client;
use aws_sdk_acm::config::Builder;

/// ACM in one account and region.
#[derive(Clone, Debug)]
pub struct Acm {
    client: Client,
    elsewhere: Option<Builder>,
}

impl Acm {
    /// ACM where this client is.
    pub(in crate::aws) fn here(client: Client) -> Self {
        Self { client, elsewhere: None }
    }

    /// ACM in the account and region that this configuration names.
    pub(in crate::aws) fn elsewhere(client: Client, configuration: Builder) -> Self {
        Self { client, elsewhere: Some(configuration) }
    }

    /// The client that all accounts and regions share. [`send`] sends its calls where they belong.
    pub(in crate::aws) fn client(&self) -> &Client {
        &self.client
    }

    /// What a call needs that the client has not.
    pub(super) fn configuration(&self) -> Option<Builder> {
        self.elsewhere.clone()
    }
}

/// Sends a call of an [`Acm`]'s client to its account and region. The builders of calls have the same
/// methods, and no trait for them.
macro_rules! send {
    ($acm:expr, $call:expr) => {{
        let call = $call;
        match $acm.configuration() {
            None => call.send().await,
            Some(configuration) => call.customize().config_override(configuration).send().await,
        }
    }};
}
pub(super) use send;
