//! How queries are read and answers are written.

use super::*;

#[test]
fn an_answer_repeats_the_question_as_it_was_written_and_says_that_recursion_is_available() {
    let (mut aws, _) = example();
    let answer = one(&mut aws, &query("wWw.eXaMple.com", 1));
    let packet = parse(&answer);
    assert_eq!((packet.id(), packet.rcode()), (ID, RCODE::NoError));
    assert!(packet.has_flags(
        PacketFlag::RESPONSE | PacketFlag::RECURSION_DESIRED | PacketFlag::RECURSION_AVAILABLE
    ));
    assert!(!packet.has_flags(PacketFlag::AUTHORITATIVE_ANSWER));
    assert_eq!(packet.questions[0].qname.to_string(), "wWw.eXaMple.com");
    assert_eq!(packet.answers[0].name.to_string(), "wWw.eXaMple.com");
    assert_eq!(addresses(&answer), ["192.0.2.1"]);
    assert!(packet.opt().is_none(), "the client did not ask for EDNS");
    let owner = 12 + 17 + 4;
    assert_eq!(answer[owner..owner + 2], [0xC0, 12], "names are compressed");
}

#[test]
fn edns_is_answered_with_edns() {
    let (mut aws, _) = example();
    // The owner, the type, the size, the upper bits of the response code, the version, and the flags.
    let answer = one(&mut aws, &with_edns(query("www.example.com", 1), 4096, 0));
    assert!(answer.ends_with(&[0, 0, 41, 0x04, 0xD0, 0, 0, 0, 0, 0, 0]));
    assert_eq!(addresses(&answer), ["192.0.2.1"]);
    let answer = one(&mut aws, &with_edns(query("www.example.com", 1), 4096, 1));
    assert!(answer.ends_with(&[0, 0, 41, 0x04, 0xD0, 1, 0, 0, 0, 0, 0]), "BADVERS");
    assert!(addresses(&answer).is_empty());
    let mut dnssec = with_edns(query("www.example.com", 1), 4096, 0);
    let place = dnssec.len() - 4;
    dnssec[place] = 0x80;
    let answer = one(&mut aws, &dnssec);
    assert!(answer.ends_with(&[0, 0, 41, 0x04, 0xD0, 0, 0, 0x80, 0, 0, 0]), "DO");
    let twice = with_edns(with_edns(query("www.example.com", 1), 4096, 0), 4096, 0);
    assert_eq!(rcode(&one(&mut aws, &twice)), RCODE::FormatError);
}

#[test]
fn records_of_every_usual_type_are_written() {
    let (mut aws, zone) = example();
    for (number, record_type, value) in [
        (28, "AAAA", "2001:db8::1"),
        (15, "MX", "10 mail.example.com."),
        (16, "TXT", "\"one\" \"two \\\" \\050\""),
        (257, "CAA", "0 issue \"amazon.com\""),
        (33, "SRV", "1 2 443 www.example.com."),
        (12, "PTR", "www.example.com."),
    ] {
        aws.route53.put_record(&zone, "all.example.com", record_type, 60, &[value]);
        let answer = one(&mut aws, &query("all.example.com", number));
        let packet = parse(&answer);
        let record = &packet.answers[0];
        assert_eq!((record.ttl, u16::from(record.rdata.type_code())), (60, number));
        match &record.rdata {
            RData::CAA(caa) => assert_eq!(*caa.value, *b"amazon.com"),
            RData::TXT(_) => {
                let expected = b"\x03one\x07two \" (";
                assert!(answer.windows(expected.len()).any(|window| window == expected));
            }
            _ => {}
        }
    }
    for (number, answers) in [(6, 1), (2, 4)] {
        assert_eq!(parse(&one(&mut aws, &query("example.com", number))).answers.len(), answers);
    }
}

#[test]
fn a_record_of_type_spf_is_written_as_text() {
    let (mut aws, zone) = example();
    aws.route53.put_record(&zone, "example.com", "SPF", 60, &["\"v=spf1\""]);
    let answer = one(&mut aws, &query("example.com", 99));
    assert!(answer.ends_with(b"\x00\x63\x00\x01\x00\x00\x00\x3c\x00\x07\x06v=spf1"));
}

#[test]
fn a_record_that_cannot_be_written_is_a_failure() {
    let (mut aws, zone) = example();
    aws.route53.put_record(&zone, "a.example.com", "A", 60, &["no address"]);
    assert_eq!(rcode(&one(&mut aws, &query("a.example.com", 1))), RCODE::ServerFailure);
    assert_eq!(aws.questions()[0].rcode, Some(Rcode::ServFail));
}

