//! A run by hand: what is ready gets a random outcome in a random order, and after each event the cursor must say what
//! the plain walk says. No clock and no agent: time is counted, outcomes are drawn.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use segno_errors::{Fault, Kind};
use serde_json::{Value, json};

use super::fold::RunState;
use super::frame::{Frame, FrameId, Ready, Work};
use super::keep::{Wish, keep};
use super::oracle::{Ended, Facts, Place, walk};
use super::random_flows::{AGENT, flows};
use crate::model::{Address, CacheNote, Event, Fact, Inputs, Outcome, Owner, Pinned, Reply, Source, Timestamp};
use crate::patterns::iterative::{self, Answers};
use crate::plan::{self, Kind as NodeKind, Plan};
use crate::spec;

/// A run by hand: what is ready gets a random outcome, in a random order.
struct Trial {
    plan: Arc<Plan>,
    state: RunState,
    facts: Facts,
    events: Vec<Event>,
    /// What was taken up and has not come to anything yet.
    taken: Vec<Ready>,
    /// Attempts that run.
    running: Vec<(Address, u32)>,
    now: Timestamp,
    dice: StdRng,
}

impl Trial {
    fn new(flow: &str, seed: u64) -> Trial {
        let workflow = spec::parse(flow, "random.json").unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let catalog = plan::Catalog { registered: vec![AGENT.into()], ..plan::Catalog::default() };
        let plan = Arc::new(plan::compile(&workflow, "random.json", &catalog).unwrap());
        Trial {
            state: RunState::new(plan.clone()),
            plan,
            facts: Facts::default(),
            events: Vec::new(),
            taken: Vec::new(),
            running: Vec::new(),
            now: Timestamp(0),
            dice: StdRng::seed_from_u64(seed),
        }
    }

    fn play(&mut self) -> TestCaseResult {
        let pinned = Pinned { path: "random.json".into(), hash: String::new(), parts: Vec::new() };
        let (flow, inputs, owner) = ("random".into(), Inputs::default(), Owner::default());
        let (parent, only) = (None, Vec::new());
        self.record(Fact::RunStarted { flow, pinned, inputs, owner, parent, only });
        self.agree()?;
        self.go_on()
    }

    /// Goes on from what a fork keeps: all but one of the tasks, with what depends on it.
    fn fork(&mut self) -> TestCaseResult {
        let tasks = self.events.iter().filter(|event| matches!(event.fact, Fact::StepEnded { .. }));
        let tasks: Vec<Address> = tasks.filter_map(|event| event.fact.step().cloned()).collect();
        let steps =
            if tasks.is_empty() { Vec::new() } else { vec![tasks[self.dice.random_range(0..tasks.len())].clone()] };
        let kept = keep(&self.state, &self.events, &self.plan, &Wish { steps, ..Wish::default() });
        let start = self.events[0].fact.clone();
        self.state = RunState::new(self.plan.clone());
        self.facts = Facts::default();
        self.events.clear();
        for fact in std::iter::once(start).chain(kept.facts) {
            self.record(fact);
            self.agree()?;
        }
        self.go_on()
    }

    fn go_on(&mut self) -> TestCaseResult {
        while let Some(fact) = self.next() {
            self.record(fact);
            self.agree()?;
        }
        prop_assert!(self.state.status().is_some(), "nothing is ready, and the flow has not ended");
        Ok(())
    }

    fn record(&mut self, fact: Fact) {
        self.now = self.now.after(Duration::from_millis(self.dice.random_range(0..3)));
        let event = Event { seq: self.state.events() + 1, at: self.now, fact };
        self.facts.see(&event);
        self.state.apply(&event);
        self.events.push(event);
        self.state.wake_due(self.now);
    }

