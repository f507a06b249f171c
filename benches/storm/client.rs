//! What a client has: a retry, and a budget and a breaker of its own or shared with all others.

use std::time::Duration;

use segno_resilience::{Breaker, Budget, Clock, Retry};

/// One row of the table.
pub(crate) struct Recipe {
    pub(crate) name: &'static str,
    pub(crate) attempts: u32,
    /// How much of a retry a success pays for, and how many the bucket holds.
    pub(crate) budget: Option<(f64, u32)>,
    pub(crate) breaker: Option<Guarded>,
    /// It is what segno recommends, and has to hold the bars.
    pub(crate) is_ours: bool,
}

/// A breaker that opens after so many failures in a row.
#[derive(Clone, Copy)]
pub(crate) struct Guarded {
    /// When each client has its own.
    pub(crate) apart: u32,
    /// When all share one.
    pub(crate) shared: u32,
    pub(crate) open_for: Duration,
    pub(crate) probes: u32,
}

/// The parts of a client.
pub(crate) struct Client {
    pub(crate) retry: Retry,
    pub(crate) breaker: Option<Breaker>,
}

impl Recipe {
    /// Makes so many clients, each with parts of its own or all with the same.
    pub(crate) fn clients(&self, count: usize, is_shared: bool, clock: &Clock) -> Vec<Client> {
        let shared = is_shared.then(|| (self.budget(), self.breaker(true, clock)));
        let clients = (0..count).map(|_| {
            let (budget, breaker) = shared.clone().unwrap_or_else(|| (self.budget(), self.breaker(false, clock)));
            let retry = Retry::attempts(self.attempts).exponential(Duration::from_millis(100)..=Duration::from_secs(2));
            let retry = match budget {
                Some(budget) => retry.budget(budget),
                None => retry,
            };
            Client { retry: retry.build().expect("the numbers above are good"), breaker }
        });
        clients.collect()
    }

    fn budget(&self) -> Option<Budget> {
        let (ratio, capacity) = self.budget?;
        Some(Budget::ratio(ratio).capacity(capacity).build().expect("the numbers of the table are good"))
    }

    fn breaker(&self, is_shared: bool, clock: &Clock) -> Option<Breaker> {
        let Guarded { apart, shared, open_for, probes } = self.breaker?;
        let breaker = Breaker::in_a_row(if is_shared { shared } else { apart }).open_for(open_for).probes(probes);
        Some(breaker.clock(clock.clone()).build().expect("the numbers of the table are good"))
    }
}
