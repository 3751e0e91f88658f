//! Packs things into as few parcels as their order allows, none too many or too large.

/// Packs things, each with its size, into parcels of at most `most` things whose sizes add up to at
/// most `largest`. A larger thing gets a parcel of its own.
pub(crate) fn pack<T>(
    things: impl IntoIterator<Item = (T, usize)>,
    most: usize,
    largest: usize,
) -> Vec<Vec<T>> {
    let mut parcels: Vec<Vec<T>> = Vec::new();
    let mut size = 0;
    for (thing, more) in things {
        match parcels.last_mut() {
            Some(parcel) if parcel.len() < most && size + more <= largest => {
                size += more;
                parcel.push(thing);
            }
            _ => {
                size = more;
                parcels.push(vec![thing]);
            }
        }
    }
    parcels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sizes: &[usize], expected: &[usize]) {
        let parcels = pack(sizes.iter().map(|size| ((), *size)), 10, 100);
        assert_eq!(parcels.iter().map(Vec::len).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_parcel_holds_so_many() {
        check(&[], &[]);
        check(&[1], &[1]);
        check(&[1; 25], &[10, 10, 5]);
    }

    #[test]
    fn a_parcel_is_no_larger() {
        check(&[50; 5], &[2, 2, 1]);
        check(&[1, 101, 1], &[1, 1, 1]);
    }
}
