//! What stands in the brackets of an attribute, every mistake with its place. Leaves its use to `wrap`.

use std::time::Duration;

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Expr, Ident, Lit, LitStr, MetaNameValue, Path, Result, Token};

/// The arguments of `#[retry(..)]`.
#[derive(Default)]
pub(crate) struct RetryArguments {
    pub(crate) attempts: Option<u32>,
    pub(crate) wait: Option<Duration>,
    pub(crate) max_wait: Option<Duration>,
    pub(crate) jitter: Option<Ident>,
    pub(crate) deadline: Option<Duration>,
    pub(crate) when: Option<Path>,
    pub(crate) attempt: Option<Ident>,
}

/// The arguments of `#[policy("name")]`.
pub(crate) struct PolicyArguments {
    pub(crate) name: LitStr,
    pub(crate) registry: Option<Expr>,
    pub(crate) judge: Option<Path>,
    pub(crate) attempt: Option<Ident>,
}

impl Parse for RetryArguments {
    fn parse(input: ParseStream<'_>) -> Result<RetryArguments> {
        let (mut found, place) = (RetryArguments::default(), input.span());
        for pair in pairs(input)? {
            let MetaNameValue { path, value, .. } = &pair;
            match name(path).as_str() {
                "attempts" => found.attempts = Some(count(value)?),
                "wait" => found.wait = Some(duration(value)?),
                "max_wait" => found.max_wait = Some(duration(value)?),
                "jitter" => found.jitter = Some(jitter(value)?),
                "deadline" => found.deadline = Some(duration(value)?),
                "when" => found.when = Some(name_of(value)?),
                "attempt" => found.attempt = Some(ident(value)?),
                _ => return Err(unknown(path, "attempts, wait, max_wait, jitter, deadline, when and attempt")),
            }
        }
        found.checked(place)
    }
}

impl RetryArguments {
    /// Finds at compile time what would be an error when the retry is built.
    fn checked(self, place: Span) -> Result<RetryArguments> {
        let mistake = match (self.wait, self.max_wait) {
            _ if self.attempts == Some(0) => "`attempts` counts the first call too: at least 1",
            _ if self.deadline == Some(Duration::ZERO) => "`deadline` must be longer than nothing",
            (Some(wait), Some(max_wait)) if wait > max_wait => "`max_wait` is shorter than `wait`",
            _ => return Ok(self),
        };
        Err(Error::new(place, mistake))
    }
}

impl Parse for PolicyArguments {
    fn parse(input: ParseStream<'_>) -> Result<PolicyArguments> {
        let mut found = PolicyArguments { name: input.parse()?, registry: None, judge: None, attempt: None };
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        for pair in pairs(input)? {
            let MetaNameValue { path, value, .. } = pair;
            match name(&path).as_str() {
                "registry" => found.registry = Some(value),
                "judge" => found.judge = Some(name_of(&value)?),
                "attempt" => found.attempt = Some(ident(&value)?),
                _ => return Err(unknown(&path, "registry, judge and attempt")),
            }
        }
        Ok(found)
    }
}

/// Reads `name = value` as often as it stands there, each name once.
fn pairs(input: ParseStream<'_>) -> Result<Vec<MetaNameValue>> {
    let pairs = Punctuated::<MetaNameValue, Token![,]>::parse_terminated(input)?;
    let pairs: Vec<MetaNameValue> = pairs.into_iter().collect();
    for (index, pair) in pairs.iter().enumerate() {
        if pairs[..index].iter().any(|earlier| pair.path.get_ident().is_some_and(|name| earlier.path.is_ident(name))) {
            return Err(Error::new(pair.path.span(), TWICE));
        }
    }
    Ok(pairs)
}

const TWICE: &str = "this argument stands here twice";

fn name(path: &Path) -> String {
    path.get_ident().map(Ident::to_string).unwrap_or_default()
}

fn unknown(path: &Path, known: &str) -> Error {
    Error::new(path.span(), format!("there is no such argument; there are {known}"))
}

fn count(value: &Expr) -> Result<u32> {
    match literal(value)? {
        Lit::Int(number) => number.base10_parse().map_err(|_| Error::new(number.span(), WHOLE)),
        other => Err(Error::new(other.span(), WHOLE)),
    }
}

