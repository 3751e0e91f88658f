//! The places of the function: every region of every account that it serves.

use std::collections::BTreeSet;
use std::slice;

use crate::domain::arn::Scope;
use crate::domain::served_accounts::ServedAccounts;
use crate::flows::context::Context;
use crate::flows::deadline::Deadline;
use crate::flows::error::Error;

/// Every region of every account, once each: the function's own account first, then the others by their
/// ids.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) places: Vec<Scope>,
    /// Why the accounts of the organization are not among them.
    pub(super) error: Option<Error>,
}

/// The places of the function's own account and, if there is a role for them, of the accounts of the
/// setting `ACCOUNTS` and of these `accounts`.
///
/// If the accounts of the organization cannot be listed by `deadline`, the others are there all the same.
pub(super) async fn places(
    context: &Context,
    ours: &Scope,
    accounts: &[String],
    deadline: &Deadline,
) -> Places {
    let settings = &context.settings;
    let mut others: BTreeSet<String> = accounts.iter().cloned().collect();
    let mut error = None;
    match &settings.accounts {
        ServedAccounts::Any => {}
        ServedAccounts::Organization => match context.active_accounts(deadline).await {
            Ok(accounts) => others.extend(accounts),
            Err(cause) => error = Some(cause),
        },
        ServedAccounts::These(accounts) => others.extend(accounts.iter().cloned()),
    }
    others.remove(&ours.account);
    if settings.certificate_role_name.is_none() {
        others.clear();
    }
    let regions = match settings.regions.as_slice() {
        [] => slice::from_ref(&ours.region),
        regions => regions,
    };
    let mut known = BTreeSet::new();
    let regions: Vec<_> = regions.iter().filter(|region| known.insert(*region)).collect();
    let place = |account: &String, region: &String| Scope {
        partition: ours.partition.clone(),
        region: region.clone(),
        account: account.clone(),
    };
    let places = std::iter::once(&ours.account)
        .chain(&others)
        .flat_map(|account| regions.iter().map(move |region| place(account, region)))
        .collect();
    Places { places, error }
}

/// Those of these places that come after this region of this account, also if it is none of them: accounts
/// come and go.
pub(super) fn places_after(places: Vec<Scope>, account: &str, region: &str) -> Vec<Scope> {
    let Some(ours) = places.first().map(|place| place.account.clone()) else { return places };
    let is_same = |place: &Scope| place.account == account && place.region == region;
    if let Some(index) = places.iter().position(is_same) {
        return places.into_iter().skip(index + 1).collect();
    }
    // The place itself is not there: all regions of the account, and the accounts after it.
    let is_before =
        |place: &Scope| account != ours && (place.account == ours || *place.account < *account);
    places.into_iter().skip_while(is_before).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(accounts: &[&str]) -> Vec<Scope> {
        let place = |account: &&str, region: &str| Scope {
            partition: "aws".to_owned(),
            region: region.to_owned(),
            account: (*account).to_owned(),
        };
        accounts.iter().flat_map(|it| [place(it, "b"), place(it, "a")]).collect()
    }

    #[track_caller]
    fn check(account: &str, region: &str, expected: &[(&str, &str)]) {
        let left = places_after(places(&["5", "2", "7"]), account, region);
        let left: Vec<_> =
            left.iter().map(|it| (it.account.as_str(), it.region.as_str())).collect();
        assert_eq!(left, expected);
    }

    #[test]
    fn what_comes_after_a_place_is_found_also_if_the_place_is_gone() {
        let all = [("5", "b"), ("5", "a"), ("2", "b"), ("2", "a"), ("7", "b"), ("7", "a")];
        check("5", "b", &all[1..]);
        check("5", "a", &all[2..]);
        check("2", "a", &all[4..]);
        check("7", "a", &[]);
        // The region is none that is swept any more.
        check("5", "c", &all);
        check("2", "c", &all[2..]);
        // The account has left.
        check("1", "a", &all[2..]);
        check("3", "a", &all[4..]);
        check("9", "a", &[]);
    }
}
