//! Messages that are made to do harm.

use std::time::Duration;

use fastrand::Rng;

use super::fake::{Fake, Reply, message, name, questions};
use crate::dns::answer::{Data, Kind, Question, Response};
use crate::dns::authority::{apex, name_servers};
use crate::dns::message::{Useless, answers, is_truncated, query, read};
use crate::domain::name::DomainName;

fn question(kind: Kind, of: &str) -> Question {
    Question { name: name(of), kind }
}

fn made(question: &Question, text: &str) -> Vec<u8> {
    message(&query(question, 1).expect("a name"), text)
}

fn read_text(kind: Kind, of: &str, text: &str) -> Result<Response, Useless> {
    let question = question(kind, of);
    read(&question, &made(&question, text))
}

#[test]
fn records_that_do_not_belong_to_the_answer_are_ignored() {
    let answer = "bank.example A 203.0.113.1; a.example CNAME b.example; b.example A 192.0.2.1; \
                  a.example A 203.0.113.2; c.example CNAME bank.example | bank.example NS evil.example";
    // `a.example` has what is asked for, so it is not left.
    let response = read_text(Kind::A, "a.example", answer).expect("an answer");
    assert_eq!(response.data, [Data::Address([203, 0, 113, 2].into())]);
    let response = read_text(Kind::A, "b.example", answer).expect("an answer");
    assert_eq!(response.data, [Data::Address([192, 0, 2, 1].into())]);
    let response = read_text(Kind::A, "d.example", answer).expect("an answer");
    assert_eq!((response.data, response.alias), (Vec::new(), None));
}

#[test]
fn a_circle_of_aliases_ends() {
    let circle = "a.example CNAME b.example; b.example CNAME a.example";
    assert_eq!(read_text(Kind::A, "a.example", circle), Err(Useless::Nonsense));
    assert_eq!(
        read_text(Kind::A, "a.example", "a.example CNAME a.example"),
        Err(Useless::Nonsense)
    );
    let asked_for = read_text(Kind::Cname, "a.example", circle).expect("an answer");
    assert_eq!(asked_for.alias, Some(name("b.example")));
}

#[test]
fn eight_aliases_are_followed() {
    let chain = |length: usize| {
        let link = |it| format!("a{it}.example CNAME a{}.example;", it + 1);
        (0..length).rev().map(link).collect::<String>()
    };
    let response = read_text(Kind::A, "a0.example", &chain(8)).expect("an answer");
    assert_eq!(response.end, name("a8.example"));
    assert_eq!(read_text(Kind::A, "a0.example", &chain(9)), Err(Useless::Nonsense));
}

#[test]
fn a_name_that_does_not_exist_has_no_records() {
    let contradiction = read_text(Kind::A, "a.example", "NXDOMAIN a.example A 192.0.2.1");
    assert_eq!(contradiction, Err(Useless::Nonsense));
}

#[test]
fn a_message_that_would_fill_the_memory_is_refused() {
    let records = |number: usize| "a.example A 192.0.2.1;".repeat(number);
    let response = read_text(Kind::A, "a.example", &records(256)).expect("an answer");
    assert_eq!(response.data.len(), 256);
    assert_eq!(read_text(Kind::A, "a.example", &records(257)), Err(Useless::Nonsense));
}

#[test]
fn pointers_that_do_not_lead_backwards_are_refused() {
    let question = question(Kind::A, "a.example");
    let good = made(&question, "a.example A 192.0.2.1");
    let owner = 12 + question.name.as_str().len() + 2 + 4;
    assert_eq!(good[owner..owner + 2], [0xc0, 12]);
    let pointer = |to: usize| [0xc0, u8::try_from(to).expect("a short message")];
    for to in [owner, owner + 1, owner + 2, good.len() - 1, 255] {
        let mut bad = good.clone();
        bad[owner..owner + 2].copy_from_slice(&pointer(to));
        assert_eq!(read(&question, &bad), Err(Useless::Nonsense), "to {to}");
    }
    // A name of the question that leads to itself.
    let mut bad = good.clone();
    bad[12..14].copy_from_slice(&pointer(12));
    assert!(!answers(&question, 1, &bad));
}

#[test]
fn a_dot_within_a_label_makes_no_other_name() {
    let question = question(Kind::Cname, "evil.example");
    let mut message = made(&question, "evilxexample CNAME bank.example");
    let x = message.iter().position(|byte| *byte == b'x').expect("an x");
    let x = x + message[x + 1..].iter().position(|byte| *byte == b'x').expect("another x") + 1;
    message[x] = b'.';
    assert_eq!(read(&question, &message).expect("an answer").alias, None);
}