const WHOLE: &str = "a whole number, 0 or more, is needed";

/// Reads `250ms`, `5s`, `2m`, `1h`.
fn duration(value: &Expr) -> Result<Duration> {
    let Lit::Str(text) = literal(value)? else {
        return Err(Error::new(value.span(), "a duration in quotes is needed, such as \"250ms\""));
    };
    parse_duration(&text.value()).ok_or_else(|| {
        Error::new(text.span(), "this is no duration; write one such as \"250ms\", \"5s\", \"2m\" or \"1h\"")
    })
}

fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    match text[digits..].trim() {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3_600).map(Duration::from_secs),
        _ => None,
    }
}

/// Reads the name of a spread and returns that of its variant.
fn jitter(value: &Expr) -> Result<Ident> {
    let Lit::Str(text) = literal(value)? else {
        return Err(Error::new(value.span(), JITTERS));
    };
    let variant = match text.value().as_str() {
        "full" => "Full",
        "equal" => "Equal",
        "decorrelated" => "Decorrelated",
        "none" => "None",
        _ => return Err(Error::new(text.span(), JITTERS)),
    };
    Ok(Ident::new(variant, text.span()))
}

const JITTERS: &str = "jitter is \"full\", \"equal\", \"decorrelated\" or \"none\"";

fn literal(value: &Expr) -> Result<&Lit> {
    match value {
        Expr::Lit(literal) => Ok(&literal.lit),
        other => Err(Error::new(other.span(), "a literal is needed")),
    }
}

fn name_of(value: &Expr) -> Result<Path> {
    match value {
        Expr::Path(path) => Ok(path.path.clone()),
        other => Err(Error::new(other.span(), "the path of a function is needed")),
    }
}

fn ident(value: &Expr) -> Result<Ident> {
    let path = name_of(value)?;
    path.get_ident().cloned().ok_or_else(|| Error::new(path.span(), "a plain name is needed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks what attribute arguments are read as, or the mistake found in them.
    fn check(text: &str, expected: &str) {
        let found = match syn::parse_str::<RetryArguments>(text) {
            Ok(found) => {
                let jitter = found.jitter.map(|jitter| jitter.to_string());
                format!("{:?} {:?}..{:?} {jitter:?} {:?}", found.attempts, found.wait, found.max_wait, found.deadline)
            }
            Err(mistake) => mistake.to_string(),
        };
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn everything_may_be_left_out() {
        check("", "None None..None None None");
        check("attempts = 4, wait = \"10ms\", max_wait = \"2m\"", "Some(4) Some(10ms)..Some(120s) None None");
        check("jitter = \"equal\", deadline = \"1h\"", "None None..None Some(\"Equal\") Some(3600s)");
    }

    #[test]
    fn mistakes_are_found_when_the_program_is_compiled() {
        check("attempts = 2, attempts = 9", TWICE);
        check("attempts = 0", "`attempts` counts the first call too: at least 1");
        check("attempts = -1", WHOLE);
        check("attempts = \"3\"", WHOLE);
        check("attempts = many", "a literal is needed");
        check("wait = \"5 parsecs\"", "this is no duration; write one such as \"250ms\", \"5s\", \"2m\" or \"1h\"");
        check(
            "wait = \"99999999999999999999h\"",
            "this is no duration; write one such as \"250ms\", \"5s\", \"2m\" or \"1h\"",
        );
        check("wait = \"2s\", max_wait = \"1s\"", "`max_wait` is shorter than `wait`");
        check("deadline = \"0s\"", "`deadline` must be longer than nothing");
        check("jitter = \"some\"", JITTERS);
        check(
            "tries = 3",
            "there is no such argument; there are attempts, wait, max_wait, jitter, deadline, when and attempt",
        );
    }

    #[test]
    fn an_argument_of_a_policy_stands_there_once() {
        let parse = |text: &str| syn::parse_str::<PolicyArguments>(text).map(|found| found.name.value());
        assert_eq!(parse("\"github\", judge = one, attempt = at").unwrap(), "github");
        assert_eq!(parse("\"github\", judge = one, judge = two").unwrap_err().to_string(), TWICE);
    }
}
