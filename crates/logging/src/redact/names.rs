//! The names that announce a secret, and how to recognise one at the end of a key. Leaves what stands behind it to `value`.

use super::view::{View, is_name};

/// How sure a name is of its secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Telling {
    /// Only between `?` or `&` and `=`.
    Query,
    /// Only before `=`, or in quotes: the name is an ordinary word too, as in `unexpected token: x`.
    Assigned,
    /// Before `:` too.
    Always,
}

use Telling::{Always, Assigned, Query};

/// Names, in lower case; `_` stands for `_`, `-` or nothing.
pub(super) const NAMES: &[(&str, Telling)] = &[
    ("authorization", Always),
    ("cookie", Always),
    ("password", Always),
    ("passwd", Always),
    ("passphrase", Always),
    ("passcode", Always),
    ("sshpass", Always),
    ("secret", Always),
    ("secret_key", Always),
    ("api_key", Always),
    ("access_key", Always),
    ("private_key", Always),
    ("encryption_key", Always),
    ("signing_key", Always),
    ("master_key", Always),
    ("account_key", Always),
    ("auth_key", Always),
    ("session_key", Always),
    ("api_token", Always),
    ("access_token", Always),
    ("refresh_token", Always),
    ("id_token", Always),
    ("auth_token", Always),
    ("session_token", Always),
    ("security_token", Always),
    ("bearer_token", Always),
    ("bot_token", Always),
    ("csrf_token", Always),
    ("token", Assigned),
    ("pwd", Assigned),
    ("sessionid", Assigned),
    ("auth", Assigned),
    ("credential", Assigned),
    ("credentials", Assigned),
    ("signature", Assigned),
    ("key", Query),
    ("sig", Query),
    ("code", Query),
    ("pass", Query),
];

/// The longest key that is looked at; what is longer is no name.
const MAX_KEY: usize = 64;

/// Variables of a shell that end like `DB_PWD` and name a folder.
const FOLDERS: &[&str] = &["pwd", "oldpwd"];

/// What stands before `KEY` in variables that are no secrets.
const OPEN_KEYS: &[&str] = &["public", "pub", "cache", "primary", "foreign", "sort", "partition", "row", "hot"];

/// Says whether a name is that of the working folder: it is a secret only in the text of a connection, `Pwd=x`.
pub(super) fn is_of_folder(key: &[u8]) -> bool {
    FOLDERS.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(key))
}

/// Says whether an environment variable is a key by its last word: `GPG_KEY`, `STRIPE_SK`.
pub(super) fn is_key(variable: &str) -> bool {
    let Some((before, last)) = variable.rsplit_once('_') else { return false };
    let is_open = || {
        let word = before.rsplit('_').next().unwrap_or_default();
        OPEN_KEYS.iter().any(|open| open.eq_ignore_ascii_case(word))
    };
    !before.is_empty() && ["key", "sk"].iter().any(|name| name.eq_ignore_ascii_case(last)) && !is_open()
}

/// The last word of names, which is what a text is searched for, with the names that end in it.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) text: Box<[u8]>,
    names: Vec<(Box<str>, Telling)>,
    /// What it tells without another word before it.
    alone: Option<Telling>,
}

/// Groups names by their last words.
pub(super) fn words(own: &[String]) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let usual = NAMES.iter().map(|(name, telling)| ((*name).to_owned(), *telling));
    let own = own.iter().map(|name| (name.to_ascii_lowercase().replace('-', "_"), Always));
    for (name, telling) in usual.chain(own) {
        let last = name.rsplit('_').find(|word| !word.is_empty()).unwrap_or_default();
        if last.is_empty() {
            continue;
        }
        let word = match words.iter().position(|word| *word.text == *last.as_bytes()) {
            Some(known) => &mut words[known],
            None => {
                words.push(Word { text: last.as_bytes().into(), names: Vec::new(), alone: None });
                words.last_mut().expect("it was pushed just now")
            }
        };
        if *word.text == *name.as_bytes() {
            word.alone = word.alone.max(Some(telling));
        }
        word.names.push((name.into(), telling));
    }
    words
}

/// A key that announces a secret.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    /// Where the whole key begins.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) telling: Telling,
}

