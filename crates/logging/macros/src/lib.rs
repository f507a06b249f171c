//! The attribute that times a function. Leaves reading it to `arguments` and the rewriting to `wrap`.
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod arguments;

mod wrap;

use proc_macro::TokenStream;
use syn::{ItemFn, parse_macro_input};

use crate::arguments::Arguments;

/// Times each call of the function, async or not, as an operation of `segno_logging::timing`.
///
/// All of it may be left out: `name = "read config"` (the function's name otherwise), `slow = "50ms"` (a call that takes as
/// long is a warning). A function whose return type is called `Result` has failed when it returns `Err`; an async one whose
/// future is dropped was cancelled.
#[proc_macro_attribute]
pub fn timed(arguments: TokenStream, function: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as Arguments);
    let function = parse_macro_input!(function as ItemFn);
    wrap::timed(&arguments, function).unwrap_or_else(syn::Error::into_compile_error).into()
}
