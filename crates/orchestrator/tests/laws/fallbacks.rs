//! Who takes over from an agent that was given up: by the ranking those that can do all of it, and the same ones after a
//! kill at any event.

use std::sync::{Arc, Mutex};

use segno_errors::{Fault, Kind};
use segno_orchestrator::Definition;
use segno_orchestrator::agents::{Registry, Stop};
use segno_orchestrator::engine::{Begun, Engine, Ranking, Setup, Upstreams};
use segno_orchestrator::journal::{Journal, MemoryJournal};
use segno_orchestrator::model::{Event, Fact, Reply, RunStatus};

use crate::worker::{definition, wait};

const FLOW: &str = "steps: [{ id: ask, agent: own, retry: 1, fallback: [{ agent: part, partial: true }, a, b, c] }]";

/// Agents by name, and who was called in which order.
struct Cast {
    /// The only one that does not fail.
    good: &'static str,
    called: Arc<Mutex<Vec<&'static str>>>,
}

impl Cast {
    fn of(good: &'static str) -> Cast {
        Cast { good, called: Arc::default() }
    }

    fn registry(&self) -> Registry {
        let mut agents = Registry::default();
        for name in ["own", "part", "a", "b", "c"] {
            let (good, called) = (self.good, self.called.clone());
            agents.function(name, move |_| {
                called.lock().unwrap().push(name);
                async move {
                    match name == good {
                        true => Ok(Reply::value(name)),
                        false => Err(Fault::new(Kind::Validation, format!("{name} cannot do it"))),
                    }
                }
            });
        }
        agents
    }

    fn engine(&self, journal: &Arc<MemoryJournal>, ranking: Option<Arc<Ranking>>) -> Engine {
        // Agents of a test fail as often as they please.
        let upstreams = Upstreams::default().without_preset();
        Engine::new(Setup { journal: journal.clone(), agents: self.registry(), ranking, upstreams, ..Setup::default() })
    }

    fn definition(&self) -> Definition {
        definition(FLOW, &self.registry())
    }

    /// Returns who was called since the last time this was asked.
    fn called(&self) -> String {
        std::mem::take(&mut *self.called.lock().unwrap()).join(" ")
    }
}

/// Ranks agents by the order of their names here; the first owner and the next think the same.
fn by(order: &'static [&'static str]) -> Option<Arc<Ranking>> {
    Some(Arc::new(move |names: &[&str]| {
        order.iter().filter_map(|best| names.iter().position(|name| name == best)).collect()
    }))
}

fn begin(engine: &Engine, cast: &Cast) -> Begun {
    engine.begin(&cast.definition(), serde_json::Map::new()).unwrap()
}

/// Runs the flow in one go; says who was called, and how it ended.
fn check(good: &'static str, ranking: Option<Arc<Ranking>>, expected: &str) {
    let cast = Cast::of(good);
    let engine = cast.engine(&Arc::default(), ranking);
    let status = wait(engine.run(begin(&engine, &cast), Stop::never())).unwrap();
    assert_eq!(format!("{} {}", cast.called(), status.name()), expected);
}

#[test]
fn without_a_ranking_the_written_order_holds() {
    check("b", None, "own part a b succeeded");
    check("nobody", None, "own part a b c failed");
}

#[test]
fn the_own_agent_comes_first_then_the_best_of_those_that_were_not_tried() {
    check("own", by(&["c", "a", "b", "own"]), "own succeeded");
    check("c", by(&["c", "a", "b"]), "own c succeeded");
    check("b", by(&["c", "a", "b"]), "own c a b succeeded");
    check("c", by(&["b"]), "own b a c succeeded");
}

#[test]
fn what_does_a_part_is_asked_when_nobody_else_is_left() {
    check("part", by(&["part", "c", "a", "b"]), "own c a b part degraded");
    check("nobody", by(&["part", "c", "a", "b"]), "own c a b part failed");
}

#[test]
fn a_ranking_that_panics_leaves_the_run_the_first_of_the_list() {
    let ranking: Arc<Ranking> = Arc::new(|_: &[&str]| panic!("it is broken"));
    check("b", Some(ranking), "own a b succeeded");
}

/// Returns who took over, by number.
fn falls(events: &[Event]) -> Vec<u32> {
    let to = |event: &Event| if let Fact::FellBack { to, .. } = event.fact { Some(to) } else { None };
    events.iter().filter_map(to).collect()
}

#[test]
fn killed_between_any_two_events_the_same_agents_take_over_and_none_that_was_given_up_is_asked_again() {
    let cast = Cast::of("part");
    let ranking = || by(&["c", "a", "b"]);
    // The run's start, five starts of a call and four falls: the end of the step is never recorded.
    for limit in 1..=10 {
        let journal = Arc::new(MemoryJournal::with_limit(limit));
        let engine = cast.engine(&journal, ranking());
        let run = begin(&engine, &cast);
        let id = run.id.clone();
        assert_eq!(wait(engine.run(run, Stop::never())).unwrap_err().why(), Some("limit"), "{limit}");
        cast.called();
        let journal = Arc::new(journal.survivor());
        let given_up = falls(&journal.read(&id).unwrap().events).len();
        let engine = cast.engine(&journal, ranking());
        let resumed = wait(engine.resume(&id)).unwrap();
        assert_eq!(wait(engine.run(resumed.run, Stop::never())).unwrap(), RunStatus::Degraded, "{limit}");
        assert_eq!(cast.called(), ["own", "c", "a", "b", "part"][given_up..].join(" "), "{limit}");
        assert_eq!(falls(&journal.read(&id).unwrap().events), [4, 2, 3, 1], "{limit}");
    }
}

#[test]
fn what_was_decided_stands_though_the_next_owner_thinks_otherwise() {
    let cast = Cast::of("b");
    let journal = Arc::new(MemoryJournal::with_limit(4));
    let engine = cast.engine(&journal, by(&["c", "a", "b"]));
    let run = begin(&engine, &cast);
    let id = run.id.clone();
    assert_eq!(wait(engine.run(run, Stop::never())).unwrap_err().why(), Some("limit"));
    assert_eq!(cast.called(), "own c");
    let engine = cast.engine(&Arc::new(journal.survivor()), by(&["a", "b", "c"]));
    let resumed = wait(engine.resume(&id)).unwrap();
    wait(engine.run(resumed.run, Stop::never())).unwrap();
    assert_eq!(cast.called(), "c a b");
}
