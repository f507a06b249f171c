//! Runs sequential steps that do nothing, durably, in one workflow: `durable-steps FOLDER STEPS`. Its system calls are
//! counted from outside.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use segno_bench::DurableSteps;
use segno_errors::{Fault, Kind};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match &arguments[..] {
        [folder, steps] => run(folder, steps),
        _ => Err(Fault::new(Kind::Validation, "two arguments are needed: a folder and a number of steps")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            // When stderr is closed there is nobody to tell.
            _ = writeln!(std::io::stderr(), "{fault:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(folder: &str, steps: &str) -> Result<(), Fault> {
    let steps = steps.parse().map_err(|_| Fault::new(Kind::Validation, format!("'{steps}' is no number of steps")))?;
    DurableSteps::open(Path::new(folder), steps)?.run()
}
