//! What the one who decides knows besides the fault. Leaves the deciding to `decide`.

use std::time::Duration;

use super::abilities::Abilities;
use crate::Advice;

/// Where somebody stands when a call has failed.
///
/// The defaults are careful: two more tries, a call that must not be made twice, work that cannot be left out, and nothing
/// but waiting that the caller could do.
#[derive(Clone, Debug, PartialEq)]
pub struct Situation {
    /// What the caller is able to do; stopping is always possible.
    pub can: Abilities,
    /// What was done about it before, of what helps at most once: asking again, signing in, fixing, freeing.
    pub tried: Abilities,
    /// How often the call was repeated so far.
    pub retries: u32,
    /// How often it may still be repeated.
    pub retries_left: u32,
    /// How long it may still take, if there is a deadline.
    pub time_left: Option<Duration>,
    /// How long the caller would wait before the next try by himself.
    pub own_delay: Duration,
    /// How far a pause that the other side asks for is followed.
    pub clamp: Clamp,
    /// Whether making the call twice does no harm.
    pub is_idempotent: bool,
    /// Whether the work cannot be finished without this call.
    pub is_critical: bool,
}

impl Default for Situation {
    fn default() -> Situation {
        Situation {
            can: Abilities::from_iter([Advice::Retry, Advice::RetryAfter]),
            tried: Abilities::NONE,
            retries: 0,
            retries_left: 2,
            time_left: None,
            own_delay: Duration::from_secs(1),
            clamp: Clamp::default(),
            is_idempotent: false,
            is_critical: true,
        }
    }
}

/// How far a pause that the other side asks for is followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Clamp {
    /// As far as the deadline allows: right for agents, whose work is worth waiting for. Without a deadline up to
    /// [`MAX_PAUSE`](crate::MAX_PAUSE).
    #[default]
    Deadline,
    /// From the caller's own delay to five seconds more, as the SDKs of AWS do: right for calls that somebody waits for.
    Near,
}

/// How much longer than the caller's own delay a pause may be with [`Clamp::Near`].
pub(super) const NEAR: Duration = Duration::from_secs(5);

impl Situation {
    /// Returns how long to wait before the next try, given what the other side asks for.
    pub fn pause(&self, wish: Option<Duration>) -> Duration {
        let wish = wish.unwrap_or(self.own_delay).min(crate::MAX_PAUSE);
        match self.clamp {
            Clamp::Deadline => wish,
            Clamp::Near => wish.clamp(self.own_delay, self.own_delay.saturating_add(NEAR)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the pause for a wish of so many seconds, with an own delay of two.
    fn check(clamp: Clamp, wish: Option<u64>, expected: u64) {
        let situation = Situation { clamp, own_delay: Duration::from_secs(2), ..Situation::default() };
        assert_eq!(situation.pause(wish.map(Duration::from_secs)), Duration::from_secs(expected));
    }

    #[test]
    fn a_wish_is_followed_as_far_as_the_clamp_says() {
        check(Clamp::Deadline, None, 2);
        check(Clamp::Deadline, Some(0), 0);
        check(Clamp::Deadline, Some(600), 600);
        check(Clamp::Deadline, Some(u64::MAX), 86_400);
        check(Clamp::Near, None, 2);
        check(Clamp::Near, Some(0), 2);
        check(Clamp::Near, Some(5), 5);
        check(Clamp::Near, Some(600), 7);
    }

    #[test]
    fn an_endless_delay_is_no_panic() {
        let situation = Situation { own_delay: Duration::MAX, clamp: Clamp::Near, ..Situation::default() };
        assert_eq!(situation.pause(Some(Duration::ZERO)), Duration::MAX);
    }
}
