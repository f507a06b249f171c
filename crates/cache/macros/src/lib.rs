//! The attribute that remembers what a function returned. Leaves reading its arguments to `arguments`, judging the
//! function to `signature` and rewriting it to `wrap`.
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod arguments;
mod signature;
mod wrap;

use proc_macro::TokenStream;
use syn::{ItemFn, parse_macro_input};

use crate::arguments::Arguments;

/// Remembers what the function returned for its arguments, and runs it once for all who ask meanwhile.
///
/// All of it may be left out: `capacity = 1000`, `ttl = "60s"`, `tti = "10m"`, `policy = "s3_fifo"` (or another of
/// `Policy`), `tags("users")`, `name = "users"` (without it, the function's path) by which the cache stands in the
/// global `Registry`; `skip(db)` for arguments that the result does not depend on; `key = expression` (a `Digest` or a
/// `Key`) for what it depends on instead of its arguments; `cache = PATH` for a static cache of one's own, and
/// `layer = PATH` for a static `Layered`, or for a function that is not async a `BlockingLayered`, which needs a `key`.
///
/// The function keeps its signature. Arguments are kept in the key: one alone as it is, more as a tuple, what is lent
/// as what `ToOwned` makes of it. `name_of_the_function_cache()` returns the cache, of which results can be removed and
/// which tells how it does.
///
/// Of a function that returns a `Result` the values are kept; errors are given to everybody who waited and are kept for
/// as long as `negative = "5s"` says, or not at all. They must be `Clone`. A panic goes on in the caller whose call ran
/// the function, and who waited for it panics with the same text. An async function runs as a task of tokio, and goes
/// on when its caller gives up; its panics reach all callers as text. A function that asks for its own value panics.
///
/// Functions that are generic, have a receiver or return what they borrow cannot be memoized.
#[proc_macro_attribute]
pub fn memoize(arguments: TokenStream, function: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as Arguments);
    let function = parse_macro_input!(function as ItemFn);
    wrap::memoize(&arguments, &function).unwrap_or_else(syn::Error::into_compile_error).into()
}
