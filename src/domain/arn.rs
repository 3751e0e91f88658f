//! ARNs: those of certificates, functions, roles and queues.

use std::fmt;
use std::str::FromStr;

use crate::domain::text::quote;

/// The ARN of an ACM certificate:
/// `arn:aws:acm:eu-west-1:111122223333:certificate/12345678-1234-1234-1234-123456789012`.
///
/// The partition, account and region of every call to ACM come from here.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct CertificateArn {
    /// The partition, region and account of the certificate.
    pub scope: Scope,
    /// The last part of the ARN, a UUID.
    pub id: String,
}

/// The ARN of a Lambda function without a qualifier:
/// `arn:aws:lambda:eu-west-1:111122223333:function:acm-dns-validator`.
///
/// Schedules invoke the function by this ARN, whatever alias or version the invocation came by: the
/// schedule role may invoke no other.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FunctionArn {
    /// The partition, region and account of the function.
    pub scope: Scope,
    /// The function's name.
    pub name: String,
}

/// The partition, region and account of a resource.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Scope {
    /// `aws`, `aws-cn`, `aws-us-gov`, `aws-eusc`.
    pub partition: String,
    /// For example `eu-west-1`.
    pub region: String,
    /// Twelve digits.
    pub account: String,
}

/// A text is not the ARN that it should be.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{}` is not {what}", quote(text))]
pub struct NotAnArn {
    text: String,
    what: &'static str,
}

impl FromStr for CertificateArn {
    type Err = NotAnArn;

    fn from_str(text: &str) -> Result<Self, NotAnArn> {
        let parts = split(text, "acm").and_then(|(scope, resource)| {
            let id = resource.strip_prefix("certificate/").filter(|id| is_uuid(id))?;
            Some(Self { scope, id: id.to_owned() })
        });
        parts.ok_or_else(|| NotAnArn {
            text: text.to_owned(),
            what: "the ARN of an ACM certificate \
                   (arn:PARTITION:acm:REGION:ACCOUNT:certificate/UUID)",
        })
    }
}

impl fmt::Display for CertificateArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Scope { partition, region, account } = &self.scope;
        write!(f, "arn:{partition}:acm:{region}:{account}:certificate/{}", self.id)
    }
}

impl FromStr for FunctionArn {
    type Err = NotAnArn;

    fn from_str(text: &str) -> Result<Self, NotAnArn> {
        let parts = split(text, "lambda").and_then(|(scope, resource)| {
            // The qualifier, if there is one, is an alias, a version, or `$LATEST`.
            let name = resource.strip_prefix("function:")?.split(':').next()?;
            (!name.is_empty()).then(|| Self { scope, name: name.to_owned() })
        });
        parts
            .ok_or_else(|| NotAnArn { text: text.to_owned(), what: "the ARN of a Lambda function" })
    }
}

impl fmt::Display for FunctionArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Scope { partition, region, account } = &self.scope;
        write!(f, "arn:{partition}:lambda:{region}:{account}:function:{}", self.name)
    }
}

/// The account in the ARN of an IAM role, `arn:aws:iam::111122223333:role/name`, if it is one.
pub fn role_account(arn: &str) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    let [Some("arn"), Some(partition), Some("iam"), Some(""), Some(account), Some(resource)] =
        std::array::from_fn(|_| parts.next())
    else {
        return None;
    };
    let name = resource.strip_prefix("role/")?;
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-/".contains(&byte);
    (is_partition(partition)
        && is_account(account)
        && !name.is_empty()
        && !name.ends_with('/')
        && name.bytes().all(legal))
    .then_some(account)
}

/// Whether this is the ARN of an SQS queue: `arn:aws:sqs:eu-west-1:111122223333:certificates`.
pub fn is_queue(arn: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    split(arn, "sqs")
        .is_some_and(|(_, name)| (1..=80).contains(&name.len()) && name.bytes().all(legal))
}

/// Whether this has the shape of a region's name, such as `eu-west-1` or `us-gov-east-1`.
pub fn is_region(text: &str) -> bool {
    let Some((words, number)) = text.rsplit_once('-') else { return false };
    let word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    words.contains('-')
        && words.split('-').all(word)
        && (1..=2).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn split<'a>(arn: &'a str, service: &str) -> Option<(Scope, &'a str)> {
    let mut parts = arn.splitn(6, ':');
    let [Some("arn"), Some(partition), Some(found), Some(region), Some(account), Some(resource)] =
        std::array::from_fn(|_| parts.next())
    else {
        return None;
    };
    (found == service && is_partition(partition) && is_region(region) && is_account(account)).then(
        || {
            let [partition, region, account] = [partition, region, account].map(str::to_owned);
            (Scope { partition, region, account }, resource)
        },
    )
}

