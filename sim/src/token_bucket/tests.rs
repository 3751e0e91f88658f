//! Token buckets: capacity and refill.

use chrono::{DateTime, TimeDelta};

use super::TokenBucket;

#[test]
fn a_bucket_starts_full_and_refills_to_the_millisecond() {
    let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let mut bucket = TokenBucket::new(5, 10);
    assert!((0..5).all(|_| bucket.take(1, start)));
    assert!(!bucket.take(1, start));
    assert!(!bucket.take(1, start + TimeDelta::milliseconds(99)));
    assert!(bucket.take(1, start + TimeDelta::milliseconds(100)));
    assert!(!bucket.take(1, start), "time that goes backwards adds no tokens");
    assert!(!bucket.take(6, start + TimeDelta::days(1)), "it holds no more than its capacity");
    assert!(bucket.take(5, start + TimeDelta::days(1)));
}

#[test]
fn frequent_calls_lose_no_fraction_of_a_token() {
    let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let mut bucket = TokenBucket::new(1, 1);
    assert!(bucket.take(1, start));
    let step = TimeDelta::microseconds(700);
    let refused = (1..).take_while(|call| !bucket.take(1, start + step * *call)).count();
    assert_eq!(refused, 1428, "1429 steps of 0.7 ms are the first that take a full second");
}
