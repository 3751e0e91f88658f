//! Keeps overviews for a minute: a page that many people refresh costs no more calls than one.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::answer::Overview;
use crate::domain::arn::CertificateArn;

/// The overviews of the last minute, by the certificates that were asked for. They live as long as the
/// process.
#[derive(Debug, Default)]
pub struct Kept(Mutex<BTreeMap<Vec<CertificateArn>, Overview>>);

impl Kept {
    /// The overview of these certificates, with its age, if it is young enough at `now`.
    pub(super) fn get(&self, asked: &[CertificateArn], now: DateTime<Utc>) -> Option<Overview> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let overview = kept.get(asked)?;
        let age = age(overview, now)?;
        Some(Overview { age: age.num_seconds(), ..overview.clone() })
    }

    /// Keeps an overview, and forgets those that are too old.
    pub(super) fn put(&self, asked: &[CertificateArn], overview: &Overview) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, kept| age(kept, overview.at).is_some());
        if kept.len() < MOST {
            kept.insert(asked.to_vec(), overview.clone());
        }
    }
}

/// The age of an overview, if it is young enough. A clock that was set back makes it too old.
fn age(overview: &Overview, now: DateTime<Utc>) -> Option<TimeDelta> {
    let age = now - overview.at;
    (TimeDelta::zero() <= age && age < LONGEST).then_some(age)
}

/// How long an overview is given again. CloudWatch refreshes a dashboard every ten seconds at most often.
const LONGEST: TimeDelta = TimeDelta::seconds(60);

/// How many overviews are kept: one of everything, and those of a few choices.
const MOST: usize = 8;
