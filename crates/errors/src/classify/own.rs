//! The user's own classifiers, which go before segno's.

use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::chain::classify;
use super::finding::{Finding, Meaning};
use super::link::links;
use crate::Fault;

type Rule = dyn Fn(&(dyn Error + 'static)) -> Option<Fault> + Send + Sync;

/// Classifies errors by closures of your own first, then as [`classify`](crate::classify()) does.
///
/// ```
/// use segno_errors::{Classifier, Fault, Kind};
/// use std::fmt;
///
/// #[derive(Debug)]
/// struct OutOfPaper;
/// # impl fmt::Display for OutOfPaper {
/// #     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str("no paper") }
/// # }
/// impl std::error::Error for OutOfPaper {}
///
/// let classifier = Classifier::new()
///     .knows::<OutOfPaper>(|_| Fault::new(Kind::Resource, "the printer is out of paper").hint("add paper"))
///     .rule(|error| error.to_string().contains("jam").then(|| Fault::new(Kind::Resource, "the paper is jammed")));
///
/// assert_eq!(classifier.of(OutOfPaper).user_text(), "the printer is out of paper. add paper.");
/// assert_eq!(classifier.of("a jam in tray 2").message(), "the paper is jammed");
/// assert_eq!(classifier.classify(&std::fmt::Error).kind(), Kind::Internal);
/// ```
#[derive(Clone, Default)]
pub struct Classifier {
    rules: Vec<Arc<Rule>>,
}

impl Classifier {
    /// Creates one that knows nothing of its own yet.
    pub fn new() -> Classifier {
        Classifier::default()
    }

    /// Adds a closure, which is asked after those before it.
    ///
    /// Each link of a chain is shown to it, outermost first, at most 64 of them. A closure that panics has said nothing.
    pub fn rule(
        mut self,
        rule: impl Fn(&(dyn Error + 'static)) -> Option<Fault> + Send + Sync + 'static,
    ) -> Classifier {
        self.rules.push(Arc::new(rule));
        self
    }

    /// Adds what is known of one type.
    pub fn knows<E: Error + 'static>(self, fault: impl Fn(&E) -> Fault + Send + Sync + 'static) -> Classifier {
        self.rule(move |error| error.downcast_ref::<E>().map(&fault))
    }

    /// Finds out what an error means, without taking it.
    pub fn classify<'e>(&self, error: &'e (dyn Error + 'static)) -> Finding<'e> {
        match self.own(error) {
            Some(fault) => Finding { meaning: Meaning::Own(fault), error },
            None => classify(error),
        }
    }

    /// Makes a fault of any error, which it takes and keeps as its live source, as [`Fault::of`] does.
    #[track_caller]
    pub fn of(&self, error: impl Into<Box<dyn Error + Send + Sync>>) -> Fault {
        let error = error.into();
        match self.own(&*error) {
            Some(fault) if fault.causes().is_empty() => fault.below(error),
            Some(fault) => fault,
            None => Fault::of(error),
        }
    }

    fn own(&self, error: &(dyn Error + 'static)) -> Option<Fault> {
        // A rule holds no state that outlives its panic: it is a shared closure, and its answer is lost with it.
        let ask = |rule: &Arc<Rule>, link| catch_unwind(AssertUnwindSafe(|| rule(link))).unwrap_or_default();
        let first = |link| self.rules.iter().find_map(|rule| ask(rule, link));
        if self.rules.is_empty() { None } else { links(error).find_map(first) }
    }
}

impl fmt::Debug for Classifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Classifier").field("rules", &self.rules.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::num::ParseIntError;

    use super::*;
    use crate::Kind;

    /// Checks the reason that is found, borrowed and taken.
    fn check(classifier: &Classifier, expected: &str) {
        let chain = || io::Error::other("x".parse::<u8>().unwrap_err());
        assert_eq!(classifier.classify(&chain()).why(), Some(expected));
        assert_eq!(classifier.of(chain()).why(), Some(expected));
    }

    fn fault(reason: &str) -> Fault {
        Fault::new(Kind::BusinessLogic, "known").reason(reason)
    }

    #[test]
    fn own_rules_go_first_at_every_depth() {
        check(&Classifier::new(), "not_a_number");
        check(&Classifier::new().knows::<ParseIntError>(|_| fault("mine")), "mine");
        check(&Classifier::new().rule(|_| None).rule(|_| Some(fault("any"))), "any");
    }

    #[test]
    fn a_rule_that_panics_has_said_nothing_and_the_next_one_is_asked() {
        let classifier = Classifier::new().rule(|_| panic!("a rule's bug"));
        check(&classifier, "not_a_number");
        check(&classifier.rule(|_| Some(fault("next"))), "next");
    }

    #[test]
    fn the_error_stays_below_an_own_fault() {
        let classifier = Classifier::new().rule(|_| Some(fault("mine")));
        let error = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(classifier.of(error()).source().is_some_and(|source| source.is::<io::Error>()));
        assert_eq!(classifier.classify(&error()).fault().causes(), ["broken pipe"]);
    }
}
