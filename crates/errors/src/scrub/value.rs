//! Hides the value that stands behind a telling name: assigned, quoted, in a header, in a tag, behind an option. Leaves
//! finding the names to `search`.

use super::names::{Telling, is_line_header};
use super::search::{HIDDEN, Search};

/// How far the closing quote of a value is looked for; without one the value ends with its line.
const MAX_QUOTED: usize = 4 << 10;
/// The longest name of a space of names before that of a tag.
const MAX_SPACE: usize = 64;
/// The longest title behind the end of a block in PEM, and the dashes after it.
const MAX_PEM_END: usize = 64;
const MAX_DASHES: usize = 5;

impl Search<'_> {
    /// Hides the value behind a telling name, if a value follows.
    pub(super) fn value(&mut self, telling: Telling, name: usize, end: usize) -> usize {
        if self.bytes.get(end) == Some(&b'>') {
            return if telling >= Telling::Assigned { self.tag(name, end) } else { end };
        }
        let is_flag = self.bytes[name..].starts_with(b"--") && telling >= Telling::Assigned;
        let quote = self.while_at(end, |byte| byte == b'\\');
        let is_quoted = matches!(self.bytes.get(quote), Some(b'"' | b'\''));
        let after = if is_quoted { quote + 1 } else { end };
        let sign = self.while_at(after, |byte| byte == b' ');
        let is_query = name > 0 && matches!(self.bytes[name - 1], b'?' | b'&');
        let has_value = match self.bytes.get(sign) {
            Some(b'=') if telling == Telling::Query => is_query,
            Some(b'=') => true,
            Some(b':') => telling == Telling::Always || telling == Telling::Assigned && is_quoted,
            _ if is_flag && sign == end + 1 => return self.hide_value(sign, false),
            _ => false,
        };
        if !has_value {
            return end;
        }
        let from = match (self.bytes[sign], self.bytes.get(sign + 1)) {
            (b'=', Some(b'>')) if telling == Telling::Always || is_quoted => sign + 2,
            // `std::io`, `a == b` and the arm of a match are no values.
            (_, Some(b':' | b'=' | b'>')) => return end,
            _ => sign + 1,
        };
        if is_line_header(&self.text[name..end]) && !is_query && !is_quoted {
            return self.header(name, from);
        }
        self.hide_value(from, is_quoted)
    }

    fn hide_value(&mut self, from: usize, is_quoted: bool) -> usize {
        let start = self.while_at(from, |byte| byte == b' ' || byte == b'\t');
        if let Some((open, close)) = self.quoted(start) {
            return if self.is_hidden(open) { open } else { self.hide(open..close) };
        }
        if let Some(end) = self.pem_end(start) {
            return self.hide(start..end);
        }
        // In JSON a number, a list or an object behind the name is no text to hide piece by piece.
        if is_quoted && start == from && matches!(self.bytes.get(start), Some(b'{' | b'[')) && !self.is_hidden(start) {
            return start;
        }
        let stop = self.while_at(start, |byte| !byte.is_ascii_whitespace() && !b"\"'`\\,;&<>(){}#".contains(&byte));
        if stop == start { stop } else { self.hide(start..stop) }
    }

    /// Returns what stands between quotes that open here: also such as are escaped, and three in a row.
    fn quoted(&self, start: usize) -> Option<(usize, usize)> {
        let sign = self.while_at(start, |byte| byte == b'\\');
        let quote = *self.bytes.get(sign).filter(|byte| b"\"'`".contains(byte))?;
        let open = match self.while_within(sign, 3, |byte| byte == quote) - sign {
            3 => sign + 3,
            _ => sign + 1,
        };
        let close = self.pem_end(open).unwrap_or_else(|| self.closing(open, quote, sign - start));
        Some((open, close))
    }

    /// Returns where the text ends that such a quote with `depth` backslashes opened.
    fn closing(&self, open: usize, quote: u8, depth: usize) -> usize {
        let mut at = open;
        while at < self.bytes.len() && at - open < MAX_QUOTED {
            let sign = self.while_at(at, |byte| byte == b'\\');
            let backslashes = sign - at;
            if self.bytes.get(sign) == Some(&quote) {
                match depth {
                    0 if backslashes.is_multiple_of(2) => return sign,
                    1.. if backslashes <= depth => return at,
                    _ => {}
                }
            }
            at = self.text.ceil_char_boundary(sign + 1);
        }
        self.while_at(open, |byte| byte != b'\r' && byte != b'\n')
    }

    /// Hides the value of a header up to the end of its line: `Digest` and `OAuth` have quotes in theirs. A header that is
    /// quoted as a whole ends with its quote, and what follows `Bearer` or `Basic` with any.
    fn header(&mut self, name: usize, from: usize) -> usize {
        let start = self.while_at(from, |byte| byte == b' ' || byte == b'\t');
        if self.is_hidden(start) {
            return start + HIDDEN.len();
        }
        if let Some((open, close)) = self.quoted(start) {
            return if self.is_hidden(open) { open } else { self.hide(open..close) };
        }
        let line = self.line_end(start);
        let value = &self.bytes[start..line];
        let is_plain = [&b"bearer "[..], b"basic "].iter().any(|scheme| {
            value.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
                && value.get(scheme.len()).is_some_and(|byte| !is_quote(*byte))
        });
        let quote = name.checked_sub(1).map(|before| self.bytes[before]).filter(|byte| b"\"'`".contains(byte));
        let stop = match quote {
            _ if is_plain => self.while_within(start, line - start, |byte| !is_quote(byte)),
            Some(quote) => {
                let depth = self.bytes[..name - 1].iter().rev().take_while(|byte| **byte == b'\\').count();
                self.closing(start, quote, depth).min(line)
            }
            None => line,
        };
        self.hide(start..stop)
    }

    /// Returns where a line ends, also one that is written with `\n` in a string.
    fn line_end(&self, start: usize) -> usize {
        let mut at = start;
        loop {
            at = self.while_at(at, |byte| !b"\r\n\\".contains(&byte));
            match self.bytes.get(at..).unwrap_or_default() {
                [b'\\', b'r' | b'n', ..] => return at,
                [b'\\', ..] => at += 1,
                _ => return at,
            }
        }
    }

    /// Hides what a tag holds: `<password>x</password>`.
    fn tag(&mut self, name: usize, end: usize) -> usize {
        let (start, length) = (end + 1, end - name);
        let stop = self.while_at(start, |byte| byte != b'<');
        let closing = self.bytes.get(stop..).and_then(|rest| rest.strip_prefix(b"</")).unwrap_or_default();
        let local = closing.iter().take(length + MAX_SPACE).position(|&byte| byte == b'>').unwrap_or_default();
        let is_same = closing[..local].ends_with(&self.bytes[name..end]);
        if is_same && !self.is_hidden(start) { self.hide(start..stop) } else { end }
    }

    /// Hides the user and his password behind `-u`; `1000:1000` are the numbers of a user and a group.
    pub(super) fn user_of_flag(&mut self, end: usize) -> usize {
        if !matches!(self.bytes.get(end), Some(b' ' | b'=')) {
            return end;
        }
        let start = self.while_at(end + 1, |byte| byte == b' ');
        let (start, stop) = match self.quoted(start) {
            Some(inside) => inside,
            None => (start, self.while_at(start, |byte| !byte.is_ascii_whitespace() && !is_quote(byte))),
        };
        let user = &self.text[start..stop];
        let is_number = user.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
        if user.contains(':') && !user.contains("://") && !is_number { self.hide(start..stop) } else { end }
    }

    /// Returns where a block in PEM ends that begins here.
    fn pem_end(&self, start: usize) -> Option<usize> {
        let body = self.text.get(start..).filter(|text| text.starts_with("-----BEGIN"))?;
        let Some(length) = body.find("-----END") else { return Some(self.bytes.len()) };
        let title = start + length + "-----END".len();
        let title = self.while_within(title, MAX_PEM_END, |byte| byte.is_ascii_alphanumeric() || byte == b' ');
        Some(self.while_within(title, MAX_DASHES, |byte| byte == b'-'))
    }

    fn is_hidden(&self, at: usize) -> bool {
        self.bytes.get(at..).is_some_and(|rest| rest.starts_with(HIDDEN.as_bytes()))
    }
}

