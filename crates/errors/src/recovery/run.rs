//! Carries decisions out: calls, decides, lets the caller act, and calls again. The caller waits, signs in and falls back;
//! here is no clock and no runtime.

use std::fmt;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::decide::Decision;
use super::round::Progress;
use super::situation::Situation;
use super::step::Step;
use crate::Fault;

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next<T> {
    /// It is done: make the call again.
    Again,
    /// It gave a value in place of the call's: an older one, another provider's, nothing.
    Instead(T),
    /// It cannot be done: take the next step.
    Unable,
}

/// What a piece of work came to, with every decision on the way.
#[must_use = "the result of the work is in it"]
#[derive(Debug)]
pub struct Recovered<T> {
    /// The value, or the last fault; one that was retried says so, see [`Fault::retried_out`].
    pub result: Result<T, Fault>,
    /// What was decided about each failure, in order, to be recorded.
    pub decisions: Vec<Decision>,
}

/// Makes a call until it works or nothing is left to be done about its failures.
///
/// Each failure is decided on by [`decide`](crate::decide()). The caller carries the steps out: `act` is given one, with
/// the fault, and says what came of it. Stopping is done here. After a hundred failures it ends in any case.
///
/// ```
/// use segno_errors::{Effect, Fault, Kind, Next, Recovery, Situation, Step};
///
/// let mut failures = 1;
/// let call = || match failures {
///     0 => Ok("done"),
///     _ => {
///         failures -= 1;
///         Err(Fault::new(Kind::Network, "no answer").effect(Effect::None))
///     }
/// };
/// let act = |step: &Step, _: &Fault| match step {
///     Step::Retry => Next::Again, // after a back-off
///     Step::RetryAfter { pause } => {
///         std::thread::sleep(*pause);
///         Next::Again
///     }
///     _ => Next::Unable,
/// };
/// let recovered = Recovery::new(Situation::default()).run_blocking(call, act);
/// assert_eq!(recovered.result, Ok("done"));
/// assert_eq!(recovered.decisions[0].sentence(), "it is tried again");
/// ```
pub struct Recovery<'c> {
    progress: Progress,
    time_left: Option<Box<dyn FnMut() -> Duration + Send + 'c>>,
}

impl<'c> Recovery<'c> {
    /// Begins in a situation; what is tried on the way is noted in it.
    pub fn new(situation: Situation) -> Recovery<'c> {
        Recovery { progress: Progress { situation, decisions: Vec::new() }, time_left: None }
    }

    /// Asks how much time is left at each failure. Without it only the pauses that are handed out are taken off.
    #[must_use]
    pub fn time_left(mut self, time_left: impl FnMut() -> Duration + Send + 'c) -> Recovery<'c> {
        self.time_left = Some(Box::new(time_left));
        self
    }

    /// Makes the call and carries out what is decided, on this thread.
    pub fn run_blocking<T>(
        self,
        mut call: impl FnMut() -> Result<T, Fault>,
        mut act: impl FnMut(&Step, &Fault) -> Next<T>,
    ) -> Recovered<T> {
        let run = pin!(self.run(async || call(), async |step: &Step, fault: &Fault| act(step, fault)));
        match run.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(recovered) => recovered,
            Poll::Pending => unreachable!("nothing waits but the two closures, and these do not"),
        }
    }

    /// Makes the call and carries out what is decided, on any runtime: nothing here waits but the two closures.
    pub async fn run<T>(
        mut self,
        mut call: impl AsyncFnMut() -> Result<T, Fault>,
        mut act: impl AsyncFnMut(&Step, &Fault) -> Next<T>,
    ) -> Recovered<T> {
        loop {
            let fault = match call().await {
                Ok(value) => return self.ended(Ok(value)),
                Err(fault) => fault,
            };
            let mut is_again = false;
            for step in self.steps(&fault) {
                match act(&step, &fault).await {
                    Next::Instead(value) => return self.ended(Ok(value)),
                    Next::Unable => self.progress.unable(&step),
                    Next::Again => {
                        self.progress.again(&step);
                        is_again = true;
                        break;
                    }
                }
            }
            if !is_again {
                return self.given_up(fault);
            }
        }
    }

    /// Returns the steps to be tried about a failure, up to the one that stops.
    fn steps(&mut self, fault: &Fault) -> Vec<Step> {
        if let Some(time_left) = &mut self.time_left {
            self.progress.situation.time_left = Some(time_left());
        }
        let mut steps = self.progress.failed(fault);
        steps.truncate(steps.iter().position(|step| *step == Step::Abort).unwrap_or(steps.len()));
        steps
    }

    fn given_up<T>(self, fault: Fault) -> Recovered<T> {
        let fault = self.progress.given_up(fault);
        self.ended(Err(fault))
    }

    fn ended<T>(self, result: Result<T, Fault>) -> Recovered<T> {
        Recovered { result, decisions: self.progress.decisions }
    }
}

