//! Whether a layer is asked at all: after the first failures it is not, until a probe says that it is back. What a failure
//! is, and who probes, is told elsewhere.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// So many failures one after the other shut the gate.
const MAX_FAILURES: u32 = 3;

const FIRST_PROBE: Duration = Duration::from_millis(100);
const LAST_PROBE: Duration = Duration::from_secs(5);

/// What is asked of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    Read,
    Write,
}

/// What a gate is shut for: a layer that is full can still be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Writes,
    Everything,
}

/// Since when a gate is shut, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shut {
    pub(super) scope: Scope,
    pub(super) reason: String,
    pub(super) since: SystemTime,
}

#[derive(Debug, Default)]
pub(super) struct Gate {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    read_failures: u32,
    write_failures: u32,
    shut: Option<Shut>,
}

impl Gate {
    /// Returns whether this may be asked.
    pub(super) fn lets(&self, work: Work) -> bool {
        match &self.state().shut {
            None => true,
            Some(shut) => shut.scope == Scope::Writes && work == Work::Read,
        }
    }

    pub(super) fn succeeded(&self, work: Work) {
        *self.state().failures(work) = 0;
    }

    /// Counts a failure, and returns whether the gate shuts with it, or shuts for more than before.
    pub(super) fn failed(&self, work: Work, scope: Scope, reason: &str, now: SystemTime) -> bool {
        let mut state = self.state();
        let failures = state.failures(work);
        *failures = failures.saturating_add(1);
        let is_enough = *failures >= MAX_FAILURES;
        let is_wider = state.shut.as_ref().is_none_or(|shut| shut.scope == Scope::Writes && scope == Scope::Everything);
        if !is_enough || !is_wider {
            return false;
        }
        let since = state.shut.as_ref().map_or(now, |shut| shut.since);
        state.shut = Some(Shut { scope, reason: reason.to_owned(), since });
        true
    }

    /// Lets everything through again, and returns what it was shut for.
    pub(super) fn open(&self) -> Option<Shut> {
        std::mem::take(&mut *self.state()).shut
    }

    /// Lets reading through again, and nothing else.
    pub(super) fn narrow(&self, reason: &str) {
        let mut state = self.state();
        state.read_failures = 0;
        if let Some(shut) = state.shut.as_mut().filter(|shut| shut.scope == Scope::Everything) {
            shut.scope = Scope::Writes;
            shut.reason = reason.to_owned();
        }
    }

    pub(super) fn shut(&self) -> Option<Shut> {
        self.state().shut.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn failures(&mut self, work: Work) -> &mut u32 {
        match work {
            Work::Read => &mut self.read_failures,
            Work::Write => &mut self.write_failures,
        }
    }
}

/// Returns the pauses between probes: doubled each time, up to five seconds.
pub(super) fn pauses() -> impl Iterator<Item = Duration> {
    std::iter::successors(Some(FIRST_PROBE), |pause| Some((*pause * 2).min(LAST_PROBE)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Does what the letters say (`r`, `w`: failed; `R`, `W`: succeeded; `f`: full; `o`: opened, `n`: narrowed), and says what is let through.
    fn check(steps: &str, expected: &str) {
        let gate = Gate::default();
        for step in steps.chars() {
            match step {
                'r' => _ = gate.failed(Work::Read, Scope::Everything, "gone", SystemTime::UNIX_EPOCH),
                'w' => _ = gate.failed(Work::Write, Scope::Everything, "gone", SystemTime::UNIX_EPOCH),
                'f' => _ = gate.failed(Work::Write, Scope::Writes, "full", SystemTime::UNIX_EPOCH),
                'R' => gate.succeeded(Work::Read),
                'W' => gate.succeeded(Work::Write),
                'n' => gate.narrow("full"),
                _ => _ = gate.open(),
            }
        }
        let lets = [(Work::Read, "read"), (Work::Write, "write")].iter().filter(|(work, _)| gate.lets(*work));
        assert_eq!(lets.map(|(_, name)| *name).collect::<Vec<_>>().join(" "), expected, "{steps}");
    }

    #[test]
    fn three_failures_in_a_row_shut_the_gate() {
        check("", "read write");
        check("rr", "read write");
        check("rrr", "");
        check("rrRrr", "read write");
        check("www", "");
        check("rrww", "read write");
    }

    #[test]
    fn a_full_layer_is_still_read() {
        check("fff", "read");
        check("fffRrrr", "");
        check("ffWf", "read write");
        check("rrrn", "read");
        check("rrrnrr", "read");
        check("rrrnrrr", "");
        check("n", "read write");
    }

    #[test]
    fn an_opened_gate_begins_anew() {
        check("rrro", "read write");
        check("rrrorr", "read write");
    }

    #[test]
    fn only_the_failure_that_shuts_says_so() {
        let gate = Gate::default();
        let fail = || gate.failed(Work::Read, Scope::Everything, "gone", SystemTime::UNIX_EPOCH);
        assert_eq!([fail(), fail(), fail(), fail()], [false, false, true, false]);
        assert_eq!(gate.shut().map(|shut| shut.reason), Some("gone".into()));
    }

    #[test]
    fn probes_come_ever_more_seldom_and_never_further_apart_than_five_seconds() {
        let pauses: Vec<u128> = pauses().take(8).map(|pause| pause.as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
    }
}
