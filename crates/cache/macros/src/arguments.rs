//! What stands in the brackets of the attribute, every mistake with its place. Leaves its use to `wrap`.

use std::time::Duration;

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, Ident, Lit, LitStr, Path, Result, Token, parenthesized};

/// The arguments of `#[memoize(..)]`.
#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) capacity: Option<u64>,
    pub(crate) ttl: Option<Duration>,
    pub(crate) tti: Option<Duration>,
    pub(crate) negative: Option<(Duration, Span)>,
    pub(crate) policy: Option<Ident>,
    pub(crate) name: Option<LitStr>,
    pub(crate) tags: Vec<Expr>,
    pub(crate) skip: Vec<Ident>,
    pub(crate) key: Option<Expr>,
    pub(crate) cache: Option<Path>,
    pub(crate) layer: Option<Path>,
}

const KNOWN: &str = "capacity, ttl, tti, negative, policy, name, tags(..), skip(..), key, cache and layer";

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Arguments> {
        let mut found = Arguments::default();
        let mut seen: Vec<(String, Span)> = Vec::new();
        while !input.is_empty() {
            let name = input.call(Ident::parse_any)?;
            if seen.iter().any(|(earlier, _)| name == earlier) {
                return Err(Error::new(name.span(), "this argument stands here twice"));
            }
            seen.push((name.to_string(), name.span()));
            found.read(&name, input)?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        found.checked(&seen)
    }
}

impl Arguments {
    fn read(&mut self, name: &Ident, input: ParseStream<'_>) -> Result<()> {
        match name.to_string().as_str() {
            "tags" => self.tags = in_brackets(input)?,
            "skip" => self.skip = in_brackets(input)?,
            "capacity" => self.capacity = Some(number(input)?),
            "ttl" => self.ttl = Some(duration(input)?.0),
            "tti" => self.tti = Some(duration(input)?.0),
            "negative" => self.negative = Some(duration(input)?),
            "policy" => self.policy = Some(policy(input)?),
            "name" => self.name = Some(after_equals(input)?),
            "key" => self.key = Some(after_equals(input)?),
            "cache" => self.cache = Some(after_equals(input)?),
            "layer" => self.layer = Some(after_equals(input)?),
            _ => return Err(Error::new(name.span(), format!("there is no such argument; there are {KNOWN}"))),
        }
        Ok(())
    }

    /// Finds arguments that contradict each other.
    fn checked(self, seen: &[(String, Span)]) -> Result<Arguments> {
        let place = |name: &str| seen.iter().find(|(known, _)| known == name).map(|(_, span)| *span);
        let given = place("cache").or(place("layer"));
        for own in ["capacity", "policy", "name"] {
            if let (Some(_), Some(span)) = (given, place(own)) {
                return Err(Error::new(span, format!("`{own}` is decided where the given cache is made")));
            }
        }
        let mistake = match (place("key"), place("layer")) {
            (_, Some(span)) if self.cache.is_some() => (span, "a cache or a layer, not both"),
            (None, Some(span)) => {
                (span, "layers find values by digests: say `key = expression`, a `Digest` or a `Key`")
            }
            (Some(span), _) if !self.skip.is_empty() => (span, "with `key`, arguments that it leaves out are skipped"),
            _ if self.capacity == Some(0) => {
                (place("capacity").unwrap_or_else(Span::call_site), "0 would keep nothing")
            }
            _ => return Ok(self),
        };
        Err(Error::new(mistake.0, mistake.1))
    }
}

fn after_equals<T: Parse>(input: ParseStream<'_>) -> Result<T> {
    input.parse::<Token![=]>()?;
    input.parse()
}

fn in_brackets<T: Parse>(input: ParseStream<'_>) -> Result<Vec<T>> {
    let content;
    parenthesized!(content in input);
    Ok(Punctuated::<T, Token![,]>::parse_terminated(&content)?.into_iter().collect())
}

fn number(input: ParseStream<'_>) -> Result<u64> {
    let literal: Lit = after_equals(input)?;
    let whole = || Error::new(literal.span(), "a whole number is needed");
    match &literal {
        Lit::Int(number) => number.base10_parse().map_err(|_| whole()),
        _ => Err(whole()),
    }
}

