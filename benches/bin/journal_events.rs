//! Prints the events of a store, one a line: `journal-events .segno/segno.db`. The crash check compares them.
//! Leaves to `segno` everything that a person would want to read.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use segno_errors::{Fault, Kind, from_io};
use segno_orchestrator::journal::{Journal as _, SqliteJournal};

/// More runs than any crash check makes in one store.
const MAX_RUNS: usize = 1_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let printed = match &arguments[..] {
        [store] => print(Path::new(store)),
        _ => Err(Fault::new(Kind::Validation, "one argument is needed: the file segno.db")),
    };
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            // When stderr is closed there is nobody to tell.
            _ = writeln!(std::io::stderr(), "{fault:#}");
            ExitCode::FAILURE
        }
    }
}

/// Prints `RUN<tab>EVENT` for each event, the oldest run first.
fn print(store: &Path) -> Result<(), Fault> {
    let journal = SqliteJournal::open(store)?;
    let mut out = std::io::stdout().lock();
    for entry in journal.runs(MAX_RUNS)?.iter().rev() {
        let log = journal.read(&entry.id)?;
        if let Some(damage) = log.damage {
            return Err(Fault::new(Kind::Database, format!("event {} is damaged: {}", damage.seq, damage.reason)));
        }
        for event in &log.events {
            let event = serde_json::to_string(event)
                .map_err(|error| Fault::new(Kind::Internal, "an event cannot be written").caused_by(error))?;
            writeln!(out, "{}\t{event}", entry.id).map_err(from_io)?;
        }
    }
    Ok(())
}
