//! A server as a child of a test: awaited by a line of its log, and stopped whatever becomes of the test.
//! Which server, and how it is called, is left to the files beside this one.

use std::io::{self, BufRead, BufReader, PipeReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

/// How long a server may take to say that it is ready.
const START_LIMIT: Duration = Duration::from_secs(60);

/// A running server.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    end: &'static str,
}

/// Begins the command of a server that dies with the thread which starts it, so that a test that is killed leaves nobody
/// behind either.
pub(crate) fn command(program: &str, user: Option<&str>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if let Some(user) = user {
        command.args(["--reuid", user, "--regid", user, "--clear-groups"]);
    }
    command.arg("--").arg(program);
    command
}

impl Process {
    /// Starts the command, and returns when a line of its log holds `ready`. Dropped, it gets the signal `end`.
    pub(crate) fn start(mut command: Command, ready: &str, end: &'static str) -> Process {
        let (reader, writer) = io::pipe().unwrap();
        command.stdin(Stdio::null()).stdout(writer.try_clone().unwrap()).stderr(writer);
        let child = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let process = Process { child, end };
        // The command holds the pipe's other end; it would never close while it lives.
        drop(command);
        let lines = follow(reader);
        let mut log = String::new();
        loop {
            match lines.recv_timeout(START_LIMIT) {
                Ok(line) if line.contains(ready) => return process,
                Ok(line) => log += &format!("{line}\n"),
                Err(_) => panic!("the server did not start; is it installed?\n{log}"),
            }
        }
    }

    /// Sends a signal by its name: `STOP`, `CONT`, `KILL`.
    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -s {name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success(), "{kill}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that is gone already cannot be signalled, and must still be waited for.
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(self.end);
        }
        self.child.wait().unwrap();
    }
}

/// Reads the log to its end: nobody may hang because his pipe is full.
fn follow(reader: PipeReader) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(reader).lines().map_while(Result::ok) {
            // After the start nobody listens any more.
            let _ = sender.send(line);
        }
    });
    lines
}
