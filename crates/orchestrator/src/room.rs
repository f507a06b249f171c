//! Room for what nests deep: what goes down a tree of blocks does so on a stack that is as large as the tree is deep.

use std::panic::resume_unwind;
use std::thread;

/// How deep a tree may be that any thread's stack bears.
pub(crate) const SHALLOW: usize = 64;
/// What one level may take, in bytes: a build without optimization takes up to a third of it.
const LEVEL_BYTES: usize = 32 << 10;

/// No stack that is made is smaller than what a program begins with.
const LEAST_BYTES: usize = 8 << 20;

/// Returns how deep a tree is, without going down it; `each` shows what stands directly in a part.
pub(crate) fn depth<'t, T>(root: &'t T, each: impl Fn(&'t T, &mut dyn FnMut(&'t T))) -> usize {
    let mut deepest = 0;
    let mut open = vec![(root, 1)];
    while let Some((part, depth)) = open.pop() {
        deepest = deepest.max(depth);
        each(part, &mut |inner| open.push((inner, depth + 1)));
    }
    deepest
}

/// Does work that goes down a tree of this depth. A deep one gets a thread of its own, whose stack is only touched as far
/// as it is needed.
///
/// # Panics
/// When the work does, or when there is no room in memory for the stack.
pub(crate) fn with_room<T: Send>(depth: usize, work: impl FnOnce() -> T + Send) -> T {
    if depth <= SHALLOW {
        return work();
    }
    thread::scope(|scope| {
        let thread =
            thread::Builder::new().stack_size((depth * LEVEL_BYTES).max(LEAST_BYTES)).spawn_scoped(scope, work);
        let done = thread.expect("there is room for a stack").join();
        done.unwrap_or_else(|panic| resume_unwind(panic))
    })
}
