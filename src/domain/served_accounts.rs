//! Which accounts the function serves besides its own.

use crate::domain::arn::is_account;

/// The accounts that the function serves besides its own.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ServedAccounts {
    /// Every account that has the role. Sweeps do not know these, and visit none.
    Any,
    /// The active accounts of the organization.
    Organization,
    /// These, by their ids.
    These(Vec<String>),
}

impl ServedAccounts {
    /// Reads `organization`, or ids of accounts that are separated by commas.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "organization" {
            return Some(Self::Organization);
        }
        let accounts = text.split(',').map(str::trim).filter(|account| !account.is_empty());
        let accounts = accounts.map(|it| is_account(it).then(|| it.to_owned()));
        let accounts: Vec<_> = accounts.collect::<Option<_>>()?;
        Some(if accounts.is_empty() { Self::Any } else { Self::These(accounts) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_listed_or_those_of_the_organization() {
        let these = |accounts: &[&str]| {
            ServedAccounts::These(accounts.iter().copied().map(str::to_owned).collect())
        };
        for (text, served) in [
            ("organization", Some(ServedAccounts::Organization)),
            ("111122223333", Some(these(&["111122223333"]))),
            ("111122223333, 444455556666,", Some(these(&["111122223333", "444455556666"]))),
            (",", Some(ServedAccounts::Any)),
            ("Organization", None),
            ("organization,111122223333", None),
            ("1111", None),
        ] {
            assert_eq!(ServedAccounts::parse(text), served, "{text}");
        }
    }
}
