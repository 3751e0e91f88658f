//! The CAA records of a name: which authorities may issue certificates for it.

use super::answer::{Data, Response};
use super::caa_record::Caa;
use crate::domain::name::DomainName;

/// The CAA records at a name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CaaSet {
    /// The name that has the records.
    pub name: DomainName,
    /// Where the records stand: the name itself, or the end of the aliases that begin at the name.
    pub owner: DomainName,
    /// The records, as they were answered. Empty if there are none.
    pub records: Vec<Caa>,
}

/// The CAA records of a name by the answer to the CAA question.
pub(super) fn set(name: &DomainName, response: &Response) -> CaaSet {
    let record = |data: &Data| match data {
        Data::Caa(record) => Some(record.clone()),
        _ => None,
    };
    let records = response.data.iter().filter_map(record).collect();
    CaaSet { name: name.clone(), owner: response.end.clone(), records }
}