    fn agree(&self) -> TestCaseResult {
        let walk = walk(&self.plan, &self.facts, self.now);
        let ready = self.state.ready().into_iter().chain(self.taken.iter().cloned());
        let ready: BTreeMap<Address, Work> = ready.map(|ready| (self.state.address(ready.frame), ready.work)).collect();
        prop_assert_eq!(&ready, &walk.ready, "after {:#?}", self.events.last());
        let frame = |frame: &Frame| {
            let ended = frame.end().map(|end| Ended {
                status: end.status(),
                is_blocked: end.is_blocked(),
                is_left_out: end.is_left_out(),
            });
            ((frame.node, frame.indices.to_vec()), ended)
        };
        let frames: BTreeMap<Place, Option<Ended>> = self.state.frames.iter().map(frame).collect();
        prop_assert_eq!(&frames, &walk.frames, "after {:#?}", self.events.last());
        let status = walk.frames[&(self.plan.root(), Vec::new())].map(|ended| ended.status);
        prop_assert_eq!(self.state.status(), status);
        self.agree_on_fallbacks()
    }

    fn agree_on_fallbacks(&self) -> TestCaseResult {
        for (step, took_over) in &self.facts.took_over {
            // A fork knows of tasks that are not open yet, or not so far that it can be about them.
            let Some(frame) = self.state.find(step).filter(|_| !self.state.early.holds(step)) else { continue };
            let calls = self.state.plan_node(frame).task().map_or(0, |task| task.calls.len());
            let left = (1..u32::try_from(calls).unwrap()).filter(|number| !took_over.contains(number));
            prop_assert_eq!(self.state.untried(frame), left.collect::<Vec<_>>(), "of {}", step);
            prop_assert_eq!(Some(&self.state.call(frame)), took_over.last(), "of {}", step);
        }
        Ok(())
    }

    /// Says what happens next; `None` when nothing can.
    fn next(&mut self) -> Option<Fact> {
        if self.dice.random_bool(0.05) {
            return Some(self.come_back());
        }
        while self.dice.random_bool(0.6) && self.take() {}
        if self.taken.is_empty() && self.running.is_empty() && !self.take() {
            self.now = self.state.next_due()?;
            self.state.wake_due(self.now);
            assert!(self.take(), "an attempt whose wait is over is ready");
        }
        let pick = self.dice.random_range(0..self.taken.len() + self.running.len());
        if pick < self.taken.len() {
            let ready = self.taken.swap_remove(pick);
            return Some(self.go(ready));
        }
        let (step, attempt) = self.running.swap_remove(pick - self.taken.len());
        Some(self.attempted(step, attempt))
    }

    /// Another owner goes on: with the same events and with nothing that was in flight.
    fn come_back(&mut self) -> Fact {
        self.state = RunState::new(self.plan.clone());
        self.events.iter().for_each(|event| self.state.apply(event));
        self.taken.clear();
        self.running.clear();
        Fact::RunResumed { owner: Owner::default() }
    }

    /// Takes something up; `false` when nothing is ready.
    fn take(&mut self) -> bool {
        let taken = match self.dice.random_bool(0.5) {
            true => self.state.take_duty().or_else(|| self.state.take_task()),
            false => self.state.take_task().or_else(|| self.state.take_duty()),
        };
        assert!(taken.is_some() || self.state.ready().is_empty(), "what is ready can be taken up");
        let found = taken.is_some();
        self.taken.extend(taken);
        found
    }

    fn go(&mut self, ready: Ready) -> Fact {
        let step = self.state.address(ready.frame);
        match ready.work {
            Work::Skip(because) => ended(step, RunState::skipped(because)),
            Work::Decide => self.answered(ready.frame, step),
            Work::Attempt(_) if self.dice.random_bool(0.1) => ended(step, self.outcome()),
            Work::Attempt(attempt) => {
                self.running.push((step.clone(), attempt));
                Fact::StepStarted { step, attempt, label: None, cache: CacheNote::Off }
            }
        }
    }

