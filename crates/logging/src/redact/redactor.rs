//! What hides secrets in a text. Leaves to its users which texts go through it, and to `scan` and `known` what a secret is.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use super::known::{self, Known, Refused, Sought};
use super::names::{self, Telling};
use super::options::Options;
use super::rules::Rules;
use super::scan::{self, Scan};
use super::stream::{Pass, Stream};
use super::view::View;

/// What stands in a secret's place.
pub const HIDDEN: &str = "[redacted]";

/// Hides secrets in texts. Cloning is cheap; clones share what they know.
///
/// Hidden are the values of names that end in `password`, `secret`, `api_key`, `token` and the like, wherever they are
/// assigned, quoted or given as an option; the values of `Authorization` and cookies; keys that bear the beginning of
/// their provider (`sk-`, `ghp_`, `AKIA`, `xoxb-`); JSON Web Tokens, private keys in PEM, credentials behind `Bearer`, the
/// user with his password in a URL; and every value that [`add_secret`](Redactor::add_secret) was told of, also in Base64,
/// in hexadecimal digits, URL-encoded or escaped as JSON. Hiding twice changes nothing more, and a text comes out the same
/// whether it goes through [`text`](Redactor::text) whole or through [`stream`](Redactor::stream) in any pieces.
///
/// ```
/// use segno_logging::Redactor;
///
/// let redactor = Redactor::new();
/// redactor.add_secret("hunter22").unwrap();
/// assert_eq!(redactor.text("login with hunter22"), "login with [redacted]");
/// assert_eq!(redactor.text("aHVudGVyMjI= in Base64"), "[redacted] in Base64");
/// assert_eq!(redactor.text(r#"{"api_key": "abc", "n": 1}"#), r#"{"api_key": "[redacted]", "n": 1}"#);
/// assert!(redactor.is_secret_name("db_password"));
/// ```
#[derive(Clone)]
pub struct Redactor {
    shared: Arc<Shared>,
}

struct Shared {
    /// `None`: nothing is hidden at all.
    rules: Option<Arc<Rules>>,
    known: RwLock<Arc<Known>>,
    /// Something is known: without it no text pays for the lock.
    has_known: AtomicBool,
    /// A number may hold something that is hidden: a known value of digits, or a card's number.
    hides_numbers: AtomicBool,
}

impl Redactor {
    /// Makes a redactor that knows the usual names and shapes.
    pub fn new() -> Redactor {
        static USUAL: OnceLock<Arc<Rules>> = OnceLock::new();
        let usual = USUAL.get_or_init(|| Arc::new(Rules::new(&Options::default())));
        Redactor::of(Some(usual.clone()))
    }

    /// Makes a redactor that hides more, or leaves something.
    pub fn with(options: &Options) -> Redactor {
        Redactor::of(Some(Arc::new(Rules::new(options))))
    }

    /// Makes a redactor that hides nothing, whatever it is told.
    pub fn none() -> Redactor {
        Redactor::of(None)
    }

    fn of(rules: Option<Arc<Rules>>) -> Redactor {
        let hides_numbers = AtomicBool::new(rules.as_ref().is_some_and(|rules| rules.hide_numbers()));
        let shared = Shared { rules, known: RwLock::default(), has_known: AtomicBool::new(false), hides_numbers };
        Redactor { shared: Arc::new(shared) }
    }

    /// Hides this value from now on, wherever it stands, in all texts of this redactor and its clones.
    ///
    /// Of a value of several lines the long lines are hidden alone too.
    ///
    /// # Errors
    /// When hiding it would spoil ordinary text, it is too long, or the options allow it. Then it is not hidden.
    pub fn add_secret(&self, value: impl AsRef<[u8]>) -> Result<(), Refused> {
        let value = value.as_ref();
        let values = known::values(value)?;
        let Some(rules) = &self.shared.rules else { return Ok(()) };
        if rules.allowed.iter().any(|allowed| allowed.as_bytes() == value.trim_ascii()) {
            return Err(Refused::Allowed);
        }
        if self.knows(&values) {
            return Ok(());
        }
        let mut known = self.shared.known.write().unwrap_or_else(PoisonError::into_inner);
        *known = Arc::new(known.with(values));
        self.shared.has_known.store(true, Ordering::Release);
        self.shared.hides_numbers.fetch_or(known.has_numbers(), Ordering::Release);
        Ok(())
    }

