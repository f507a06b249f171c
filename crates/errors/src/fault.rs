//! The one failure that everything is turned into: what happened, how bad, whether later helps, and
//! where it came from. Leaves wording to `text` and recognising foreign errors to `classify`.

use std::borrow::Cow;
use std::error::Error;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::body::Body;
use crate::facts::CANCELLED;
use crate::scrub::{HIDDEN, is_secret_name, kept};
use crate::trail::Trail;
use crate::{Advice, Blame, Effect, Kind, Later, Severity};

/// The longest time that a quota is believed to stay used up: no account is billed for more than a month.
const MAX_RESET: Duration = Duration::from_hours(31 * 24);

/// A classified failure: eight bytes to pass around, everything else behind one pointer.
///
/// The builder methods are named after what they set (`hint`), the readers after what they answer
/// (`hint_text`). All of it is stored by serde except the live source, of which the texts stay as
/// [`causes`](Fault::causes); two faults are equal if their stored forms are.
///
/// Texts longer than 64 KiB are cut, and what looks like a secret is hidden in each of them as it is set: see
/// [`scrub`](crate::scrub()).
///
/// ```
/// use segno_errors::{Fault, Kind, Severity};
///
/// let fault = Fault::new(Kind::ExternalService, "the model is overloaded")
///     .reason("overloaded")
///     .hint("try again in a few minutes")
///     .with("model", "small");
///
/// assert!(fault.is_retryable());
/// assert_eq!(fault.severity_level(), Severity::High);
/// assert_eq!(fault.to_string(), "EXTERNAL_SERVICE_ERROR the model is overloaded (overloaded)");
/// assert_eq!(fault.user_text(), "the model is overloaded. try again in a few minutes.");
/// ```
#[must_use = "a fault that nobody reports is a failure that nobody sees"]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fault(pub(crate) Box<Body>);

impl Fault {
    /// Creates a fault with the defaults of its kind and the caller's place in the source.
    ///
    /// The message tells a person what happened, as a lower-case fragment; keeping secrets and paths
    /// out of it is up to the caller.
    #[track_caller]
    pub fn new(kind: Kind, message: impl Into<String>) -> Fault {
        Fault(Box::new(Body::new(kind, Cow::Owned(kept(message)))))
    }

    /// Creates a fault out of texts that are fixed at compile time, which need no allocation.
    #[track_caller]
    pub(crate) fn fixed(kind: Kind, message: &'static str, reason: &'static str, hint: &'static str) -> Fault {
        let mut fault = Fault(Box::new(Body::new(kind, Cow::Borrowed(message))));
        fault.0.reason = Some(Cow::Borrowed(reason));
        fault.0.hint = Some(Cow::Borrowed(hint));
        fault
    }

    /// Creates the fault of a call that somebody cancelled: of low severity, never repeated, never alerted, never
    /// counted.
    #[track_caller]
    pub fn cancelled(message: impl Into<String>) -> Fault {
        Fault::new(Kind::BusinessLogic, message).reason(CANCELLED)
    }

    /// Sets the finer cause, an open word such as `overloaded`, `cancelled` or `not_found`.
    ///
    /// The reason `cancelled` also lowers the severity and says that later does not help.
    pub fn reason(mut self, reason: impl Into<String>) -> Fault {
        let reason = kept(reason);
        if reason == CANCELLED {
            (self.0.severity, self.0.later) = (Severity::Low, Later::Never);
        }
        self.0.reason = Some(Cow::Owned(reason));
        self
    }

    /// Sets what a person can do about it, as a lower-case sentence.
    pub fn hint(mut self, hint: impl Into<String>) -> Fault {
        self.0.hint = Some(Cow::Owned(kept(hint)));
        self
    }

    /// Sets the technical text, such as the last lines that a command wrote.
    pub fn detail(mut self, detail: impl Into<String>) -> Fault {
        self.0.detail = Some(kept(detail));
        self
    }

    /// Sets what was being done, such as `journal.append`.
    pub fn operation(mut self, operation: impl Into<String>) -> Fault {
        self.0.operation = Some(kept(operation));
        self
    }

    /// Adds a fact to the context; a key that is there already gets the new value in its old place.
    ///
    /// The value of a key that names a secret, such as `api_key`, is hidden.
    pub fn with(mut self, key: impl Into<String>, value: impl ToString) -> Fault {
        let key = kept(key);
        let value = if is_secret_name(&key) { HIDDEN.to_owned() } else { kept(value.to_string()) };
        match self.0.context.iter_mut().find(|(known, _)| *known == key) {
            Some((_, old)) => *old = value,
            None => self.0.context.push((key, value)),
        }
        self
    }

