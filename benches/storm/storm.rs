//! The run of the simulation: one heap of events, one clock, one seed.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use segno_resilience::{Breaker, Clock, ManualClock, Moment, Permit, Verdict};

use crate::client::{Client, Recipe};
use crate::server::Server;

const CLIENTS: usize = 1_000;
/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(1);
const OUTAGE: std::ops::Range<u64> = 30..45;
/// How long it is watched.
const SECONDS: usize = 180;
/// So many good seconds in a row are healthy.
const STEADY: usize = 10;

/// What came of a storm.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Requests to what they would be without any retry.
    pub(crate) load_in_outage: f64,
    pub(crate) load_after: f64,
    /// Seconds from the end of the outage on.
    pub(crate) healthy_after: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A client begins its next call.
    Call(usize),
    /// An attempt is made.
    Attempt(usize),
    /// A client's patience with a request is over.
    Over(usize),
    /// The server is done with the request at its head.
    Done,
}

/// A call of a client, and the request of its present attempt.
struct Call<'a> {
    client: usize,
    second: usize,
    attempts: u32,
    permit: Option<Permit<'a>>,
    /// The request whose answer it waits for.
    waits_for: Option<usize>,
}

struct Storm<'a> {
    clients: &'a [Client],
    hands: &'a ManualClock,
    clock: Clock,
    start: Moment,
    events: BinaryHeap<Reverse<(Moment, u64, Event)>>,
    order: u64,
    calls: Vec<Call<'a>>,
    /// The call that each request is of.
    requests: Vec<usize>,
    server: Server,
    random: StdRng,
    sent: Vec<u32>,
    good: Vec<u32>,
    begun: Vec<u32>,
}

/// Lets the storm rage over clients of one kind.
pub(crate) fn storm(recipe: &Recipe, is_shared: bool) -> Outcome {
    let hands = ManualClock::new();
    let clients = recipe.clients(CLIENTS, is_shared, &hands.clock());
    let mut storm = Storm::new(&clients, &hands);
    storm.run();
    storm.outcome()
}

impl<'a> Storm<'a> {
    fn new(clients: &'a [Client], hands: &'a ManualClock) -> Storm<'a> {
        let clock = hands.clock();
        let start = clock.now();
        let at = |second| start.after(Duration::from_secs(second));
        let mut storm = Storm {
            clients,
            hands,
            clock,
            start,
            events: BinaryHeap::new(),
            order: 0,
            calls: Vec::new(),
            requests: Vec::new(),
            server: Server::new((at(OUTAGE.start), at(OUTAGE.end))),
            random: StdRng::seed_from_u64(7),
            sent: vec![0; SECONDS + 1],
            good: vec![0; SECONDS + 1],
            begun: vec![0; SECONDS + 1],
        };
        for client in 0..clients.len() {
            let phase = Duration::from_secs_f64(storm.random.random::<f64>());
            storm.plan(phase, Event::Call(client));
        }
        storm
    }

    fn plan(&mut self, wait: Duration, event: Event) {
        self.order += 1;
        self.events.push(Reverse((self.clock.now().after(wait), self.order, event)));
    }

    fn second(&self) -> usize {
        self.clock.now().since(self.start).as_secs() as usize
    }

    fn run(&mut self) {
        while let Some(Reverse((at, _, event))) = self.events.pop() {
            self.hands.advance(at.since(self.clock.now()));
            if self.second() >= SECONDS {
                return;
            }
            match event {
                Event::Call(client) => self.begin(client),
                Event::Attempt(call) => self.attempt(call),
                Event::Over(request) => self.over(request),
                Event::Done => self.done(),
            }
        }
    }

    fn begin(&mut self, client: usize) {
        let second = self.second();
        self.begun[second] += 1;
        self.calls.push(Call { client, second, attempts: 0, permit: None, waits_for: None });
        self.plan(Duration::from_secs(1), Event::Call(client));
        self.attempt(self.calls.len() - 1);
    }

    fn attempt(&mut self, call: usize) {
        let clients = self.clients;
        let client = &clients[self.calls[call].client];
        let permit = match client.breaker.as_ref().map(Breaker::try_acquire).transpose() {
            Ok(permit) => permit,
            Err(_) => return,
        };
        let second = self.second();
        self.sent[second] += 1;
        let call_of = &mut self.calls[call];
        call_of.attempts += 1;
        call_of.permit = permit;
        let request = self.requests.len();
        call_of.waits_for = Some(request);
        self.requests.push(call);
        match self.server.take(request) {
            None => self.failed(call),
            Some(was_idle) => {
                self.plan(PATIENCE, Event::Over(request));
                if was_idle {
                    self.plan(self.server.takes(self.clock.now()), Event::Done);
                }
            }
        }
    }

    fn done(&mut self) {
        let (request, is_busy) = self.server.end();
        if is_busy {
            self.plan(self.server.takes(self.clock.now()), Event::Done);
        }
        let Some(call) = request.filter(|request| self.is_waited_for(*request)).map(|request| self.requests[request])
        else {
            return;
        };
        let ended = &mut self.calls[call];
        ended.waits_for = None;
        if let Some(permit) = ended.permit.take() {
            permit.success();
        }
        self.good[ended.second] += 1;
        if let Some(budget) = self.clients[ended.client].retry.budget() {
            budget.deposit();
        }
    }

    fn over(&mut self, request: usize) {
        if self.is_waited_for(request) {
            self.failed(self.requests[request]);
        }
    }

    fn is_waited_for(&self, request: usize) -> bool {
        self.calls[self.requests[request]].waits_for == Some(request)
    }

    fn failed(&mut self, call: usize) {
        let ended = &mut self.calls[call];
        ended.waits_for = None;
        if let Some(permit) = ended.permit.take() {
            permit.failure();
        }
        let retry = &self.clients[ended.client].retry;
        let wait = retry.next(ended.attempts, Verdict::Transient, self.random.random());
        let is_paid = || retry.budget().is_none_or(|budget| budget.try_spend(Verdict::Transient));
        if let Some(wait) = wait.filter(|_| is_paid()) {
            self.plan(wait, Event::Attempt(call));
        }
    }

    fn outcome(&self) -> Outcome {
        let load = |seconds: std::ops::Range<usize>| {
            let sum = |counts: &[u32]| f64::from(counts[seconds.clone()].iter().sum::<u32>());
            sum(&self.sent) / sum(&self.begun)
        };
        let (from, until) = (OUTAGE.start as usize, OUTAGE.end as usize);
        let is_good = |second: usize| f64::from(self.good[second]) >= 0.99 * f64::from(self.begun[second]);
        // The calls of the last seconds have not ended.
        let mut candidates = until..SECONDS - STEADY - 5;
        let healthy = candidates.find(|second| (*second..second + STEADY).all(is_good));
        Outcome {
            load_in_outage: load(from..until),
            load_after: load(until..until + 15),
            healthy_after: healthy.map(|second| (second - until) as u64),
        }
    }
}
