//! The answers of Scheduler that are errors.

use crate::wire::Failure;

pub(super) fn invalid(message: &str) -> Failure {
    Failure::new(400, "ValidationException", message)
}

pub(super) fn not_modelled(what: &str) -> Failure {
    invalid(&format!("{what} is not modelled by this simulator"))
}

pub(super) fn missing(what: &str, name: &str) -> Failure {
    Failure::new(404, "ResourceNotFoundException", format!("{what} {name} does not exist."))
}

pub(super) fn exists(what: &str, name: &str) -> Failure {
    Failure::new(409, "ConflictException", format!("{what} {name} already exists."))
}
