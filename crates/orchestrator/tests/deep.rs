//! Workflows that nest a thousand blocks deep, all on the small stack of a test's thread.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::sync::Arc;

use segno_orchestrator::Definition;
use segno_orchestrator::agents::{Registry, Stop};
use segno_orchestrator::engine::{Engine, Setup};
use segno_orchestrator::graph::Graph;
use segno_orchestrator::journal::{Journal, MemoryJournal};
use segno_orchestrator::model::{Reply, RunStatus};
use segno_orchestrator::report::{Look, Report};
use segno_orchestrator::spec;
use serde_json::{Map, Value, json};

/// Writes a workflow of so many blocks in each other, each with a step of its own; `round` is what stands on each block.
fn nested(depth: usize, round: &str) -> String {
    let open = |level: usize| format!("{{{round} steps: [{{ id: s{level}, agent: work }}, ");
    let blocks: String = (0..depth).map(open).collect();
    format!("steps: [{blocks}{{ id: last, agent: work }}{}]", "] }".repeat(depth))
}

fn agents() -> Registry {
    let mut agents = Registry::default();
    agents.function("work", |_: Map<String, Value>| async { Ok(Reply::value(json!("done"))) });
    agents
}

/// Runs it and returns how many steps were done, and the summary.
async fn run(flow: &str) -> (usize, String) {
    let definition = Definition::parse(flow, "deep.yaml", &agents()).unwrap();
    let journal = Arc::new(MemoryJournal::default());
    let engine = Engine::new(Setup { journal: journal.clone(), agents: agents(), ..Setup::default() });
    let begun = engine.begin(&definition, Map::new()).unwrap();
    let id = begun.id.clone();
    assert_eq!(engine.run(begun, Stop::never()).await.unwrap(), RunStatus::Succeeded);
    let report = Report::of(&id, &definition.plan, &journal.read(&id).unwrap().events, false);
    let done = report.tasks().filter(|task| task.outcome.is_some()).count();
    (done, report.summary(Look { unicode: false, rows: usize::MAX }))
}

#[tokio::test]
async fn a_thousand_blocks_in_each_other_run() {
    let (done, summary) = run(&nested(1_000, "")).await;
    assert_eq!(done, 1_001);
    assert!(summary.lines().all(|line| line.len() < 120), "it is not moved to the right without end");
}

#[tokio::test]
async fn a_thousand_optional_blocks_with_conditions_run() {
    let (done, _) = run(&nested(500, "if: 'true', optional: true,")).await;
    assert_eq!(done, 501);
}

#[tokio::test]
async fn deep_workflows_that_are_called_run_and_can_be_drawn() {
    let read = |path: &str| {
        Ok(match path {
            "one.yaml" => format!(
                "steps: [{{ flow: two.yaml }}, {{ steps: [{}] }}]",
                &nested(600, "")["steps: [".len()..].trim_end_matches(']')
            ),
            _ => nested(900, ""),
        })
    };
    let definition = Definition::assemble("steps: [{ flow: one.yaml }]", "main.yaml", &agents(), &read).unwrap();
    assert!(definition.plan.depth() > 900);
    assert!(Graph::of(&definition).text(false).contains("s899"));
    let engine = Engine::new(Setup { agents: agents(), ..Setup::default() });
    let begun = engine.begin(&definition, Map::new()).unwrap();
    assert_eq!(engine.run(begun, Stop::never()).await.unwrap(), RunStatus::Succeeded);
}

#[test]
fn a_thousand_blocks_can_be_drawn() {
    let definition = Definition::parse(&nested(1_000, ""), "deep.yaml", &agents()).unwrap();
    let graph = Graph::of(&definition);
    for picture in [graph.text(false), graph.dot(), graph.mermaid()] {
        assert!(picture.contains("s999") && picture.contains("last"));
    }
}

#[test]
fn what_nests_deeper_is_refused_and_so_are_deep_values() {
    let check = |flow: &str, expected: &str| {
        let mistakes = spec::parse(flow, "deep.yaml").unwrap_err();
        assert!(mistakes.to_string().contains(expected), "{:.500}", mistakes.to_string());
    };
    check(&nested(1_100, ""), "blocks nest deeper than 2100 levels");
    check(&nested(100_000, ""), "blocks nest deeper than 2100 levels");
    let value = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    check(&format!("steps: [{{ each: [{value}], run: [x] }}]"), "each nests deeper than 64 levels");
    check(
        &format!("inputs: {{ a: {{ type: list, default: {value} }} }}\nsteps: [{{ run: [x] }}]"),
        "nests deeper than 64",
    );
    check(&format!("steps: &a {value}\nelse: *a"), "what is used again nests deeper than 64 levels");
}