    fn knows(&self, values: &[&[u8]]) -> bool {
        self.known().is_some_and(|known| values.iter().all(|value| known.has(value)))
    }

    /// Says whether the value of a key is a secret, as far as its name tells: `password`, and `token` too.
    pub fn is_secret_name(&self, key: &str) -> bool {
        self.tells(key, Telling::Assigned) && !names::is_of_folder(key.as_bytes())
    }

    /// Says whether a name is that of a secret and nothing else: `password`, but not `token`, which is an ordinary word.
    pub fn is_certain_name(&self, key: &str) -> bool {
        self.tells(key, Telling::Always)
    }

    /// Says whether the value of an environment variable is a secret, as far as its name tells: `GPG_KEY` too.
    pub fn is_secret_variable(&self, name: &str) -> bool {
        let Some(rules) = &self.shared.rules else { return false };
        let is_allowed = || rules.allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(name));
        self.is_secret_name(name) || names::is_key(name) && !is_allowed()
    }

    fn tells(&self, key: &str, at_least: Telling) -> bool {
        let Some(rules) = &self.shared.rules else { return false };
        let view = View::whole(key.as_bytes());
        let endings = rules.words_at_end(key.as_bytes());
        endings.filter_map(|word| word.key(&view, key.len(), &rules.allowed)).any(|key| key.telling >= at_least)
    }

    /// Says whether a number, written as JSON does, may hold a secret; nearly always it may not.
    #[cfg(feature = "subscriber")]
    #[inline]
    pub(crate) fn hides_numbers(&self) -> bool {
        self.shared.hides_numbers.load(Ordering::Acquire)
    }

    /// Returns the text without secrets; borrowed if there are none.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(clean) => Cow::Owned(into_text(clean)),
        }
    }

    /// Returns the bytes without secrets, which need not be a text; borrowed if there are none.
    pub fn bytes<'b>(&self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        let Some(rules) = &self.shared.rules else { return Cow::Borrowed(bytes) };
        let without_known = self.known().and_then(|known| hide_known(&known, bytes));
        match without_known {
            None => hide(rules, bytes).map_or(Cow::Borrowed(bytes), Cow::Owned),
            Some(clean) => Cow::Owned(hide(rules, &clean).unwrap_or(clean)),
        }
    }

    /// Returns what hides the secrets of a text that comes in pieces, such as a program's output.
    pub fn stream(&self) -> Stream {
        Stream::new(self.clone())
    }

    pub(super) fn rules(&self) -> Option<&Arc<Rules>> {
        self.shared.rules.as_ref()
    }

    pub(super) fn known(&self) -> Option<Arc<Known>> {
        let has_known = self.shared.has_known.load(Ordering::Acquire);
        has_known.then(|| self.shared.known.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

impl Default for Redactor {
    fn default() -> Redactor {
        Redactor::new()
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.known().unwrap_or_default();
        formatter.debug_struct("Redactor").field("hides", &self.shared.rules.is_some()).field("known", &known).finish()
    }
}

/// Secrets of a text are text; only bytes that were told of as secrets may cut a letter into two.
fn into_text(clean: Vec<u8>) -> String {
    String::from_utf8(clean).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn hide_known(known: &Known, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut clean = Vec::new();
    let mut from = 0;
    while let Sought::Found(start, end) = known.next(bytes, from, from, true) {
        if clean.is_empty() {
            clean.reserve(bytes.len());
        }
        clean.extend_from_slice(&bytes[from..start]);
        clean.extend_from_slice(HIDDEN.as_bytes());
        from = end;
    }
    (from > 0).then(|| {
        clean.extend_from_slice(&bytes[from..]);
        clean
    })
}

/// Most texts hold nothing that the filter stops at, and pay for no more than that.
fn hide(rules: &Rules, bytes: &[u8]) -> Option<Vec<u8>> {
    let (place, _) = rules.filter().next(bytes, 0)?;
    hide_from(rules, bytes, place)
}

fn hide_from(rules: &Rules, bytes: &[u8], place: usize) -> Option<Vec<u8>> {
    let Scan::Found(found) = scan::next(rules, &View::whole(bytes), place, usize::MAX) else { return None };
    let mut clean = Vec::with_capacity(bytes.len() + 2 * HIDDEN.len());
    let mut pass = Pass::default();
    pass.enter(bytes, found, &mut clean);
    pass.run(rules, bytes, true, &mut clean);
    pass.has_hidden.then_some(clean)
}