/// Says whether a byte is a quote, or the backslash before one.
fn is_quote(byte: u8) -> bool {
    b"\"'`\\".contains(&byte)
}

#[cfg(test)]
mod tests {
    use crate::scrub;

    /// Checks what is left of a text.
    fn check(text: &str, expected: &str) {
        assert_eq!(scrub(text), expected);
        assert_eq!(scrub(expected), expected, "a second pass");
    }

    #[test]
    fn a_quoted_value_ends_with_its_quote() {
        check(r#"{"token":"a b, c","n":1}"#, r#"{"token":"[redacted]","n":1}"#);
        check(r#"{"secret":"a\"b c","n":1}"#, r#"{"secret":"[redacted]","n":1}"#);
        check(r#"{\"api_key\":\"a b\",\"n\":1}"#, r#"{\"api_key\":\"[redacted]\",\"n\":1}"#);
        check("PASSWORD=\"a\nb\" n=1", "PASSWORD=\"[redacted]\" n=1");
        check("password='''a b''' n", "password='''[redacted]''' n");
        check("password='' n='a b'", "password='' n='a b'");
        check("password='a b\nnext", "password='[redacted]\nnext");
        check("password => 'x y', n => 1", "password => '[redacted]', n => 1");
        check("'token' => 'x'", "'token' => '[redacted]'");
        check("token => match(x)", "token => match(x)");
    }

    #[test]
    fn a_key_in_pem_is_hidden_in_a_value() {
        let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIE x\n-----END RSA PRIVATE KEY-----";
        check(&format!("PRIVATE_KEY={key}\nn=1"), "PRIVATE_KEY=[redacted]\nn=1");
        let line = key.replace('\n', "\\n");
        check(&format!(r#"{{"private_key":"{line}","n":1}}"#), r#"{"private_key":"[redacted]","n":1}"#);
        check("SECRET='-----BEGIN PRIVATE KEY-----\nMIIE", "SECRET='[redacted]");
    }

    #[test]
    fn a_header_is_hidden_to_the_end_of_its_line() {
        for name in ["Authorization", "X-Authorization", "proxy-authorization", "X_AUTHORIZATION", "Set-Cookie"] {
            for value in ["Token token=\"a\", n=\"1\"", "OAuth a=\"b\", c=\"d\"", "Digest user=\"me\"", "Bearer abc"] {
                check(&format!("{name}: {value}\nn: 1"), &format!("{name}: [redacted]\nn: 1"));
            }
        }
        check("HTTP_AUTHORIZATION=Token abc", "HTTP_AUTHORIZATION=[redacted]");
        check(r#"curl -H "Authorization: Token abc" https://x"#, r#"curl -H "Authorization: [redacted]" https://x"#);
        check(r#"{"log":"Authorization: Bearer abc","n":1}"#, r#"{"log":"Authorization: [redacted]","n":1}"#);
        check(r"GET\r\nAuthorization: Token abc\r\nHost: x", r"GET\r\nAuthorization: [redacted]\r\nHost: x");
        check("X-Vault-Token: abc, PRIVATE-TOKEN: d", "X-Vault-Token: [redacted], PRIVATE-TOKEN: [redacted]");
    }

    #[test]
    fn names_in_any_spelling_tell_of_their_value() {
        for name in [
            "SecretAccessKey",
            "secretKey",
            "privateKey",
            "accessKey",
            "SharedAccessKey",
            "AccountKey",
            "clientSecret",
            "DB_PASS",
            "SSHPASS",
            "apiKey",
            "signing-key",
        ] {
            check(&format!("{name}=abc;n=1"), &format!("{name}=[redacted];n=1"));
        }
        check("pass=3 fail=2 bypass=1", "pass=3 fail=2 bypass=1");
    }

    #[test]
    fn a_word_begins_behind_an_escape() {
        let key = concat!("sk-", "ant-abcdefghij0123456789");
        for lead in ["\u{1b}[31m", "\u{1b}[m", "\\n", "\\t", "\\r\\n", "%20", "%3D", "\\u001b[1;31m", "\\u0020"] {
            check(&format!("x {lead}{key} y"), &format!("x {lead}[redacted] y"));
            check(&format!("x {lead}password=abc y"), &format!("x {lead}password=[redacted] y"));
        }
        check(r"C:\token=abc", r"C:\token=[redacted]");
    }

    #[test]
    fn tags_and_options_hold_secrets() {
        check("<password>x y</password><n>1</n>", "<password>[redacted]</password><n>1</n>");
        check("<a:token>x</a:token>", "<a:token>[redacted]</a:token>");
        check("Vec<Token> = a < b", "Vec<Token> = a < b");
        check("curl -u me:pw https://x", "curl -u [redacted] https://x");
        check("curl --user 'me:p w' https://x", "curl --user '[redacted]' https://x");
        check("docker run -u 1000:1000 x; sort -u a", "docker run -u 1000:1000 x; sort -u a");
    }
}