    /// Sets whether the same call may work later, where the default of the kind is wrong.
    pub fn later(mut self, later: Later) -> Fault {
        self.0.later = later;
        self
    }

    /// Sets whether the failed call changed anything outside.
    pub fn effect(mut self, effect: Effect) -> Fault {
        self.0.effect = effect;
        self
    }

    /// Sets how bad it is, where the default of the kind is wrong.
    pub fn severity(mut self, severity: Severity) -> Fault {
        self.0.severity = severity;
        self
    }

    /// Sets whose fault it is, where the default of the kind is wrong.
    pub fn blame(mut self, blame: Blame) -> Fault {
        self.0.blame = Some(blame);
        self
    }

    /// Sets the most repetitions that make sense, below what the caller would make anyway.
    pub fn retries(mut self, retries: u32) -> Fault {
        self.0.retries = Some(retries);
        self
    }

    /// Sets how long a used-up quota stays used up, at most 31 days; whether a retry makes sense stays as it is.
    ///
    /// ```
    /// use segno_errors::{Fault, Kind};
    /// use std::time::Duration;
    ///
    /// let fault = Fault::new(Kind::QuotaExceeded, "the week's quota is used up").resets_in(Duration::from_hours(50));
    /// assert_eq!((fault.resets_after(), fault.is_retryable()), (Some(Duration::from_hours(50)), false));
    /// ```
    pub fn resets_in(mut self, reset: Duration) -> Fault {
        self.0.reset = Some(reset.min(MAX_RESET));
        self
    }

    /// Sets what to do about it, best first, where the kind's advice is wrong; an empty list means the kind's.
    pub fn advise(mut self, advice: impl Into<Cow<'static, [Advice]>>) -> Fault {
        self.0.advice = Some(advice.into());
        self
    }

    /// Sets the id that ties this fault to the logs of the same piece of work.
    pub fn correlation(mut self, correlation: impl Into<String>) -> Fault {
        self.0.correlation = Some(kept(correlation));
        self
    }

    /// Sets the error below this one; a second call replaces the first.
    pub fn caused_by(mut self, source: impl Error + Send + Sync + 'static) -> Fault {
        self.0.causes = Trail::below(source);
        self
    }

    /// Sets the error below this one, which is boxed already.
    pub(crate) fn below(mut self, source: Box<dyn Error + Send + Sync>) -> Fault {
        self.0.causes = Trail::of(source);
        self
    }

