//! The shell for threads: runs a closure, sleeps, draws random numbers. Leaves every decision to the
//! core in `retry`.

use std::thread;

use crate::retry::Call;
use crate::{Attempt, Failure, Retry, Verdict};

impl Retry {
    /// Runs the body until it succeeds, its error says stop or the attempts are used up.
    ///
    /// `classify` judges each error; the thread sleeps between attempts.
    ///
    /// # Errors
    ///
    /// The last error of the body, with the number of attempts and the time waited.
    ///
    /// ```
    /// use segno_resilience::{Backoff, Retry, Verdict};
    ///
    /// let retry = Retry::attempts(3).backoff(Backoff::none()).build()?;
    /// let page = retry.run_blocking(
    ///     |_: &String| Verdict::Transient,
    ///     |attempt| match attempt.number {
    ///         1 => Err("the line was busy".to_owned()),
    ///         number => Ok(format!("got it at attempt {number} of {}", attempt.of)),
    ///     },
    /// );
    /// assert_eq!(page.as_deref(), Ok("got it at attempt 2 of 3"));
    /// # Ok::<(), segno_resilience::Error>(())
    /// ```
    pub fn run_blocking<T, E>(
        &self,
        mut classify: impl FnMut(&E) -> Verdict,
        mut body: impl FnMut(Attempt) -> Result<T, E>,
    ) -> Result<T, Failure<E>> {
        let mut call = Call::of(self);
        loop {
            let cause = match body(call.attempt()) {
                Ok(value) => return Ok(value),
                Err(cause) => cause,
            };
            let verdict = classify(&cause);
            thread::sleep(call.failed(cause, verdict, rand::random())?);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::Backoff;

    /// Runs a body that fails so many times; returns the attempts seen and the result.
    fn run(attempts: u32, failures: u32, verdict: Verdict) -> (Vec<Attempt>, Result<u32, Failure<u32>>) {
        let retry = Retry::attempts(attempts).backoff(Backoff::none()).build().unwrap();
        let mut seen = Vec::new();
        let result = retry.run_blocking(
            |_| verdict,
            |attempt| {
                seen.push(attempt);
                if attempt.number > failures { Ok(attempt.number) } else { Err(attempt.number) }
            },
        );
        (seen, result)
    }

    proptest! {
        #[test]
        fn the_body_runs_until_it_succeeds_and_never_more_than_allowed(
            of in 1..40u32, failures in 0..60u32,
        ) {
            let (seen, result) = run(of, failures, Verdict::Transient);
            let runs = of.min(failures + 1);
            let expected: Vec<_> = (1..=runs).map(|number| Attempt { number, of }).collect();
            prop_assert_eq!(seen, expected);
            let failure = Failure { cause: runs, attempts: runs, waited: Duration::ZERO };
            prop_assert_eq!(result, if failures < of { Ok(runs) } else { Err(failure) });
        }
    }

    #[test]
    fn an_error_that_will_not_pass_stops_at_once() {
        for verdict in [Verdict::Permanent, Verdict::Ignore, Verdict::Ok] {
            assert_eq!(run(5, 9, verdict).0.len(), 1, "{verdict:?}");
        }
    }
}
