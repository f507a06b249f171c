//! Random schedules of questions and invalidations beside a slow model, on a paused clock.
//!
//! Things happen at whole tens of milliseconds, loads end at fives and limits at threes, so that no two meet.
#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use segno_cache::{Cache, LoadErrorKind, Loading, Terms};
use tokio::time::{Instant, sleep, sleep_until};

#[derive(Clone, Copy, Debug)]
enum Step {
    Ask {
        key: u8,
        limit: Option<u8>,
    },
    /// Asks, and is dropped a while later.
    Drop {
        key: u8,
    },
    AskMany {
        keys: (u8, u8),
    },
    Insert {
        key: u8,
    },
    Remove {
        key: u8,
    },
    Tag {
        key: u8,
    },
    Clear,
}

/// What a load says and how long it takes, by key and how many there were of it before; both sides agree on it.
#[derive(Clone, Debug)]
struct Plan(Vec<(u8, bool)>);

impl Plan {
    fn load(&self, key: u8, number: usize) -> (u64, Result<u32, ()>) {
        let (tens, is_ok) = self.0[(usize::from(key) * 7 + number) % self.0.len()];
        (u64::from(tens) * 10 + 5, if is_ok { Ok(1000 * u32::from(key) + number as u32) } else { Err(()) })
    }
}

/// A value, a failure, or too late.
type Answer = Result<u32, LoadErrorKind>;

#[derive(Default)]
struct Model {
    values: BTreeMap<u8, u32>,
    /// The end and outcome of the load that callers join.
    current: BTreeMap<u8, (u64, Result<u32, ()>)>,
    loads: BTreeMap<u8, usize>,
}

impl Model {
    fn settle(&mut self, now: u64) {
        let over: Vec<u8> = self.current.iter().filter(|(_, (end, _))| *end <= now).map(|(key, _)| *key).collect();
        for key in over {
            if let Some((_, Ok(value))) = self.current.remove(&key) {
                self.values.insert(key, value);
            }
        }
    }

    /// Returns when the answer comes, and what it is without a limit.
    fn ask(&mut self, now: u64, key: u8, plan: &Plan) -> (u64, Answer) {
        if let Some(value) = self.values.get(&key) {
            return (now, Ok(*value));
        }
        let number = self.loads.get(&key).copied().unwrap_or_default();
        let (end, outcome) = *self.current.entry(key).or_insert_with(|| {
            *self.loads.entry(key).or_default() += 1;
            let (takes, outcome) = plan.load(key, number);
            (now + takes, outcome)
        });
        (end, outcome.map_err(|()| LoadErrorKind::Failed))
    }

    fn forget(&mut self, is_meant: impl Fn(u8) -> bool) {
        self.values.retain(|key, _| !is_meant(*key));
        // Its end concerns only those who wait.
        self.current.retain(|key, _| !is_meant(*key));
    }
}

/// Plays the steps in the model; returns the answers in order and what stays.
fn play(steps: &[Step], plan: &Plan) -> (Vec<Answer>, Model) {
    let (mut model, mut answers) = (Model::default(), Vec::new());
    for (index, step) in steps.iter().enumerate() {
        let now = index as u64 * 10;
        model.settle(now);
        match *step {
            Step::Ask { key, limit } => {
                let (end, answer) = model.ask(now, key, plan);
                let until = limit.map(|tens| now + u64::from(tens) * 10 + 3);
                let is_late = until.is_some_and(|until| until < end);
                answers.push(if is_late { Err(LoadErrorKind::TimedOut) } else { answer });
            }
            Step::Drop { key } => drop(model.ask(now, key, plan)),
            Step::AskMany { keys } => answers.extend([keys.0, keys.1].map(|key| model.ask(now, key, plan).1)),
            Step::Insert { key } => {
                model.forget(|own| own == key);
                model.values.insert(key, index as u32);
            }
            Step::Remove { key } | Step::Tag { key } => model.forget(|own| own == key),
            Step::Clear => model.forget(|_| true),
        }
    }
    model.settle(u64::MAX);
    (answers, model)
}

/// The cache, and what it is loaded from.
#[derive(Clone)]
struct World {
    cache: Cache<u8, u32>,
    plan: Plan,
    loads: Arc<Mutex<BTreeMap<u8, usize>>>,
}

