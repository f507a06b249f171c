//! Tells a secret from what only looks like the value of a telling name: a variable, a call, a type, a word of the
//! language. Agents show each other code, and code whose names were hidden would be of no use.

use super::swallow::is_value;
use super::view::{Seen, View};

/// So much of a value is looked at.
const MAX_LOOK: usize = 64;

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// `key=value`, as in a shell, a URL or a file of variables.
    Tight,
    /// `key = value`, as in code and settings.
    Spaced,
    /// `key: value`, as in YAML, headers and code.
    Colon,
}

/// Values that say of what kind a secret is, or that there is none.
const WORDS: &[&str] = &[
    "true",
    "false",
    "null",
    "none",
    "nil",
    "undefined",
    "string",
    "str",
    "bool",
    "boolean",
    "bytes",
    "text",
    "int",
    "number",
    "any",
    "object",
    "required",
    "optional",
    "self",
    "option",
    "vec",
];

/// Says whether a value without quotes is no secret: it stands for one, or is code.
pub(super) fn is_code(view: &View<'_>, key: &[u8], start: usize, manner: Manner) -> Seen<bool> {
    let end = view.while_within(start, MAX_LOOK, is_value)?;
    let value = &view.bytes[start..end];
    let behind = view.at(end)?;
    if is_reference(value, behind) || stands_for(value, key) {
        return Ok(true);
    }
    let is_pure = value.iter().all(|byte| byte.is_ascii_alphabetic() || b"_.:".contains(byte));
    Ok(match (manner, behind) {
        // `[u8; 32]`
        (Manner::Spaced | Manner::Colon, Some(b';')) if value.starts_with(b"[") => true,
        // `Optional[str]`
        (Manner::Colon, Some(b']' | b',')) if is_generic(value) => true,
        // `password=read_it(file)`; in a shell's variable a bracket may be part of the secret.
        (Manner::Tight, Some(b'(')) => is_pure && !key.iter().all(|byte| !byte.is_ascii_lowercase()),
        (Manner::Tight, _) => false,
        (_, Some(b'(' | b'<' | b'{')) => is_path(value),
        (_, _) if is_word(value) => true,
        (Manner::Spaced, Some(b';' | b',' | b')')) => is_pure,
        (Manner::Colon, Some(b',' | b')')) => is_pure && value.first().is_some_and(u8::is_ascii_uppercase),
        _ => value.windows(2).any(|pair| pair == b"::") && is_path(value),
    })
}

/// Says whether an item of a list is code: a variable or a type.
pub(super) fn is_code_item(value: &[u8], manner: Manner) -> bool {
    let is_pure = value.iter().all(|byte| byte.is_ascii_alphabetic() || b"_.:".contains(byte));
    match manner {
        Manner::Tight => false,
        Manner::Spaced => is_pure,
        Manner::Colon => is_pure && value.first().is_some_and(u8::is_ascii_uppercase),
    }
}

/// Says whether this is a type with what it is of, as Python writes it.
fn is_generic(value: &[u8]) -> bool {
    let Some(sign) = value.iter().position(|byte| *byte == b'[') else { return false };
    let (name, of) = (&value[..sign], &value[sign + 1..]);
    is_path(name) && is_path(of) && name.iter().chain(of).all(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
}

/// Says whether a value between quotes only stands for a secret.
pub(super) fn is_stand_in(value: &[u8]) -> bool {
    let stars = value.iter().all(|byte| matches!(byte, b'*' | b'.'));
    // What stands between two texts is taken for one where a quote is missing.
    let is_sign = value.iter().all(|byte| b" ,:".contains(byte));
    let pairs: [(&[u8], &[u8]); 4] = [(b"${", b"}"), (b"{{", b"}}"), (b"<", b">"), (b"$(", b")")];
    stars
        || is_sign
        || pairs.iter().any(|(open, close)| value.starts_with(open) && value.ends_with(close))
        || is_variable(value)
}

/// Says whether a value is `$NAME`, `${..}`, `$(..)`, `{{ .. }}`, `<..>` or only stars.
fn is_reference(value: &[u8], behind: Option<u8>) -> bool {
    let opens = matches!((value, behind), (b"$", Some(b'{' | b'(')) | (b"", Some(b'{' | b'<')));
    opens || is_variable(value) || !value.is_empty() && value.iter().all(|byte| *byte == b'*')
}

/// Says whether this is a variable of a shell; their names are in capitals, and so are few passwords.
fn is_variable(value: &[u8]) -> bool {
    let name = value.strip_prefix(b"$").unwrap_or_default();
    !name.is_empty() && name.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_')
}

/// Says whether a value only repeats its name: `token=token`, `password=self.password`, `token=$token`.
fn stands_for(value: &[u8], key: &[u8]) -> bool {
    let last = |text: &[u8]| text.rsplit(|byte| b".$&@".contains(byte)).next().map(<[u8]>::to_ascii_lowercase);
    let is_name = |byte: &u8| byte.is_ascii_alphabetic() || b"_.$&@".contains(byte);
    !value.is_empty() && value.iter().all(is_name) && last(value) == last(key)
}

fn is_word(value: &[u8]) -> bool {
    let value = value.strip_suffix(b"?").unwrap_or(value);
    WORDS.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(value))
}

/// Says whether this is the path of a function or a type.
fn is_path(value: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.:!".contains(byte);
    value.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_') && value.iter().all(is_part)
}

#[cfg(test)]
mod tests {
    use crate::Redactor;

    /// Checks that a text is left as it is.
    fn check(text: &str) {
        assert_eq!(Redactor::new().text(text), text);
    }

    #[test]
    fn code_is_no_secret() {
        for text in [
            "let token = lexer.next();",
            "let password = read_password(file)?;",
            "secret: String,",
            "pub password: Option<Secret>,",
            "fn login(password: &str, token: Token)",
            "Client(token=token, password=get_password())",
            "self.password = password;",
            "token => match(x)",
            "secret = std::env::var(NAME)",
            "token == other",
            "password: string",
            "access_token: None",
        ] {
            check(text);
        }
    }

    #[test]
    fn what_stands_for_a_secret_is_none() {
        for text in [
            "TOKEN=$TOKEN",
            "password=${PASSWORD}",
            "GH_TOKEN: ${{ secrets.GH_TOKEN }}",
            "token={{ inputs.token }}",
            "--password \"$DB_PASSWORD\"",
            "password=<password>",
            "password=***",
            "secret=$(cat file)",
            "password: \"{{ x }}\"",
            "password=''",
        ] {
            check(text);
        }
    }
}
