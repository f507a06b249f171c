//! Which calls are looked at more closely.

use std::cell::Cell;

thread_local! {
    /// Where this thread's numbers stand. They need not be unforeseeable, only without a rhythm: every sixty-fourth call
    /// of a loop over two keys would always be for the same one.
    static STATE: Cell<u32> = const { Cell::new(0x9e37_79b9) };
}

/// Returns whether this call is one of those that are sampled: one in `every`, none at 0, all at 1.
pub(super) fn is_sampled(every: u32) -> bool {
    match every {
        0 => false,
        1 => true,
        // Marsaglia's xorshift; a thread that ends has no state any more and is not sampled.
        every => STATE.try_with(|state| (u64::from(next(state)) * u64::from(every)) >> 32 == 0).unwrap_or(false),
    }
}

fn next(state: &Cell<u32>) -> u32 {
    let mut number = state.get();
    number ^= number << 13;
    number ^= number >> 17;
    number ^= number << 5;
    state.set(number);
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(every: u32, low: usize, high: usize) {
        let calls = 100_000;
        let sampled = (0..calls).filter(|_| is_sampled(every)).count();
        assert!((low..=high).contains(&sampled), "one in {every}: {sampled}");
    }

    #[test]
    fn about_one_call_in_so_many_is_sampled() {
        check(0, 0, 0);
        check(1, 100_000, 100_000);
        check(10, 9_500, 10_500);
        check(100, 850, 1_150);
        check(u32::MAX, 0, 1);
    }
}
