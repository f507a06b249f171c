//! The project's own commands: gates, house rules, kills, measurements.
//! Reads the arguments and names the exit code; the work is in the modules of the commands' names.

mod binaries;
mod ci;
mod coverage;
mod crash;
mod disks;
mod figures;
mod flows;
mod gate;
mod package;
mod peers;
mod services;
mod tally;
mod tidy;
mod tools;

use std::path::Path;
use std::process::ExitCode;

const HELP: &str = "\
The project's gates.

  cargo xtask ci            runs every gate; this is all that CI runs
  cargo xtask ci NAME..     runs only the gates of these names
      [--install]           installs the servers that tests start (root, Debian), as CI does; without it the tests of
                            a server that is not there are skipped by name
  cargo xtask tidy          prints every breach of the house rules
  cargo xtask crash         kills a run and forks of it at 300 random instants, and resumes them
      [--kills N] [--seed S]
  cargo xtask crash --power N   cuts the power N times: copies of a disk image (root)
  cargo xtask crash --cache 300 kills of a program that fills a cache, and 10,000 bits flipped in what it stored
  cargo xtask crash --logs  300 kills of programs that log, and ends without a guard
  cargo xtask crash --long  3,000 kills seed by seed, and 100 power cuts; goes on where it was broken off
  cargo xtask crash --strace
                            kills a run at single system calls, and checks the order of writes
  cargo xtask bench --peers [TOPIC..] [--rounds N]
                            measures whole programs beside their peers: cached, changed, outputs,
                            fresh, durable, crowd, single, large, logs, matrix
  cargo xtask bench --figures
                            measures what the documents promise, and fails when it is missed
  cargo xtask coverage      measures which lines the tests run, and fails under 85 %
  cargo xtask help          prints this text and the names of the gates

Exit codes: 0 all green, 1 something is red, 2 the command is not understood.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["ci", wish @ ..] => match ci::Wish::read(wish, is_ci()) {
            Ok(wish) => exit_code(ci::run(&wish)),
            Err(mistake) => misunderstood(&mistake),
        },
        ["tidy"] => exit_code(tidy::report()),
        ["bench", "--peers", wish @ ..] => match peers::Wish::read(wish) {
            Ok(wish) => exit_code(peers::run(&wish)),
            Err(mistake) => misunderstood(&mistake),
        },
        ["bench", "--figures"] => exit_code(figures::run()),
        ["bench", ..] => misunderstood("bench takes --peers or --figures; the other benches are `cargo bench`"),
        ["coverage"] => exit_code(coverage::run()),
        ["crash", wish @ ..] => match crash::Wish::read(wish) {
            Ok(wish) => exit_code(crash::run(wish)),
            Err(mistake) => misunderstood(&mistake),
        },
        ["help" | "--help" | "-h"] => {
            print!("{HELP}\nGates: {}\n", ci::names().join(", "));
            ExitCode::SUCCESS
        }
        [] => misunderstood("a command is missing"),
        other => misunderstood(&format!("there is no command `{}`", other.join(" "))),
    }
}

/// The repository's root: this package lies in a folder of it.
fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().expect("the package lies in a folder of the repository")
}

/// Says whether this is CI, as every CI does.
fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !value.is_empty() && value != "false")
}

fn exit_code(green: bool) -> ExitCode {
    match green {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

fn misunderstood(mistake: &str) -> ExitCode {
    eprint!("{mistake}\n\n{HELP}");
    ExitCode::from(2)
}
