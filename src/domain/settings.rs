//! The settings: environment variables, read once at cold start.

use std::fmt;

use crate::domain::arn::{is_queue, is_region, role_account};
use crate::domain::name::DomainName;
use crate::domain::policy::Policy;
use crate::domain::resolvers::Resolvers;
use crate::domain::served_accounts::ServedAccounts;
use crate::domain::tag::Tag;

/// Every setting, checked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settings {
    /// `SCHEDULE_GROUP`: the schedule group that holds the scheduled checks.
    pub schedule_group: String,
    /// `SCHEDULE_ROLE_ARN`: the role EventBridge Scheduler assumes to invoke the function.
    pub schedule_role_arn: String,
    /// `SCHEDULE_DEAD_LETTER_QUEUE_ARN`: the queue for scheduled checks that could not be delivered.
    pub schedule_dead_letter_queue_arn: Option<String>,
    /// `QUEUE_ARN`: the queue whose messages the function answers. The checks of certificates that it
    /// hears of through this queue return to it.
    pub queue_arn: Option<String>,
    /// `EVENT_BUS`: name or ARN of the bus for the function's events; `None` publishes nothing.
    pub event_bus: Option<String>,
    /// `HOSTED_ZONE_ROLE_ARNS`: roles to assume for hosted zones of other accounts.
    pub hosted_zone_role_arns: Vec<String>,
    /// `CERTIFICATE_ROLE_NAME`: role to assume in a certificate's account when it is not
    /// the function's own.
    pub certificate_role_name: Option<String>,
    /// `ACCOUNTS`: accounts served besides the function's own.
    pub accounts: ServedAccounts,
    /// `ORGANIZATION_ROLE_ARN`: role to assume for asking which accounts the organization has.
    pub organization_role_arn: Option<String>,
    /// `HOSTED_ZONE_TAG`: the tag that a hosted zone must have.
    pub hosted_zone_tag: Option<Tag>,
    /// `HOSTED_ZONE_ACCOUNTS_TAG`: the key of the tag that lists the accounts whose certificates may have
    /// records in a hosted zone; `None` sets no such limit.
    pub hosted_zone_accounts_tag: Option<String>,
    /// Which certificates the function serves.
    ///
    /// `CERTIFICATE_TAG`: the tag that a certificate must have.
    ///
    /// `ALLOWED_DOMAINS`: a name must be one of these or lie under one; empty allows all.
    pub policy: Policy,
    /// `REGIONS`: regions to sweep; empty means the function's own.
    pub regions: Vec<String>,
    /// `RECORD_TTL`: seconds that a resolver may cache a record of the function.
    pub record_ttl: i64,
    /// `DNS_RESOLVERS`: the recursive resolvers that are asked what public DNS says.
    pub dns_resolvers: Resolvers,
    /// `DRY_RUN`: describe, plan and report; write and schedule nothing.
    pub dry_run: bool,
}

/// Every setting that is missing or wrong, one sentence each.
#[derive(Debug, Eq, PartialEq)]
pub struct Misconfigured(Vec<String>);

impl Misconfigured {
    /// Combines two results: both values, or everything that is wrong with either.
    ///
    /// # Errors
    ///
    /// [`Misconfigured`] if one of them is.
    pub fn both<A, B>(one: Result<A, Self>, other: Result<B, Self>) -> Result<(A, B), Self> {
        match (one, other) {
            (Ok(one), Ok(other)) => Ok((one, other)),
            (Err(one), Err(other)) => Err(Self([one.0, other.0].concat())),
            (Err(wrong), _) | (_, Err(wrong)) => Err(wrong),
        }
    }
}

impl std::error::Error for Misconfigured {}

impl fmt::Display for Misconfigured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the function's environment variables need attention: {}", self.0.join("; "))
    }
}

