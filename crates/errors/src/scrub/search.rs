//! Finds secrets in a text, in one pass without patterns compiled: keys of providers, credentials after `Bearer`,
//! what stands before the `@` of a URL. Leaves the values of telling names to `value` and the lists to `names`.

use std::borrow::Cow;
use std::ops::Range;

use super::names::{JWT, begins_like_key, is_jwt, shortest_key, telling};

/// What stands in place of a secret.
pub(crate) const HIDDEN: &str = "[redacted]";

/// Hides what looks like a secret; a text without any is handed back as it is.
///
/// Hidden are the values of `Authorization`, cookies and of names that end in `password`, `secret`, `api_key`, `token`
/// and the like, what follows `Bearer` and `Basic`, keys that bear the beginning of their provider (`sk-`, `ghp_`,
/// `AKIA`, `xoxb-`), JSON Web Tokens, private keys in PEM, and in URLs the user with his password and secret query
/// values. Hiding twice changes nothing more.
///
/// ```
/// use segno_errors::scrub;
///
/// let text = "GET https://me:pw@host/v1?key=abc&n=1 with Authorization: Bearer abc";
/// assert_eq!(scrub(text), "GET https://[redacted]@host/v1?key=[redacted]&n=1 with Authorization: [redacted]");
/// assert_eq!(scrub("unexpected token: `}`"), "unexpected token: `}`");
/// ```
pub fn scrub(text: &str) -> Cow<'_, str> {
    hidden(text, false)
}

/// Hides what looks like a secret in a text that may go on behind its end, where a secret shows only its beginning.
pub(super) fn scrub_cut(text: &str) -> Cow<'_, str> {
    hidden(text, true)
}

fn hidden(text: &str, is_cut: bool) -> Cow<'_, str> {
    let secrets = Search { text, bytes: text.as_bytes(), is_cut, run_end: 0, digit: 0, found: Vec::new() }.run();
    if secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut from = 0;
    for secret in secrets {
        clean.push_str(&text[from..secret.start]);
        clean.push_str(HIDDEN);
        from = secret.end;
    }
    clean.push_str(&text[from..]);
    Cow::Owned(clean)
}

/// The longest title of a PEM block.
const MAX_PEM_TITLE: usize = 64;

/// The longest command of a terminal that is passed over.
const MAX_COLOUR: usize = 16;

pub(super) struct Search<'t> {
    pub(super) text: &'t str,
    pub(super) bytes: &'t [u8],
    /// Whether the text may go on behind its end.
    is_cut: bool,
    /// Where the run of bytes of keys ends that was looked at last, and the next digit: a text full of beginnings of keys
    /// is read once all the same.
    run_end: usize,
    digit: usize,
    found: Vec<Range<usize>>,
}

