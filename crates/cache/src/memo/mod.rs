//! Functions that remember: [`memo`] makes one of a closure, `#[memoize]` (feature `macros`) of a function.
//!
//! Read in this order: `memo` (a closure and its cache), `call` (one call through a cache: the function's own errors and
//! panics come back as they are), `argument` (what the types of a remembered function must be able to do), `task` (the
//! same for async functions) and `layered` (through layers).

mod argument;
mod call;
#[cfg(feature = "layers")]
mod layered;
#[expect(clippy::module_inception, reason = "the function that the module is named for has a file of its own")]
mod memo;
#[cfg(feature = "tokio")]
mod task;

pub use argument::{Argument, SharedError, ToKey};
pub use call::{result, value};
#[cfg(feature = "layers")]
pub use layered::{blocking_result, blocking_value, layered_result, layered_value};
pub use memo::{Memo, memo, try_memo};
#[cfg(feature = "tokio")]
pub use memo::{memo_async, try_memo_async};
#[cfg(feature = "tokio")]
pub use task::{result_async, value_async};
