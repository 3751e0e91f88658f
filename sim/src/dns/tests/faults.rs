//! The faults of resolvers.

use super::*;

/// The answers over UDP to one question about `www.example.com` with this fault, and AWS afterwards.
fn with(kind: DnsFaultKind) -> (Vec<Vec<u8>>, Aws) {
    let (mut aws, _) = example();
    aws.dns.faults.add(DnsFault::new(kind));
    let answers = ask(&mut aws, Protocol::Udp, &query("www.example.com", 1));
    assert_eq!(aws.questions()[0].fault, Some(kind));
    (answers, aws)
}

#[test]
fn a_silent_resolver_sends_nothing() {
    let (answers, aws) = with(DnsFaultKind::Silence);
    assert!(answers.is_empty());
    assert_eq!(aws.questions()[0].rcode, None);
}

#[test]
fn a_resolver_that_fails_or_refuses_says_so() {
    for (kind, expected, told) in [
        (DnsFaultKind::ServFail, RCODE::ServerFailure, Rcode::ServFail),
        (DnsFaultKind::Refused, RCODE::Refused, Rcode::Refused),
    ] {
        let (answers, aws) = with(kind);
        assert_eq!((answers.len(), rcode(&answers[0])), (1, expected));
        assert!(addresses(&answers[0]).is_empty());
        assert_eq!(aws.questions()[0].rcode, Some(told));
    }
}

#[test]
fn a_truncated_answer_is_complete_over_tcp() {
    let (answers, mut aws) = with(DnsFaultKind::Truncated);
    assert!(parse(&answers[0]).has_flags(PacketFlag::TRUNCATION));
    assert!(addresses(&answers[0]).is_empty());
    let answers = ask(&mut aws, Protocol::Tcp, &query("www.example.com", 1));
    assert!(!parse(&answers[0]).has_flags(PacketFlag::TRUNCATION));
    assert_eq!(addresses(&answers[0]), ["192.0.2.1"]);
    assert_eq!(aws.questions()[1].fault, None);
}

#[test]
fn an_answer_with_a_wrong_id_comes_before_the_right_one_or_alone() {
    let (answers, aws) = with(DnsFaultKind::WrongId);
    let ids: Vec<_> = answers.iter().map(|answer| parse(answer).id()).collect();
    assert_eq!(ids, [!ID, ID]);
    assert_eq!(aws.questions()[0].rcode, Some(Rcode::NoError));
    let (answers, aws) = with(DnsFaultKind::OnlyWrongId);
    let ids: Vec<_> = answers.iter().map(|answer| parse(answer).id()).collect();
    assert_eq!(ids, [!ID]);
    assert_eq!(aws.questions()[0].rcode, None);
}

#[test]
fn an_answer_to_a_wrong_question_has_the_right_id() {
    let (answers, _) = with(DnsFaultKind::WrongQuestion);
    let packet = parse(&answers[0]);
    assert_eq!((answers.len(), packet.id()), (1, ID));
    assert_eq!(packet.questions[0].qname.to_string(), "poisoned.example");
}

#[test]
fn garbage_has_the_right_id_and_is_other_garbage_each_time() {
    let (answers, mut aws) = with(DnsFaultKind::Garbage);
    assert_eq!((answers[0].len(), &answers[0][..2]), (100, &ID.to_be_bytes()[..]));
    assert_ne!(ask(&mut aws, Protocol::Udp, &query("www.example.com", 1)), answers);
}

#[test]
fn poison_comes_before_the_answer_in_every_section() {
    let (answers, mut aws) = with(DnsFaultKind::Poisoned);
    let packet = parse(&answers[0]);
    assert_eq!(addresses(&answers[0]), ["203.0.113.66", "192.0.2.1"]);
    assert_eq!(packet.answers[1].name.to_string(), "www.example.com");
    for records in [&packet.answers, &packet.name_servers, &packet.additional_records] {
        assert_eq!(records[0].name.to_string(), "poisoned.example");
    }
    let answers = ask(&mut aws, Protocol::Udp, &query("www.example.com", 6));
    let packet = parse(&answers[0]);
    let of = |record: &simple_dns::ResourceRecord<'_>| {
        (record.name.to_string(), record.rdata.type_code())
    };
    let authority: Vec<_> = packet.name_servers.iter().map(of).collect();
    let expected = [
        ("poisoned.example", TYPE::SOA),
        ("poisoned.example", TYPE::NS),
        ("example.com", TYPE::SOA),
    ];
    assert_eq!(authority, expected.map(|(name, record_type)| (name.to_owned(), record_type)));
}

#[test]
fn a_fault_is_restricted_to_a_resolver_a_protocol_a_name_and_a_type() {
    let fails = |fault: DnsFault, resolver, protocol, name, record_type| {
        let (mut aws, _) = example();
        aws.dns.faults.add(fault);
        aws.answer_dns(resolver, protocol, &query(name, record_type), at(0)) == Reply::Silence
    };
    let silence = || DnsFault::new(DnsFaultKind::Silence);
    let all = silence().of(resolver(1)).over(Protocol::Udp).on("WWW.example.com.").asking("A");
    let asked = |resolver, protocol, name, record_type| {
        fails(all.clone(), resolver, protocol, name, record_type)
    };
    assert!(asked(resolver(1), Protocol::Udp, "www.example.com", 1));
    assert!(!asked(resolver(2), Protocol::Udp, "www.example.com", 1));
    assert!(!asked(resolver(1), Protocol::Tcp, "www.example.com", 1));
    assert!(!asked(resolver(1), Protocol::Udp, "a.www.example.com", 1));
    assert!(!asked(resolver(1), Protocol::Udp, "www.example.com", 28));
    assert!(fails(silence(), resolver(2), Protocol::Tcp, "example.com", 28));
}

#[test]
fn a_fault_starts_after_some_questions_and_ends_after_others_or_at_a_time() {
    let (mut aws, _) = example();
    let silence = || DnsFault::new(DnsFaultKind::Silence);
    let mut failing = |fault: DnsFault| -> Vec<i64> {
        aws.dns.faults.clear();
        aws.dns.faults.add(fault);
        let mut fails = |second| {
            let message = query("www.example.com", 1);
            aws.answer_dns(resolver(1), Protocol::Udp, &message, at(second)) == Reply::Silence
        };
        (0..6).filter(|second| fails(*second)).collect()
    };
    assert_eq!(failing(silence().times(2)), [0, 1]);
    assert_eq!(failing(silence().after(1).times(3)), [1, 2, 3]);
    assert_eq!(failing(silence().until(at(4))), [0, 1, 2, 3]);
}

#[test]
fn every_question_that_was_read_is_listed() {
    let (mut aws, _) = example();
    aws.answer_dns(resolver(3), Protocol::Tcp, &query("WWW.example.com", 257), at(7));
    let [question] = aws.questions() else { panic!("one question") };
    assert_eq!(
        (question.at, question.resolver, question.protocol),
        (at(7), resolver(3), Protocol::Tcp)
    );
    assert_eq!(
        (question.name.to_string().as_str(), question.record_type.as_str()),
        ("www.example.com.", "CAA")
    );
    assert_eq!(
        (question.rcode, question.truncated, question.fault),
        (Some(Rcode::NoError), false, None)
    );
}