    /// Sets the texts of the errors below this one, which could only be looked at.
    pub(crate) fn seen(mut self, causes: Trail) -> Fault {
        self.0.causes = causes;
        self
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use proptest::prelude::*;

    use super::*;

    fn later() -> impl Strategy<Value = Later> {
        let pause = (0..=u64::MAX, 0..1_000_000_000u32);
        prop_oneof![
            Just(Later::Never),
            Just(Later::Transient),
            Just(Later::Persistent),
            Just(Later::Throttled(None)),
            pause.prop_map(|(secs, nanos)| Later::Throttled(Some(Duration::new(secs, nanos)))),
        ]
    }

    /// A fault with every field set or not set at random.
    fn fault() -> impl Strategy<Value = Fault> {
        let effect = prop_oneof![Just(Effect::None), Just(Effect::Unknown), Just(Effect::Done)];
        let kind = (0..Kind::ALL.len()).prop_map(|index| Kind::ALL[index]);
        let texts = prop::collection::vec(any::<Option<String>>(), 7);
        let context = prop::collection::vec(any::<(String, String)>(), 0..4);
        (kind, later(), effect, any::<String>(), texts, context).prop_map(
            |(kind, later, effect, message, mut texts, context)| {
                let mut fault = Fault::new(kind, message).later(later).effect(effect);
                let mut set = |step: fn(Fault, String) -> Fault| {
                    if let Some(text) = texts.pop().flatten() {
                        fault = step(fault.clone(), text);
                    }
                };
                set(Fault::reason);
                set(|fault, text| {
                    fault
                        .blame(Blame::Us)
                        .retries(text.len() as u32)
                        .resets_in(Duration::MAX)
                        .advise(vec![Advice::Skip])
                });
                set(Fault::hint);
                set(Fault::detail);
                set(Fault::operation);
                set(Fault::correlation);
                set(|fault, text| fault.severity(Severity::Low).caused_by(io::Error::other(text)));
                context.into_iter().fold(fault, |fault, (key, value)| fault.with(key, value))
            },
        )
    }

    proptest! {
        #[test]
        fn a_fault_survives_being_stored(fault in fault()) {
            let stored = serde_json::to_string(&fault).unwrap();
            let back: Fault = serde_json::from_str(&stored).unwrap();
            prop_assert_eq!(&back, &fault);
            prop_assert_eq!(serde_json::to_string(&back).unwrap(), stored);
            prop_assert_eq!((back.user_text(), back.to_string()), (fault.user_text(), fault.to_string()));
        }
    }

    #[test]
    fn a_fault_is_one_pointer_wide() {
        assert_eq!(size_of::<Result<(), Fault>>(), 8);
    }

    #[test]
    fn a_clone_keeps_the_live_source() {
        let fault = Fault::new(Kind::Network, "no answer").caused_by(io::Error::from(io::ErrorKind::BrokenPipe));
        let clone = fault.clone();
        drop(fault);
        let source = clone.source().and_then(|source| source.downcast_ref::<io::Error>());
        assert_eq!(source.map(io::Error::kind), Some(io::ErrorKind::BrokenPipe));
        assert_eq!(clone.causes(), ["broken pipe"]);
    }

    #[test]
    fn a_fault_knows_where_it_was_made() {
        let (fault, line) = (Fault::new(Kind::Internal, "lost the plot"), line!());
        assert!(fault.location().starts_with(&format!("{}:{line}:", file!())), "{fault:?}");
    }

    #[test]
    fn a_repeated_key_keeps_its_place_and_gets_the_new_value() {
        let fault = Fault::new(Kind::Parse, "bad answer").with("a", 1).with("b", true).with("a", "2");
        let expected = [("a", "2"), ("b", "true")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(fault.context(), expected);
    }

    #[test]
    fn a_fault_stored_by_the_first_version_can_be_read() {
        let stored = r#"{"kind":"RATE_LIMIT_ERROR","severity":"low",
            "later":{"throttled":{"secs":7,"nanos":0}},"effect":"none","message":"slow down",
            "reason":"overloaded","context":[["model","small"]],"causes":["429"],
            "location":"agent.rs:1:2"}"#;
        let fault: Fault = serde_json::from_str(stored).unwrap();
        assert_eq!(fault.may_work_later(), Later::Throttled(Some(Duration::from_secs(7))));
        assert_eq!((fault.why(), fault.effect_had()), (Some("overloaded"), Effect::None));
        assert_eq!((fault.causes()[0].as_str(), fault.location()), ("429", "agent.rs:1:2"));
    }

    #[test]
    fn a_fault_stored_before_blame_was_known_gets_it_from_its_kind() {
        let stored = r#"{"kind":"INTERNAL_ERROR","severity":"critical","later":"never","message":"lost the plot"}"#;
        let fault: Fault = serde_json::from_str(stored).unwrap();
        assert_eq!((fault.blame_on(), fault.most_retries(), fault.resets_after()), (Blame::Us, Some(1), None));
        assert_eq!(fault.advice(), Kind::Internal.advice());
        let again: Fault = serde_json::from_str(&serde_json::to_string(&fault).unwrap()).unwrap();
        assert_eq!(again, fault);
    }

    #[test]
    fn blame_retries_and_advice_are_stored_by_name() {
        let fault = Fault::new(Kind::Network, "no answer").blame(Blame::Dependency).retries(2);
        let stored = serde_json::to_value(fault.advise(&[Advice::Skip, Advice::Abort][..])).unwrap();
        let expected = serde_json::json!(["dependency", 2, ["skip", "abort"]]);
        assert_eq!(serde_json::json!([stored["blame"], stored["retries"], stored["advice"]]), expected);
    }

    #[test]
    fn ten_megabytes_of_text_are_cut() {
        let long = "ü".repeat(5 << 20);
        let fault = Fault::new(Kind::Parse, long.clone()).detail(long.clone()).with("answer", &long).hint(long);
        for text in [fault.message(), fault.detail_text().unwrap(), &fault.context()[0].1, fault.hint_text().unwrap()] {
            assert!(text.len() <= 65 << 10 && text.ends_with("(cut)"), "{}", text.len());
        }
    }
}