/// Whether this has the shape of a partition's name, such as `aws` or `aws-cn`.
pub fn is_partition(text: &str) -> bool {
    text.split('-').next() == Some("aws")
        && text.len() <= 20
        && text
            .split('-')
            .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()))
}

/// Whether this has the shape of an account's number: twelve digits.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_uuid(text: &str) -> bool {
    text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "12345678-1234-1234-1234-123456789012";

    #[test]
    fn certificates_of_every_partition_are_read() {
        for (partition, region) in [
            ("aws", "eu-west-1"),
            ("aws-cn", "cn-north-1"),
            ("aws-us-gov", "us-gov-west-1"),
            ("aws-eusc", "eusc-de-east-1"),
        ] {
            let text = format!("arn:{partition}:acm:{region}:111122223333:certificate/{ID}");
            let arn: CertificateArn = text.parse().expect(&text);
            assert_eq!(arn.to_string(), text);
            assert_eq!(
                (arn.scope.partition.as_str(), arn.scope.region.as_str()),
                (partition, region)
            );
        }
    }

    #[test]
    fn forged_arns_are_refused() {
        for text in [
            "",
            "certificate",
            &format!("arn:aws:iam:eu-west-1:111122223333:certificate/{ID}"),
            &format!("arn:gcp:acm:eu-west-1:111122223333:certificate/{ID}"),
            &format!("arn:aws-:acm:eu-west-1:111122223333:certificate/{ID}"),
            &format!("arn:aws:acm::111122223333:certificate/{ID}"),
            &format!("arn:aws:acm:evil.org/:111122223333:certificate/{ID}"),
            &format!("arn:aws:acm:eu-1:111122223333:certificate/{ID}"),
            &format!("arn:aws:acm:eu-west-1:11112222333:certificate/{ID}"),
            &format!("arn:aws:acm:eu-west-1:11112222333x:certificate/{ID}"),
            &format!("arn:aws:acm:eu-west-1:111122223333:certificate/{ID}0"),
            &format!("arn:aws:acm:eu-west-1:111122223333:certificate/{ID}/../x"),
            &format!("arn:aws:acm:eu-west-1:111122223333:acme-endpoint/{ID}"),
            "arn:aws:acm:eu-west-1:111122223333:certificate/12345678123412341234123456789012----",
            "arn:aws:acm:eu-west-1:111122223333:certificate/1234567g-1234-1234-1234-123456789012",
        ] {
            assert!(text.parse::<CertificateArn>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_refusal_shows_the_text_on_one_line_and_not_all_of_a_megabyte() {
        let error = "x\ny".repeat(1000).parse::<CertificateArn>().expect_err("no ARN").to_string();
        assert!(
            error.starts_with("`x\\ny") && error.len() < 400 && !error.contains('\n'),
            "{error}"
        );
    }

    #[test]
    fn a_function_is_one_whatever_alias_or_version_it_is_invoked_by() {
        const FUNCTION: &str = "arn:aws:lambda:eu-west-1:111122223333:function:f";
        for qualifier in ["", ":live", ":7", ":$LATEST"] {
            let arn: FunctionArn = format!("{FUNCTION}{qualifier}").parse().expect(qualifier);
            let Scope { region, account, .. } = &arn.scope;
            assert_eq!((region.as_str(), account.as_str()), ("eu-west-1", "111122223333"));
            assert_eq!(arn.to_string(), FUNCTION);
        }
        for text in [
            "arn:aws:lambda:eu-west-1:111122223333:layer:x",
            "arn:aws:lambda:eu-west-1:111122223333:function:",
        ] {
            assert!(text.parse::<FunctionArn>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_queue_is_told_from_other_arns() {
        assert!(is_queue("arn:aws:sqs:eu-west-1:111122223333:certificates"));
        for text in [
            "arn:aws:sqs:eu-west-1:111122223333:",
            "arn:aws:sqs:eu-west-1:111122223333:a/b",
            "arn:aws:sns:eu-west-1:111122223333:certificates",
            "certificates",
        ] {
            assert!(!is_queue(text), "{text}");
        }
    }

    #[test]
    fn a_role_is_told_from_other_arns() {
        assert_eq!(role_account("arn:aws:iam::111122223333:role/path/dns"), Some("111122223333"));
        for text in [
            "arn:aws:iam::111122223333:user/dns",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::111122223333:role/a b",
            "arn:aws:iam:eu-west-1:111122223333:role/dns",
            "arn:aws:iam::1111:role/dns",
            "dns",
        ] {
            assert_eq!(role_account(text), None, "{text}");
        }
    }
}
