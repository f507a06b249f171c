//! A function turned into one that calls its body through a retry or a policy. Leaves reading the
//! attribute to `arguments`.
//!
//! Names of our own are seen by nobody else: variables have a span of their own, and the static, for which
//! that does nothing, stands in a block without any code of the user's.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Error, GenericArgument, Ident, ItemFn, PathArguments, PathSegment, Result, ReturnType, Type};

use crate::arguments::{PolicyArguments, RetryArguments};

/// Puts a retry, built once, round the body.
pub(crate) fn retry(arguments: RetryArguments, function: ItemFn) -> Result<TokenStream> {
    let outcome = Outcome::of(&function)?;
    let (error, failed, failure) = (&outcome.error, own("error"), own("failure"));
    let (retry, body, result) = (own("retry"), own("body"), own("result"));
    let judge = match &arguments.when {
        None => quote!(::segno_resilience::EveryError),
        Some(when) => quote!(::segno_resilience::on_error(|#failed: &#error| match #when(#failed) {
            true => ::segno_resilience::Verdict::Transient,
            false => ::segno_resilience::Verdict::Permanent,
        })),
    };
    let builder = builder(&arguments);
    let ending = match arguments.deadline {
        // Each attempt ended with an error of the body, so the error type need not know what else can happen.
        None if !outcome.is_failure => {
            quote!(#result.map_err(|#failure| #failure.into_inner().expect("it ends with an error of the body")))
        }
        _ => outcome.ending(&result),
    };
    let name = arguments.attempt.unwrap_or_else(|| own("_attempt"));
    let call = match function.sig.asyncness {
        Some(_) => quote!(run(#judge, #body).await),
        None => quote!(run_blocking(#judge, #body)),
    };
    let body = made_body(&function, &body, &name, &outcome);
    Ok(with_block(
        function,
        quote! {
            #body
            let #retry = {
                static RETRY: ::std::sync::LazyLock<::segno_resilience::Retry> = ::std::sync::LazyLock::new(|| {
                    #builder.build().expect("the numbers were checked when this was compiled")
                });
                &*RETRY
            };
            let #result = #retry.#call;
            #ending
        },
    ))
}

/// Puts a policy, found by its name at each call, round the body.
pub(crate) fn policy(arguments: PolicyArguments, function: ItemFn) -> Result<TokenStream> {
    let outcome = Outcome::of(&function)?;
    let PolicyArguments { name, registry, judge, attempt } = arguments;
    let registry = registry.map_or(quote!(::segno_resilience::Registry::global()), |registry| quote!((#registry)));
    let judged = judge.map(|judge| quote!(.judged_by(#judge)));
    let attempt = attempt.unwrap_or_else(|| own("_attempt"));
    let (body, result) = (own("body"), own("result"));
    let call = match function.sig.asyncness {
        Some(_) => quote!(run(#body).await),
        None => quote!(run_blocking(#body)),
    };
    let body = made_body(&function, &body, &attempt, &outcome);
    let ending = outcome.ending(&result);
    Ok(with_block(
        function,
        quote! {
            #body
            let #result = #registry.policy(#name) #judged .#call;
            #ending
        },
    ))
}

fn builder(arguments: &RetryArguments) -> TokenStream {
    let RetryArguments { attempts, wait, max_wait, jitter, deadline, .. } = arguments;
    let attempts = attempts.unwrap_or(3);
    let range = (wait.is_some() || max_wait.is_some()).then(|| {
        // The other end follows the one that was given, so that the range is never empty.
        let max = max_wait.unwrap_or_else(|| wait.unwrap_or_default().max(Duration::from_secs(5)));
        let min = wait.unwrap_or_else(|| max.min(Duration::from_millis(50)));
        let (min, max) = (duration(min), duration(max));
        quote!(.exponential(#min..=#max))
    });
    let jitter = jitter.as_ref().map(|jitter| quote!(.jitter(::segno_resilience::Jitter::#jitter)));
    let deadline = deadline.map(|limit| {
        let limit = duration(limit);
        quote!(.deadline(#limit))
    });
    quote!(::segno_resilience::Retry::attempts(#attempts) #range #jitter #deadline)
}

fn duration(duration: Duration) -> TokenStream {
    let (secs, nanos) = (duration.as_secs(), duration.subsec_nanos());
    quote!(::std::time::Duration::new(#secs, #nanos))
}

/// Returns a name for a variable of our own, which no code of the user's can see or hide.
fn own(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// Returns the body as a closure of this name that can be called again.
fn made_body(function: &ItemFn, body: &Ident, attempt: &Ident, outcome: &Outcome<'_>) -> TokenStream {
    let result = own("result");
    let (block, Outcome { value, error, .. }) = (&function.block, outcome);
    let attributed = quote!(#[allow(clippy::redundant_closure_call, unused_mut)]);
    match function.sig.asyncness {
        Some(_) => quote! {
            #attributed
            let mut #body = |#attempt: ::segno_resilience::Attempt| async {
                let #attempt = #attempt;
                let #result: ::core::result::Result<#value, #error> = async #block.await;
                #result
            };
        },
        None => quote! {
            #attributed
            let mut #body = |#attempt: ::segno_resilience::Attempt| -> ::core::result::Result<#value, #error> #block;
        },
    }
}

fn with_block(function: ItemFn, statements: TokenStream) -> TokenStream {
    let ItemFn { attrs, vis, sig, .. } = function;
    quote!(#(#attrs)* #vis #sig { #statements })
}

/// What a function returns: the body's value and error, and whether its signature says `Failure`.
struct Outcome<'a> {
    value: &'a Type,
    error: &'a Type,
    is_failure: bool,
}

impl<'a> Outcome<'a> {
    fn of(function: &'a ItemFn) -> Result<Outcome<'a>> {
        let missing = || Error::new_spanned(&function.sig, "the function must return a `Result` with both its types");
        let ReturnType::Type(_, returned) = &function.sig.output else {
            return Err(missing());
        };
        let types = last_segment(returned).filter(|last| last.ident == "Result").map(types_of).unwrap_or_default();
        let [value, error] = types[..] else {
            return Err(missing());
        };
        match last_segment(error).filter(|last| last.ident == "Failure").map(types_of).as_deref() {
            Some([inner]) => Ok(Outcome { value, error: inner, is_failure: true }),
            _ => Ok(Outcome { value, error, is_failure: false }),
        }
    }

    /// Returns how the result of the call becomes that of the function.
    fn ending(&self, result: &Ident) -> TokenStream {
        match self.is_failure {
            true => quote!(#result),
            false => quote!(#result.map_err(::segno_resilience::GivenUp::given_up)),
        }
    }
}

fn last_segment(of: &Type) -> Option<&PathSegment> {
    match of {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

fn types_of(segment: &PathSegment) -> Vec<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return Vec::new();
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(found) => Some(found),
        _ => None,
    });
    types.collect()
}
