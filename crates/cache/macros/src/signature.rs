//! The signature of a function whose results are to be remembered: what can be, and why not.

use std::collections::HashSet;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    Error, FnArg, GenericArgument, GenericParam, Ident, ItemFn, Pat, PatType, PathArguments, Result, ReturnType, Type,
    TypeImplTrait, TypeReference,
};

use crate::arguments::Arguments;

/// One argument of the function.
pub(crate) struct Argument {
    /// Under which name the wrapper has it.
    pub(crate) name: Ident,
    /// What the user wrote for it, if that is more than a name.
    pub(crate) pattern: Option<Pat>,
    /// Its type without the reference.
    pub(crate) inner: Type,
    pub(crate) is_reference: bool,
    /// Does not tell calls apart.
    pub(crate) is_skipped: bool,
    pub(crate) span: Span,
}

impl Argument {
    /// Returns the type that a key holds of it.
    pub(crate) fn owned(&self) -> TokenStream {
        let inner = &self.inner;
        match self.is_reference {
            true => quote!(<#inner as ::std::borrow::ToOwned>::Owned),
            false => quote!(#inner),
        }
    }
}

/// What is remembered of a function.
pub(crate) struct Signature {
    pub(crate) arguments: Vec<Argument>,
    /// The type of the value that is kept.
    pub(crate) value: Type,
    /// The type that the function returns.
    pub(crate) returned: Type,
    pub(crate) is_fallible: bool,
}

impl Signature {
    /// Reads it and finds every mistake at once.
    pub(crate) fn of(function: &ItemFn, arguments: &Arguments) -> Result<Signature> {
        let mut mistakes = Mistakes::default();
        mistakes.add(refused(function));
        let returned = match &function.sig.output {
            ReturnType::Type(_, returned) => (**returned).clone(),
            ReturnType::Default => Type::Tuple(syn::TypeTuple {
                paren_token: syn::token::Paren::default(),
                elems: syn::punctuated::Punctuated::new(),
            }),
        };
        let value = value_of(&returned);
        let is_fallible = value.is_some();
        let value = value.unwrap_or_else(|| returned.clone());
        mistakes.add(borrowed(&returned, "what is kept must be owned: return a `String`, a `Vec` or an `Arc`"));
        if let (Some((_, span)), false) = (&arguments.negative, is_fallible) {
            mistakes.add(Some(Error::new(*span, "only the errors of a function that returns a `Result` can be kept")));
        }
        let mut known = Vec::new();
        for (index, input) in function.sig.inputs.iter().enumerate() {
            match input {
                FnArg::Receiver(receiver) => mistakes.add(Some(Error::new(receiver.span(), RECEIVER))),
                FnArg::Typed(typed) => match argument(index, typed, arguments, function.sig.asyncness.is_some()) {
                    Ok(argument) => known.push(argument),
                    Err(mistake) => mistakes.add(Some(mistake)),
                },
            }
        }
        // Also those that were found to be mistakes: they are there.
        let names: HashSet<String> = function.sig.inputs.iter().filter_map(name_of).collect();
        for skipped in arguments.skip.iter().filter(|skipped| !names.contains(&skipped.to_string())) {
            mistakes.add(Some(Error::new(skipped.span(), "the function has no argument of this name")));
        }
        mistakes.none()?;
        Ok(Signature { arguments: known, value, returned, is_fallible })
    }
}

fn name_of(input: &FnArg) -> Option<String> {
    match input {
        FnArg::Typed(PatType { pat, .. }) => match &**pat {
            Pat::Ident(name) => Some(name.ident.to_string()),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    }
}

const RECEIVER: &str = "a method has no cache that all its calls could share: keep a `segno_cache::memo::Memo` in the \
                        object, or call a function that is memoized";
const GENERIC: &str = "a memoized function cannot be generic, because one static cache cannot keep values of every \
                       type: write one function for each type, or use `segno_cache::memo::memo` inside of it";

fn refused(function: &ItemFn) -> Option<Error> {
    let signature = &function.sig;
    let generic = signature.generics.params.iter().find(|param| !matches!(param, GenericParam::Lifetime(_)));
    let opaque = {
        let mut opaque = Opaque::default();
        opaque.visit_signature(signature);
        opaque.0
    };
    match (generic, opaque, &signature.constness) {
        (Some(generic), _, _) => Some(Error::new(generic.span(), GENERIC)),
        (None, Some(span), _) => Some(Error::new(span, GENERIC)),
        (None, None, Some(constant)) => Some(Error::new(constant.span, "a constant function cannot remember")),
        _ if signature.unsafety.is_some() => {
            Some(Error::new(signature.unsafety.span(), "an unsafe function cannot be memoized: wrap it in a safe one"))
        }
        _ => None,
    }
}

fn argument(index: usize, typed: &PatType, arguments: &Arguments, is_async: bool) -> Result<Argument> {
    let (name, pattern) = match &*typed.pat {
        Pat::Ident(ident) if ident.by_ref.is_none() && ident.subpat.is_none() => (ident.ident.clone(), None),
        other => (Ident::new(&format!("argument_{index}"), Span::mixed_site()), Some(other.clone())),
    };
    let is_skipped = arguments.key.is_some() || arguments.skip.contains(&name);
    let span = typed.ty.span();
    let hint = "leave it out with `skip(..)`, or say with `key = expression` what the result depends on";
    let (inner, is_reference) = match &*typed.ty {
        Type::Reference(TypeReference { mutability: Some(_), .. }) if !is_skipped => {
            return Err(Error::new(span, format!("what is lent to be changed cannot tell calls apart: {hint}")));
        }
        Type::Reference(reference) if is_async && is_skipped && !is_static(reference) => {
            return Err(Error::new(
                span,
                "the call may outlive its caller, so that what it is not told apart by cannot be lent to it: take an \
                 `Arc` or another owned value",
            ));
        }
        // Skipped ones keep their type as it stands.
        Type::Reference(reference) if !is_skipped => ((*reference.elem).clone(), true),
        other => (other.clone(), false),
    };
    if !is_skipped
        && let Some(mistake) = borrowed(&inner, &format!("what is borrowed in here cannot be kept in a key: {hint}"))
    {
        return Err(mistake);
    }
    Ok(Argument { name, pattern, inner, is_reference, is_skipped, span })
}

fn is_static(reference: &TypeReference) -> bool {
    reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static")
}

/// Returns a mistake if the type borrows from somebody.
fn borrowed(kind: &Type, hint: &str) -> Option<Error> {
    #[derive(Default)]
    struct Borrowed(Option<Span>);
    impl<'ast> Visit<'ast> for Borrowed {
        fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
            if !is_static(reference) {
                self.0.get_or_insert(reference.span());
            }
            visit::visit_type_reference(self, reference);
        }
        fn visit_lifetime(&mut self, lifetime: &'ast syn::Lifetime) {
            if lifetime.ident != "static" {
                self.0.get_or_insert(lifetime.span());
            }
        }
        // What a function type lends to its caller is not kept.
        fn visit_type_bare_fn(&mut self, _: &'ast syn::TypeBareFn) {}
    }
    let mut found = Borrowed::default();
    found.visit_type(kind);
    found.0.map(|span| Error::new(span, hint))
}

#[derive(Default)]
struct Opaque(Option<Span>);

impl<'ast> Visit<'ast> for Opaque {
    fn visit_type_impl_trait(&mut self, opaque: &'ast TypeImplTrait) {
        self.0.get_or_insert(opaque.span());
    }
}

/// Returns the value's type if it is that of a `Result`, also of one with a name for its error.
fn value_of(returned: &Type) -> Option<Type> {
    let Type::Path(path) = returned else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Result")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(found) => Some(found.clone()),
        _ => None,
    })
}

#[derive(Default)]
struct Mistakes(Option<Error>);

impl Mistakes {
    fn add(&mut self, mistake: Option<Error>) {
        match (&mut self.0, mistake) {
            (_, None) => {}
            (Some(all), Some(mistake)) => all.combine(mistake),
            (none @ None, some) => *none = some,
        }
    }

