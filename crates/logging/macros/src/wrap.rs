//! A function turned into one that times its body. Leaves reading the attribute to `arguments`.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Error, GenericArgument, Ident, ItemFn, LitStr, PathArguments, Result, ReturnType, Type, parse_quote};

use crate::arguments::Arguments;

/// Puts a timer round the body.
pub(crate) fn timed(arguments: &Arguments, function: ItemFn) -> Result<TokenStream> {
    if let Some(word) = function.sig.constness {
        return Err(Error::new_spanned(word, "a const function runs when it is compiled too, where there is no time"));
    }
    let ItemFn { attrs, vis, sig, block } = function;
    let name = sig.ident.to_string();
    let name = arguments.name.clone().unwrap_or_else(|| LitStr::new(name.trim_start_matches("r#"), sig.ident.span()));
    let slow = arguments.slow.map(|slow| {
        let (seconds, nanos) = (slow.as_secs(), slow.subsec_nanos());
        quote!(.slow_after(::std::time::Duration::new(#seconds, #nanos)))
    });
    let operation = quote!(::segno_logging::timing::Operation::new(#name) #slow);
    let body = match (sig.asyncness.is_some(), result_of(&sig.output)) {
        (true, None) => quote!(#operation.future(async move #block).await),
        (true, Some(result)) => {
            // Told here, because nothing else tells the type of a body that ends with `Ok(..)`.
            let (body, value) = (own("body"), own("value"));
            quote! {
                let #body = async move {
                    let #value: #result = async move #block.await;
                    #value
                };
                #operation.future_result(#body).await
            }
        }
        // A guard needs no closure, whatever the function borrows and returns.
        (false, None) => {
            let timer = own("_timer");
            let statements = &block.stmts;
            quote!(let #timer = #operation.start(); #(#statements)*)
        }
        (false, Some(result)) => quote!(#operation.time_result(move || -> #result #block)),
    };
    Ok(quote! {
        #(#attrs)*
        #vis #sig { #body }
    })
}

/// Returns the return type if it is called `Result`.
fn result_of(output: &ReturnType) -> Option<TokenStream> {
    let ReturnType::Type(_, returned) = output else { return None };
    let Type::Path(path) = returned.as_ref() else { return None };
    let mut path = path.clone();
    let last = path.path.segments.last_mut().filter(|segment| segment.ident == "Result")?;
    if let PathArguments::AngleBracketed(arguments) = &mut last.arguments {
        arguments.args.iter_mut().for_each(leave_open);
    }
    Some(path.into_token_stream())
}

/// Has the compiler find a type with an `impl`, which is allowed in a function's signature alone.
fn leave_open(argument: &mut GenericArgument) {
    if has_impl(argument.to_token_stream()) {
        *argument = GenericArgument::Type(parse_quote!(_));
    }
}

fn has_impl(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => word == "impl",
        TokenTree::Group(group) => has_impl(group.stream()),
        _ => false,
    })
}

/// Returns a name for a variable of our own, which no code of the user's can see or hide.
fn own(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}