/// Good messages, from which bad ones are made.
const GOOD: &[(Kind, &str)] = &[
    (Kind::Soa, "a.b.example.com SOA"),
    (Kind::Soa, "| b.example.com SOA"),
    (Kind::Soa, "NXDOMAIN | com SOA"),
    (Kind::Soa, "a.b.example.com CNAME x.example.org; x.example.org SOA | example.org SOA"),
    (Kind::Ns, "a.b.example.com NS ns1.example.net; a.b.example.com NS ns2.example.net"),
    (Kind::Caa, "a.b.example.com CAA 0 issue ca.example; a.b.example.com CAA 128 iodef x"),
    (Kind::A, "a.b.example.com CNAME x.example.com; x.example.com A 192.0.2.1"),
    (Kind::Aaaa, "a.b.example.com AAAA 2001:db8::1 | example.com NS ns1.example.net"),
    (Kind::Cname, "a.b.example.com CNAME x.example.com"),
];

const NAME: &str = "a.b.example.com";

/// How many hostile messages are read: a hundred thousand, or as many as `HOSTILE_MESSAGES` says.
fn messages() -> usize {
    #[expect(clippy::disallowed_methods, reason = "a person who runs the tests sets the number")]
    let number = std::env::var("HOSTILE_MESSAGES").ok();
    number.and_then(|number| number.parse().ok()).unwrap_or(100_000)
}

#[test]
fn hostile_messages_do_no_harm() {
    let mut random = Rng::with_seed(1);
    let name = name(NAME);
    let mut understood = 0;
    let good = GOOD.iter().map(|(kind, text)| {
        let question = question(*kind, NAME);
        (made(&question, text), question)
    });
    for (message, question) in good.collect::<Vec<_>>().iter().cycle().take(messages()) {
        let message = spoil(message.clone(), &mut random);
        answers(question, 1, &message);
        is_truncated(&message);
        if let Ok(response) = read(question, &message) {
            understood += 1;
            check(&name, &response);
        }
    }
    // Otherwise the messages are so bad that they test nothing.
    assert!(understood > messages() / 5, "only {understood} were understood");
}

#[track_caller]
fn check(name: &DomainName, response: &Response) {
    if let Ok(Some(apex)) = apex(name, response) {
        assert!(apex.as_str().is_empty() || name.is_at_or_under(&apex), "{apex} for {name}");
    }
    drop(name_servers(name, response));
    for data in &response.data {
        if let Data::Caa(caa) = data {
            assert!(!caa.to_string().contains(char::is_control), "{caa:?}");
        }
    }
}

/// Changes a message in one to four places, mostly behind its header.
fn spoil(mut message: Vec<u8>, random: &mut Rng) -> Vec<u8> {
    for _ in 0..random.usize(1..=4) {
        let first = if random.u8(..) < 16 { 0 } else { 12 };
        if message.len() <= first {
            break;
        }
        let at = random.usize(first..message.len());
        match random.u8(0..6) {
            0 => message[at] = random.u8(..),
            1 => message[at] ^= 1 << random.u8(0..8),
            2 => message.truncate(at),
            3 => message.insert(at, random.u8(..)),
            4 => drop(message.splice(at..message.len().min(at + 2), [0xc0, random.u8(..)])),
            _ => message.extend_from_within(at..),
        }
    }
    message
}

#[tokio::test(start_paused = true)]
async fn hostile_resolvers_waste_no_more_than_the_tries() {
    for seed in 0..500 {
        let fake = Fake::new(move |asked| {
            let mut random = Rng::with_seed(seed);
            let texts = GOOD.iter().map(|(_, text)| spoil(asked.message(text), &mut random));
            Reply::Messages(texts.collect())
        });
        let (questions, resolver) = (questions(), fake.resolver(2));
        let start = super::fake::now();
        let name = name(NAME);
        drop(resolver.addresses(&name, &questions).await);
        drop(resolver.governing_caa(&name, &questions).await);
        if let Ok(authority) = resolver.authority(&name, &questions).await {
            let apex = &authority.apex;
            assert!(apex.as_str().is_empty() || name.is_at_or_under(apex), "{apex} by {seed}");
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{:?} by {seed}", start.elapsed());
    }
}
