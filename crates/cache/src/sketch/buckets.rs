//! Which bucket a number falls into, and what a bucket stands for. Counting is done elsewhere.

/// Each power of two is cut into so many parts.
const PARTS: u64 = 1 << PART_BITS;
const PART_BITS: u32 = 5;

/// Numbers from 2 to this power on share the last bucket: in nanoseconds, 39 hours.
const MAX_BITS: u32 = 47;

/// How many buckets there are.
pub(super) const BUCKETS: usize = ((MAX_BITS - PART_BITS + 1) as u64 * PARTS) as usize;

/// Returns the bucket of a number.
pub(super) fn bucket(number: u64) -> usize {
    if number < PARTS {
        return number as usize;
    }
    let power = number.ilog2();
    if power >= MAX_BITS {
        return BUCKETS - 1;
    }
    let part = (number >> (power - PART_BITS)) - PARTS;
    (u64::from(power - PART_BITS + 1) * PARTS + part) as usize
}

/// Returns the smallest number of a bucket and the smallest above it.
pub(super) fn bounds(bucket: usize) -> (u64, u64) {
    let (row, part) = (bucket as u64 / PARTS, bucket as u64 % PARTS);
    match row.checked_sub(1) {
        None => (part, part + 1),
        Some(shift) => ((PARTS + part) << shift, (PARTS + part + 1) << shift),
    }
}

/// Returns the number that a bucket is read as: its middle, from which none of its numbers is further than 1/64 of itself.
pub(super) fn middle(bucket: usize) -> u64 {
    let (low, high) = bounds(bucket);
    low + (high - low) / 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_number_lies_within_its_bucket_and_near_its_middle(number in 0u64..1 << MAX_BITS) {
            let (low, high) = bounds(bucket(number));
            prop_assert!(low <= number && number < high);
            prop_assert!(middle(bucket(number)).abs_diff(number) as f64 <= number as f64 / 64.0);
        }

        #[test]
        fn larger_numbers_never_have_smaller_buckets(one: u64, other: u64) {
            let (small, large) = (one.min(other), one.max(other));
            prop_assert!(bucket(small) <= bucket(large) && bucket(large) < BUCKETS);
        }
    }

    #[test]
    fn buckets_follow_each_other_without_a_gap() {
        assert!((1..BUCKETS).all(|bucket| bounds(bucket - 1).1 == bounds(bucket).0));
        assert_eq!(bounds(BUCKETS - 1).1, 1 << MAX_BITS);
    }
}
