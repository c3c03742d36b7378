//! Searching and merging sorted lists where the place sought is likely near the beginning.

/// Up to here items are tried one by one: that is foreseeable, and faster than leaping while it is short.
const NEAR: usize = 16;

/// How many of the first items, that a test lets pass before all others, there are.
pub(crate) fn gallop<T>(items: &[T], passes: impl Fn(&T) -> bool) -> usize {
    let (near, far) = items.split_at(items.len().min(NEAR));
    if let Some(place) = near.iter().position(|item| !passes(item)) {
        return place;
    }
    let (mut known, mut step) = (0, NEAR);
    while far.get(known + step - 1).is_some_and(&passes) {
        known += step;
        step *= 2;
    }
    let rest = far.get(known..far.len().min(known + step)).unwrap_or_default();
    near.len() + known + rest.partition_point(passes)
}

/// Merges two sorted lists, the second the shorter. `before` tells of an item of the second which items of
/// the first come before it.
pub(crate) fn merge<T: Copy, P: Fn(&T) -> bool>(long: &[T], short: &[T], before: impl Fn(T) -> P) -> Vec<T> {
    let mut merged = Vec::with_capacity(long.len() + short.len());
    let mut rest = long;
    for item in short {
        let (first, later) = rest.split_at(gallop(rest, before(*item)));
        merged.extend_from_slice(first);
        merged.push(*item);
        rest = later;
    }
    merged.extend_from_slice(rest);
    merged
}

/// The same in the place of the first list; returns where the first change is.
pub(crate) fn merge_into<T: Copy, P: Fn(&T) -> bool>(long: &mut Vec<T>, short: &[T], before: impl Fn(T) -> P) -> usize {
    let mut places = Vec::with_capacity(short.len());
    let mut place = 0;
    for item in short {
        place += gallop(long.get(place..).unwrap_or_default(), before(*item));
        places.push(place);
    }
    let mut end = long.len();
    long.extend_from_slice(short);
    for (earlier, (item, place)) in short.iter().zip(&places).enumerate().rev() {
        long.copy_within(*place..end, place + earlier + 1);
        if let Some(cell) = long.get_mut(place + earlier) {
            *cell = *item;
        }
        end = *place;
    }
    end
}

/// Removes the items at some places, given ascending, each once.
pub(crate) fn remove_at<T: Copy>(items: &mut Vec<T>, places: &[usize]) {
    let ends = places.iter().copied().skip(1).chain([items.len()]);
    for (removed, (place, end)) in places.iter().zip(ends).enumerate() {
        items.copy_within(place + 1..end, place - removed);
    }
    items.truncate(items.len() - places.len());
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn merged_lists_are_sorted(mut long in vec(0u8..50, 0..200), mut short in vec(0u8..50, 0..20)) {
            long.sort_unstable();
            short.sort_unstable();
            let mut expected = [long.as_slice(), short.as_slice()].concat();
            expected.sort_unstable();
            let merged = merge(&long, &short, |item| move |other| *other <= item);
            prop_assert_eq!(&merged, &expected);
            let mut in_place = long.clone();
            let changed = merge_into(&mut in_place, &short, |item| move |other| *other <= item);
            prop_assert_eq!(&in_place, &expected);
            prop_assert_eq!(&in_place[..changed], &long[..changed]);
        }

        #[test]
        fn removed_places_are_gone(mut items in vec((any::<u8>(), any::<bool>()), 0..60)) {
            let places: Vec<usize> = (0..items.len()).filter(|place| items[*place].1).collect();
            let expected: Vec<_> = items.iter().copied().filter(|item| !item.1).collect();
            remove_at(&mut items, &places);
            prop_assert_eq!(items, expected);
        }

        #[test]
        fn galloping_finds_what_a_partition_point_is(mut items in vec(0u8..50, 0..200), limit in 0u8..50) {
            items.sort_unstable();
            prop_assert_eq!(gallop(&items, |item| *item < limit), items.partition_point(|item| *item < limit));
        }
    }
}
