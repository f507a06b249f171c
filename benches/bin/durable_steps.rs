//! Runs sequential steps that do nothing, durably: `durable-steps FOLDER STEPS [RUNS]`, the runs at once. Prints what the
//! runs alone took, in seconds: by the clock, and of the processor. Its system calls are counted from outside.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use segno_bench::DurableSteps;
use segno_errors::{Fault, Kind, from_io};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match &arguments[..] {
        [folder, steps] => run(folder, steps, "1"),
        [folder, steps, runs] => run(folder, steps, runs),
        _ => Err(Fault::new(Kind::Validation, "a folder and a number of steps are needed, and perhaps one of runs")),
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

fn run(folder: &str, steps: &str, runs: &str) -> Result<(), Fault> {
    let steps = DurableSteps::open(Path::new(folder), number(steps)?)?;
    let runs = number(runs)?;
    let (begun, spent) = (Instant::now(), processor());
    steps.run_at_once(runs)?;
    let (wall, cpu) = (begun.elapsed().as_secs_f64(), processor().saturating_sub(spent).as_secs_f64());
    writeln!(std::io::stdout(), "{wall} {cpu}").map_err(from_io)
}

fn number(word: &str) -> Result<usize, Fault> {
    word.parse().map_err(|_| Fault::new(Kind::Validation, format!("'{word}' is no number")))
}

/// Returns what all threads of this process have taken of the processor.
fn processor() -> Duration {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(spent.tv_sec.unsigned_abs(), u32::try_from(spent.tv_nsec).unwrap_or_default())
}
