//! What stands in the brackets of the attribute, every mistake with its place. Leaves its use to `wrap`.

use std::time::Duration;

use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, LitStr, Result, Token};

/// The arguments of `#[timed(..)]`.
#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) name: Option<LitStr>,
    pub(crate) slow: Option<Duration>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Arguments> {
        let mut found = Arguments::default();
        while !input.is_empty() {
            let name = input.call(Ident::parse_any)?;
            input.parse::<Token![=]>()?;
            let text: LitStr = input.parse()?;
            let is_second = match name.to_string().as_str() {
                "name" => found.name.replace(text).is_some(),
                "slow" => found.slow.replace(duration(&text)?).is_some(),
                _ => return Err(Error::new(name.span(), "there is no such argument; there are name and slow")),
            };
            if is_second {
                return Err(Error::new(name.span(), "this argument stands here twice"));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(found)
    }
}

/// Reads `250us`, `50ms`, `5s`, `2m`.
fn duration(text: &LitStr) -> Result<Duration> {
    let value = text.value();
    let digits = value.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(value.len());
    let number: Option<u64> = value[..digits].parse().ok();
    let duration = number.and_then(|number| match value[digits..].trim() {
        "us" => Some(Duration::from_micros(number)),
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        _ => None,
    });
    let message = "this is no duration; write one such as \"250us\", \"50ms\", \"5s\" or \"2m\"";
    duration.ok_or_else(|| Error::new(text.span(), message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let found = match syn::parse_str::<Arguments>(text) {
            Ok(Arguments { name, slow }) => format!("{:?} {slow:?}", name.map(|name| name.value())),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn all_may_be_left_out() {
        check("", "None None");
        check(r#"name = "read config", slow = "50ms","#, r#"Some("read config") Some(50ms)"#);
        check(r#"slow = "2m""#, "None Some(120s)");
    }

    #[test]
    fn mistakes_are_named() {
        check(r#"fast = "1s""#, "there is no such argument; there are name and slow");
        check(r#"name = "a", name = "b""#, "this argument stands here twice");
        for wrong in ["", "5", "ms", "5 hours", "99999999999999999999s", "400000000000000000m"] {
            let message = "this is no duration; write one such as \"250us\", \"50ms\", \"5s\" or \"2m\"";
            check(&format!("slow = \"{wrong}\""), message);
        }
    }
}
