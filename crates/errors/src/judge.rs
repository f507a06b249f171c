//! What a fault comes to in its situation: worth repeating, counted, alerted, worse or milder than by itself.
//! Leaves what to do about it to `recovery`.

use crate::facts::CANCELLED;
use crate::{Advice, Blame, Breaker, Effect, Fault, Kind, Later, Severity};

/// Where a failure happened, as far as that changes how bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The last attempt of a step without which the work cannot be finished.
    LastOfCritical,
    /// A step that was left out because it is not needed.
    SkippedOptional,
    /// The program itself, not something that it called: what it lacks, all its work lacks.
    Ourselves,
}

/// The rule behind [`Fault::is_retryable`].
pub(crate) fn is_retryable(later: Later, effect: Effect, reason: Option<&str>) -> bool {
    let may_work = matches!(later, Later::Transient | Later::Throttled(_));
    may_work && effect != Effect::Done && reason != Some(CANCELLED)
}

/// The rule behind [`Fault::breaker`].
pub(crate) fn breaker(kind: Kind, later: Later, reason: Option<&str>) -> Breaker {
    match kind.breaker() {
        _ if reason == Some(CANCELLED) => Breaker::Ignores,
        Breaker::CountsTransient if later == Later::Never => Breaker::Ignores,
        Breaker::CountsTransient => Breaker::Counts,
        breaker => breaker,
    }
}

impl Fault {
    /// Says whether somebody stopped the work on purpose.
    pub fn is_cancelled(&self) -> bool {
        self.why() == Some(CANCELLED)
    }

    /// Says whether the same call is worth repeating: it may work later and has not done its work.
    ///
    /// [`Effect::Unknown`] counts as worth repeating here. Whoever repeats a step that must not run
    /// twice asks [`Fault::effect_had`] as well, or lets [`decide`](crate::decide) decide.
    pub fn is_retryable(&self) -> bool {
        is_retryable(self.may_work_later(), self.effect_had(), self.why())
    }

    /// Returns what a circuit breaker should make of it, with nothing left to ask:
    /// [`Breaker::CountsTransient`] has become [`Breaker::Counts`] or [`Breaker::Ignores`].
    pub fn breaker(&self) -> Breaker {
        breaker(self.kind(), self.may_work_later(), self.why())
    }

    /// Says whether it counts as a failure of the other side.
    pub fn counts_for_breaker(&self) -> bool {
        matches!(self.breaker(), Breaker::Counts | Breaker::CountsApart | Breaker::Opens)
    }

    /// Says whether a person should be told: it is of high or critical severity, and nobody wanted it.
    pub fn deserves_alert(&self) -> bool {
        self.severity_level() >= Severity::High && !self.is_cancelled()
    }

    /// Raises or lowers the severity by where it happened; what was cancelled stays low.
    pub fn judged(self, stage: Stage) -> Fault {
        match stage {
            _ if self.is_cancelled() => self.severity(Severity::Low),
            Stage::LastOfCritical => self.severity(Severity::Critical),
            Stage::SkippedOptional => self.severity(Severity::Low),
            Stage::Ourselves if self.kind() == Kind::Resource => self.severity(Severity::Critical).blame(Blame::Us),
            Stage::Ourselves => self.blame(Blame::Us),
        }
    }

    /// Says that every attempt is used up, so that no outer layer repeats the call again.
    ///
    /// Three layers with three attempts each would otherwise call 27 times.
    ///
    /// ```
    /// use segno_errors::{Fault, Kind, Later};
    ///
    /// let fault = Fault::new(Kind::Timeout, "the model took too long").retried_out();
    /// assert_eq!(fault.may_work_later(), Later::Persistent);
    /// assert!(!fault.is_retryable());
    /// ```
    pub fn retried_out(self) -> Fault {
        match self.may_work_later() {
            Later::Transient | Later::Throttled(_) => self.later(Later::Persistent),
            Later::Never | Later::Persistent => self,
        }
    }

