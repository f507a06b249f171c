//! Runs the tests under cargo-llvm-cov, prints a table, and fails under the bar.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::summary::Summary;
use super::toolchain::{self, Llvm};
use crate::binaries;

/// The least share of lines that the tests must run, in percent.
const BAR: f64 = 85.0;

/// Measures the product: what is only run by hand, the gates and the benches, is left out. Tests kill programs, and one
/// that dies while it writes its counts leaves half a file: only when none is whole has that failed.
const MEASURED: &str =
    "llvm-cov test --workspace --exclude xtask --exclude segno-bench --json --summary-only --failure-mode all";

/// Measures and prints; returns whether the bar is reached.
pub fn run() -> bool {
    match measure() {
        Ok(summary) => {
            print!("{summary}");
            let total = summary.total().percent();
            println!("\nwanted: at least {BAR:.0} % of all lines; {}", if total >= BAR { "reached" } else { "MISSED" });
            total >= BAR
        }
        Err(failure) => {
            println!("{failure}");
            false
        }
    }
}

fn measure() -> Result<Summary, String> {
    let target = binaries::target_folder()?;
    let llvm = toolchain::llvm()?;
    let tools = toolchain::cargo_llvm_cov(&target)?;
    let file = target.join("coverage.json");
    test(&llvm, &tools, &file)?;
    let text = fs::read_to_string(&file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    Summary::read(&text, crate::root())
}

/// Builds with counters and runs all tests; what they print is shown, since this takes minutes.
fn test(llvm: &Llvm, tools: &Path, file: &Path) -> Result<(), String> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new(program);
    command
        .args(MEASURED.split_whitespace())
        .arg("--output-path")
        .arg(file)
        .env("PATH", format!("{}:{path}", tools.display()))
        .env("LLVM_COV", &llvm.cov)
        .env("LLVM_PROFDATA", &llvm.profdata)
        .current_dir(crate::root());
    let status = command.status().map_err(|error| format!("cannot run cargo: {error}"))?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("the tests failed under coverage; repeat with: cargo {MEASURED}")),
    }
}
