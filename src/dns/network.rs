//! Messages over UDP and TCP.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

use super::transport::{Exchange, Protocol, Transport};

/// The largest datagram that is read whole. Queries allow 1,232 bytes, but not every resolver cares.
const DATAGRAM: usize = 4096;

/// The network.
#[derive(Clone, Copy, Debug, Default)]
pub struct Network;

impl Transport for Network {
    fn exchange<'a>(
        &'a self,
        server: SocketAddr,
        protocol: Protocol,
        query: &'a [u8],
        accept: &'a (dyn Fn(&[u8]) -> bool + Send + Sync),
    ) -> Exchange<'a> {
        match protocol {
            Protocol::Udp => Box::pin(over_udp(server, query, accept)),
            Protocol::Tcp => Box::pin(over_tcp(server, query, accept)),
        }
    }
}

/// Each query has a socket of its own, so its source port is random: who wants to forge an answer must
/// guess the port besides the id ([RFC 5452, section 9.2]). The socket is connected, so the kernel drops
/// what comes from other addresses.
///
/// [RFC 5452, section 9.2]: https://www.rfc-editor.org/rfc/rfc5452#section-9.2
async fn over_udp(
    server: SocketAddr,
    query: &[u8],
    accept: &(dyn Fn(&[u8]) -> bool + Send + Sync),
) -> io::Result<Vec<u8>> {
    let any = match server {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    socket.send(query).await?;
    let mut message = vec![0; DATAGRAM];
    loop {
        let length = socket.recv(&mut message).await?;
        if accept(&message[..length]) {
            message.truncate(length);
            return Ok(message);
        }
    }
}

/// Over TCP, two bytes before each message hold its length
/// ([RFC 1035, section 4.2.2](https://www.rfc-editor.org/rfc/rfc1035#section-4.2.2)).
async fn over_tcp(
    server: SocketAddr,
    query: &[u8],
    accept: &(dyn Fn(&[u8]) -> bool + Send + Sync),
) -> io::Result<Vec<u8>> {
    let length = u16::try_from(query.len()).map_err(io::Error::other)?;
    let mut stream = TcpStream::connect(server).await?;
    // In one segment: some servers do not wait for the rest of a query (RFC 7766, section 8).
    stream.write_all(&[&length.to_be_bytes(), query].concat()).await?;
    loop {
        let length = stream.read_u16().await?;
        let mut message = vec![0; length.into()];
        stream.read_exact(&mut message).await?;
        if accept(&message) {
            return Ok(message);
        }
    }
}