    fn none(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the mistakes found in a function, or how it is understood.
    fn check(attribute: &str, function: &str, expected: &[&str]) {
        let arguments = syn::parse_str::<Arguments>(attribute).unwrap();
        let function = syn::parse_str::<ItemFn>(&format!("{function} {{ body() }}")).unwrap();
        let found: Vec<String> = match Signature::of(&function, &arguments) {
            Err(mistakes) => mistakes.into_iter().map(|mistake| mistake.to_string()).collect(),
            Ok(signature) => {
                let value = &signature.value;
                vec![format!("{} {}", quote!(#value), signature.is_fallible)]
            }
        };
        assert_eq!(found.len(), expected.len(), "{found:?}");
        assert!(found.iter().zip(expected).all(|(found, expected)| found.contains(expected)), "{found:?}");
    }

    #[test]
    fn the_kept_value_is_that_of_a_result() {
        check("", "fn f(a: u64, b: &str) -> u64", &["u64 false"]);
        check("", "fn f() -> Result<u64, E>", &["u64 true"]);
        check("", "async fn f(a: String) -> std::io::Result<Vec<u8>>", &["Vec < u8 > true"]);
        check("", "fn f(a: &'static str)", &["() false"]);
        check("", "fn f<'a>(a: &'a str) -> Option<u8>", &["Option < u8 > false"]);
        check("skip(db)", "fn f(db: &mut Db, (a, b): (u8, u8)) -> &'static str", &["& 'static str false"]);
    }

    #[test]
    fn what_cannot_be_kept_is_a_mistake() {
        check("", "fn f<T>(a: T) -> u64", &["cannot be generic"]);
        check("", "fn f(a: impl ToString) -> u64", &["cannot be generic"]);
        check("", "fn f(a: u8) -> impl Iterator<Item = u8>", &["cannot be generic"]);
        check("", "fn f(&self) -> u64", &["a method has no cache"]);
        check("", "fn f(a: &str) -> &str", &["what is kept must be owned"]);
        check("", "fn f(a: &str) -> Cow<'_, str>", &["what is kept must be owned"]);
        check("", "const fn f() -> u8", &["a constant function"]);
        check("", "unsafe fn f() -> u8", &["an unsafe function"]);
        check("negative = \"5s\"", "fn f() -> u8", &["only the errors"]);
    }

    #[test]
    fn arguments_that_cannot_be_kept_are_mistakes_all_at_once() {
        check(
            "",
            "fn f(a: &mut u8, b: Option<&str>) -> &u8",
            &["must be owned", "lent to be changed", "borrowed in here"],
        );
        check("skip(c)", "fn f(a: u8) -> u8", &["no argument of this name"]);
        check("skip(a)", "async fn f(a: &Db, b: u8) -> u8", &["may outlive its caller"]);
    }
}