impl fmt::Debug for Recovery<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Recovery").field("progress", &self.progress).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::super::abilities::Abilities;
    use super::super::round::MAX_ROUNDS;
    use super::*;
    use crate::{Effect, Kind, Later};

    fn free() -> Situation {
        Situation { can: Abilities::all(), is_idempotent: true, is_critical: false, ..Situation::default() }
    }

    /// Runs both forms with a call that always fails and steps of which `able` are taken; checks what was tried and the
    /// end of it.
    fn check(fault: &Fault, able: &[&str], expected: &str) {
        let act = |tried: &mut Vec<&'static str>, step: &Step| {
            let name = step.advice().name();
            tried.push(name);
            match name {
                "degrade" if able.contains(&name) => Next::Instead("less"),
                _ if able.contains(&name) => Next::Again,
                _ => Next::Unable,
            }
        };
        let mut tried = Vec::new();
        let recovery = Recovery::new(free());
        let blocking = recovery.run_blocking(|| Err(fault.clone()), |step, _| act(&mut tried, step));
        assert_eq!(told(&tried, &blocking), expected);

        let mut tried = Vec::new();
        let run = Recovery::new(free()).run(async || Err(fault.clone()), async |step, _| act(&mut tried, step));
        let Poll::Ready(waited) = pin!(run).as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("nothing above waits");
        };
        assert_eq!(told(&tried, &waited), expected);
        assert_eq!(waited.decisions, blocking.decisions);
    }

    fn told(tried: &[&str], recovered: &Recovered<&str>) -> String {
        let end = match &recovered.result {
            Ok(value) => (*value).to_owned(),
            Err(fault) => format!("{:?}", fault.may_work_later()).to_lowercase(),
        };
        format!("{} -> {end}", tried.join(" "))
    }

    #[test]
    fn steps_are_taken_in_order_until_none_is_left() {
        let network = Fault::new(Kind::Network, "no answer");
        check(&network, &["retry", "degrade"], "retry retry fallback degrade -> less");
        check(&network, &["retry"], "retry retry fallback degrade -> persistent");
        check(&network, &[], "retry fallback degrade -> transient");
        check(&Fault::new(Kind::Parse, ""), &["re_ask"], "re_ask fallback fix_input -> never");
        check(&Fault::new(Kind::Authentication, ""), &["reauthenticate"], "reauthenticate escalate -> never");
        check(&Fault::new(Kind::Internal, ""), &["escalate"], " -> never");
        check(&Fault::cancelled("stopped"), &["retry"], " -> never");
    }

    #[test]
    fn a_caller_who_always_goes_on_is_stopped() {
        let mut calls = 0;
        let call = || {
            calls += 1;
            Err::<(), _>(Fault::new(Kind::QuotaExceeded, "all gone").effect(Effect::None))
        };
        let recovered = Recovery::new(free()).run_blocking(call, |_, _| Next::Again);
        assert_eq!((calls, recovered.decisions.len()), (MAX_ROUNDS + 1, MAX_ROUNDS));
    }

    #[test]
    fn a_run_can_be_moved_to_another_thread() {
        fn sent(run: impl Future<Output = Recovered<u8>> + Send) -> Recovered<u8> {
            match pin!(run).as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(recovered) => recovered,
                Poll::Pending => panic!("nothing above waits"),
            }
        }
        let run = Recovery::new(free()).time_left(|| Duration::MAX).run(async || Ok(1), async |_, _| Next::Unable);
        assert_eq!(sent(run).result, Ok(1));
    }

    #[test]
    fn pauses_and_the_clock_end_the_time() {
        let pause = Duration::from_secs(30);
        let fault =
            || Fault::new(Kind::RateLimit, "slow down").effect(Effect::None).later(Later::Throttled(Some(pause)));
        let situation = || Situation { time_left: Some(Duration::from_secs(50)), ..Situation::default() };
        let by_pauses = Recovery::new(situation()).run_blocking(|| Err::<(), _>(fault()), |_, _| Next::Again);
        assert_eq!(by_pauses.decisions.len(), 2);
        let recovery = Recovery::new(situation()).time_left(|| Duration::from_secs(10));
        assert_eq!(recovery.run_blocking(|| Err::<(), _>(fault()), |_, _| Next::Again).decisions.len(), 1);
    }
}
