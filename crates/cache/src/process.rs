//! Runs a program for what it says, within a limit of time and of output. Which program is not decided here.

use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long a program is looked after in one go that has closed its output and not ended yet.
const FIRST_PAUSE: Duration = Duration::from_micros(200);

/// What a program said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

/// Within what a program must stay.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) time: Duration,
    /// Of what it writes to each of its two outputs.
    pub(crate) bytes: u64,
}

/// Why a program said nothing that can be used.
#[derive(Debug)]
pub(crate) enum Failure {
    /// There is no such program.
    Missing(io::Error),
    /// It cannot be started or read.
    Io(io::Error),
    /// It took longer, and was ended.
    Late(Duration),
    /// It wrote more, and was ended.
    Loud(u64),
}

impl Failure {
    /// Says it as the rest of a sentence, with the system's own words beside it.
    pub(crate) fn into_parts(self) -> (String, Option<io::Error>) {
        match self {
            Failure::Missing(error) => ("it is not there".into(), Some(error)),
            Failure::Io(error) => ("it cannot be started".into(), Some(error)),
            Failure::Late(limit) => (format!("it took longer than {limit:?} and was ended"), None),
            Failure::Loud(limit) => (format!("it wrote more than {limit} bytes and was ended"), None),
        }
    }
}

/// Runs a program in a folder with no input. Whatever it does, this comes back in time.
pub(crate) fn run(command: &mut Command, folder: &Path, limits: Limits) -> Result<Said, Failure> {
    let deadline = Instant::now().checked_add(limits.time);
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    alone(command);
    let mut child = command.spawn().map_err(|error| match error.kind() {
        // The folder may be what is not there.
        io::ErrorKind::NotFound if folder.is_dir() => Failure::Missing(error),
        _ => Failure::Io(error),
    })?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let said = listen(stdout, limits).and_then(|stdout| Ok((stdout, listen(stderr, limits)?)));
    let said = said.and_then(|(stdout, stderr)| {
        let (stdout, stderr) = (hear(&stdout, deadline, limits)?, hear(&stderr, deadline, limits)?);
        Ok(Said { status: end(&mut child, deadline, limits)?, stdout, stderr })
    });
    if said.is_err() {
        stop(&mut child);
    }
    said
}

type Heard = Receiver<io::Result<Vec<u8>>>;

/// Reads one output on a thread of its own, which ends with the output: one that is held open by a program left behind
/// must not hold up whoever asked.
fn listen(output: Option<impl Read + Send + 'static>, limits: Limits) -> Result<Heard, Failure> {
    let (tell, heard) = channel();
    let read = move || {
        let mut bytes = Vec::new();
        let read = match output {
            Some(output) => output.take(limits.bytes.saturating_add(1)).read_to_end(&mut bytes),
            None => Ok(0),
        };
        // Nobody listens any more when the time is over.
        _ = tell.send(read.map(|_| bytes));
    };
    thread::Builder::new().name("segno-cache output".into()).spawn(read).map_err(Failure::Io)?;
    Ok(heard)
}

fn hear(heard: &Heard, deadline: Option<Instant>, limits: Limits) -> Result<Vec<u8>, Failure> {
    let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
    match heard.recv_timeout(left) {
        Ok(Ok(bytes)) if bytes.len() as u64 > limits.bytes => Err(Failure::Loud(limits.bytes)),
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => Err(Failure::Io(error)),
        Err(RecvTimeoutError::Timeout) => Err(Failure::Late(limits.time)),
        Err(RecvTimeoutError::Disconnected) => Err(Failure::Io(io::Error::other("its output was lost"))),
    }
}

/// Waits for the end of a program that has closed its outputs: mostly it is there already.
fn end(child: &mut Child, deadline: Option<Instant>, limits: Limits) -> Result<ExitStatus, Failure> {
    let mut pause = FIRST_PAUSE;
    loop {
        if let Some(status) = child.try_wait().map_err(Failure::Io)? {
            return Ok(status);
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(Failure::Late(limits.time));
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Puts the program in a group of its own, so that what it started can be ended with it.
#[cfg(unix)]
fn alone(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn alone(_: &mut Command) {}

fn stop(child: &mut Child) {
    #[cfg(unix)]
    if let Ok(id) = i32::try_from(child.id())
        && let Some(group) = rustix::process::Pid::from_raw(id)
        && let Err(error) = rustix::process::kill_process_group(group, rustix::process::Signal::KILL)
    {
        tracing::debug!(%error, "the programs that a program started are not ended with it");
    }
    // It may have ended by itself by now, which is as good.
    _ = child.kill();
    _ = child.wait();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn check(script: &str, time: Duration, expected: &str) {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let said = match run(&mut command, Path::new("/"), Limits { time, bytes: 1_000 }) {
            Ok(said) => format!(
                "{:?} {} {}",
                said.status.code(),
                String::from_utf8_lossy(&said.stdout),
                String::from_utf8_lossy(&said.stderr)
            ),
            Err(failure) => failure.into_parts().0,
        };
        assert_eq!(said, expected, "{script}");
    }

    #[test]
    fn a_program_says_what_it_says_in_time_or_is_ended() {
        let minute = Duration::from_secs(60);
        check("echo out; echo err >&2; exit 3", minute, "Some(3) out\n err\n");
        check("cat", minute, "Some(0)  ");
        check("echo fast", Duration::MAX, "Some(0) fast\n ");
        check("yes", minute, "it wrote more than 1000 bytes and was ended");
        let short = Duration::from_millis(50);
        check("sleep 100", short, "it took longer than 50ms and was ended");
        check("exec >&- 2>&-; sleep 100", short, "it took longer than 50ms and was ended");
        // The program ends, what it left behind holds its output open.
        check("sleep 100 & echo gone", short, "it took longer than 50ms and was ended");
        check("true", Duration::ZERO, "it took longer than 0ns and was ended");
    }

    #[test]
    fn a_program_that_is_not_there_is_told_from_one_that_cannot_start() {
        let limits = Limits { time: Duration::from_secs(60), bytes: 10 };
        let run = |name: &str, folder: &str| run(&mut Command::new(name), Path::new(folder), limits);
        assert!(matches!(run("no-such-program-of-all", "/"), Err(Failure::Missing(_))));
        assert!(matches!(run("sh", "/no/such/folder"), Err(Failure::Io(_))));
    }
}
