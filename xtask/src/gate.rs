//! One gate: runs it, prints one line, and on red what it said and how to repeat it.
//! Leaves to `ci` which gates there are.

use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A check with a name. Its work prints nothing itself.
pub struct Gate {
    pub name: &'static str,
    work: fn() -> Outcome,
}

impl Gate {
    /// Names a piece of work.
    pub const fn new(name: &'static str, work: fn() -> Outcome) -> Self {
        Gate { name, work }
    }
}

/// What a green gate said, or why it is red.
pub type Outcome = Result<String, Red>;

/// A gate that did not hold.
#[derive(Debug)]
pub struct Red {
    /// What the failing command printed.
    pub output: String,
    /// The exact command that shows it again.
    pub repeat: String,
}

/// What a line of a green gate begins with that names something it left out.
pub const SKIPPED: &str = "skipped: ";

/// Runs the gate and prints its line, and what it left out.
pub fn run(gate: &Gate) -> Outcome {
    let begun = Instant::now();
    let outcome = (gate.work)();
    let word = match outcome {
        Ok(_) => "ok",
        Err(_) => "FAIL",
    };
    println!("{}", line(word, gate.name, begun.elapsed()));
    match &outcome {
        Ok(said) => said.lines().filter(|said| said.starts_with(SKIPPED)).for_each(|said| println!("     {said}")),
        Err(red) => println!("{}\nrepeat with: {}\n", red.output.trim_end(), red.repeat),
    }
    // A reader of a pipe sees each gate when it ends. One who has gone away needs no line.
    let _ = io::stdout().flush();
    outcome
}

/// Renders a line of the report.
pub fn line(word: &str, name: &str, elapsed: Duration) -> String {
    format!("{word:<4} {name:<10} {:>7.1} s", elapsed.as_secs_f64())
}

/// A cargo command with the variables that it needs.
#[derive(Debug, Clone)]
pub struct Step {
    variables: Vec<(&'static str, String)>,
    arguments: String,
}

/// Creates a step from cargo's arguments, divided by spaces.
pub fn cargo(arguments: &str) -> Step {
    Step { variables: Vec::new(), arguments: arguments.to_owned() }
}

/// Runs the steps in order, up to the first red one.
pub fn run_all(steps: impl IntoIterator<Item = Step>) -> Outcome {
    let mut output = String::new();
    for step in steps {
        output += &step.run()?;
    }
    Ok(output)
}

impl Step {
    /// Sets an environment variable.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// Runs the command in the repository's root and keeps all that it prints.
    pub fn run(&self) -> Outcome {
        // Under `cargo xtask` this is the same cargo as outside.
        let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(program);
        command
            .args(self.arguments.split_whitespace())
            // rustfmt colours its differences even in a pipe, unless the terminal is a dumb one.
            .env("TERM", "dumb")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(crate::root());
        match capture(command) {
            Ok((true, output)) => Ok(output),
            Ok((false, output)) => Err(Red { output, repeat: self.shown() }),
            Err(error) => Err(Red { output: format!("cannot run cargo: {error}"), repeat: self.shown() }),
        }
    }

    fn shown(&self) -> String {
        let mut words: Vec<String> = self.variables.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        words.push(format!("cargo {}", self.arguments));
        words.join(" ")
    }
}

/// Runs a command with both outputs in one pipe, so that their lines keep their order.
fn capture(mut command: Command) -> io::Result<(bool, String)> {
    let (mut reader, writer) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn()?;
    // The command holds the pipe's other end; it would never close while it lives.
    drop(command);
    let mut output = Vec::new();
    reader.read_to_end(&mut output)?;
    Ok((child.wait()?.success(), String::from_utf8_lossy(&output).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(script: &str, expected: (bool, &str)) {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let (green, output) = capture(command).unwrap();
        assert_eq!((green, output.as_str()), expected);
    }

    #[test]
    fn both_outputs_are_kept_in_their_order() {
        check("echo a; echo b >&2; echo c", (true, "a\nb\nc\n"));
        check("echo no >&2; exit 3", (false, "no\n"));
    }

    #[test]
    fn a_step_is_shown_as_a_shell_would_take_it() {
        let step = cargo("doc --no-deps").with("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(step.shown(), "RUSTDOCFLAGS=\"-D warnings\" cargo doc --no-deps");
    }

    #[test]
    fn lines_stand_in_columns() {
        assert_eq!(line("ok", "fmt", Duration::from_millis(1_234)), "ok   fmt            1.2 s");
        assert_eq!(line("FAIL", "clippy", Duration::from_secs(33)), "FAIL clippy        33.0 s");
    }
}