    /// Says that a download failed: what is not there then is something that this machine lacks, not a rule of the work
    /// that says no. Other faults stay as they are.
    pub fn of_download(mut self) -> Fault {
        if self.why() != Some("not_found") {
            return self;
        }
        self.0.kind = Kind::Resource;
        self.blame(Kind::Resource.blame()).severity(Kind::Resource.severity())
    }

    /// Says that a cache failed, whatever its store makes of it: work goes on without it.
    ///
    /// Reason, effect and whether later helps stay as they are.
    pub fn of_cache(mut self) -> Fault {
        self.0.kind = Kind::Cache;
        self.0.blame = Some(Kind::Cache.blame());
        self.severity(Kind::Cache.severity()).advise(&[Advice::Degrade, Advice::Skip][..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks `retryable breaker alert severity` of a fault.
    fn check(fault: &Fault, expected: &str) {
        let (breaker, severity) = (fault.breaker().name(), fault.severity_level().name());
        let counts = if fault.counts_for_breaker() { "counted" } else { "passed" };
        let found = format!("{} {breaker} {counts} {} {severity}", fault.is_retryable(), fault.deserves_alert());
        assert_eq!(found, expected, "{fault}");
    }

    #[test]
    fn what_was_done_or_retried_out_is_not_retryable() {
        let fault = Fault::new(Kind::Timeout, "too slow");
        check(&fault, "true counts counted false medium");
        check(&fault.clone().later(Later::Throttled(None)), "true counts counted false medium");
        check(&fault.clone().effect(Effect::Done), "false counts counted false medium");
        check(&fault.clone().retried_out(), "false counts counted false medium");
        check(&fault.later(Later::Never).retried_out(), "false counts counted false medium");
    }

    #[test]
    fn what_was_cancelled_is_never_retried_alerted_counted_or_raised() {
        for kind in Kind::ALL {
            let fault = Fault::new(kind, "stopped").reason("cancelled");
            check(&fault, "false ignores passed false low");
            assert_eq!(fault.may_work_later(), Later::Never);
            let forced = fault.later(Later::Transient).severity(Severity::Critical);
            check(&forced.judged(Stage::LastOfCritical), "false ignores passed false low");
        }
        check(&Fault::cancelled("stopped by you"), "false ignores passed false low");
    }

    #[test]
    fn only_a_databases_passing_failures_count() {
        let fault = Fault::new(Kind::Database, "no");
        check(&fault, "true counts counted true high");
        check(&fault.later(Later::Never), "false ignores passed true high");
        check(&Fault::new(Kind::RateLimit, "slow down"), "true slows_down passed false low");
        check(&Fault::new(Kind::QuotaExceeded, "all gone"), "false opens counted true high");
    }

    #[test]
    fn severity_follows_the_situation() {
        let fault = Fault::new(Kind::ExternalService, "crashed");
        check(&fault.clone().judged(Stage::LastOfCritical), "true counts counted true critical");
        check(&fault.clone().judged(Stage::SkippedOptional), "true counts counted false low");
        check(&fault.judged(Stage::Ourselves), "true counts counted true high");
        let full = Fault::new(Kind::Resource, "the disk is full").judged(Stage::Ourselves);
        check(&full, "false ignores passed true critical");
        assert_eq!(full.blame_on(), Blame::Us);
    }

    #[test]
    fn a_download_that_is_not_there_is_a_resource() {
        let missing = crate::from_http(404, [("", ""); 0], b"").of_download();
        assert_eq!((missing.kind(), missing.why()), (Kind::Resource, Some("not_found")));
        assert_eq!(crate::from_http(403, [("", ""); 0], b"").of_download().kind(), Kind::Authorization);
    }

    #[test]
    fn a_store_that_is_a_cache_fails_mildly() {
        let fault = Fault::new(Kind::Internal, "wrong type").reason("wrong_type").of_cache();
        check(&fault, "false counts_apart counted false low");
        assert_eq!((fault.kind(), fault.why()), (Kind::Cache, Some("wrong_type")));
        assert_eq!(fault.advice(), Kind::Cache.advice());
    }
}