    /// Draws what a group finds out.
    fn answered(&mut self, frame: FrameId, step: Address) -> Fact {
        if self.dice.random_bool(0.05) {
            return ended(step, failed());
        }
        let plan = self.plan.clone();
        match &plan.node(self.state.plan_node(frame).id).kind {
            NodeKind::Conditional(guard) => {
                let left_out = guard.skip_when.is_some() && self.dice.random_bool(0.3);
                Fact::Decided { step, taken: !left_out && self.dice.random_bool(0.5), left_out }
            }
            NodeKind::Switch(switch) => {
                let count = u32::try_from(switch.cases.len() + usize::from(switch.has_default)).unwrap();
                let case = self.dice.random_range(0..=count);
                Fact::Chose { step, case: (case < count).then_some(case), value: String::new() }
            }
            NodeKind::Loop(rounds) => {
                let answers = Answers {
                    until: rounds.until.is_some() && self.dice.random_bool(0.4),
                    going_while: rounds.going_while.is_none() || self.dice.random_bool(0.7),
                    score: rounds.score.as_ref().filter(|_| self.dice.random_bool(0.8)).map(|_| self.dice.random()),
                };
                let (made, broke) = (self.state.rounds(frame), self.state.round_broke(frame));
                let verdict = iterative::verdict(rounds, made, broke, answers);
                Fact::Looped { step, rounds: made, verdict, score: answers.score.filter(|_| made > 0) }
            }
            NodeKind::Flow(_) if self.state.rounds(frame) == 0 => Fact::Entered { step, inputs: Inputs::default() },
            NodeKind::Flow(_) => Fact::Concluded { step, outputs: Inputs::default() },
            _ => {
                // The smaller of two dice: nested lists multiply, and most bugs need two items.
                let count = self.dice.random_range(0..=4).min(self.dice.random_range(0..=4));
                Fact::Expanded { step, items: vec![Value::Null; count] }
            }
        }
    }

    fn attempted(&mut self, step: Address, attempt: u32) -> Fact {
        if attempt < 3 && self.dice.random_bool(0.2) {
            let until = Timestamp(self.now.0 + self.dice.random_range(0..10));
            return Fact::StepRetried { step, attempt, fault: fault(), until, decision: None };
        }
        let left = self.state.find(&step).map(|frame| self.state.untried(frame)).unwrap_or_default();
        if !left.is_empty() && self.dice.random_bool(0.5) {
            // Any of them, as a ranking may have it.
            let to = left[self.dice.random_range(0..left.len())];
            return Fact::FellBack { step, attempt, fault: fault(), to, agent: AGENT.into(), decision: None };
        }
        ended(step, self.outcome())
    }

    fn outcome(&mut self) -> Outcome {
        match self.dice.random_range(0..8) {
            0 => failed(),
            2 => Outcome::Partial { reply: Reply::value(json!(1)).into() },
            _ => Outcome::Succeeded { reply: Reply::value(json!(1)).into() },
        }
    }
}

fn ended(step: Address, outcome: Outcome) -> Fact {
    Fact::StepEnded { step, outcome, source: Source::Ran, took_ms: 0, decision: None, label: None }
}

fn failed() -> Outcome {
    Outcome::of_fault(fault())
}

fn fault() -> Fault {
    Fault::new(Kind::Network, "no answer")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_cursor_says_what_the_plain_walk_says_after_every_event(flow in flows(false), seed in any::<u64>()) {
        Trial::new(&flow, seed).play()?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_cursor_says_what_the_plain_walk_says_of_a_fork(flow in flows(false), seed in any::<u64>()) {
        let mut trial = Trial::new(&flow, seed);
        trial.play()?;
        trial.fork()?;
    }
}

/// The bug that the walk found: branches of one `if` waited for each other for ever.
#[test]
fn a_step_in_the_branch_that_was_not_taken_holds_nothing_up() {
    let flow = r#"{"steps": [{"id": "s0", "if": "false", "steps": [{"id": "s1", "agent": "work"}],
        "else": [{"id": "s2", "agent": "work", "needs": ["s1"]}]}]}"#;
    for seed in 0..64 {
        Trial::new(flow, seed).play().unwrap();
    }
}
