//! The simulator's public DNS, as the function asks it. `dst/` and the demo use this file too.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;

use acm_dns_validator::dns::transport::{Exchange, Protocol, Transport};
use sim::Sim;
use sim::dns::{self, Reply};

/// The address of the simulator's resolver, for the setting `DNS_RESOLVERS`.
pub(crate) const RESOLVER: &str = "192.0.2.53";

/// A transport that carries messages to the resolver of this simulator.
pub(crate) fn transport(sim: &Sim) -> Arc<dyn Transport> {
    Arc::new(Simulated(sim.clone()))
}

#[derive(Debug)]
struct Simulated(Sim);

impl Transport for Simulated {
    fn exchange<'a>(
        &'a self,
        server: SocketAddr,
        protocol: Protocol,
        query: &'a [u8],
        accept: &'a (dyn Fn(&[u8]) -> bool + Send + Sync),
    ) -> Exchange<'a> {
        let protocol = match protocol {
            Protocol::Udp => dns::Protocol::Udp,
            Protocol::Tcp => dns::Protocol::Tcp,
        };
        Box::pin(async move {
            let messages = match self.0.resolve(protocol, server, query).await {
                Reply::Silence => Vec::new(),
                Reply::Messages(messages) => messages,
            };
            match messages.into_iter().find(|message| accept(message)) {
                Some(message) => Ok(message),
                None => pending().await,
            }
        })
    }
}
