//! Whether a failed call may work later and whether it had an effect: two axes kept apart, because
//! a call that may work later must still not be repeated when it already did its work. Leaves the
//! decision to retry to the caller.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Whether the same call may work later, without anybody changing anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Later {
    /// It will fail the same way again.
    Never,
    /// It may work soon.
    Transient,
    /// The other side asks for a pause, of this length if it said so.
    Throttled(Option<Duration>),
    /// It was transient, but every attempt is used up: no outer layer should retry again.
    Persistent,
}

/// Whether the failed call changed anything outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The call never reached the other side or was refused untouched.
    None,
    /// Nobody knows; the default, because silence proves nothing.
    #[default]
    Unknown,
    /// The work was done although the call failed; repeating it would do it twice.
    Done,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the stored form, which journals keep for years, in both directions.
    fn check(later: Later, stored: &str) {
        assert_eq!(serde_json::to_string(&later).unwrap(), stored);
        assert_eq!(serde_json::from_str::<Later>(stored).unwrap(), later);
    }

    #[test]
    fn the_stored_form_does_not_change() {
        check(Later::Never, r#""never""#);
        check(Later::Transient, r#""transient""#);
        check(Later::Persistent, r#""persistent""#);
        check(Later::Throttled(None), r#"{"throttled":null}"#);
        check(Later::Throttled(Some(Duration::from_millis(1_500))), r#"{"throttled":{"secs":1,"nanos":500000000}}"#);
    }

    #[test]
    fn an_effect_is_unknown_unless_somebody_says() {
        assert_eq!(Effect::default(), Effect::Unknown);
    }
}
