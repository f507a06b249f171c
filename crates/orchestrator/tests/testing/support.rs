//! A workflow and its test file as texts; what came of the tests as a text.

use segno_orchestrator::Definition;
use segno_orchestrator::agents::Registry;
use segno_orchestrator::model::Reply;
use segno_orchestrator::spec::Mistakes;
use segno_orchestrator::testing::{self, Outcome, Script};

/// What tests may call besides commands.
pub(crate) fn agents() -> Registry {
    let mut agents = Registry::default();
    for name in ["coder", "critic"] {
        // It is never called: whoever calls it in a test has found a way round the mocks.
        agents.function(name, |_| async { panic!("a real agent was called") as Result<Reply, _> });
    }
    agents
}

pub(crate) fn script(flow: &str, tests: &str) -> Result<Script, Mistakes> {
    let load = |name: &str| match name {
        "flow.yaml" => Definition::parse(flow, name, &agents()),
        other => Err(Mistakes::new(other, "", vec![segno_orchestrator::spec::Mistake::whole("there is no such file")])),
    };
    Script::parse(&format!("flow: flow.yaml\ntests:\n{tests}"), "flow.test.yaml", &load)
}

/// Runs the tests of a workflow.
pub(crate) fn outcomes(flow: &str, tests: &str) -> Vec<Outcome> {
    let script = script(flow, tests).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    script.cases.iter().map(|case| testing::run(&script.definition, case)).collect()
}

/// Runs the one test of a workflow and compares what is told of it: nothing when it passed.
#[track_caller]
pub(crate) fn check(flow: &str, test: &str, expected: &str) {
    let outcomes = outcomes(flow, &format!("- {{ name: it, {test} }}"));
    let told: String = outcomes.iter().map(Outcome::told).collect();
    assert_eq!(told, expected, "{}", outcomes[0].timeline());
}

/// Runs the one test of a workflow, which passes.
#[track_caller]
pub(crate) fn passes(flow: &str, test: &str) {
    check(flow, test, "");
}