impl Word {
    /// Returns the key that ends with this word at `end`, if it announces a secret.
    pub(super) fn key(&self, view: &View<'_>, end: usize, allowed: &[String]) -> Option<Key> {
        let before = view.before(end - self.text.len());
        if !is_name(before) && (self.alone.is_none() || self.alone == Some(Query) && !matches!(before, b'?' | b'&')) {
            return None;
        }
        let start = view.back_while(end, MAX_KEY, is_name);
        // `code` tells something in a URL, `zip_code` does not.
        let is_told = |name: &str, telling: Telling| telling > Query || end - start == name.len();
        let found = self.names.iter().filter(|(name, telling)| is_told(name, *telling) && ends_with(view, end, name));
        let told = [found.map(|(_, telling)| *telling).max(), self.behind(view, end)].into_iter().flatten().max()?;
        let key = &view.bytes[start..end];
        let is_allowed = allowed.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(key.trim_ascii_start()));
        (!is_allowed).then_some(Key { start, end, telling: told })
    }

    /// Says what the word tells only behind another: `DB_PASS=`, and `X-Vault-Token:`, which is a header.
    fn behind(&self, view: &View<'_>, end: usize) -> Option<Telling> {
        let start = end - self.text.len();
        let sign = view.before(start);
        let is_behind = matches!(sign, b'_' | b'-') && start > view.floor && {
            let before = view.before(start - 1);
            before.is_ascii_alphanumeric()
        };
        match &*self.text {
            b"pass" if is_behind => Some(Assigned),
            b"token" if is_behind && sign == b'-' => Some(Always),
            _ => None,
        }
    }
}

/// Says whether the last words before `end` are this name: in `db_password` they are, in `unauth` not.
fn ends_with(view: &View<'_>, end: usize, name: &str) -> bool {
    let mut start = end;
    for expected in name.bytes().rev() {
        let byte = if start > view.floor { view.bytes[start - 1] } else { 0 };
        match (expected, byte) {
            (b'_', b'_' | b'-') => start -= 1,
            (b'_', _) => {}
            (_, own) if own.to_ascii_lowercase() == expected => start -= 1,
            _ => return false,
        }
    }
    // `accessToken` begins its last word with a capital letter.
    !view.before(start).is_ascii_alphanumeric() || view.bytes[start].is_ascii_uppercase() || view.is_start(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(key: &str, expected: Option<Telling>) {
        let words = words(&["Pin-Code".into()]);
        let view = View::whole(key.as_bytes());
        let lower = key.to_ascii_lowercase();
        let ending = words.iter().filter(|word| lower.as_bytes().ends_with(&word.text));
        let told = ending.filter_map(|word| word.key(&view, key.len(), &["csrf_token".into()])).map(|key| key.telling);
        assert_eq!(told.max(), expected, "{key}");
    }

    #[test]
    fn a_key_is_judged_by_its_last_words() {
        for key in ["password", "DB_PASSWORD", "x-api-key", "accessToken", "OPENAI_API_KEY", "SecretAccessKey"] {
            check(key, Some(Always));
        }
        for key in ["token", "DB_PASS", "my_token", "client_credentials"] {
            check(key, Some(Assigned));
        }
        for key in ["tokens", "max_tokens", "model", "monkey", "secretary", "", "unauth", "_pass", "compass"] {
            check(key, None);
        }
        check("X-Vault-Token", Some(Always));
        check("--token", Some(Assigned));
        check("?key", Some(Query));
        check("key", None);
    }

    #[test]
    fn a_variable_is_a_key_by_its_last_word() {
        for name in ["GPG_KEY", "DEPLOY_KEY", "STRIPE_SK"] {
            assert!(is_key(name), "{name}");
        }
        for name in ["KEY", "_KEY", "SSH_PUBLIC_KEY", "CACHE_KEY", "MONKEY", "KEY_FILE", "RISK", ""] {
            assert!(!is_key(name), "{name}");
        }
    }

    #[test]
    fn own_names_count_and_allowed_ones_do_not() {
        check("user_pin_code", Some(Always));
        check("opincode", None);
        check("csrf_token", None);
        check("CSRF_Token", None);
    }
}
