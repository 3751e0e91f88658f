//! Splits requests into chunks that a service accepts in one call.

/// Splits items, each with its size, into chunks of at most `most` items whose sizes add up to at most
/// `largest`, in their order. A larger item gets a chunk of its own.
pub(super) fn chunks<T>(
    items: impl IntoIterator<Item = (T, usize)>,
    most: usize,
    largest: usize,
) -> Vec<Vec<T>> {
    let mut chunks: Vec<Vec<T>> = Vec::new();
    let mut total = 0;
    for (item, size) in items {
        match chunks.last_mut() {
            Some(chunk) if chunk.len() < most && total + size <= largest => {
                total += size;
                chunk.push(item);
            }
            _ => {
                total = size;
                chunks.push(vec![item]);
            }
        }
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sizes: &[usize], expected: &[usize]) {
        let chunks = chunks(sizes.iter().map(|size| ((), *size)), 10, 100);
        assert_eq!(chunks.iter().map(Vec::len).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_chunk_has_a_limited_number_of_items() {
        check(&[], &[]);
        check(&[1], &[1]);
        check(&[1; 25], &[10, 10, 5]);
    }

    #[test]
    fn a_chunk_has_a_limited_size() {
        check(&[50; 5], &[2, 2, 1]);
        check(&[1, 101, 1], &[1, 1, 1]);
    }
}
