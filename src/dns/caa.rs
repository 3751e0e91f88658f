//! The CAA records of a name: which authorities may issue certificates for it.

use super::answer::{Data, Response};
use crate::domain::name::DomainName;
use crate::domain::zone::caa_record::CaaSet;

/// The CAA records of a name by the answer to the CAA question.
pub(super) fn set(name: &DomainName, response: &Response) -> CaaSet {
    let record = |data: &Data| match data {
        Data::Caa(record) => Some(record.clone()),
        _ => None,
    };
    let records = response.data.iter().filter_map(record).collect();
    CaaSet { name: name.clone(), owner: response.end.clone(), records }
}
