//! Where certificates come from: public ones, and the kinds that the function does not serve.

/// Where a certificate comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// Requested over ACME. ACM validates these by records of their own.
    Acme,
    /// Managed by CloudFront, validated over HTTP.
    CloudFront,
    /// Imported by its owner.
    Imported,
    /// Issued by a private authority.
    Private,
    /// A public certificate issued by Amazon: the kind that is validated.
    Public,
}
