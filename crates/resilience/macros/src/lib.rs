//! Attributes that put a retry or a whole policy round a function. Leaves reading them to `arguments`
//! and the rewriting to `wrap`.
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod arguments;

mod wrap;

use proc_macro::TokenStream;
use syn::{ItemFn, parse_macro_input};

use crate::arguments::{PolicyArguments, RetryArguments};

/// Tries the function again when it fails.
///
/// All of it may be left out: `attempts = 3`, `wait = "50ms"`, `max_wait = "5s"`, `jitter = "full"`
/// (`"equal"`, `"decorrelated"`, `"none"`), `deadline = "30s"`, `when = path` (a function of `&E` that says
/// whether the error may pass), `attempt = name` (the name by which the body can use its `Attempt`).
///
/// The function keeps its signature; the last error comes back as it was. The body runs again each time,
/// so it uses its arguments by reference or clones them. What a body that is not async changes in a `mut`
/// or `&mut` argument stays changed for the next attempt: count on nothing that an attempt before has left
/// there. The body of an async function cannot change its arguments, because the compiler would have to
/// lend them to two attempts: it begins with `let mut count = count;` or uses a cell. With a `deadline`, the error type says what it
/// is when time ran out before there was an error: it implements `GivenUp`.
#[proc_macro_attribute]
pub fn retry(arguments: TokenStream, function: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as RetryArguments);
    let function = parse_macro_input!(function as ItemFn);
    wrap::retry(arguments, function).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Runs the function through the policy of this name in the global registry, or in
/// `registry = expression`.
///
/// A name that nobody registered gets the default policy: three attempts, a breaker and a retry budget.
/// `judge = path` says what a result means, `attempt = name` is as in [`macro@retry`].
///
/// A function that returns `Result<T, Failure<E>>` has a body that returns `Result<T, E>`; one that
/// returns `Result<T, E>` needs an error that implements `GivenUp`, for calls that were not let through.
#[proc_macro_attribute]
pub fn policy(arguments: TokenStream, function: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as PolicyArguments);
    let function = parse_macro_input!(function as ItemFn);
    wrap::policy(arguments, function).unwrap_or_else(syn::Error::into_compile_error).into()
}