impl World {
    fn begin(&self, key: u8) -> (u64, Result<u32, ()>) {
        let mut loads = self.loads.lock().unwrap();
        let number = loads.entry(key).or_default();
        *number += 1;
        self.plan.load(key, *number - 1)
    }

    async fn ask(self, key: u8, limit: Option<u8>) -> Vec<Answer> {
        let limit = limit.map(|tens| Duration::from_millis(u64::from(tens) * 10 + 3));
        let loading = Loading { limit, terms: terms(key), ..Loading::default() };
        let world = self.clone();
        let load = move || async move {
            let (takes, outcome) = world.begin(key);
            sleep(Duration::from_millis(takes)).await;
            outcome.map_err(|()| "failed")
        };
        let answer = self.cache.get_or_load_async_with(&key, &loading, load).await;
        vec![answer.map_err(|error| error.kind())]
    }

    /// Asks for two keys that are loaded one by one, so that each takes its own time: what is tested is who waits for whom.
    async fn ask_many(self, keys: (u8, u8)) -> Vec<Answer> {
        let (one, other) = tokio::join!(self.clone().ask(keys.0, None), self.ask(keys.1, None));
        [one, other].concat()
    }

    fn invalidate(&self, step: Step, index: usize) {
        match step {
            Step::Insert { key } => self.cache.insert_with(key, index as u32, terms(key)),
            Step::Remove { key } => {
                self.cache.remove(&key);
            }
            Step::Tag { key } => {
                self.cache.invalidate_tag(&format!("tag {key}"));
            }
            Step::Clear => self.cache.clear(),
            Step::Ask { .. } | Step::Drop { .. } | Step::AskMany { .. } => {}
        }
    }
}

/// What is put in for a key bears its tag, loaded or not.
fn terms(key: u8) -> Terms {
    Terms { tags: vec![format!("tag {key}").into()], ..Terms::default() }
}

/// Plays the steps for real.
async fn run(steps: &[Step], world: &World) -> Vec<Answer> {
    let begun = Instant::now();
    let mut asked = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        sleep_until(begun + Duration::from_millis(index as u64 * 10)).await;
        match *step {
            Step::Ask { key, limit } => asked.push(tokio::spawn(world.clone().ask(key, limit))),
            Step::AskMany { keys } => asked.push(tokio::spawn(world.clone().ask_many(keys))),
            Step::Drop { key } => {
                let asking = tokio::spawn(world.clone().ask(key, None));
                tokio::spawn(async move {
                    sleep(Duration::from_millis(3)).await;
                    asking.abort();
                });
            }
            step => world.invalidate(step, index),
        }
        // Who asks does so before time goes on.
        sleep(Duration::from_millis(1)).await;
    }
    let mut answers = Vec::new();
    for asking in asked {
        answers.extend(asking.await.unwrap());
    }
    sleep(Duration::from_secs(1)).await;
    answers
}

fn check(steps: &[Step], plan: Plan) {
    let (expected, model) = play(steps, &plan);
    let world = World { cache: Cache::new(100), plan, loads: Arc::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let found = runtime.block_on(run(steps, &world));
    assert_eq!(found, expected);
    assert_eq!(*world.loads.lock().unwrap(), model.loads, "how often each key was loaded");
    for key in 0..3 {
        assert_eq!(world.cache.get(&key), model.values.get(&key).copied(), "what is kept of {key}");
    }
}

fn step() -> impl Strategy<Value = Step> {
    let key = || 0u8..3;
    prop_oneof![
        6 => (key(), prop::option::of(0u8..6)).prop_map(|(key, limit)| Step::Ask { key, limit }),
        1 => key().prop_map(|key| Step::Drop { key }),
        1 => (key(), key()).prop_map(|keys| Step::AskMany { keys }),
        1 => key().prop_map(|key| Step::Insert { key }),
        1 => key().prop_map(|key| Step::Remove { key }),
        1 => key().prop_map(|key| Step::Tag { key }),
        1 => Just(Step::Clear),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]
    #[test]
    fn schedules_end_as_the_model_says(
        steps in prop::collection::vec(step(), 1..40),
        plan in prop::collection::vec((0u8..8, prop::bool::weighted(0.7)), 1..8),
    ) {
        check(&steps, Plan(plan));
    }
}
