//! The gates in their order, and the run over them.
//! Leaves to `gate` how one gate runs and is printed.

use std::time::Instant;

use cargo_metadata::MetadataCommand;

use crate::binaries;
use crate::crash;
use crate::flows;
use crate::gate::{self, Gate, Outcome, Red, cargo};
use crate::package;
use crate::services;
use crate::tally::Tally;
use crate::tidy;
use crate::tools::{self, Missing, Tool};

/// Every gate; cheap ones first, so that a slip shows early.
const GATES: &[Gate] = &[
    Gate::new("fmt", format),
    Gate::new("tidy", tidy::gate),
    Gate::new("clippy", clippy),
    Gate::new(TEST, test),
    Gate::new("models", models),
    Gate::new("features", features),
    Gate::new(services::NAME, services::gate),
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

/// What is to be run, and whether servers may be installed for it.
pub struct Wish {
    gates: Vec<&'static Gate>,
    installs: bool,
}

impl Wish {
    /// Reads the names of gates and `--install`. In CI servers are always installed: a gate that is skipped there would look
    /// green for ever.
    pub fn read(words: &[&str], is_ci: bool) -> Result<Wish, String> {
        let (flags, names): (Vec<&str>, Vec<&str>) = words.iter().partition(|word| **word == INSTALL);
        Ok(Wish { gates: select(&names)?, installs: is_ci || !flags.is_empty() })
    }
}

const INSTALL: &str = "--install";

/// Returns the gates of these names in the order of CI, or all of them when none is named.
fn select(names: &[&str]) -> Result<Vec<&'static Gate>, String> {
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
pub fn run(wish: &Wish) -> bool {
    if let Err(missing) = ready(wish) {
        println!("{missing}");
        return false;
    }
    let begun = Instant::now();
    let mut red = Vec::new();
    let mut tally = None;
    for gate in &wish.gates {
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

fn ready(wish: &Wish) -> Result<(), Missing> {
    TOOLS.iter().try_for_each(tools::ensure)?;
    match wish.installs && wish.gates.iter().any(|gate| gate.name == services::NAME) {
        true => services::ready(),
        false => Ok(()),
    }
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

/// What needs a server is the gate `services`'.
fn test() -> Outcome {
    cargo("test --workspace --quiet -- --skip served::").run()
}

/// Where threads meet, every order of steps is tried, compiled with a model checker's locks and atomics. It has a folder of
/// its own, or it would compile everything anew, and so would the next gate.
fn models() -> Outcome {
    let target = binaries::target_folder().map_err(|output| Red { output, repeat: "cargo metadata".to_owned() })?;
    let folder = target.join("models").display().to_string();
    let model = |(package, test): (&str, &str)| {
        cargo(&format!("test --package {package} --no-default-features --test {test} --profile models --quiet"))
            .with("RUSTFLAGS", "--cfg segno_loom")
            .with("CARGO_TARGET_DIR", folder.clone())
    };
    gate::run_all(
        [("segno-resilience", "breaker_models"), ("segno-cache", "load_models"), ("segno-cache", "memory_models")]
            .map(model),
    )
}

/// A crate that somebody picks alone must build alone, with nothing he did not ask for, and with each single thing that he
/// may ask for. What is off in the gate `test` is tested here with everything on.
fn features() -> Outcome {
    let crates = ["segno-errors", "segno-resilience", "segno-cache", "segno-logging", "segno-orchestrator"];
    let bare = crates.map(|name| cargo(&format!("check --package {name} --no-default-features")));
    let mut single = Vec::new();
    for name in WITH_MORE {
        let features = features_of(name)?.into_iter();
        single
            .extend(features.map(|on| cargo(&format!("check --package {name} --no-default-features --features {on}"))));
    }
    let whole =
        WITH_MORE.map(|name| cargo(&format!("test --package {name} --all-features --quiet -- --skip served::")));
    gate::run_all(bare.into_iter().chain(single).chain(whole))
}

/// The crates that can do more than they do by default.
const WITH_MORE: [&str; 4] = ["segno-errors", "segno-resilience", "segno-cache", "segno-logging"];

/// Returns the features of a crate in this workspace, besides the default ones.
fn features_of(name: &str) -> Result<Vec<String>, Red> {
    let metadata = MetadataCommand::new().no_deps().exec();
    let metadata =
        metadata.map_err(|error| Red { output: error.to_string(), repeat: "cargo metadata --no-deps".to_owned() })?;
    let package = metadata.packages.into_iter().find(|package| package.name == name);
    let features = package.map(|package| package.features.into_keys().collect::<Vec<_>>()).unwrap_or_default();
    Ok(features.into_iter().filter(|feature| feature != "default").collect())
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
    fn servers_are_installed_in_ci_and_where_it_is_asked_for() {
        let installs = |words: &[&str], is_ci| Wish::read(words, is_ci).map(|wish| (wish.gates.len(), wish.installs));
        assert_eq!(installs(&[], false), Ok((GATES.len(), false)));
        assert_eq!(installs(&["services", "--install"], false), Ok((1, true)));
        assert_eq!(installs(&["fmt"], true), Ok((1, true)));
        assert!(installs(&["--instal"], false).is_err());
    }

    #[test]
    fn the_features_of_a_crate_are_read_from_its_manifest() {
        let features = features_of(WITH_MORE[0]).map_err(|red| red.output).unwrap();
        assert!(features.iter().any(|feature| feature == "tokio-1") && !features.iter().any(|name| name == "default"));
        assert!(features_of("nobody").is_ok_and(|features| features.is_empty()));
    }

    #[test]
    fn an_unknown_gate_is_named_with_the_known_ones() {
        check(&["fmt", "lint"], Err("there is no gate `lint`; the gates are fmt, tidy"));
    }
}
