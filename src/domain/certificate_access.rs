//! Which credentials the function uses for the certificates of an account.

use crate::domain::access::Access;
use crate::domain::arn::Scope;
use crate::domain::served_accounts::ServedAccounts;

/// The function cannot access a certificate.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum OutOfReach {
    /// The certificate is in another account, and no role is configured for such accounts.
    #[error(
        "the certificate is in account {theirs}, and this function is in {ours}: set \
         CERTIFICATE_ROLE_NAME to the name of a role in {theirs} that the function may assume, or \
         deploy the function in {theirs}"
    )]
    Account {
        /// The account of the function.
        ours: String,
        /// The account of the certificate.
        theirs: String,
    },
    /// The certificate is in an account that does not belong to the organization, or is not active.
    #[error(
        "the certificate is in account {theirs}, which is no active account of the organization"
    )]
    NotAMember {
        /// The account of the certificate.
        theirs: String,
    },
    /// The certificate is in an account that is not among those that the function serves.
    #[error("the certificate is in account {theirs}, which is not in ACCOUNTS")]
    NotServed {
        /// The account of the certificate.
        theirs: String,
    },
    /// The certificate is in another partition. IAM roles do not work across partitions.
    #[error(
        "the certificate is in partition {theirs}, and no role of partition {ours} works there"
    )]
    Partition {
        /// The partition of the function.
        ours: String,
        /// The partition of the certificate.
        theirs: String,
    },
}

/// The credentials that a function in `ours` uses for the certificates in `theirs`: its own in
/// its own account, in others those of the role with this name, if the account is served.
///
/// `is_member` is whether the account is an active one of the organization. Where that is not known, IAM
/// decides: the account's role admits the function, or does not.
///
/// # Errors
///
/// [`OutOfReach`] if there are none.
pub fn certificate_access(
    ours: &Scope,
    theirs: &Scope,
    role_name: Option<&str>,
    accounts: &ServedAccounts,
    is_member: Option<bool>,
) -> Result<Access, OutOfReach> {
    let Scope { partition, account, .. } = theirs;
    match (role_name, accounts) {
        _ if *partition != ours.partition => {
            Err(OutOfReach::Partition { ours: ours.partition.clone(), theirs: partition.clone() })
        }
        _ if *account == ours.account => Ok(Access::Own),
        (Some(_), ServedAccounts::These(accounts)) if !accounts.contains(account) => {
            Err(OutOfReach::NotServed { theirs: account.clone() })
        }
        (Some(_), ServedAccounts::Organization) if is_member == Some(false) => {
            Err(OutOfReach::NotAMember { theirs: account.clone() })
        }
        (Some(role), _) => Ok(Access::Role(format!("arn:{partition}:iam::{account}:role/{role}"))),
        (None, _) => {
            Err(OutOfReach::Account { ours: ours.account.clone(), theirs: account.clone() })
        }
    }
}
