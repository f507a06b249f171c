//! What a fault holds, as it is stored. Leaves building it to `fault` and reading it to `facts`.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::place::Place;
use crate::trail::Trail;
use crate::{Advice, Blame, Effect, Kind, Later, Severity};

/// Text that costs nothing when it is fixed at compile time, as most of a classified fault is.
pub(crate) type Text = Cow<'static, str>;

/// What a fault holds. Severity, later, effect and blame are always written out: if the defaults of a
/// kind change one day, a stored fault must still be judged as it was then. Fields that came later are
/// optional, so that what was stored before them can be read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Body {
    pub(crate) kind: Kind,
    pub(crate) severity: Severity,
    pub(crate) later: Later,
    #[serde(default)]
    pub(crate) effect: Effect,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) blame: Option<Blame>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) retries: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reset: Option<Duration>,
    pub(crate) message: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) advice: Option<Cow<'static, [Advice]>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) operation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) correlation: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) context: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Trail::is_empty")]
    pub(crate) causes: Trail,
    #[serde(default)]
    pub(crate) location: Place,
}

impl Body {
    /// Returns a body with the defaults of its kind and the caller's place in the source.
    #[track_caller]
    pub(crate) fn new(kind: Kind, message: Text) -> Body {
        Body {
            kind,
            severity: kind.severity(),
            later: kind.later(),
            effect: Effect::default(),
            blame: Some(kind.blame()),
            retries: None,
            reset: None,
            message,
            reason: None,
            hint: None,
            advice: None,
            detail: None,
            operation: None,
            correlation: None,
            context: Vec::new(),
            causes: Trail::default(),
            location: Place::here(),
        }
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Body) -> bool {
        (self.kind, self.severity, self.later, self.effect) == (other.kind, other.severity, other.later, other.effect)
            && (self.blame, self.retries, self.reset) == (other.blame, other.retries, other.reset)
            && self.advice == other.advice
            && (&self.message, &self.reason, &self.hint) == (&other.message, &other.reason, &other.hint)
            && (&self.detail, &self.operation, &self.correlation)
                == (&other.detail, &other.operation, &other.correlation)
            && self.context == other.context
            && self.causes.texts() == other.causes.texts()
            && self.location.text() == other.location.text()
    }
}
