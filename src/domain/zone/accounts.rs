//! Decides for which accounts' certificates a hosted zone takes records.
//!
//! Whoever may request certificates in an account that the function serves would get every name in its
//! hosted zones validated. With `HOSTED_ZONE_ACCOUNTS_TAG` the owner of a zone says which accounts may.

use std::collections::BTreeMap;

use crate::domain::arn::is_account;
use crate::domain::problem::{Cause, Problem};
use crate::domain::text::{a_few, quote};
use crate::domain::zone::HostedZone;

/// The tag by which a hosted zone says for which accounts it takes records.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AccountsTag<'a> {
    /// Its key. The value lists account ids, separated by spaces.
    pub key: &'a str,
    /// The function's own account. It needs no tag.
    pub own_account: &'a str,
}

impl AccountsTag<'_> {
    /// Whether it depends on the tag if a zone takes records for certificates of this account.
    pub fn decides_for(&self, account: &str) -> bool {
        account != self.own_account
    }

    /// Why a zone with these tags takes no record for certificates of this account, if so.
    pub fn refusal(
        &self,
        account: &str,
        zone: &HostedZone,
        tags: &BTreeMap<String, String>,
    ) -> Option<Problem> {
        if !self.decides_for(account) {
            return None;
        }
        let Self { key, own_account } = self;
        let HostedZone { id, name, .. } = zone;
        let Some(value) = tags.get(*key) else {
            let message = format!(
                "hosted zone {id} ({name}) does not have the tag {key} (HOSTED_ZONE_ACCOUNTS_TAG), so it \
                 takes records for certificates of account {own_account} only: to allow account {account}, \
                 set that tag of the hosted zone to {account}"
            );
            return Some(Problem::new(Cause::NotAllowed, message));
        };
        let (accounts, wrong): (Vec<_>, Vec<_>) =
            value.split_whitespace().partition(|word| is_account(word));
        if accounts.contains(&account) {
            return None;
        }
        let remedy = match value.chars().count() + 1 + account.len() > LONGEST_VALUE {
            false => format!("to allow it, add {account} to the tag's value"),
            true => format!(
                "there is no room for another one, so a zone of its own has to hold the names of account \
                 {account}"
            ),
        };
        let wrong = match wrong.as_slice() {
            [] => String::new(),
            wrong => {
                let wrong: Vec<_> = wrong.iter().map(|word| format!("`{}`", quote(word))).collect();
                let wrong = a_few(&wrong, ", ");
                format!(
                    "; account ids of twelve digits, separated by spaces, count, and not {wrong}"
                )
            }
        };
        let message = format!(
            "the tag {key} (HOSTED_ZONE_ACCOUNTS_TAG) of hosted zone {id} ({name}) does not list account \
             {account}: {remedy}{wrong}"
        );
        Some(Problem::new(Cause::NotAllowed, message))
    }

    /// The problem that it is unknown whether a zone takes records for certificates of this account.
    pub fn unknown(account: &str, zone: &HostedZone, why: &Problem) -> Problem {
        let HostedZone { id, name, .. } = zone;
        let message = format!(
            "it is unknown whether hosted zone {id} ({name}) takes records for certificates of account \
             {account}: {}",
            why.message
        );
        Problem { message, ..why.clone() }
    }
}

/// The longest value of a tag. Source:
/// [Tag](https://docs.aws.amazon.com/Route53/latest/APIReference/API_Tag.html).
const LONGEST_VALUE: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "111122223333";
    const MEMBER: &str = "777788889999";

    /// Checks why a zone whose tag has this value takes no record of the member's account, if so.
    #[track_caller]
    fn check(value: Option<&str>, account: &str, expected: Option<&str>) {
        let rule = AccountsTag { key: "accounts", own_account: OWN };
        let tags = value.map(|value| ("accounts".to_owned(), value.to_owned()));
        let tags = tags.into_iter().chain([("other".to_owned(), MEMBER.to_owned())]).collect();
        let problem = rule.refusal(account, &HostedZone::public("Z1", "a.com"), &tags);
        match (&problem, expected) {
            (None, None) => {}
            (Some(problem), Some(words)) => {
                assert_eq!(problem.cause, Cause::NotAllowed);
                assert!(problem.message.contains(words), "{}", problem.message);
            }
            _ => panic!("{value:?}: {problem:?}"),
        }
    }

    #[test]
    fn the_accounts_of_the_tag_are_allowed_however_many_spaces_are_between_them() {
        for value in [MEMBER, "444455556666 777788889999", "  777788889999\t 444455556666  "] {
            check(Some(value), MEMBER, None);
        }
        check(
            Some("444455556666"),
            MEMBER,
            Some("does not list account 777788889999: to allow it"),
        );
    }

    #[test]
    fn without_the_tag_only_the_functions_own_account_is_allowed() {
        check(None, OWN, None);
        check(None, MEMBER, Some("takes records for certificates of account 111122223333 only"));
        check(Some(""), MEMBER, Some("add 777788889999 to the tag's value"));
    }

    #[test]
    fn the_functions_own_account_needs_no_place_in_the_list() {
        check(Some(MEMBER), OWN, None);
        check(Some("nonsense"), OWN, None);
    }

    #[test]
    fn what_is_no_account_allows_nobody_and_is_named() {
        for value in ["*", "7777-8888-9999", "777788889999,444455556666", "77778888999"] {
            check(Some(value), MEMBER, Some(&format!("and not `{value}`")));
        }
        check(Some("all 777788889999"), MEMBER, None);
        check(Some("a b c d e f g"), MEMBER, Some("`e`, and 2 more"));
    }

    #[test]
    fn a_tag_without_room_for_another_account_says_so() {
        let accounts = |count| vec!["444455556666"; count].join(" ");
        check(Some(&accounts(18)), MEMBER, Some("add 777788889999"));
        check(Some(&accounts(19)), MEMBER, Some("there is no room for another one"));
    }
}