impl Search<'_> {
    fn run(mut self) -> Vec<Range<usize>> {
        let mut at = 0;
        while at < self.bytes.len() {
            let found = self.found.len();
            let behind = self.behind_escape(at).map_or(at, |start| self.word(start));
            at = if self.found.len() > found {
                behind
            } else if is_name(self.bytes[at]) {
                self.word(at)
            } else if self.bytes[at..].starts_with(b"://") {
                self.user(at + 3)
            } else {
                at + 1
            };
        }
        self.found
    }

    /// Returns where a word may begin behind a colour, an escape such as `\n` or a byte of a URL: read from their letters
    /// on, it would be another word.
    fn behind_escape(&self, at: usize) -> Option<usize> {
        let length = match &self.bytes[at..] {
            [b'\\', b'n' | b't' | b'r', ..] => 2,
            [b'\\', b'u', ..] => 6,
            [b'%', first, second, ..] if first.is_ascii_hexdigit() && second.is_ascii_hexdigit() => 3,
            [b'[', ..] => {
                let last = self.while_within(at + 1, MAX_COLOUR, |byte| byte.is_ascii_digit() || byte == b';');
                self.bytes.get(last).filter(|byte| byte.is_ascii_alphabetic())?;
                last + 1 - at
            }
            _ => return None,
        };
        self.bytes.get(at + length).filter(|byte| is_name(**byte)).map(|_| at + length)
    }

    /// Looks at the word that begins here and returns where to go on.
    fn word(&mut self, start: usize) -> usize {
        let end = self.while_at(start, is_name);
        if self.bytes[start..].starts_with(b"-----BEGIN") && self.text[end..].starts_with(' ') {
            return self.private_key(end);
        }
        if begins_like_key(&self.text[start..]) && self.is_key(start) {
            return self.hide(start..self.run_end);
        }
        let word = &self.text[start..end];
        match scheme_of(word) {
            Some(scheme) => self.credentials(scheme, end),
            None if is_user_flag(word) => self.user_of_flag(end),
            None if !self.may_have_value(start, end) => end,
            None => match telling(word) {
                Some(telling) => self.value(telling, start, end),
                None => end,
            },
        }
    }

    /// Says whether what begins like a key is one, and leaves its end in `run_end`.
    fn is_key(&mut self, start: usize) -> bool {
        let is_new = self.run_end <= start;
        if is_new {
            self.run_end = self.while_at(start, is_credential);
        }
        if is_new || self.digit < start {
            self.digit = self.while_within(start, self.run_end - start, |byte| !byte.is_ascii_digit());
        }
        let is_open = self.is_cut && self.run_end == self.bytes.len();
        if self.text[start..].starts_with(JWT) {
            let end = self.while_at(start, |byte| is_name(byte) || byte == b'.');
            return is_jwt(&self.text[start..end]) || is_open && end == self.run_end;
        }
        let run = &self.text[start..self.run_end];
        let is_long = shortest_key(run).is_some_and(|length| run.len() >= length);
        // `sk-learn-contrib-something` has no digit; real keys have.
        is_open || is_long && self.digit < self.run_end
    }

    /// Says whether a word is followed by anything that a value can stand behind: most words are not.
    fn may_have_value(&self, start: usize, end: usize) -> bool {
        match self.bytes.get(end) {
            Some(b'=' | b':' | b'"' | b'\'' | b'\\') => true,
            Some(b' ') => {
                let next = self.bytes.get(end + 1);
                matches!(next, Some(b'=' | b':' | b' ')) || self.bytes[start..].starts_with(b"--")
            }
            Some(b'>') => start > 0 && matches!(self.bytes[start - 1], b'<' | b':'),
            _ => false,
        }
    }

    /// Hides what follows `Bearer` or `Basic`, unless it is a word of plain language.
    fn credentials(&mut self, scheme: Scheme, end: usize) -> usize {
        let start = self.while_at(end, |byte| byte == b' ');
        let stop = self.while_at(start, is_credential);
        let run = &self.bytes[start..stop];
        let is_plain = run.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'.');
        let is_long = run.len() >= if scheme == Scheme::Basic { 8 } else { 6 };
        if start > end && is_long && (!is_plain || run.len() >= 24) { self.hide(start..stop) } else { end }
    }

    /// Hides what stands before the `@` of a URL.
    fn user(&mut self, start: usize) -> usize {
        let stop = self.while_at(start, |byte| !byte.is_ascii_whitespace() && !b"/?#\"'`<>".contains(&byte));
        match self.bytes[start..stop].iter().rposition(|&byte| byte == b'@') {
            Some(length) if length > 0 => self.hide(start..start + length),
            None if self.is_cut && stop == self.bytes.len() && self.text[start..].contains(':') => {
                self.hide(start..stop)
            }
            _ => start,
        }
    }

    /// Hides the body of a private key in PEM; other PEM blocks are public.
    fn private_key(&mut self, from: usize) -> usize {
        let line = self.while_within(from, MAX_PEM_TITLE, |byte| byte != b'\n' && byte != b'\\');
        let line = self.text.floor_char_boundary(line);
        if !self.text[from..line].contains("PRIVATE KEY") {
            return from;
        }
        let body = &self.text[line..];
        let stop = body.find("-----END").map_or(self.bytes.len(), |length| line + length);
        self.hide(line..stop)
    }

    pub(super) fn hide(&mut self, secret: Range<usize>) -> usize {
        let end = secret.end;
        if !secret.is_empty() {
            self.found.push(secret);
        }
        end
    }

    pub(super) fn while_at(&self, start: usize, holds: impl Fn(u8) -> bool) -> usize {
        self.while_within(start, usize::MAX, holds)
    }

    /// Returns where the bytes for which it holds end, at most `limit` of them.
    pub(super) fn while_within(&self, start: usize, limit: usize, holds: impl Fn(u8) -> bool) -> usize {
        let rest = self.bytes.get(start..).unwrap_or_default();
        let rest = &rest[..rest.len().min(limit)];
        start + rest.iter().position(|&byte| !holds(byte)).unwrap_or(rest.len())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Bearer,
    Basic,
}

fn scheme_of(word: &str) -> Option<Scheme> {
    let is = |name: &str| word.eq_ignore_ascii_case(name);
    is("bearer").then_some(Scheme::Bearer).or_else(|| is("basic").then_some(Scheme::Basic))
}

/// Says whether a word is the option that curl takes a user with his password behind.
fn is_user_flag(word: &str) -> bool {
    matches!(word, "-u" | "-U" | "--user" | "--proxy-user")
}

