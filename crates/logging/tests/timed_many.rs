//! More operations than are counted one by one. Alone in its process: the others would be counted together with them.

use segno_logging::timing;

#[test]
fn operations_without_end_are_counted_together() {
    for number in 0..2 * timing::MAX_OPERATIONS {
        timing::time(Box::leak(format!("operation {number}").into_boxed_str()), || ());
    }
    let timings = timing::timings();
    assert_eq!(timings.len(), timing::MAX_OPERATIONS + 1);
    assert!(timing::of(timing::OTHERS).expect("they are counted, too").succeeded >= timing::MAX_OPERATIONS as u64);
}
