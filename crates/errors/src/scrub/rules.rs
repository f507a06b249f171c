//! The caller's own rules for what must be hidden, on top of what is always hidden.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::kept::kept;
use super::search::HIDDEN;
use crate::Fault;
use crate::trail::Trail;

type Rule = dyn Fn(&str) -> Option<String> + Send + Sync;

/// What has to be hidden in a fault beyond what [`scrub`](crate::scrub()) finds by itself.
///
/// ```
/// use segno_errors::{Fault, Kind, Scrub};
///
/// let scrub = Scrub::with(|text| text.contains("Ada").then(|| text.replace("Ada", "[name]")));
/// let fault = Fault::new(Kind::Validation, "Ada is too young").scrubbed(&scrub);
/// assert_eq!(fault.message(), "[name] is too young");
/// ```
#[derive(Clone, Default)]
pub struct Scrub {
    rules: Vec<Arc<Rule>>,
}

impl Scrub {
    /// Creates rules from one closure: it returns the clean text, or `None` if there is nothing to hide.
    ///
    /// A closure that panics has the whole text hidden: a text that nobody could check is not shown.
    pub fn with(rule: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Scrub {
        Scrub::default().and(rule)
    }

    /// Adds a closure, which reads what those before it left.
    pub fn and(mut self, rule: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Scrub {
        self.rules.push(Arc::new(rule));
        self
    }

    /// Returns the text without what the rules hide and without what is always hidden.
    pub fn text(&self, text: &str) -> String {
        let clean = self.rules.iter().fold(text.to_owned(), |text, rule| {
            let hidden = catch_unwind(AssertUnwindSafe(|| rule(&text)));
            hidden.map_or_else(|_| HIDDEN.to_owned(), |clean| clean.unwrap_or(text))
        });
        kept(clean)
    }
}

impl fmt::Debug for Scrub {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Scrub").field("rules", &self.rules.len()).finish()
    }
}

impl Fault {
    /// Returns the fault with every text cleaned by the rules, those of its causes included.
    ///
    /// The live source goes, because nobody can clean it; its texts stay.
    pub fn scrubbed(mut self, scrub: &Scrub) -> Fault {
        let body = &mut *self.0;
        body.message = scrub.text(&body.message).into();
        for text in [&mut body.reason, &mut body.hint].into_iter().flatten() {
            *text = scrub.text(text).into();
        }
        for text in [&mut body.detail, &mut body.operation, &mut body.correlation].into_iter().flatten() {
            *text = scrub.text(text);
        }
        for (_, value) in &mut body.context {
            *value = scrub.text(value);
        }
        body.causes = Trail::from(body.causes.texts().iter().map(|text| scrub.text(text)).collect::<Vec<_>>());
        self
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;
    use crate::Kind;

    /// A fault that says `word` in each of its texts.
    fn said(word: &str) -> Fault {
        Fault::new(Kind::Network, word)
            .reason(word)
            .hint(word)
            .detail(word)
            .operation(word)
            .correlation(word)
            .with("fact", word)
            .caused_by(Fault::new(Kind::Network, word).caused_by(std::io::Error::other(word.to_owned())))
    }

    #[test]
    fn a_rule_reaches_every_text() {
        let fault = said("x Ada y").scrubbed(&Scrub::with(|text| Some(text.replace("Ada", "[name]"))));
        let shown = format!("{fault} {fault:?} {}", serde_json::to_string(&fault).unwrap());
        assert!(!shown.contains("Ada") && fault.source().is_none(), "{shown}");
        assert_eq!(fault.causes().len(), 2);
    }

    #[test]
    fn a_secret_reaches_no_text_without_any_rule() {
        for secret in
            [concat!("sk-", "ant-abcdefghijklmnop0123"), "password=hunter2hunter2", "https://me:hunter2hunter2@host"]
        {
            let fault = said(secret).with("api_key", "hunter2hunter2");
            let shown = format!("{fault} {fault:?} {} {}", fault.user_text(), serde_json::to_string(&fault).unwrap());
            assert!(!shown.contains("abcdefghijklmnop") && !shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn a_rule_that_panics_hides_the_whole_text() {
        let scrub = Scrub::with(|text| if text.contains('!') { panic!("a rule's bug") } else { None });
        assert_eq!((scrub.text("boo!"), scrub.text("fine")), (HIDDEN.to_owned(), "fine".to_owned()));
    }
}
