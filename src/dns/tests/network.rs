//! Real sockets, on this machine.

use std::net::Ipv4Addr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

use super::fake::{message, name, questions};
use crate::dns::network::Network;
use crate::dns::resolver::Resolver;

#[tokio::test]
async fn an_answer_comes_over_udp_and_a_long_one_over_tcp() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let server = listener.local_addr().expect("an address");
    let Ok(socket) = UdpSocket::bind(server).await else {
        return eprintln!("skipped: another process has this UDP port");
    };
    let over_udp = async {
        let mut query = [0; 512];
        let (length, client) = socket.recv_from(&mut query).await.expect("a query");
        let mut answer = message(&query[..length], "a.example CNAME b.example");
        answer[1] ^= 1;
        socket.send_to(&answer, client).await.expect("sent");
        answer[1] ^= 1;
        answer[2] |= 0x02; // truncated
        socket.send_to(&answer, client).await.expect("sent");
    };
    let over_tcp = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let length = stream.read_u16().await.expect("a length");
        let mut query = vec![0; length.into()];
        stream.read_exact(&mut query).await.expect("a query");
        let answer = message(&query, "a.example CNAME c.example");
        let length = u16::try_from(answer.len()).expect("a short answer");
        stream.write_u16(length).await.expect("sent");
        stream.write_all(&answer).await.expect("sent");
    };
    let resolver = Resolver::new(vec![server], Arc::new(Network));
    let (a, questions) = (name("a.example"), questions());
    let (found, (), ()) = tokio::join!(resolver.cname(&a, &questions), over_udp, over_tcp);
    assert_eq!((found, questions.asked()), (Ok(Some(name("c.example"))), 2));
}
