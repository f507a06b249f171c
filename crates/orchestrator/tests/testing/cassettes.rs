//! Recorded runs are played back; a call that was not recorded like this fails loudly.

use std::sync::Arc;

use segno_errors::{Fault, Kind};
use segno_orchestrator::Definition;
use segno_orchestrator::agents::{Registry, Stop};
use segno_orchestrator::engine::{Engine, Ranking, Setup, Upstreams};
use segno_orchestrator::journal::{Journal as _, MemoryJournal};
use segno_orchestrator::model::Reply;
use segno_orchestrator::testing::{self, Cassette, Script};
use serde_json::json;

const FLOW: &str = "inputs: { goal: { default: speed } }
steps:
- { id: make, agent: coder, with: { goal: '{{ inputs.goal }}' }, retry: { attempts: 3, wait: 1ms, max_wait: 1ms },
    judge: { agent: critic, min: 0.5 } }
- { id: long, agent: coder, with: { goal: long } }
- { id: use, each: [1, 2], agent: coder, with: { goal: 'use {{ steps.make.output }} {{ item }} {{ steps.long.output | length }}' } }
- { id: lost, agent: coder, with: { goal: lost }, optional: true }
";

/// Real agents: they fail once, answer with what they were asked, and are judged.
fn agents() -> Registry {
    let asked = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let mut agents = Registry::default();
    agents.function("coder", move |arguments| {
        let number = asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        async move {
            match arguments["goal"].as_str().unwrap() {
                _ if number == 0 => Err(Fault::new(Kind::Network, "no answer")),
                "lost" => Err(Fault::new(Kind::Validation, "it is lost")),
                "long" => Ok(Reply::value("x".repeat(100_000))),
                goal => {
                    let mut reply = Reply::value(format!("made {goal}"));
                    reply.usage.cost_usd = Some(0.25);
                    Ok(reply)
                }
            }
        }
    });
    agents.function("critic", |_| async {
        let mut reply = Reply::value(json!({ "score": 0.75 }));
        reply.usage.cost_usd = Some(0.5);
        Ok(reply)
    });
    agents
}

/// Runs a flow for real, its fallbacks in the order that they are ranked in, and records that.
fn recorded(flow: &str) -> String {
    let journal = Arc::new(MemoryJournal::default());
    let agents = agents();
    let definition = Definition::parse(flow, "flow.yaml", &agents).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let ranking: Option<Arc<Ranking>> = Some(Arc::new(|names: &[&str]| (0..names.len()).rev().collect()));
    // Agents of a test fail as often as they please.
    let upstreams = Upstreams::default().without_preset();
    let setup = Setup { journal: journal.clone(), agents, jobs: 1, ranking, upstreams, ..Setup::default() };
    let engine = Engine::new(setup);
    let begun = engine.begin(&definition, serde_json::Map::new()).unwrap();
    let id = begun.id.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(engine.run(begun, Stop::never())).unwrap();
    let events = journal.read(&id).unwrap().events;
    Cassette::record(&definition, &id, &events, &engine.setup().blobs).unwrap().to_text()
}

#[track_caller]
fn check(flow: &str, test: &str, expected: &str) {
    plays(&recorded(FLOW), flow, test, expected);
}

#[track_caller]
fn plays(cassette: &str, flow: &str, test: &str, expected: &str) {
    let load = |name: &str| Definition::parse(flow, name, &agents());
    let tests = format!("flow: flow.yaml\ntests: [{{ name: it, cassette: a.json, {test} }}]");
    let script = Script::assemble(&tests, "flow.test.yaml", &load, &|_| Ok(cassette.to_owned()));
    let script = script.unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let outcome = testing::run(&script.definition, &script.cases[0]);
    assert_eq!(outcome.told(), expected, "{}", outcome.timeline());
}

const EXPECT: &str = "expect: { status: degraded, cost: 1.25, calls: { make: 2, make.judge: 1, use: 2 },
    steps: { make: { attempts: 2, output: made speed, quality: 0.75 }, long: { has: xxx },
             'use[1]': { output: made use made speed 2 100000 }, lost: { status: failed, error: it is lost } } }";

#[test]
fn a_recorded_run_is_played_back_as_it_was() {
    check(FLOW, EXPECT, "");
    check(FLOW, &format!("kill_after: 9, {EXPECT}"), "");
}

#[test]
fn mocks_go_before_what_was_recorded_but_for_the_one_for_all() {
    check(
        FLOW,
        "mocks: { use: { output: mocked }, '*': { fail: nobody asks me } },
         expect: { status: degraded, steps: { 'use[0]': { output: mocked }, make: { output: made speed } } }",
        "",
    );
}

#[test]
fn a_call_that_was_not_recorded_is_told_with_what_differs_from_the_nearest_one() {
    check(
        &FLOW.replace("goal: long", "goal: longer"),
        "expect: { status: failed }",
        "unanswered: long: the agent 'coder' was not recorded like this (the nearest one, of long, differs in argument goal: \
         was 'long', is 'longer'; record it again with --record RUN, or mock it)\n",
    );
    check(
        &format!("{FLOW}- {{ id: more, run: [x] }}"),
        "expect: { status: failed }",
        "unanswered: more: the command 'x' was not recorded like this (no call of 'more' was recorded; record it again with \
         --record RUN, or mock it)\n",
    );
}

#[test]
fn what_is_no_cassette_is_a_mistake_at_its_name() {
    let load = |name: &str| Definition::parse(FLOW, name, &agents());
    let tests = "flow: flow.yaml\ntests: [{ name: it, cassette: a.json }]";
    let told = |text: &str| {
        let text = text.to_owned();
        let script = Script::assemble(tests, "t/flow.test.yaml", &load, &|_| Ok(text.clone()));
        script.unwrap_err().list()[0].message.clone()
    };
    assert!(told("{}").starts_with("in t/a.json: this is no cassette: missing field"), "{}", told("{}"));
    assert_eq!(
        told(&recorded(FLOW).replace("\"format\": 1", "\"format\": 9")),
        "in t/a.json: the cassette has format 9, not 1"
    );
}

#[test]
fn fallbacks_take_over_as_they_did_when_it_was_recorded() {
    let flow = "steps: [{ id: a, agent: coder, with: { goal: lost }, retry: 1,
        fallback: [critic, { agent: coder, with: { goal: found } }, { agent: coder, with: { goal: lost } }] }]";
    let expect = "expect: { steps: { a: { output: made found } }, calls: { a.fallback: 2, 'agent:critic': 0 } }";
    plays(&recorded(flow), flow, expect, "");
    plays(&recorded(flow), flow, &format!("kill_after: 4, {expect}"), "");
}
