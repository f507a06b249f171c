//! What the cursor costs a step, in flows of 1,000 to 100,000 steps, wide and nested a thousand deep: the cost must not
//! grow with the flow.
//! No engine, no journal: the state alone, told that each step succeeds.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput};
use segno_bench::{Work, compare, per_step};
use segno_orchestrator::model::{
    Block, Body, CacheNote, Event, Fact, Inputs, Outcome, Owner, Pinned, Reply, Source, StepId, Timestamp, Workflow,
};
use segno_orchestrator::plan::{self, Plan};
use segno_orchestrator::spec;
use segno_orchestrator::state::{RunState, Work as Duty};
use serde_json::Value;

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
/// How many blocks stand in each other in the deep flow.
const DEPTH: usize = 1_000;
/// What a step may cost wherever it stands.
const STEP: Duration = Duration::from_micros(5);
/// The cost of a step among the most, by that among the fewest; above it the cost is not flat.
const BAR: f64 = 2.0;

fn main() {
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    let chains = SIZES.map(|steps| plan(&chain(steps)));
    let fan = plan(&workflow("steps: [{ id: fan, each: \"{{ [] }}\", run: [\"true\"] }]"));

    let deep = plan(&workflow(&nested(DEPTH)));

    let mut group = criterion.benchmark_group("cursor");
    group
        .sampling_mode(SamplingMode::Flat)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(2));
    for (steps, chain) in SIZES.into_iter().zip(&chains) {
        group.throughput(Throughput::Elements(steps as u64));
        group.bench_function(BenchmarkId::new("chain", steps), |bencher| bencher.iter(|| walk(chain, 0)));
        group.bench_function(BenchmarkId::new("fan-out", steps), |bencher| bencher.iter(|| walk(&fan, steps)));
    }
    group.finish();
    criterion.final_summary();

    let [few, _, many] = SIZES;
    let times = many / few;
    let repeat = |plan: &Arc<Plan>, items: usize| (0..times).for_each(|_| walk(plan, items));
    let large = || walk(&chains[2], 0);
    compare(Work::new("a chain of 100,000", large), Work::new("100 of 1,000", || repeat(&chains[0], 0)), Some(BAR));
    let large = || walk(&fan, many);
    compare(Work::new("a fan-out of 100,000", large), Work::new("100 of 1,000", || repeat(&fan, few)), Some(BAR));
    per_step(Work::new("a chain of 100,000", || walk(&chains[2], 0)), many, STEP);
    per_step(Work::new("a fan-out of 100,000", || walk(&fan, many)), many, STEP);
    let items = many / DEPTH;
    per_step(Work::new("100 items in each of 1,000 nested blocks", || walk(&deep, items)), many, STEP);
}

fn workflow(flow: &str) -> Workflow {
    spec::parse(flow, "cursor.yaml").expect("the flows here are well written")
}

/// Makes a sequence longer than a file may be.
fn chain(steps: usize) -> Workflow {
    let mut workflow = workflow("steps: [{ id: only, run: [\"true\"] }]");
    if let Body::Sequence(blocks) = &mut workflow.body.body {
        let only = blocks.remove(0);
        let id = |number: usize| StepId::new(&format!("s{number}")).expect("a letter and digits");
        blocks.extend((0..steps).map(|number| Block { id: id(number), ..only.clone() }));
    }
    workflow
}

/// Makes blocks that stand in each other, each with a list of its own.
fn nested(depth: usize) -> String {
    let block = |level: usize| format!("{{ steps: [{{ id: s{level}, each: \"{{{{ [] }}}}\", run: [\"true\"] }}, ");
    let blocks: String = (0..depth).map(block).collect();
    format!("steps: [{blocks}{{ run: [\"true\"] }}{}]", "] }".repeat(depth))
}

fn plan(workflow: &Workflow) -> Arc<Plan> {
    Arc::new(plan::compile(workflow, "bench.yaml", &plan::Catalog::default()).expect("the flows here have no mistakes"))
}

/// Brings a run to its end; each list has so many items.
fn walk(plan: &Arc<Plan>, items: usize) {
    let mut state = RunState::new(plan.clone());
    let pinned = Pinned { path: String::new(), hash: String::new(), parts: Vec::new() };
    let started = Fact::RunStarted {
        flow: String::new(),
        pinned,
        inputs: Inputs::default(),
        owner: Owner::default(),
        parent: None,
        only: Vec::new(),
    };
    apply(&mut state, started);
    loop {
        if let Some(duty) = state.take_duty() {
            assert_eq!(duty.work, Duty::Decide, "the flows above have no other duties");
            let step = state.address(duty.frame);
            apply(&mut state, Fact::Expanded { step, items: vec![Value::Null; items] });
        }
        let Some(task) = state.take_task() else { break };
        let step = state.address(task.frame);
        apply(&mut state, Fact::StepStarted { step: step.clone(), attempt: 1, label: None, cache: CacheNote::Off });
        let outcome = Outcome::of_reply(Reply::default());
        apply(
            &mut state,
            Fact::StepEnded { step, outcome, source: Source::Ran, took_ms: 0, decision: None, label: None },
        );
    }
    assert!(black_box(state.status()).is_some(), "the run has ended");
}

fn apply(state: &mut RunState, fact: Fact) {
    let seq = state.events() + 1;
    state.apply(&Event { seq, at: Timestamp::default(), fact });
}
