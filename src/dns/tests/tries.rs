//! Which resolver is asked when, how often, and until when.

use std::sync::Arc;
use std::time::Duration;

use super::fake::{Asked, Fake, Reply, name, now, questions};
use crate::dns::questions::{MOST, Questions};
use crate::dns::transport::Protocol;
use crate::domain::name::DomainName;

/// The answer to every question of these tests: the name is an alias of the root.
fn good(asked: &Asked) -> Vec<u8> {
    let name = asked.question.rsplit(' ').next().expect("a name");
    asked.message(&format!("{name} CNAME ."))
}

fn root() -> Option<DomainName> {
    Some(name(""))
}

/// Resolvers of which all before this one do something else.
fn only(good_one: u8, others: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Arc<Fake> {
    Fake::new(move |asked| match asked.server.ip().to_string() {
        ip if ip == format!("192.0.2.{good_one}") => Reply::Messages(vec![good(asked)]),
        _ => others(asked),
    })
}

#[tokio::test(start_paused = true)]
async fn a_silent_resolver_costs_a_second_once() {
    let fake = only(2, |_| Reply::Silence);
    let (resolver, questions) = (fake.resolver(2), questions());
    let start = now();
    assert_eq!(resolver.cname(&name("a.example"), &questions).await, Ok(root()));
    assert_eq!(resolver.cname(&name("b.example"), &questions).await, Ok(root()));
    assert_eq!(
        fake.queries(),
        [
            "192.0.2.1 Udp CNAME a.example",
            "192.0.2.2 Udp CNAME a.example",
            "192.0.2.2 Udp CNAME b.example",
        ]
    );
    assert_eq!((questions.asked(), start.elapsed()), (3, Duration::from_secs(1)));
}

#[tokio::test(start_paused = true)]
async fn a_resolver_that_fails_costs_no_time() {
    for failing in
        ["SERVFAIL", "REFUSED", "FORMERR", "a.example CNAME b.example; a.example CNAME c.example"]
    {
        let fake = only(3, move |asked| asked.reply(failing));
        let (resolver, start) = (fake.resolver(3), now());
        let found = resolver.cname(&name("a.example"), &questions()).await;
        assert_eq!((found, start.elapsed()), (Ok(root()), Duration::ZERO), "{failing}");
    }
    let fake = only(2, |_| Reply::Broken(std::io::ErrorKind::ConnectionRefused));
    assert_eq!(fake.resolver(2).cname(&name("a.example"), &questions()).await, Ok(root()));
}

#[tokio::test(start_paused = true)]
async fn every_reason_is_named_once() {
    let fake = Fake::new(|asked| match asked.server.ip().to_string().as_str() {
        "192.0.2.1" => Reply::Silence,
        "192.0.2.2" => asked.reply("SERVFAIL"),
        "192.0.2.3" => Reply::Broken(std::io::ErrorKind::ConnectionRefused),
        _ => asked.reply("a.example CNAME b.example; a.example CNAME c.example"),
    });
    let found = fake.resolver(4).cname(&name("a.example"), &questions()).await;
    assert_eq!(
        found.expect_err("nothing is known").to_string(),
        "192.0.2.1 did not answer; SERVFAIL from 192.0.2.2; 192.0.2.3: connection refused; \
         nonsense from 192.0.2.4"
    );
    let found = fake.resolver(1).cname(&name("a.example"), &questions()).await;
    assert_eq!(found.expect_err("nothing is known").to_string(), "192.0.2.1 did not answer");
    assert_eq!(fake.queries().len(), 4 + 2);
}

#[tokio::test(start_paused = true)]
async fn without_a_resolver_nothing_is_known() {
    let fake = Fake::new(|_| Reply::Silence);
    let found = fake.resolver(0).cname(&name("a.example"), &questions()).await;
    assert_eq!(found.expect_err("nothing is known").to_string(), "there is no resolver to ask");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_cut_off_is_fetched_over_tcp() {
    let fake = Fake::new(|asked| {
        let mut message = good(asked);
        if asked.protocol == Protocol::Udp {
            message = asked.message("");
            message[2] |= TRUNCATED;
        }
        Reply::Messages(vec![message])
    });
    let found = fake.resolver(1).cname(&name("a.example"), &questions()).await;
    assert_eq!(found, Ok(root()));
    assert_eq!(fake.queries(), ["192.0.2.1 Udp CNAME a.example", "192.0.2.1 Tcp CNAME a.example"]);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_answer_the_question_is_dropped() {
    let other = |asked: &Asked, from: &str, to: &str| {
        let message = asked.message("");
        let position = message.windows(from.len()).position(|it| it == from.as_bytes());
        let position = position.expect("it is in the message");
        [&message[..position], to.as_bytes(), &message[position + from.len()..]].concat()
    };
    let fake = Fake::new(move |asked| {
        let mut wrong_id = asked.message("");
        wrong_id[1] ^= 1;
        let mut no_response = asked.message("");
        no_response[2] &= !RESPONSE;
        let mut status = asked.message("");
        status[2] |= STATUS;
        let wrong_name = other(asked, "\x07example", "\x07exbmple");
        let wrong_type = other(asked, "\x00\x00\x05\x00\x01", "\x00\x00\x01\x00\x01");
        let wrong_class = other(asked, "\x00\x00\x05\x00\x01", "\x00\x00\x05\x00\x03");
        let mut without = asked.message("")[..12].to_vec();
        without[5] = 0;
        let wrong = [wrong_id, no_response, status, wrong_name, wrong_type, wrong_class, without];
        Reply::Messages([&wrong[..], &[Vec::new(), vec![0; 4096], good(asked)]].concat())
    });
    let found = fake.resolver(1).cname(&name("a.example"), &questions()).await;
    assert_eq!((found, fake.queries().len()), (Ok(root()), 1));
}

#[tokio::test(start_paused = true)]
async fn upper_and_lower_case_are_the_same() {
    let fake = Fake::new(|asked| {
        let message = good(asked);
        let (header, sections) = message.split_at(12);
        Reply::Messages(vec![[header, &sections.to_ascii_uppercase()].concat()])
    });
    let found = fake.resolver(1).cname(&name("A.example"), &questions()).await;
    assert_eq!((found, fake.queries().len()), (Ok(root()), 1));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_ask_others_is_not_believed() {
    let fake = Fake::new(|asked| {
        let mut message = good(asked);
        message[3] &= !RECURSION_AVAILABLE;
        Reply::Messages(vec![message])
    });
    let found = fake.resolver(1).cname(&name("a.example"), &questions()).await;
    assert_eq!(found.expect_err("nothing is known").to_string(), "nonsense from 192.0.2.1");
}

#[tokio::test(start_paused = true)]
async fn the_same_question_is_asked_once() {
    let fake = Fake::new(|asked| match asked.question.as_str() {
        "CNAME a.example" => Reply::Messages(vec![good(asked)]),
        _ => Reply::Silence,
    });
    let (resolver, questions) = (fake.resolver(1), questions());
    let (a, b) = (name("a.example"), name("b.example"));
    let found = tokio::join!(
        resolver.cname(&a, &questions),
        resolver.cname(&b, &questions),
        resolver.cname(&a, &questions),
        resolver.cname(&b, &questions)
    );
    assert!(found.0 == Ok(root()) && found.0 == found.2 && found.1 == found.3);
    assert!(resolver.cname(&b, &questions).await.is_err());
    assert_eq!(questions.asked(), 1 + 2);
}

#[tokio::test(start_paused = true)]
async fn the_number_of_questions_is_bounded() {
    let fake = only(1, |_| Reply::Silence);
    let (resolver, questions) = (fake.resolver(1), questions());
    for number in 0..MOST {
        let found = resolver.cname(&name(&format!("a{number}.example")), &questions).await;
        assert_eq!(found, Ok(root()));
    }
    let found = resolver.cname(&name("b.example"), &questions).await;
    let why = "all 60 questions were asked already";
    assert_eq!(found.expect_err("nothing is known").to_string(), why);
    assert_eq!((questions.asked(), fake.queries().len()), (MOST, MOST));
    assert_eq!(resolver.cname(&name("a0.example"), &questions).await, Ok(root()));
}

#[tokio::test(start_paused = true)]
async fn what_is_known_stays_known_after_the_deadline() {
    let fake = only(1, |_| Reply::Silence);
    let (resolver, questions) = (fake.resolver(1), Questions::new(now() + Duration::from_secs(1)));
    assert_eq!(resolver.cname(&name("a.example"), &questions).await, Ok(root()));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(resolver.cname(&name("a.example"), &questions).await, Ok(root()));
    assert!(resolver.cname(&name("b.example"), &questions).await.is_err());
    assert_eq!(fake.queries().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn no_question_outlasts_the_deadline() {
    let fake = Fake::new(|_| Reply::Silence);
    let (resolver, time) = (fake.resolver(1), Duration::from_millis(1500));
    let (start, questions) = (now(), Questions::new(now() + time));
    for of in ["a.example", "b.example"] {
        let found = resolver.cname(&name(of), &questions).await;
        let why = "there was no time left to ask public DNS";
        assert_eq!(found.expect_err("nothing is known").to_string(), why);
    }
    assert_eq!((start.elapsed(), fake.queries().len()), (time, 2));
}

/// Flags of the third and fourth byte of a message.
const RESPONSE: u8 = 0x80;
const STATUS: u8 = 0x10;
const TRUNCATED: u8 = 0x02;
const RECURSION_AVAILABLE: u8 = 0x80;
