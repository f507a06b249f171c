//! A function turned into one that asks a cache first. Leaves reading the attribute to `arguments` and judging the
//! function to `signature`.
//!
//! Names of our own are seen by nobody else: variables have a span of their own, and statics, for which that does
//! nothing, stand in functions without any code of the user's.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Ident, ItemFn, Result};

use crate::arguments::Arguments;
use crate::signature::{Argument, Signature};

/// Puts a cache before the body.
pub(crate) fn memoize(arguments: &Arguments, function: &ItemFn) -> Result<TokenStream> {
    let signature = Signature::of(function, arguments)?;
    let cache = match (&arguments.cache, &arguments.layer) {
        (None, None) => Some(own_cache(arguments, function, &signature)),
        _ => None,
    };
    let assertions = assertions(arguments, &signature);
    let body = wrapped(arguments, function, &signature);
    let (attributes, visibility, head) = (&function.attrs, &function.vis, heading(function, &signature));
    Ok(quote! {
        #cache
        #(#attributes)*
        #visibility #head {
            #assertions
            #body
        }
    })
}

/// Returns the signature, with a plain name for each argument.
fn heading(function: &ItemFn, signature: &Signature) -> syn::Signature {
    let mut head = function.sig.clone();
    for (input, argument) in head.inputs.iter_mut().zip(&signature.arguments) {
        if let (syn::FnArg::Typed(typed), Some(_)) = (input, &argument.pattern) {
            let name = &argument.name;
            *typed.pat = syn::parse_quote!(#name);
        }
    }
    head
}

/// Returns the function that gives the cache to whoever wants to clear it or see how it does.
fn own_cache(arguments: &Arguments, function: &ItemFn, signature: &Signature) -> TokenStream {
    let Arguments { capacity, policy, name, .. } = arguments;
    let (visibility, value) = (&function.vis, &signature.value);
    let (key, getter) = (key_type(arguments, signature), getter(function));
    let own_name = function.sig.ident.to_string();
    let capacity = capacity.unwrap_or(1_000);
    let policy = policy.as_ref().map(|policy| quote!(.policy(::segno_cache::Policy::#policy)));
    let name = match name {
        Some(name) => quote!(#name),
        None => quote!(::core::concat!(::core::module_path!(), "::", #own_name)),
    };
    let documentation = format!("Returns the cache of `{own_name}`.");
    quote! {
        #[doc = #documentation]
        #[allow(dead_code, clippy::type_complexity)]
        #visibility fn #getter() -> &'static ::segno_cache::Cache<#key, #value> {
            static CACHE: ::std::sync::LazyLock<::segno_cache::Cache<#key, #value>> =
                ::std::sync::LazyLock::new(|| {
                    let cache = ::segno_cache::Cache::builder().name(#name).capacity(#capacity) #policy .build();
                    ::segno_cache::Registry::global().register(#name, &cache);
                    cache
                });
            &CACHE
        }
    }
}

/// Returns checks of the types, each at its place, so that the compiler says there what is missing.
fn assertions(arguments: &Arguments, signature: &Signature) -> TokenStream {
    let checks = told_apart(arguments, signature).map(|argument| {
        let owned = argument.owned();
        quote_spanned! {argument.span=>
            const _: fn() = || {
                fn tells_calls_apart<T: ::segno_cache::memo::Argument>() {}
                tells_calls_apart::<#owned>();
            };
        }
    });
    quote!(#(#checks)*)
}

fn wrapped(arguments: &Arguments, function: &ItemFn, signature: &Signature) -> TokenStream {
    let (cache, key, loading) = (own("cache"), own("key"), own("loading"));
    let is_async = function.sig.asyncness.is_some();
    let (key_made, key_lent) = key_of(arguments, signature, &key, is_async);
    let loading_made = loading_of(arguments);
    let cache_lent = match (&arguments.cache, &arguments.layer) {
        (Some(path), _) | (None, Some(path)) => quote!(&#path),
        (None, None) => {
            let getter = getter(function);
            quote!(#getter())
        }
    };
    let call = match (arguments.layer.is_some(), signature.is_fallible, is_async) {
        (true, true, true) => "layered_result",
        (true, false, true) => "layered_value",
        (true, true, false) => "blocking_result",
        (true, false, false) => "blocking_value",
        (false, true, true) => "result_async",
        (false, false, true) => "value_async",
        (false, true, false) => "result",
        (false, false, false) => "value",
    };
    let call = Ident::new(call, Span::call_site());
    let (before, load) = load_of(arguments, function, signature);
    let waiting = is_async.then(|| quote!(.await));
    quote! {
        #key_made
        #before
        let #cache = #cache_lent;
        let #loading = #loading_made;
        ::segno_cache::memo::#call(#cache, #key_lent, #loading, #load) #waiting
    }
}

/// Returns how the key is made, and how it is lent to the cache.
fn key_of(arguments: &Arguments, signature: &Signature, key: &Ident, is_async: bool) -> (TokenStream, TokenStream) {
    if let Some(expression) = &arguments.key {
        let made = match arguments.cache {
            Some(_) => quote!(let #key = #expression;),
            None => quote!(let #key = ::segno_cache::memo::ToKey::to_key(&(#expression));),
        };
        return (made, quote!(&#key));
    }
    let told: Vec<&Argument> = told_apart(arguments, signature).collect();
    match &told[..] {
        // Only who is asked for the first time makes a key of what it was lent.
        [one] if one.is_reference && !is_async => {
            let (name, inner) = (&one.name, &one.inner);
            (quote!(let #key: &#inner = #name;), quote!(#key))
        }
        _ => {
            let parts: Vec<TokenStream> = told.iter().map(|argument| owned(argument)).collect();
            let made = match &parts[..] {
                [one] => quote!(let #key = #one;),
                parts => quote!(let #key = (#(#parts,)*);),
            };
            (made, quote!(&#key))
        }
    }
}

fn owned(argument: &Argument) -> TokenStream {
    let (name, inner) = (&argument.name, &argument.inner);
    match argument.is_reference {
        true => quote!(<#inner as ::std::borrow::ToOwned>::to_owned(#name)),
        false => quote!(<#inner as ::core::clone::Clone>::clone(&#name)),
    }
}

fn key_type(arguments: &Arguments, signature: &Signature) -> TokenStream {
    if arguments.key.is_some() {
        return quote!(::segno_cache::Digest);
    }
    let parts: Vec<TokenStream> = told_apart(arguments, signature).map(Argument::owned).collect();
    match &parts[..] {
        [one] => one.clone(),
        parts => quote!((#(#parts,)*)),
    }
}

fn told_apart<'a>(arguments: &Arguments, signature: &'a Signature) -> impl Iterator<Item = &'a Argument> {
    let has_key = arguments.key.is_some();
    signature.arguments.iter().filter(move |argument| !argument.is_skipped && !has_key)
}

/// Returns what comes before the call, and the body as a closure.
fn load_of(arguments: &Arguments, function: &ItemFn, signature: &Signature) -> (TokenStream, TokenStream) {
    let (block, returned) = (&function.block, &signature.returned);
    let patterns = signature.arguments.iter().filter_map(|argument| {
        let (pattern, name) = (argument.pattern.as_ref()?, &argument.name);
        Some(quote!(let #pattern = #name;))
    });
    let patterns = quote!(#(#patterns)*);
    if function.sig.asyncness.is_none() {
        return (TokenStream::new(), quote!(move || -> #returned { #patterns #block }));
    }
    // The call may outlive who lent an argument, so it has its own of each.
    let lent: Vec<&Argument> = told_apart(arguments, signature).filter(|argument| argument.is_reference).collect();
    let owned_names: Vec<Ident> = (0..lent.len()).map(|index| own(&format!("owned_{index}"))).collect();
    let (names, inners): (Vec<_>, Vec<_>) = lent.iter().map(|argument| (&argument.name, &argument.inner)).unzip();
    let before = quote! {
        #(let #owned_names = <#inners as ::std::borrow::ToOwned>::to_owned(#names);)*
    };
    let (result, running) = (own("result"), own("running"));
    let load = quote! {
        move || async move {
            #(let #names: &#inners = ::std::borrow::Borrow::borrow(&#owned_names);)*
            #patterns
            let #running = async #block;
            let #result: #returned = #running.await;
            #result
        }
    };
    (before, load)
}

/// Returns the terms under which results are kept, made once.
fn loading_of(arguments: &Arguments) -> TokenStream {
    let Arguments { ttl, tti, negative, tags, .. } = arguments;
    let (ttl, tti) = (optional(*ttl), optional(*tti));
    let negative = optional(negative.map(|negative| negative.0));
    quote! {{
        static LOADING: ::std::sync::LazyLock<::segno_cache::Loading> =
            ::std::sync::LazyLock::new(|| ::segno_cache::Loading {
                terms: ::segno_cache::Terms {
                    time_to_live: #ttl,
                    time_to_idle: #tti,
                    tags: ::std::vec![#(::core::convert::From::from(#tags)),*],
                    ..::core::default::Default::default()
                },
                negative: #negative,
                ..::core::default::Default::default()
            });
        &*LOADING
    }}
}

fn optional(duration: Option<Duration>) -> TokenStream {
    match duration {
        None => quote!(::core::option::Option::None),
        Some(duration) => {
            let (secs, nanos) = (duration.as_secs(), duration.subsec_nanos());
            quote!(::core::option::Option::Some(::core::time::Duration::new(#secs, #nanos)))
        }
    }
}

fn getter(function: &ItemFn) -> Ident {
    format_ident!("{}_cache", function.sig.ident)
}

/// Returns a name for a variable of our own, which no code of the user's can see or hide.
fn own(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}
