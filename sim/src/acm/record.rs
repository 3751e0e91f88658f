//! Derives the CNAME record that validates a name.

/// The name and the value of the CNAME record that validates `domain` for `account`, for example
/// `_<32 hex>.example.com.` and `_<32 hex>.<10 letters>.acm-validations.aws.`.
///
/// A domain has the same record in all regions of an account, and the record never changes. A wildcard
/// shares it with the name after its `*.`: <https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html>
pub fn validation_record(account: &str, domain: &str) -> (String, String) {
    let base = domain.strip_prefix("*.").unwrap_or(domain).trim_end_matches('.');
    let base = base.to_ascii_lowercase();
    let name = format!("_{}.{base}.", hex(account, &base, "name"));
    let (token, label) = (hex(account, &base, "value"), letters(account, &base));
    (name, format!("_{token}.{label}.acm-validations.aws."))
}

fn hex(account: &str, domain: &str, purpose: &str) -> String {
    let [first, second] = ["1", "2"].map(|half| fnv1a(&[account, domain, purpose, half]));
    format!("{first:016x}{second:016x}")
}

fn letters(account: &str, domain: &str) -> String {
    let mut hash = fnv1a(&[account, domain, "label"]);
    let letter = || {
        let letter = b'a' + u8::try_from(hash % 26).unwrap_or(0);
        hash /= 26;
        char::from(letter)
    };
    std::iter::repeat_with(letter).take(10).collect()
}

/// FNV-1a in 64 bits: the same on every machine and in every version of Rust, unlike the hashers of std.
fn fnv1a(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
