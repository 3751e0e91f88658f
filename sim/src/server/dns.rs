//! The resolver of the server, on one port for UDP and TCP.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;

use crate::dns::{Protocol, Reply};
use crate::drive::Sim;

#[cfg(test)]
mod tests;

/// How often a port for both protocols is looked for. That of one may be in use for the other.
const ATTEMPTS: u32 = 16;

/// The sockets of a resolver.
#[derive(Debug)]
pub(super) struct Sockets {
    udp: UdpSocket,
    tcp: TcpListener,
    pub(super) address: SocketAddr,
}

impl Sockets {
    /// Opens a free port of 127.0.0.1.
    pub(super) fn open() -> io::Result<Self> {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut attempt = Self::bind(any);
        for _ in 1..ATTEMPTS {
            if attempt.is_ok() {
                break;
            }
            attempt = Self::bind(any);
        }
        attempt
    }

    /// Opens this port for both protocols.
    pub(super) fn bind(address: SocketAddr) -> io::Result<Self> {
        let udp = std::net::UdpSocket::bind(address)?;
        let address = udp.local_addr()?;
        let tcp = std::net::TcpListener::bind(address)?;
        udp.set_nonblocking(true)?;
        tcp.set_nonblocking(true)?;
        let (udp, tcp) = (UdpSocket::from_std(udp)?, TcpListener::from_std(tcp)?);
        Ok(Self { udp, tcp, address })
    }

    /// Answers until a socket fails.
    pub(super) async fn serve(self, sim: Sim) {
        let Self { udp, tcp, address } = self;
        tokio::select! {
            _ = datagrams(&sim, address, &udp) => {}
            _ = connections(&sim, address, &tcp) => {}
        }
    }
}

/// Answers datagrams.
async fn datagrams(sim: &Sim, address: SocketAddr, socket: &UdpSocket) -> io::Result<()> {
    let mut buffer = vec![0; usize::from(u16::MAX)];
    loop {
        let (length, client) = socket.recv_from(&mut buffer).await?;
        let query = buffer.get(..length).unwrap_or_default();
        if let Reply::Messages(messages) = sim.resolve(Protocol::Udp, address, query).await {
            for message in messages {
                // A client that is gone loses its answer, and nobody else.
                drop(socket.send_to(&message, client).await);
            }
        }
    }
}

async fn connections(sim: &Sim, address: SocketAddr, listener: &TcpListener) -> io::Result<()> {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted?;
                connections.spawn(connection(sim.clone(), address, stream));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Answers the queries of one connection, each behind its length. Source: RFC 1035 section 4.2.2.
async fn connection(sim: Sim, address: SocketAddr, mut stream: TcpStream) -> io::Result<()> {
    loop {
        let length = stream.read_u16().await?;
        let mut query = vec![0; usize::from(length)];
        stream.read_exact(&mut query).await?;
        let Reply::Messages(messages) = sim.resolve(Protocol::Tcp, address, &query).await else {
            continue;
        };
        for message in messages {
            let length = u16::try_from(message.len()).map_err(io::Error::other)?;
            stream.write_u16(length).await?;
            stream.write_all(&message).await?;
        }
    }
}
