//! The one failure that everything is turned into: what happened, how bad, whether later helps, and
//! where it came from. Leaves wording to `text` and recognising foreign errors to `classify`.

use std::borrow::Cow;
use std::error::Error;

use serde::{Deserialize, Serialize};

use crate::place::Place;
use crate::trail::Trail;
use crate::{Category, Effect, Kind, Later, Severity};

/// Text that costs nothing when it is fixed at compile time, as most of a classified fault is.
type Text = Cow<'static, str>;

/// A classified failure: eight bytes to pass around, everything else behind one pointer.
///
/// The builder methods are named after what they set (`hint`), the readers after what they answer
/// (`hint_text`). All of it is stored by serde except the live source, of which the texts stay as
/// [`causes`](Fault::causes); two faults are equal if their stored forms are.
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
pub struct Fault(Box<Body>);

/// What a fault holds. Severity, later and effect are always written out: if the defaults of a kind
/// change one day, a stored fault must still be judged as it was then.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Body {
    kind: Kind,
    severity: Severity,
    later: Later,
    #[serde(default)]
    effect: Effect,
    message: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hint: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    correlation: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    context: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Trail::is_empty")]
    causes: Trail,
    #[serde(default)]
    location: Place,
}

impl Fault {
    /// Creates a fault with the defaults of its kind and the caller's place in the source.
    ///
    /// The message tells a person what happened, as a lower-case fragment; keeping secrets and paths
    /// out of it is up to the caller.
    #[track_caller]
    pub fn new(kind: Kind, message: impl Into<String>) -> Fault {
        Fault::made(kind, Cow::Owned(message.into()))
    }

    /// Creates a fault out of texts that are fixed at compile time, which need no allocation.
    #[track_caller]
    pub(crate) fn fixed(kind: Kind, message: &'static str, reason: &'static str, hint: &'static str) -> Fault {
        let mut fault = Fault::made(kind, Cow::Borrowed(message));
        fault.0.reason = Some(Cow::Borrowed(reason));
        fault.0.hint = Some(Cow::Borrowed(hint));
        fault
    }

    #[track_caller]
    fn made(kind: Kind, message: Text) -> Fault {
        Fault(Box::new(Body {
            kind,
            severity: kind.severity(),
            later: kind.later(),
            effect: Effect::default(),
            message,
            reason: None,
            hint: None,
            detail: None,
            operation: None,
            correlation: None,
            context: Vec::new(),
            causes: Trail::default(),
            location: Place::here(),
        }))
    }

    /// Sets the finer cause, an open word such as `overloaded`, `cancelled` or `not_found`.
    pub fn reason(mut self, reason: impl Into<String>) -> Fault {
        self.0.reason = Some(Cow::Owned(reason.into()));
        self
    }

    /// Sets what a person can do about it, as a lower-case sentence.
    pub fn hint(mut self, hint: impl Into<String>) -> Fault {
        self.0.hint = Some(Cow::Owned(hint.into()));
        self
    }

    /// Sets the technical text, such as the last lines that a command wrote.
    pub fn detail(mut self, detail: impl Into<String>) -> Fault {
        self.0.detail = Some(detail.into());
        self
    }

    /// Sets what was being done, such as `journal.append`.
    pub fn operation(mut self, operation: impl Into<String>) -> Fault {
        self.0.operation = Some(operation.into());
        self
    }

    /// Adds a fact to the context; a key that is there already gets the new value in its old place.
    pub fn with(mut self, key: impl Into<String>, value: impl ToString) -> Fault {
        let (key, value) = (key.into(), value.to_string());
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

    /// Sets the id that ties this fault to the logs of the same piece of work.
    pub fn correlation(mut self, correlation: impl Into<String>) -> Fault {
        self.0.correlation = Some(correlation.into());
        self
    }

    /// Sets the error below this one; a second call replaces the first.
    pub fn caused_by(mut self, source: impl Error + Send + Sync + 'static) -> Fault {
        self.0.causes = Trail::below(source);
        self
    }

    /// Returns what failed.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Returns the category of the kind.
    pub fn category(&self) -> Category {
        self.0.kind.category()
    }

    /// Returns what happened, as it was given.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the finer cause, if one is known.
    pub fn why(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// Returns what a person can do about it.
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// Returns the technical text.
    pub fn detail_text(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// Returns what was being done.
    pub fn operation_name(&self) -> Option<&str> {
        self.0.operation.as_deref()
    }

    /// Returns the facts that were added, in the order of their first mention.
    pub fn context(&self) -> &[(String, String)] {
        &self.0.context
    }

    /// Returns whether the same call may work later.
    pub fn may_work_later(&self) -> Later {
        self.0.later
    }

    /// Returns whether the failed call changed anything outside.
    pub fn effect_had(&self) -> Effect {
        self.0.effect
    }

    /// Returns how bad it is.
    pub fn severity_level(&self) -> Severity {
        self.0.severity
    }

    /// Returns the id that ties this fault to the logs of the same piece of work.
    pub fn correlation_id(&self) -> Option<&str> {
        self.0.correlation.as_deref()
    }

    /// Returns the texts of the errors below this one, outermost first, at most 32.
    pub fn causes(&self) -> &[String] {
        self.0.causes.texts()
    }

    /// Returns where the fault was made, as `file:line:column`.
    pub fn location(&self) -> &str {
        self.0.location.text()
    }

    /// Says whether the same call is worth repeating: it may work later and has not done its work.
    ///
    /// [`Effect::Unknown`] counts as worth repeating here. Whoever repeats a step that must not run
    /// twice asks [`Fault::effect_had`] as well.
    pub fn is_retryable(&self) -> bool {
        let may_work = matches!(self.0.later, Later::Transient | Later::Throttled(_));
        may_work && self.0.effect != Effect::Done
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.causes.source()
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Body) -> bool {
        (self.kind, self.severity, self.later, self.effect) == (other.kind, other.severity, other.later, other.effect)
            && (&self.message, &self.reason, &self.hint) == (&other.message, &other.reason, &other.hint)
            && (&self.detail, &self.operation, &self.correlation)
                == (&other.detail, &other.operation, &other.correlation)
            && self.context == other.context
            && self.causes.texts() == other.causes.texts()
            && self.location.text() == other.location.text()
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

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
        let texts = prop::collection::vec(any::<Option<String>>(), 6);
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
    fn what_was_done_or_retried_out_is_not_retryable() {
        let fault = Fault::new(Kind::Timeout, "too slow");
        assert!(fault.is_retryable());
        assert!(fault.clone().later(Later::Throttled(None)).is_retryable());
        assert!(!fault.clone().effect(Effect::Done).is_retryable());
        assert!(!fault.clone().later(Later::Persistent).is_retryable());
        assert!(!fault.later(Later::Never).is_retryable());
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
}
