//! Writes lines to a log: `log-lines FILE LINES`. Prints what that took, in seconds.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Instant;

use segno_errors::{Fault, Kind, from_io};
use segno_logging::Logging;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match &arguments[..] {
        [file, lines] => run(file, lines),
        _ => Err(Fault::new(Kind::Validation, "two arguments are needed: a file and a number of lines")),
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

fn run(file: &str, lines: &str) -> Result<(), Fault> {
    let lines: u64 =
        lines.parse().map_err(|_| Fault::new(Kind::Validation, format!("'{lines}' is no number of lines")))?;
    let install = Logging::to_file(file).sync().install();
    let _guard = install.map_err(|error| Fault::new(Kind::Internal, "the log cannot be written").caused_by(error))?;
    let begun = Instant::now();
    for seq in 0..lines {
        tracing::info!(correlation_id = "20261121-120000-abcd", seq, step = "review[7]", took_ms = 12, "step ended");
    }
    writeln!(std::io::stdout(), "{}", begun.elapsed().as_secs_f64()).map_err(from_io)
}
