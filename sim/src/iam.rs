//! What IAM evaluates: actions, the resources they are for, and condition keys.
//!
//! The simulator denies nothing by policy. It says what each call needs, so that a policy can be
//! checked against it. Source of actions, resources and condition keys:
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html>

use std::collections::BTreeMap;

use crate::service::Service;

/// One permission that a call needs.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct IamRequest {
    /// For example `route53:ChangeResourceRecordSets`.
    pub action: String,
    /// The ARNs that the action is for, or `*` for an action without resource types.
    pub resources: Vec<String>,
    /// The condition keys that AWS sets, besides those of every request.
    pub conditions: BTreeMap<String, Vec<String>>,
}

impl IamRequest {
    pub(crate) fn new(action: &str, resource: &str) -> Self {
        let (action, resources) = (action.to_owned(), vec![resource.to_owned()]);
        Self { action, resources, conditions: BTreeMap::new() }
    }

    pub(crate) fn with(mut self, key: &str, values: impl IntoIterator<Item = String>) -> Self {
        self.conditions.insert(key.to_owned(), values.into_iter().collect());
        self
    }
}

/// The permissions of a call in compact form, because every call of a long test is kept.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) enum Facts {
    /// No resource, no condition.
    #[default]
    Any,
    /// One resource, no condition.
    On(Box<str>),
    /// Any number of permissions.
    More(Box<[IamRequest]>),
}

/// The action of an operation. In every service here, action and operation have the same name.
pub(crate) fn action(service: Service, operation: &str) -> String {
    format!("{}:{operation}", service.iam_prefix())
}

/// The permission of a call for resources of its own service.
pub(crate) fn on(
    service: Service,
    operation: &str,
    resources: impl IntoIterator<Item = String>,
) -> IamRequest {
    let (action, resources) = (action(service, operation), resources.into_iter().collect());
    IamRequest { action, resources, conditions: BTreeMap::new() }
}
