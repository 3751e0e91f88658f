//! Waits for a moment.

use std::time::Duration;

/// Waits before the next call.
#[expect(
    clippy::disallowed_methods,
    reason = "this keeps a distance; it does not wait for AWS to get on"
)]
pub(super) async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}
