use chrono::DateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

use crate::dns::{DnsFault, DnsFaultKind, Protocol};
use crate::drive::Sim;
use crate::server::{Server, serve};

/// A question for the NS records of `example.com`.
const QUERY: &[u8] =
    b"\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\x00\x00\x02\x00\x01";

async fn server() -> Server {
    let sim = Sim::stepped(DateTime::UNIX_EPOCH);
    sim.aws().route53.register_domain("111111111111", "example.com");
    serve(sim).await.unwrap()
}

async fn receive(stream: &mut TcpStream) -> Vec<u8> {
    let mut message = vec![0; usize::from(stream.read_u16().await.unwrap())];
    stream.read_exact(&mut message).await.unwrap();
    message
}

#[tokio::test]
async fn one_port_answers_over_udp_and_over_tcp_and_a_connection_takes_several_questions() {
    let server = server().await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut buffer = [0; 512];
    socket.send_to(b"nonsense", server.dns_address()).await.unwrap();
    socket.send_to(QUERY, server.dns_address()).await.unwrap();
    let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
    assert_eq!(from, server.dns_address());

    let mut stream = TcpStream::connect(server.dns_address()).await.unwrap();
    let framed = [&(QUERY.len() as u16).to_be_bytes(), QUERY].concat();
    stream.write_all(&framed.repeat(2)).await.unwrap();
    for _ in 0..2 {
        assert_eq!(receive(&mut stream).await, buffer[..length]);
    }
    let aws = server.sim().aws();
    let protocols: Vec<_> = aws.questions().iter().map(|question| question.protocol).collect();
    assert_eq!(protocols, [Protocol::Udp, Protocol::Tcp, Protocol::Tcp]);
    assert!(aws.questions().iter().all(|question| question.resolver == server.dns_address()));
}

#[tokio::test]
async fn messages_arrive_in_order_and_silence_leaves_the_connection_open() {
    let server = server().await;
    let fault = |kind| server.sim().aws().dns.faults.add(DnsFault::new(kind).times(1));
    fault(DnsFaultKind::WrongId);
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.send_to(QUERY, server.dns_address()).await.unwrap();
    let mut buffer = [0; 512];
    for id in [!1, 1] {
        socket.recv_from(&mut buffer).await.unwrap();
        assert_eq!(u16::from_be_bytes([buffer[0], buffer[1]]), id);
    }
    fault(DnsFaultKind::Silence);
    let mut stream = TcpStream::connect(server.dns_address()).await.unwrap();
    let framed = [&(QUERY.len() as u16).to_be_bytes(), QUERY].concat();
    stream.write_all(&framed.repeat(2)).await.unwrap();
    receive(&mut stream).await;
    assert_eq!(server.sim().aws().questions().len(), 3);
}
