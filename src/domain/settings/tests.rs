use super::*;

const ROLE: &str = "arn:aws:iam::111122223333:role/scheduler";

fn read(vars: &[(&str, &str)]) -> Result<Settings, String> {
    let var = |name: &str| {
        let found = vars.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Settings::from_vars(var).map_err(|error| error.to_string())
}

fn read_with(name: &str, value: &str) -> Result<Settings, String> {
    read(&[("SCHEDULE_GROUP", "checks"), ("SCHEDULE_ROLE_ARN", ROLE), (name, value)])
}

#[test]
fn two_settings_are_enough() {
    let settings = read(&[("SCHEDULE_GROUP", "checks"), ("SCHEDULE_ROLE_ARN", ROLE)]);
    let expected = Settings {
        schedule_group: "checks".to_owned(),
        schedule_role_arn: ROLE.to_owned(),
        schedule_dead_letter_queue_arn: None,
        queue_arn: None,
        event_bus: Some("default".to_owned()),
        hosted_zone_role_arns: Vec::new(),
        certificate_role_name: None,
        accounts: ServedAccounts::Any,
        organization_role_arn: None,
        hosted_zone_tag: None,
        hosted_zone_accounts_tag: None,
        policy: Policy::default(),
        regions: Vec::new(),
        record_ttl: 300,
        dns_resolvers: Resolvers::System,
        dry_run: false,
    };
    assert_eq!(settings, Ok(expected));
}

#[test]
fn everything_wrong_is_named_in_one_message() {
    let error = read(&[
        ("SCHEDULE_GROUP", "a b"),
        ("SCHEDULE_DEAD_LETTER_QUEUE_ARN", "letters"),
        ("QUEUE_ARN", "queue"),
        ("EVENT_BUS", "my bus"),
        ("HOSTED_ZONE_ROLE_ARNS", "dns"),
        ("CERTIFICATE_ROLE_NAME", "/x"),
        ("ACCOUNTS", "111122223333, 42"),
        ("HOSTED_ZONE_TAG", "dns"),
        ("CERTIFICATE_TAG", "=x"),
        ("ALLOWED_DOMAINS", "*.example.com"),
        ("REGIONS", "europe"),
        ("RECORD_TTL", "-1"),
        ("DNS_RESOLVERS", "dns.example"),
        ("DRY_RUN", "yes"),
    ])
    .expect_err("nothing here is right");
    for name in [
        "SCHEDULE_GROUP is `a b` but must be a schedule group's name",
        "SCHEDULE_ROLE_ARN is not set but must be the ARN of an IAM role",
        "SCHEDULE_DEAD_LETTER_QUEUE_ARN is `letters` but must be the ARN of an SQS queue",
        "QUEUE_ARN is `queue` but must be the ARN of an SQS queue",
        "EVENT_BUS is",
        "HOSTED_ZONE_ROLE_ARNS is",
        "CERTIFICATE_ROLE_NAME is",
        "ACCOUNTS is `111122223333, 42` but must be account ids of twelve digits",
        "HOSTED_ZONE_TAG is `dns` but must be key=value",
        "CERTIFICATE_TAG is",
        "ALLOWED_DOMAINS is",
        "REGIONS is",
        "RECORD_TTL is `-1` but must be whole seconds from 0 to 2147483647",
        "DNS_RESOLVERS is `dns.example` but must be IP addresses",
        "DRY_RUN is `yes` but must be `true` or `false`",
    ] {
        assert!(error.contains(name), "{name} not in: {error}");
    }
}

#[test]
fn accounts_without_a_role_for_them_are_an_error() {
    let error = read_with("ACCOUNTS", "111122223333").expect_err("no role is set");
    assert!(error.contains("ACCOUNTS is set but CERTIFICATE_ROLE_NAME is not"), "{error}");
}

#[test]
fn an_empty_variable_is_one_that_is_not_set() {
    assert_eq!(read_with("RECORD_TTL", " ").map(|settings| settings.record_ttl), Ok(300));
    assert!(read(&[("SCHEDULE_GROUP", ""), ("SCHEDULE_ROLE_ARN", ROLE)]).is_err());
}

#[test]
fn the_bus_none_publishes_nothing() {
    let bus = |text| read_with("EVENT_BUS", text).map(|settings| settings.event_bus);
    assert_eq!(bus("none"), Ok(None));
    assert_eq!(bus("ours"), Ok(Some("ours".to_owned())));
    let arn = "arn:aws:events:eu-west-1:111122223333:event-bus/ours";
    assert_eq!(bus(arn), Ok(Some(arn.to_owned())));
}

#[test]
fn resolvers_are_given_or_never_asked() {
    let resolvers = |text| read_with("DNS_RESOLVERS", text).map(|settings| settings.dns_resolvers);
    assert_eq!(resolvers(""), Ok(Resolvers::System));
    assert_eq!(resolvers("none"), Ok(Resolvers::Never));
    let given = ["192.0.2.1:53", "[2001:db8::1]:5353"].map(|it| it.parse().expect("an address"));
    assert_eq!(resolvers("192.0.2.1,[2001:db8::1]:5353"), Ok(Resolvers::Given(given.to_vec())));
}

#[test]
fn lists_are_separated_by_commas() {
    let domains =
        read_with("ALLOWED_DOMAINS", " Example.com., internal ,").map(|s| s.policy.allowed_domains);
    assert_eq!(domains, Ok(vec![DomainName::new("example.com"), DomainName::new("internal")]));
    let regions = read_with("REGIONS", "eu-west-1,us-gov-west-1").map(|s| s.regions);
    assert_eq!(regions, Ok(vec!["eu-west-1".to_owned(), "us-gov-west-1".to_owned()]));
}

#[test]
fn a_tag_may_have_an_equals_sign_in_its_value_or_none_at_all() {
    let tag = |text| read_with("HOSTED_ZONE_TAG", text).map(|s| s.hosted_zone_tag);
    let is =
        |key: &str, value: &str| Ok(Some(Tag { key: key.to_owned(), value: value.to_owned() }));
    assert_eq!(tag("team:dns=a=b"), is("team:dns", "a=b"));
    assert_eq!(tag("dns="), is("dns", ""));
}

#[test]
fn the_tag_for_accounts_is_a_key_and_no_pair() {
    let key = |text: &str| {
        let settings = read_with("HOSTED_ZONE_ACCOUNTS_TAG", text);
        settings.map(|settings| settings.hosted_zone_accounts_tag)
    };
    assert_eq!(key(""), Ok(None));
    assert_eq!(key(" team:certificate accounts "), Ok(Some("team:certificate accounts".into())));
    for wrong in ["accounts=777788889999".to_owned(), "a".repeat(129)] {
        let error = key(&wrong).expect_err(&wrong);
        assert!(
            error.contains("HOSTED_ZONE_ACCOUNTS_TAG is") && error.contains("the key of a tag")
        );
    }
}