/// Says whether a byte may stand in a key, a token or Base64.
fn is_credential(byte: u8) -> bool {
    is_name(byte) || b".+/=~".contains(&byte)
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Checks what is left of a text.
    fn check(text: &str, expected: &str) {
        assert_eq!(scrub(text), expected);
        assert_eq!(scrub(expected), expected, "a second pass");
    }

    #[test]
    fn headers_are_hidden() {
        check("Authorization: Bearer abc\nHost: x", "Authorization: [redacted]\nHost: x");
        check("authorization: Digest user=\"me\"", "authorization: [redacted]");
        check(r#"{"authorization": "Basic dXNlcjpwdw=="}"#, r#"{"authorization": "[redacted]"}"#);
        check("Cookie: a=b; c=d", "Cookie: [redacted]");
        check("x-api-key: abc, x-other: def", "x-api-key: [redacted], x-other: def");
        check("sent Bearer abc123def to it", "sent Bearer [redacted] to it");
        check("Basic authentication failed, the bearer of this", "Basic authentication failed, the bearer of this");
    }

    #[test]
    fn keys_of_providers_are_hidden() {
        check(concat!("key sk-", "ant-abcdefghij0123456789 is wrong"), "key [redacted] is wrong");
        check("(ghp_abcdefghijklmnopqrst1234)", "([redacted])");
        check("AKIAIOSFODNN7EXAMPLE,xoxb-123456789012-abcdef", "[redacted],[redacted]");
        check("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl!", "[redacted]!");
        check(
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA",
            "-----BEGIN RSA PRIVATE KEY-----[redacted]-----END RSA",
        );
        check("-----BEGIN CERTIFICATE-----\nMIIE\n-----END", "-----BEGIN CERTIFICATE-----\nMIIE\n-----END");
        let long = format!("eyJhbGci.{}.c2ln", "a".repeat(5_000));
        check(&format!("x {long} y"), "x [redacted] y");
        check("sk-learn-contrib-something", "sk-learn-contrib-something");
        check("pip install sk-learn-contrib-something", "pip install sk-learn-contrib-something");
    }

    #[test]
    fn values_of_telling_names_are_hidden() {
        check("DB_PASSWORD=hunter2 TOKEN='a b'", "DB_PASSWORD=[redacted] TOKEN='[redacted]'");
        check(r#"{"token":"abc","max_tokens":5}"#, r#"{"token":"[redacted]","max_tokens":5}"#);
        check(r#"{\"api_key\":\"abc\"}"#, r#"{\"api_key\":\"[redacted]\"}"#);
        check("login --password hunter2 --user me", "login --password [redacted] --user me");
        check("password: hunter2", "password: [redacted]");
        check("unexpected token: `}` in std::auth::x", "unexpected token: `}` in std::auth::x");
        check("secret::Key, token == 5", "secret::Key, token == 5");
        check("the password is wrong", "the password is wrong");
    }

    #[test]
    fn users_and_queries_of_urls_are_hidden() {
        check("postgres://me:p@ss@db/x", "postgres://[redacted]@db/x");
        check("https://host/a?key=abc&q=1#code=2", "https://host/a?key=[redacted]&q=1#code=2");
        check("https://host/@scope/x?n=1", "https://host/@scope/x?n=1");
        check("s3://b?X-Amz-Signature=00ff&Expires=1", "s3://b?X-Amz-Signature=[redacted]&Expires=1");
        check("exit code=2, state=running", "exit code=2, state=running");
    }

    #[test]
    fn hostile_texts_are_read_in_one_pass() {
        for piece in [
            "password=",
            "://",
            "Bearer ",
            "-----BEGIN PRIVATE KEY-----\n",
            "eyJ.",
            "ü=",
            "\"token\":\"",
            "a/",
            "sk-a/",
            "-----BEGIN ",
            "eyJ/",
            "sk-",
            "sk-.",
            "password='\\",
            "<token>",
            "-u 'a",
            "\\npassword",
            "[31mtoken=\"",
            "Authorization: \\",
        ] {
            let text = piece.repeat(100_000 / piece.len());
            assert!(scrub(&text).len() <= text.len() * 4, "{piece}");
        }
    }

    proptest! {
        #[test]
        fn hiding_twice_changes_nothing_more(text in "[a-z=:/?&@ \"'{}\\[\\]-]{0,12}(password|token|key|://|Bearer |\"secret\": )?[a-zA-Z0-9=:@ü \"]{0,12}") {
            let once = scrub(&text).into_owned();
            prop_assert_eq!(scrub(&once), once.as_str());
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in any::<String>()) {
            scrub(&text);
        }

        #[test]
        fn a_secret_behind_its_name_is_gone(name in "(db_password|API_KEY|secret|authorization)", sign in "(=|: |\": \")", secret in "[A-Z0-9]{12,20}") {
            let text = format!("before {name}{sign}{secret} after");
            prop_assert!(!scrub(&text).contains(&secret));
        }
    }
}