/// Reads `250ms`, `5s`, `2m`, `1h`, `7d`.
fn duration(input: ParseStream<'_>) -> Result<(Duration, Span)> {
    let literal: Lit = after_equals(input)?;
    let text = match &literal {
        Lit::Str(text) => text.value(),
        _ => return Err(Error::new(literal.span(), "a duration in quotes is needed, such as \"60s\"")),
    };
    match parse_duration(&text) {
        None => Err(Error::new(
            literal.span(),
            "this is no duration; write one such as \"250ms\", \"5s\", \"2m\", \"1h\" or \"7d\"",
        )),
        Some(Duration::ZERO) => Err(Error::new(literal.span(), "it must be longer than nothing")),
        Some(duration) => Ok((duration, literal.span())),
    }
}

fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    let seconds = |each: u64| number.checked_mul(each).map(Duration::from_secs);
    match text[digits..].trim() {
        "ms" => Some(Duration::from_millis(number)),
        "s" => seconds(1),
        "m" => seconds(60),
        "h" => seconds(3_600),
        "d" => seconds(86_400),
        _ => None,
    }
}

/// Reads the name of a policy and returns that of its variant.
fn policy(input: ParseStream<'_>) -> Result<Ident> {
    let text: LitStr = after_equals(input)?;
    let variant = match text.value().as_str() {
        "adaptive" => "Adaptive",
        "lru" => "Lru",
        "lfu" => "Lfu",
        "fifo" => "Fifo",
        "sieve" => "Sieve",
        "s3_fifo" => "S3Fifo",
        "tiny_lfu" => "TinyLfu",
        _ => return Err(Error::new(text.span(), POLICIES)),
    };
    Ok(Ident::new(variant, text.span()))
}

const POLICIES: &str = "policy is \"adaptive\", \"lru\", \"lfu\", \"fifo\", \"sieve\", \"s3_fifo\" or \"tiny_lfu\"";

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks what attribute arguments are read as, or the mistake found in them.
    fn check(text: &str, expected: &str) {
        let found = match syn::parse_str::<Arguments>(text) {
            Ok(found) => {
                let policy = found.policy.map(|policy| policy.to_string());
                let negative = found.negative.map(|negative| negative.0);
                let skip: Vec<String> = found.skip.iter().map(Ident::to_string).collect();
                format!("{:?} {:?} {:?} {negative:?} {policy:?} {skip:?}", found.capacity, found.ttl, found.tti)
            }
            Err(mistake) => mistake.to_string(),
        };
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn everything_may_be_left_out() {
        check("", "None None None None None []");
        check("capacity = 5, ttl = \"60s\", tti = \"1d\",", "Some(5) Some(60s) Some(86400s) None None []");
        check(
            "policy = \"s3_fifo\", skip(a, b), negative = \"250ms\"",
            "None None None Some(250ms) Some(\"S3Fifo\") [\"a\", \"b\"]",
        );
        check("key = digest(a), layer = LAYERS", "None None None None None []");
    }

    #[test]
    fn mistakes_are_found_when_the_program_is_compiled() {
        check("capacity = 5, capacity = 6", "this argument stands here twice");
        check("size = 5", &format!("there is no such argument; there are {KNOWN}"));
        check("capacity = \"5\"", "a whole number is needed");
        check("capacity = 0", "0 would keep nothing");
        check("capacity = 99999999999999999999", "a whole number is needed");
        check("ttl = 60", "a duration in quotes is needed, such as \"60s\"");
        check("ttl = \"0s\"", "it must be longer than nothing");
        check(
            "ttl = \"9 moons\"",
            "this is no duration; write one such as \"250ms\", \"5s\", \"2m\", \"1h\" or \"7d\"",
        );
        check("policy = \"random\"", POLICIES);
    }

    #[test]
    fn arguments_that_contradict_each_other_are_mistakes() {
        check("cache = USERS, capacity = 5", "`capacity` is decided where the given cache is made");
        check("layer = L, key = k, policy = \"lru\"", "`policy` is decided where the given cache is made");
        check("cache = USERS, layer = L, key = k", "a cache or a layer, not both");
        check("layer = L", "layers find values by digests: say `key = expression`, a `Digest` or a `Key`");
        check("key = k, skip(a)", "with `key`, arguments that it leaves out are skipped");
    }
}
