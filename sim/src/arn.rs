//! What Amazon Resource Names have in common.

/// The partition that a region belongs to.
pub(crate) fn partition(region: &str) -> &'static str {
    match region.split('-').next() {
        Some("cn") => "aws-cn",
        Some("eusc") => "aws-eusc",
        Some("us") if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// The service in an ARN, for example `sqs`.
pub(crate) fn service(arn: &str) -> Option<&str> {
    arn.split(':').nth(2)
}