impl Settings {
    /// Reads every setting by its name. An empty variable counts as not set, since templates pass
    /// empty strings for parameters that were left out.
    ///
    /// # Errors
    ///
    /// [`Misconfigured`], which names every variable that needs attention, not just the first.
    pub fn from_vars(var: impl Fn(&str) -> Option<String>) -> Result<Self, Misconfigured> {
        let mut read = Reader::new(var);
        let settings = Self {
            schedule_group: read.required("SCHEDULE_GROUP", "a schedule group's name", |text| {
                let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
                ((1..=64).contains(&text.len()) && text.bytes().all(legal)).then(|| text.to_owned())
            }),
            schedule_role_arn: read.required("SCHEDULE_ROLE_ARN", "the ARN of an IAM role", role),
            schedule_dead_letter_queue_arn: read.optional(
                "SCHEDULE_DEAD_LETTER_QUEUE_ARN",
                "the ARN of an SQS queue",
                queue,
            ),
            queue_arn: read.optional("QUEUE_ARN", "the ARN of an SQS queue", queue),
            event_bus: read
                .optional("EVENT_BUS", "a bus's name or ARN, or `none`", |text| {
                    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"/.-_:".contains(&byte);
                    (text.len() <= 1600 && text.bytes().all(legal)).then(|| text.to_owned())
                })
                .or_else(|| Some("default".to_owned()))
                .filter(|bus| bus != "none"),
            hosted_zone_role_arns: read.list(
                "HOSTED_ZONE_ROLE_ARNS",
                "ARNs of IAM roles, separated by commas",
                role,
            ),
            certificate_role_name: read.optional(
                "CERTIFICATE_ROLE_NAME",
                "an IAM role's name, with its path if it has one",
                |text| {
                    let arn = format!("arn:aws:iam::000000000000:role/{text}");
                    (!text.starts_with('/') && role_account(&arn).is_some())
                        .then(|| text.to_owned())
                },
            ),
            accounts: read
                .optional(
                    "ACCOUNTS",
                    "account ids of twelve digits, separated by commas, or `organization`",
                    ServedAccounts::parse,
                )
                .unwrap_or(ServedAccounts::Any),
            organization_role_arn: read.optional(
                "ORGANIZATION_ROLE_ARN",
                "the ARN of an IAM role",
                role,
            ),
            hosted_zone_tag: read.optional("HOSTED_ZONE_TAG", "key=value", tag),
            hosted_zone_accounts_tag: read.optional(
                "HOSTED_ZONE_ACCOUNTS_TAG",
                "the key of a tag, of 128 characters at most, without `=` and a value",
                |text| {
                    (text.chars().count() <= 128 && !text.contains('=')).then(|| text.to_owned())
                },
            ),
            policy: Policy {
                certificate_tag: read.optional("CERTIFICATE_TAG", "key=value", tag),
                allowed_domains: read.list(
                    "ALLOWED_DOMAINS",
                    "domains such as example.com, without wildcards, separated by commas",
                    domain,
                ),
            },
            regions: read.list(
                "REGIONS",
                "regions such as eu-west-1, separated by commas",
                |text| is_region(text).then(|| text.to_owned()),
            ),
            // https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html
            record_ttl: read
                .optional("RECORD_TTL", "whole seconds from 0 to 2147483647", |text| {
                    text.parse().ok().filter(|ttl| (0..=i64::from(i32::MAX)).contains(ttl))
                })
                .unwrap_or(300),
            dns_resolvers: read
                .optional(
                    "DNS_RESOLVERS",
                    "IP addresses, each with a port if it is not 53, separated by commas, or `none`",
                    Resolvers::parse,
                )
                .unwrap_or(Resolvers::System),
            dry_run: read
                .optional("DRY_RUN", "`true` or `false`", |text| text.parse().ok())
                .unwrap_or(false),
        };
        if settings.accounts != ServedAccounts::Any && settings.certificate_role_name.is_none() {
            read.wrong.push("ACCOUNTS is set but CERTIFICATE_ROLE_NAME is not".to_owned());
        }
        read.finish().map(|()| settings)
    }

    /// Whether the tags of hosted zones decide anything.
    pub fn reads_zone_tags(&self) -> bool {
        self.hosted_zone_tag.is_some() || self.hosted_zone_accounts_tag.is_some()
    }
}

/// Reads variables and collects what is wrong with them.
pub(crate) struct Reader<F> {
    var: F,
    wrong: Vec<String>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    pub(crate) fn new(var: F) -> Self {
        Self { var, wrong: Vec::new() }
    }

    /// Fails if a variable was missing or wrong.
    pub(crate) fn finish(self) -> Result<(), Misconfigured> {
        if self.wrong.is_empty() { Ok(()) } else { Err(Misconfigured(self.wrong)) }
    }

    pub(crate) fn optional<T>(
        &mut self,
        name: &str,
        shape: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = (self.var)(name)?;
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let parsed = parse(text);
        if parsed.is_none() {
            self.wrong.push(format!("{name} is `{}` but must be {shape}", text.escape_debug()));
        }
        parsed
    }

    pub(crate) fn required(
        &mut self,
        name: &str,
        shape: &str,
        parse: impl Fn(&str) -> Option<String>,
    ) -> String {
        let found = self.wrong.len();
        let parsed = self.optional(name, shape, parse);
        if parsed.is_none() && self.wrong.len() == found {
            self.wrong.push(format!("{name} is not set but must be {shape}"));
        }
        parsed.unwrap_or_default()
    }

    fn list<T>(&mut self, name: &str, shape: &str, parse: impl Fn(&str) -> Option<T>) -> Vec<T> {
        self.optional(name, shape, |text| {
            text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(&parse).collect()
        })
        .unwrap_or_default()
    }
}

fn queue(text: &str) -> Option<String> {
    is_queue(text).then(|| text.to_owned())
}

fn role(text: &str) -> Option<String> {
    role_account(text).is_some().then(|| text.to_owned())
}

fn tag(text: &str) -> Option<Tag> {
    let (key, value) = text.split_once('=')?;
    (!key.is_empty()).then(|| Tag { key: key.to_owned(), value: value.to_owned() })
}

fn domain(text: &str) -> Option<DomainName> {
    let legal = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let name = DomainName::new(text);
    name.as_str().split('.').all(legal).then_some(name)
}

#[cfg(test)]
mod tests;
