//! A workflow of 1,000 steps from text to plan, beside what serde_json takes to read the same content.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use criterion::Criterion;
use segno_bench::{Work, compare};
use segno_orchestrator::{Definition, agents::Registry};
use serde_json::Value;

const STEPS: usize = 1_000;

fn main() {
    let (yaml, json) = (yaml(), json());
    let agents = Registry::default();
    let read =
        |text: &str, name: &str| black_box(Definition::parse(text, name, &agents).expect("the flow is well written"));
    let serde = || black_box(serde_json::from_str::<Value>(&json).expect("the same content"));

    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    let mut group = criterion.benchmark_group("1,000 steps");
    group.warm_up_time(Duration::from_secs(1));
    group.bench_function("segno YAML", |bencher| bencher.iter(|| read(&yaml, "flow.yaml")));
    group.bench_function("segno JSON", |bencher| bencher.iter(|| read(&json, "flow.json")));
    group.bench_function("serde_json", |bencher| bencher.iter(serde));
    group.finish();
    criterion.final_summary();
    let ours = Work::new("text to plan (YAML)", || _ = read(&yaml, "flow.yaml"));
    compare(ours, Work::new("serde_json", || _ = serde()), None);
    let ours = Work::new("text to plan (JSON)", || _ = read(&json, "flow.json"));
    compare(ours, Work::new("serde_json", || _ = serde()), None);
}

/// Each step uses what the one before it printed, so that there are names to resolve and edges to infer.
fn yaml() -> String {
    let mut text = String::from("flow: chain\nsteps:\n  - { id: s0, run: [echo, start] }\n");
    for step in 1..STEPS {
        let before = step - 1;
        writeln!(text, "  - id: s{step}\n    run: [echo, \"{{{{ steps.s{before}.output }}}}\"]\n    timeout: 1m")
            .expect("a string takes any text");
    }
    text
}

fn json() -> String {
    let step = |step: usize| {
        let word = format!("{{{{ steps.s{}.output }}}}", step - 1);
        serde_json::json!({ "id": format!("s{step}"), "run": ["echo", word], "timeout": "1m" })
    };
    let first = serde_json::json!({ "id": "s0", "run": ["echo", "start"] });
    let steps: Vec<Value> = std::iter::once(first).chain((1..STEPS).map(step)).collect();
    serde_json::json!({ "flow": "chain", "steps": steps }).to_string()
}
