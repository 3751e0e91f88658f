use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{AccountState, Organizations};
use crate::call::Caller;
use crate::iam::Facts;
use crate::wire::Failure;

const MANAGEMENT: &str = "100000000000";
const MEMBER: &str = "100000000001";

fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

/// An organization of so many accounts besides that of its management.
fn organization(members: u64) -> Organizations {
    let mut organizations = Organizations::default();
    organizations.create(MANAGEMENT, start());
    for number in 1..=members {
        let account = (100_000_000_000 + number).to_string();
        organizations.join(&account, AccountState::Active, start());
    }
    organizations
}

struct Asks<'a>(&'a mut Organizations, &'a str);

impl Asks<'_> {
    fn at(&mut self, seconds: i64, operation: &str, body: &Value) -> Result<Value, Failure> {
        let caller = Caller { account: self.1.to_owned(), region: "us-east-1".to_owned() };
        let now = start() + TimeDelta::seconds(seconds);
        self.0.respond(operation, &caller, body.to_string().as_bytes(), now)
    }

    fn code(&mut self, operation: &str, body: &Value) -> String {
        self.at(0, operation, body).expect_err("a refusal").code
    }
}

#[test]
fn accounts_come_in_pages_of_at_most_twenty_in_every_state() {
    let mut organizations = organization(44);
    organizations.set_state(MEMBER, AccountState::Suspended);
    let mut asks = Asks(&mut organizations, MANAGEMENT);
    let (mut sizes, mut states, mut token) = (Vec::new(), Vec::new(), Value::Null);
    loop {
        let page = asks.at(0, "ListAccounts", &json!({"NextToken": token})).expect("a page");
        let accounts = page["Accounts"].as_array().expect("accounts");
        sizes.push(accounts.len());
        states.extend(accounts.iter().map(|account| account["State"].clone()));
        token = page["NextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(sizes, [20, 20, 5]);
    assert_eq!(states.iter().filter(|state| **state == "SUSPENDED").count(), 1);
    for refused in [json!({"MaxResults": 21}), json!({"MaxResults": 0}), json!({"NextToken": "x"})]
    {
        assert_eq!(asks.code("ListAccounts", &refused), "InvalidInputException", "{refused}");
    }
}

#[test]
fn only_the_management_account_and_delegated_administrators_may_ask() {
    let mut organizations = organization(1);
    assert_eq!(
        Asks(&mut organizations, MEMBER).code("ListAccounts", &json!({})),
        "AccessDeniedException"
    );
    let of = json!({"AccountId": MEMBER});
    assert_eq!(
        Asks(&mut organizations, MEMBER).code("DescribeAccount", &of),
        "AccessDeniedException"
    );
    organizations.delegate(MEMBER);
    assert!(Asks(&mut organizations, MEMBER).at(0, "ListAccounts", &json!({})).is_ok());
    let stranger = Asks(&mut organizations, "999999999999").code("ListAccounts", &json!({}));
    assert_eq!(stranger, "AWSOrganizationsNotInUseException");
    let none = Asks(&mut Organizations::default(), MANAGEMENT).code("ListAccounts", &json!({}));
    assert_eq!(none, "AWSOrganizationsNotInUseException");
}

#[test]
fn one_account_is_described_unless_it_is_none_of_the_organization() {
    let mut organizations = organization(1);
    let mut asks = Asks(&mut organizations, MANAGEMENT);
    let of = json!({"AccountId": MEMBER});
    let account = asks.at(0, "DescribeAccount", &of).expect("an account")["Account"].clone();
    assert_eq!((account["Id"].as_str(), account["State"].as_str()), (Some(MEMBER), Some("ACTIVE")));
    let arn = "arn:aws:organizations::100000000000:account/o-simulated0/100000000001";
    assert_eq!(account["Arn"], arn);
    organizations.leave(MEMBER);
    assert!(!organizations.is_active(MEMBER));
    let gone = Asks(&mut organizations, MANAGEMENT).code("DescribeAccount", &of);
    assert_eq!(gone, "AccountNotFoundException");
}

#[test]
fn iam_judges_a_description_by_the_account_and_a_list_by_nothing() {
    let organizations = organization(1);
    let caller = Caller { account: MANAGEMENT.to_owned(), region: "us-east-1".to_owned() };
    let of = json!({"AccountId": MEMBER}).to_string();
    let arn = "arn:aws:organizations::100000000000:account/o-simulated0/100000000001";
    let facts = organizations.facts("DescribeAccount", &caller, of.as_bytes());
    assert_eq!(facts, Some(Facts::On(arn.into())));
    assert_eq!(organizations.facts("ListAccounts", &caller, b"{}"), None);
}

#[test]
fn a_rate_that_is_exceeded_is_refused_until_it_recovers() {
    let mut organizations = organization(0);
    let mut asks = Asks(&mut organizations, MANAGEMENT);
    let admitted = (0..20).filter(|_| asks.at(0, "ListAccounts", &json!({})).is_ok()).count();
    assert_eq!(admitted, 10);
    assert_eq!(asks.code("ListAccounts", &json!({})), "TooManyRequestsException");
    assert!(asks.at(1, "ListAccounts", &json!({})).is_ok());
}

#[test]
fn a_request_for_another_region_than_that_of_the_endpoint_is_refused() {
    let mut organizations = organization(0);
    let caller = Caller { account: MANAGEMENT.to_owned(), region: "eu-west-1".to_owned() };
    let refused = organizations.respond("ListAccounts", &caller, b"{}", start());
    assert_eq!(refused.expect_err("a refusal").code, "InvalidSignatureException");
}
