//! The gates in their order, and the run over them.
//! Leaves to `gate` how one gate runs and is printed.

use std::time::Instant;

use crate::crash;
use crate::flows;
use crate::gate::{self, Gate, Outcome, cargo};
use crate::package;
use crate::tally::Tally;
use crate::tidy;
use crate::tools::{self, Tool};

/// Every gate; cheap ones first, so that a slip shows early.
const GATES: &[Gate] = &[
    Gate::new("fmt", format),
    Gate::new("tidy", tidy::gate),
    Gate::new("clippy", clippy),
    Gate::new(TEST, test),
    Gate::new("features", features),
    Gate::new("docs", docs),
    Gate::new("package", package::gate),
    Gate::new("flows", flows::gate),
    Gate::new("crash", crash::gate),
    Gate::new("bench", bench),
];

/// The gate whose tests are counted.
const TEST: &str = "test";

/// What the gates need besides Rust: the bundled SQLite is compiled from C.
const TOOLS: &[Tool<'_>] = &[Tool { program: "cc", packages: &["gcc", "libc6-dev"] }];

/// Returns the gates of these names in the order of CI, or all of them when none is named.
pub fn select(names: &[&str]) -> Result<Vec<&'static Gate>, String> {
    let unknown: Vec<&str> = names.iter().copied().filter(|name| GATES.iter().all(|gate| gate.name != *name)).collect();
    if !unknown.is_empty() {
        let known = self::names().join(", ");
        return Err(format!("there is no gate `{}`; the gates are {known}", unknown.join("`, `")));
    }
    let wanted = |gate: &&Gate| names.is_empty() || names.contains(&gate.name);
    Ok(GATES.iter().filter(wanted).collect())
}

/// Returns the names of all gates.
pub fn names() -> Vec<&'static str> {
    GATES.iter().map(|gate| gate.name).collect()
}

/// Runs the gates, the later ones also after a red one, and returns whether all were green.
pub fn run(gates: &[&Gate]) -> bool {
    for tool in TOOLS {
        if let Err(missing) = tools::ensure(tool) {
            println!("{missing}");
            return false;
        }
    }
    let begun = Instant::now();
    let mut red = Vec::new();
    let mut tally = None;
    for gate in gates {
        let outcome = gate::run(gate);
        if gate.name == TEST {
            tally = Some(Tally::of(output(&outcome)));
        }
        if outcome.is_err() {
            red.push(gate.name);
        }
    }
    let verdict = match red.as_slice() {
        [] => "all green".to_owned(),
        _ => format!("red: {}", red.join(", ")),
    };
    println!("{}", gate::line("ci", &verdict, begun.elapsed()));
    if let Some(tally) = tally {
        println!("{tally}");
    }
    red.is_empty()
}

fn output(outcome: &Outcome) -> &str {
    match outcome {
        Ok(output) => output,
        Err(red) => &red.output,
    }
}

fn format() -> Outcome {
    cargo("fmt --all --check").run()
}

fn clippy() -> Outcome {
    cargo("clippy --workspace --all-targets -- -D warnings").run()
}

fn test() -> Outcome {
    cargo("test --workspace --quiet").run()
}

/// A crate that somebody picks alone must build alone, with nothing he did not ask for.
fn features() -> Outcome {
    let crates = ["segno-errors", "segno-resilience", "segno-cache", "segno-logging", "segno-orchestrator"];
    gate::run_all(crates.map(|name| cargo(&format!("check --package {name} --no-default-features"))))
}

fn docs() -> Outcome {
    cargo("doc --workspace --no-deps").with("RUSTDOCFLAGS", "-D warnings").run()
}

/// Each measurement runs once, so that none rots; figures come from a quiet machine, not from CI.
fn bench() -> Outcome {
    // Built like the tests, since optimising everything for one round would take longer than all other gates. Only this
    // package: with the others cargo would run their unit tests again.
    cargo("bench --profile dev --package segno-bench -- --test").run()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &[&str], expected: Result<&str, &str>) {
        let found = select(names).map(|gates| gates.iter().map(|gate| gate.name).collect::<Vec<_>>().join(" "));
        match expected {
            Ok(gates) => assert_eq!(found.as_deref(), Ok(gates)),
            Err(mistake) => assert!(found.is_err_and(|text| text.starts_with(mistake))),
        }
    }

    #[test]
    fn no_name_means_every_gate() {
        check(&[], Ok(&names().join(" ")));
    }

    #[test]
    fn named_gates_run_in_the_order_of_ci() {
        check(&["test", "fmt"], Ok("fmt test"));
    }

    #[test]
    fn an_unknown_gate_is_named_with_the_known_ones() {
        check(&["fmt", "lint"], Err("there is no gate `lint`; the gates are fmt, tidy"));
    }
}
