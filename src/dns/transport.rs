//! How messages travel to a resolver and back: the network, or a stand-in for it.

use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

/// Carries one query to a resolver and the answer back.
///
/// [`Network`](super::network::Network) does it with sockets; a test or a simulation answers in process.
pub trait Transport: Debug + Send + Sync {
    /// Sends a query, and returns the first message from that resolver that `accept` takes. Other messages
    /// are dropped, since anybody can send them.
    ///
    /// It may wait forever: the resolver's timeout ends it.
    fn exchange<'a>(
        &'a self,
        server: SocketAddr,
        protocol: Protocol,
        query: &'a [u8],
        accept: &'a (dyn Fn(&[u8]) -> bool + Send + Sync),
    ) -> Exchange<'a>;
}

/// A message on its way: the answer, or why there will be none.
pub type Exchange<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<u8>>> + Send + 'a>>;

/// What a message travels by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Protocol {
    /// One datagram each way.
    Udp,
    /// A connection of its own, for an answer that does not fit a datagram.
    Tcp,
}
