//! The domain: values and decisions. Pure: no I/O, no clock, no environment, no AWS SDK.

pub mod access;
pub mod arn;
pub mod audit;
pub mod certificate;
pub mod certificate_access;
pub mod check_times;
pub mod conclusion;
pub mod name;
pub mod origin;
pub mod outcome;
pub mod plan;
pub mod policy;
pub mod problem;
pub mod record;
pub mod request;
pub mod resolvers;
pub mod served_accounts;
pub mod settings;
pub mod stop;
pub mod tag;
pub mod text;
pub mod zone;
