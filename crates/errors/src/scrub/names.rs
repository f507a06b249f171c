//! What secrets look like: the names that announce them and the beginnings that betray them. Leaves finding them in
//! a text to `search`.

/// Names whose value is a secret wherever they end a key, in lower case with `_` for `-`.
const NAMES: &[&str] = &[
    "authorization",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "secret_key",
    "api_key",
    "access_key",
    "private_key",
    "encryption_key",
    "signing_key",
    "master_key",
    "account_key",
    "access_token",
    "refresh_token",
    "id_token",
    "auth_token",
    "session_token",
    "bot_token",
    "cookie",
];

/// Names that are also ordinary words: `token: unexpected` is no secret, `token=..` and `"token": ..` are.
const ORDINARY: &[&str] = &["token", "pwd", "session", "sessionid", "auth", "credential", "credentials", "signature"];

/// Names that are ordinary alone, as in `pass=3 fail=2`, but not behind another word: `DB_PASS=`, `SSHPASS=`.
const BEHIND: &[&str] = &["pass"];

/// Names that are secret only in the query of a URL.
const QUERY: &[&str] = &["key", "sig", "code", "state", "pass"];

/// How sure a name is of its secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Telling {
    /// Only between `?` or `&` and `=`.
    Query,
    /// Only before `=`, or in quotes.
    Assigned,
    /// Before `:` too.
    Always,
}

/// Says whether a key's value is a secret: `OPENAI_API_KEY`, `x-api-key`, `password`, `token`.
///
/// ```
/// assert!(segno_errors::is_secret_name("DB_PASSWORD"));
/// assert!(!segno_errors::is_secret_name("author"));
/// ```
pub fn is_secret_name(key: &str) -> bool {
    telling(key).is_some_and(|telling| telling >= Telling::Assigned)
}

/// Says how sure a key is of its secret, if it names one at all.
pub(super) fn telling(key: &str) -> Option<Telling> {
    // No secret's name is longer; a key of a megabyte is no name.
    if key.len() > 100 {
        return None;
    }
    if ends_with_any(key, NAMES) || is_header_token(key) {
        Some(Telling::Always)
    } else if ends_with_any(key, ORDINARY) || key.len() > 4 && ends_with_any(key, BEHIND) {
        Some(Telling::Assigned)
    } else {
        QUERY.iter().any(|name| key.eq_ignore_ascii_case(name)).then_some(Telling::Query)
    }
}

/// Says whether a key is a header that bears a token: `X-Vault-Token`, `PRIVATE-TOKEN`; `--token` is an option.
fn is_header_token(key: &str) -> bool {
    let before = start_of(key.as_bytes(), "token").and_then(|start| key[..start].strip_suffix('-'));
    before.is_some_and(|before| !before.trim_matches('-').is_empty())
}

/// Says whether the whole rest of the line belongs to a header: `Authorization: Digest a="b"`, `Cookie: a=b; c=d`.
pub(super) fn is_line_header(name: &str) -> bool {
    ends_with_any(name, &["authorization", "cookie"])
}

/// Says whether the last words of a key are one of the names: `db_password` is, `tokens` and `unauth` are not.
fn ends_with_any(key: &str, names: &[&str]) -> bool {
    let bytes = key.as_bytes();
    names.iter().filter_map(|name| start_of(bytes, name)).any(|start| {
        // `accessToken` begins its last word with a capital letter.
        start == 0 || !bytes[start - 1].is_ascii_alphanumeric() || bytes[start].is_ascii_uppercase()
    })
}

/// Returns where a name begins that ends a key; between its words may be `_`, `-` or nothing, as in `secretKey`.
fn start_of(key: &[u8], name: &str) -> Option<usize> {
    let mut start = key.len();
    for expected in name.bytes().rev() {
        match (expected, start.checked_sub(1).map(|before| key[before])?) {
            (b'_', b'_' | b'-') => start -= 1,
            (b'_', _) => {}
            (_, own) if own.to_ascii_lowercase() == expected => start -= 1,
            _ => return None,
        }
    }
    Some(start)
}

/// Beginnings that providers give to their keys, and the shortest such key.
const BEGINNINGS: &[(&str, usize)] = &[
    ("sk-", 20),
    ("sk_live_", 16),
    ("sk_test_", 16),
    ("rk_live_", 16),
    ("whsec_", 20),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghu_", 20),
    ("ghs_", 20),
    ("ghr_", 20),
    ("github_pat_", 30),
    ("glpat-", 20),
    ("AKIA", 20),
    ("ASIA", 20),
    ("xoxb-", 15),
    ("xoxp-", 15),
    ("xoxa-", 15),
    ("xoxr-", 15),
    ("xoxs-", 15),
    ("xapp-", 15),
    ("AIza", 35),
    ("ya29.", 20),
    ("npm_", 30),
    ("pypi-", 30),
    ("hf_", 30),
    ("gsk_", 30),
    ("xai-", 30),
    ("SG.", 40),
    ("dop_v1_", 40),
    ("AGE-SECRET-KEY-", 40),
];

/// How JSON Web Tokens begin: `{"` in Base64.
pub(super) const JWT: &str = "eyJ";

/// The first bytes of the beginnings, and the second ones: every word of a text is asked, and hardly one has both.
const FIRST: [bool; 256] = bytes_at(0);
const SECOND: [bool; 256] = bytes_at(1);

const fn bytes_at(place: usize) -> [bool; 256] {
    let mut found = [false; 256];
    found[JWT.as_bytes()[place] as usize] = true;
    let mut index = 0;
    while index < BEGINNINGS.len() {
        found[BEGINNINGS[index].0.as_bytes()[place] as usize] = true;
        index += 1;
    }
    found
}

/// Says whether a text begins like a key of a provider or a JSON Web Token.
pub(super) fn begins_like_key(text: &str) -> bool {
    match *text.as_bytes() {
        [first, second, ..] if FIRST[usize::from(first)] && SECOND[usize::from(second)] => {
            text.starts_with(JWT) || BEGINNINGS.iter().any(|(beginning, _)| text.starts_with(beginning))
        }
        _ => false,
    }
}

/// Returns how long a key of the provider is at least whose beginning a text has.
pub(super) fn shortest_key(text: &str) -> Option<usize> {
    BEGINNINGS.iter().find(|(beginning, _)| text.starts_with(beginning)).map(|(_, length)| *length)
}

/// Says whether a word that begins like a JSON Web Token is one, of whatever length.
pub(super) fn is_jwt(word: &str) -> bool {
    word.len() >= 30 && word.bytes().filter(|&byte| byte == b'.').count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_judged_by_its_last_words() {
        for name in ["password", "DB_PASSWORD", "x-api-key", "accessToken", "OPENAI_API_KEY", "Authorization", "token"]
        {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["tokens", "max_tokens", "model", "key", "monkey", "secretary", "", "passwords_file", "unauth"] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn a_key_is_known_by_its_beginning_and_length() {
        for (word, length) in [("sk-ant", Some(20)), ("xoxb-1", Some(15)), ("SG.1", Some(40)), ("npmrc", None)] {
            assert_eq!(shortest_key(word), length, "{word}");
        }
        assert!(is_jwt("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln") && !is_jwt("eyJhbGciOi") && !is_jwt("eyJ.."));
    }
}