#[test]
fn what_is_no_query_gets_no_answer_and_what_cannot_be_read_a_format_error() {
    let (mut aws, _) = example();
    let good = query("www.example.com", 1);
    assert!(ask(&mut aws, Protocol::Udp, &good[..11]).is_empty(), "no header");
    let mut response = good.clone();
    response[2] |= 0x80;
    assert!(ask(&mut aws, Protocol::Udp, &response).is_empty(), "a response");

    let cut = good[..good.len() - 1].to_vec();
    let mut none = good.clone();
    none[5] = 0;
    let mut two = [good.clone(), good[12..].to_vec()].concat();
    two[5] = 2;
    let mut compressed = good.clone();
    compressed[12..14].copy_from_slice(&[0xC0, 12]);
    let mut more = good.clone();
    more.push(0);
    for message in [cut, none, two, compressed, more] {
        let answer = one(&mut aws, &message);
        assert_eq!((rcode(&answer), parse(&answer).id()), (RCODE::FormatError, ID), "{message:?}");
    }
    assert!(aws.questions().is_empty(), "none of them could be read");
}

#[test]
fn what_a_resolver_does_not_do_is_refused_or_not_implemented() {
    let (mut aws, _) = example();
    let good = query("www.example.com", 1);
    let mut update = good.clone();
    update[2] = 5 << 3 | 1;
    let answer = one(&mut aws, &update);
    assert_eq!((rcode(&answer), parse(&answer).opcode()), (RCODE::NotImplemented, OPCODE::Update));
    for meta in [255, 252, 251, 41] {
        let answer = one(&mut aws, &query("www.example.com", meta));
        assert_eq!(rcode(&answer), RCODE::NotImplemented, "type {meta}");
    }
    let mut alone = good.clone();
    alone[2] = 0;
    assert_eq!(rcode(&one(&mut aws, &alone)), RCODE::Refused, "without RD");
    for class in [CLASS::CH as u8, 77] {
        let mut other = good.clone();
        *other.last_mut().unwrap() = class;
        assert_eq!(rcode(&one(&mut aws, &other)), RCODE::Refused, "class {class}");
    }
}

#[test]
fn a_type_without_a_name_has_no_records() {
    let (mut aws, _) = example();
    let answer = one(&mut aws, &query("www.example.com", 65_280));
    let packet = parse_any(&answer);
    assert_eq!(
        (packet.rcode(), packet.answers.len(), packet.name_servers.len()),
        (RCODE::NoError, 0, 1)
    );
    assert_eq!(answer[answer_type(&answer)..][..2], 65_280_u16.to_be_bytes());
    assert_eq!(aws.questions()[0].record_type, "TYPE65280");

    /// The crate does not read questions for unknown types, so this one becomes one for type A.
    fn parse_any(message: &[u8]) -> Packet<'static> {
        let mut message = message.to_vec();
        let place = answer_type(&message);
        message[place..place + 2].copy_from_slice(&[0, 1]);
        Packet::parse(message.leak()).unwrap()
    }

    fn answer_type(_: &[u8]) -> usize {
        12 + 17
    }
}

#[test]
fn an_answer_that_does_not_fit_is_truncated_and_complete_over_tcp() {
    let (mut aws, zone) = example();
    let text = format!("\"{}\"", "x".repeat(200));
    let texts = [text.as_str(); 3];
    aws.route53.put_record(&zone, "big.example.com", "TXT", 60, &texts);
    let plain = query("big.example.com", 16);
    for (message, complete) in [
        (plain.clone(), false),
        (with_edns(plain.clone(), 100, 0), false),
        (with_edns(plain.clone(), 512, 0), false),
        (with_edns(plain.clone(), 1232, 0), true),
    ] {
        let answer = one(&mut aws, &message);
        let packet = parse(&answer);
        assert_eq!(packet.has_flags(PacketFlag::TRUNCATION), !complete);
        assert_eq!(packet.answers.len(), if complete { 3 } else { 0 });
    }
    aws.route53.put_record(&zone, "big.example.com", "TXT", 60, &[text.as_str(); 9]);
    let answer = one(&mut aws, &with_edns(plain.clone(), 4096, 0));
    assert!(parse(&answer).has_flags(PacketFlag::TRUNCATION), "no fragments");
    let [answer] = <[_; 1]>::try_from(ask(&mut aws, Protocol::Tcp, &plain)).unwrap();
    assert!(!parse(&answer).has_flags(PacketFlag::TRUNCATION));
    assert_eq!(parse(&answer).answers.len(), 9);
    let truncated: Vec<_> = aws.questions().iter().map(|question| question.truncated).collect();
    assert_eq!(truncated, [true, true, true, false, true, false]);
}

#[test]
fn an_answer_without_records_has_the_soa_record_of_its_zone() {
    let (mut aws, _) = example();
    for (name, expected) in
        [("www.example.com", RCODE::NoError), ("no.example.com", RCODE::NameError)]
    {
        let answer = one(&mut aws, &query(name, 257));
        let packet = parse(&answer);
        assert_eq!((packet.rcode(), packet.answers.len()), (expected, 0));
        assert_eq!(packet.name_servers[0].name.to_string(), "example.com");
        assert_eq!(packet.name_servers[0].rdata.type_code(), TYPE::SOA);
    }
}
