//! Runs programs. Each leads a process group of its own, so that nothing of it outlives its step.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use segno_errors::{Fault, Kind, from_exit, from_io, from_output, from_signal};
use segno_resilience::{Retry, Verdict, on_error};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

use super::agent::{Agent, Answer, Call, Failed};
use super::capture::{Capture, OUTPUT_LIMIT, read};
use super::processes::{RUN_VARIABLE, birth, signal_group};
use super::programs::Programs;
use super::request::{ProgramRequest, Request};
use super::result::{self, RESULT_VARIABLE, Results};
use super::stop::Stopped;
use crate::model::{Output, OutputFormat, Reply};

/// How long a program that was asked to end may take before it is killed.
pub const GRACE: Duration = Duration::from_secs(5);
/// How long its output is waited for after it ended, while a child of it holds the pipe open.
const LINGER: Duration = Duration::from_secs(1);
/// The last lines of its errors that a fault shows.
const SHOWN_LINES: usize = 20;
/// The most bytes of them.
const SHOWN_BYTES: usize = 4 << 10;

/// The agent behind `run:`.
#[derive(Debug, Default)]
pub struct CommandAgent {
    programs: Programs,
    results: Results,
}

impl Agent for CommandAgent {
    fn call<'a>(&'a self, call: &'a Call) -> Answer<'a> {
        Box::pin(async move {
            match &call.request {
                Request::Program(program) => run(call, program, self).await,
                Request::Agent { name, .. } => {
                    Err(Fault::new(Kind::Internal, format!("'{name}' is not a command")).into())
                }
            }
        })
    }
}

async fn run(call: &Call, program: &ProgramRequest, agent: &CommandAgent) -> Result<Reply, Failed> {
    let result = agent.results.path();
    let mut child = spawn(call, program, &agent.programs, result.as_deref()).await?;
    let leader = child.id().unwrap_or_default();
    let group = Group { leader };
    (call.spawned)(leader, birth(leader));
    // What is cut in the middle must not end in a part of a secret, so secrets are hidden before. JSON is also kept as it
    // came until it is read: only then its texts can be told from its signs.
    let capture = || Capture::new(OUTPUT_LIMIT, Some(call.redactor.stream()));
    let mut out = match program.format {
        OutputFormat::Json => capture().with_raw(),
        OutputFormat::Text => capture(),
    };
    let mut err = capture();
    let ended = watch(call, program, &mut child, leader, &mut out, &mut err).await;
    drop(group);
    let raw = out.take_raw();
    let (output, cut) = out.into_text();
    let (errors, errors_cut) = err.into_text();
    let mut reply =
        Reply { output: Output::text(output), errors: Output::text(errors), cut: cut + errors_cut, ..Reply::default() };
    match ended {
        Ended::Stopped(stopped) => {
            let fault = described(call.stopped_fault(stopped), program, &reply);
            Err(Failed::with(fault, reply))
        }
        Ended::Status(Err(error)) => Err(from_io(error).operation("wait").into()),
        Ended::Status(Ok(status)) => {
            reply.code = status.code();
            let printed = reply.output.clone();
            let said = result.map_or(Ok(()), |path| result::take(&path, &mut reply));
            // What the result file gave stands instead of what was printed.
            let raw = raw.filter(|_| reply.output == printed);
            concluded(program, status, reply, said, raw.as_deref())
        }
    }
}

/// Says what the end of a program means: its exit code, then what it `said` in its result file, then its output, as it
/// came (`raw`) where that was kept.
pub(crate) fn concluded(
    program: &ProgramRequest,
    status: ExitStatus,
    reply: Reply,
    said: Result<(), Fault>,
    raw: Option<&str>,
) -> Result<Reply, Failed> {
    let reply = judge(program, status, reply)?;
    match said.and_then(|()| format(program, &reply, raw)) {
        Ok(None) => Ok(reply),
        Ok(Some(value)) => Ok(Reply { output: Output::Inline(value.into()), ..reply }),
        Err(fault) => Err(Failed::with(described(fault, program, &reply), reply)),
    }
}

/// The group that a program leads. Whoever is left in it goes when this is dropped, whichever way the attempt ends; the
/// leader's number is not used again while its group has members.
struct Group {
    leader: u32,
}

impl Drop for Group {
    fn drop(&mut self) {
        signal_group(self.leader, Signal::KILL);
    }
}

enum Ended {
    Status(std::io::Result<ExitStatus>),
    Stopped(Stopped),
}

/// Follows the child to its end, by itself or because it was told to, while its streams are read.
async fn watch(
    call: &Call,
    program: &ProgramRequest,
    child: &mut Child,
    leader: u32,
    out: &mut Capture,
    err: &mut Capture,
) -> Ended {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let feed = async {
        if let (Some(mut stdin), Some(text)) = (stdin, &program.stdin) {
            // A program that does not read all of it is free not to.
            _ = stdin.write_all(text.as_bytes()).await;
        }
    };
    let streams = async { tokio::join!(read(stdout, out), read(stderr, err), feed) };
    let life = async {
        tokio::select! {
            status = child.wait() => Ended::Status(status),
            stopped = call.stopped() => Ended::Stopped(stopped),
        }
    };
    tokio::pin!(streams);
    let mut open = true;
    let ended = alongside(life, &mut streams, &mut open).await;
    let ended = match ended {
        Ended::Status(status) => Ended::Status(status),
        Ended::Stopped(stopped) => {
            alongside(end(call, child, leader, stopped), &mut streams, &mut open).await;
            Ended::Stopped(stopped)
        }
    };
    if open && tokio::time::timeout(LINGER, &mut streams).await.is_err() {
        // A child of it holds the pipe open: it goes, and what it wrote is still read.
        signal_group(leader, Signal::KILL);
        // One that left the group keeps the pipe; its output is not waited for.
        _ = tokio::time::timeout(LINGER, &mut streams).await;
    }
    ended
}

/// Waits for `main` while `side` goes on; `open` says whether `side` has yet to end.
async fn alongside<T>(main: impl Future<Output = T>, side: &mut (impl Future + Unpin), open: &mut bool) -> T {
    tokio::pin!(main);
    loop {
        tokio::select! {
            result = &mut main => return result,
            _ = &mut *side, if *open => *open = false,
        }
    }
}

/// Ends a program: asked first, killed when it does not end within the grace time or the run is told to end at once.
async fn end(call: &Call, child: &mut Child, leader: u32, stopped: Stopped) {
    if stopped != Stopped::AtOnce {
        signal_group(leader, Signal::TERM);
        tokio::select! {
            _ = child.wait() => return,
            () = tokio::time::sleep(GRACE) => {}
            () = call.stop.wait_at_once() => {}
        }
    }
    signal_group(leader, Signal::KILL);
    // It is dead or dying; an error here would say that it was waited for already.
    _ = child.wait().await;
}

/// Reads the output as the step says; `None`: as the text that it is.
fn format(program: &ProgramRequest, reply: &Reply, raw: Option<&str>) -> Result<Option<serde_json::Value>, Fault> {
    let Output::Inline(value) = &reply.output else { return Ok(None) };
    // What the result file gave is a value already.
    let Some(text) = value.as_str().filter(|_| program.format == OutputFormat::Json) else { return Ok(None) };
    serde_json::from_str(raw.unwrap_or(text)).map(Some).map_err(|error| {
        let message = format!("the output of the command is not JSON: {error}");
        Fault::new(Kind::Validation, message)
            .reason("output")
            .hint("print JSON alone on stdout, or leave out 'output: json'")
    })
}

fn judge(program: &ProgramRequest, status: ExitStatus, reply: Reply) -> Result<Reply, Failed> {
    let is_ok = status.code().is_some_and(|code| program.ok_codes.contains(&code));
    let fault = match (printed(program, &reply, is_ok), status.code()) {
        (Some(fault), _) => fault,
        _ if is_ok => return Ok(reply),
        (_, Some(code)) => meant(code, program),
        (_, None) => from_signal(signal_of(status)),
    };
    let fault = described(fault, program, &reply);
    Err(Failed::with(fault, reply))
}

/// Returns the failure that an agent reports in its last words. What other commands print is their own business.
///
/// Some agents that met a limit only say so and end as if they had done their work. Then only the very last line
/// counts, and only a limit: what stands before it is the work, which may be about limits.
fn printed(program: &ProgramRequest, reply: &Reply, is_ok: bool) -> Option<Fault> {
    program.agent.as_ref()?;
    [&reply.errors, &reply.output].into_iter().find_map(|output| match text_of(output) {
        text if is_ok => from_output(last_line(text)).filter(is_limit),
        text => from_output(text),
    })
}

fn last_line(text: &str) -> &str {
    text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default()
}

/// Returns the text of an output that is kept in the reply itself.
fn text_of(output: &Output) -> &str {
    match output {
        Output::Inline(value) => value.as_str().unwrap_or_default(),
        Output::Blob { .. } => "",
    }
}

fn is_limit(fault: &Fault) -> bool {
    matches!(fault.kind(), Kind::RateLimit | Kind::QuotaExceeded)
}

/// Adds to a fault what was run and its last words.
fn described(fault: Fault, program: &ProgramRequest, reply: &Reply) -> Fault {
    let fault = fault.operation("command").with("command", cut(&program.shown(), 200));
    let lines = last_lines(reply);
    if lines.is_empty() { fault } else { fault.detail(lines) }
}

/// Returns the fault of an exit code. Codes that only curl and ssh give a meaning have it only with them.
fn meant(code: i32, program: &ProgramRequest) -> Fault {
    let by = match code {
        6 | 7 | 22 | 28 | 35 | 60 => Some("curl"),
        255 => Some("ssh"),
        _ => None,
    };
    match by {
        Some(name) if !program.shown().contains(name) => {
            Fault::new(Kind::ExternalService, format!("the command ended with exit code {code}"))
                .reason("exit_status")
                .hint("read what the command printed")
                .with("exit_code", code)
        }
        _ => from_exit(code),
    }
}

fn signal_of(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.signal().unwrap_or(0)
}

/// Returns the last lines of a program's errors, or of its output when it wrote no errors.
fn last_lines(reply: &Reply) -> String {
    let errors = text_of(&reply.errors);
    let source = if errors.trim().is_empty() { text_of(&reply.output) } else { errors };
    let lines: Vec<&str> = source.trim_end().lines().collect();
    let shown = lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n");
    let mut start = shown.len().saturating_sub(SHOWN_BYTES);
    while !shown.is_char_boundary(start) {
        start += 1;
    }
    shown[start..].to_owned()
}

fn cut(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// Starts the program. A busy file or a full process table is tried again, since it passes by itself.
async fn spawn(
    call: &Call,
    program: &ProgramRequest,
    programs: &Programs,
    result: Option<&Path>,
) -> Result<Child, Failed> {
    let folder = program.cwd.as_ref().map_or(call.root.clone(), |cwd| call.root.join(cwd));
    let retry = Retry::attempts(4).exponential(Duration::from_millis(5)..=Duration::from_millis(100)).build();
    let retry = retry.expect("the numbers above are good");
    let classify = on_error(|error: &std::io::Error| match error.kind() {
        std::io::ErrorKind::ExecutableFileBusy | std::io::ErrorKind::WouldBlock => Verdict::Transient,
        _ => Verdict::Permanent,
    });
    let spawned = retry
        .run(classify, |_| std::future::ready(prepared(call, program, programs, &folder, result).spawn()))
        .await
        .inspect_err(|_| programs.forget());
    spawned.map_err(|failure| {
        let error = failure.into_inner().expect("without a deadline it ends with an error of its body");
        unstarted(error, program, &folder).into()
    })
}

fn prepared(
    call: &Call,
    program: &ProgramRequest,
    programs: &Programs,
    folder: &Path,
    result: Option<&Path>,
) -> Command {
    let trace = call.trace_context();
    let name = program.argv.first().map_or("", String::as_str);
    // A step's own PATH is the system's to search.
    let found = program.env.iter().all(|(name, _)| name != "PATH").then(|| programs.find(name)).flatten();
    let mut command = Command::new(found.as_deref().unwrap_or(Path::new(name)));
    command
        .arg0(name)
        .args(&program.argv[1.min(program.argv.len())..])
        .envs(program.env.iter().map(|(name, value)| (name, value)))
        .envs(program.values.iter().map(|carried| (&carried.variable, &carried.value)))
        .env(RUN_VARIABLE, call.run.as_str())
        .env("SEGNO_STEP", call.task.to_string())
        .env("SEGNO_ATTEMPT", call.attempt.to_string())
        .env("TRACEPARENT", trace.traceparent())
        .envs(result.map(|path| (RESULT_VARIABLE, path)))
        .current_dir(folder)
        .stdin(if program.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    match trace.tracestate() {
        Some(state) => command.env("TRACESTATE", state),
        // The state that this process was given goes with a trace that the child is not in.
        None => command.env_remove("TRACESTATE"),
    };
    command
}

/// Says why a program could not be started.
fn unstarted(error: std::io::Error, program: &ProgramRequest, folder: &Path) -> Fault {
    let name = program.argv.first().map_or("", String::as_str);
    let fault = |kind, message: String, hint: &str| Fault::new(kind, message).hint(hint);
    let fault = match error.kind() {
        std::io::ErrorKind::NotFound if !folder.is_dir() => {
            let message = format!("the folder '{}' does not exist", program.cwd.as_deref().unwrap_or("."));
            fault(Kind::Configuration, message, "make it in an earlier step, or correct 'cwd'")
        }
        std::io::ErrorKind::NotFound => {
            let hint = "install it, or check its name and PATH; a command line in one text needs no list";
            fault(Kind::Configuration, format!("the program '{name}' was not found"), hint)
        }
        std::io::ErrorKind::PermissionDenied => {
            fault(Kind::Configuration, format!("the program '{name}' may not be run"), "make it executable: chmod +x")
        }
        std::io::ErrorKind::ArgumentListTooLong => {
            let hint = "the system limits one value to 128 KiB; give large texts by 'stdin:'";
            fault(Kind::Validation, "a value is too long for a command line".into(), hint)
        }
        std::io::ErrorKind::InvalidInput => fault(
            Kind::Validation,
            "a value holds a NUL byte, which no command line can carry".into(),
            "give it by 'stdin:'",
        ),
        _ => return from_io(error).operation("spawn").with("program", name),
    };
    fault.reason("not_started").operation("spawn").caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: &str = "Claude AI usage limit reached|1760000000";

    /// Checks the reason that an agent's words give, or `-`.
    fn check(is_ok: bool, output: &str, errors: &str, expected: &str) {
        let text = |text: &str| Output::Inline(std::sync::Arc::new(text.into()));
        let reply = Reply { output: text(output), errors: text(errors), ..Reply::default() };
        let agent = ProgramRequest { agent: Some("claude".into()), ..ProgramRequest::default() };
        let reason = printed(&agent, &reply, is_ok).and_then(|fault| fault.why().map(str::to_owned));
        assert_eq!(reason.as_deref().unwrap_or("-"), expected, "{output} / {errors}");
        assert_eq!(printed(&ProgramRequest::default(), &reply, is_ok), None, "a command that is no agent");
    }

    #[test]
    fn a_limit_is_found_in_either_stream() {
        for is_ok in [true, false] {
            check(is_ok, LIMIT, "", "usage_limit");
            check(is_ok, LIMIT, "warning: an old version\n", "usage_limit");
            check(is_ok, "fine", &format!("{LIMIT}\n\n"), "usage_limit");
            check(is_ok, r#"{"type":"result","is_error":true,"result":"Limit reached"}"#, "a note", "usage_limit");
            check(is_ok, "fine", "also fine", "-");
        }
    }

    #[test]
    fn an_agent_that_ended_well_is_asked_for_limits_in_its_last_lines_alone() {
        check(true, &format!("{LIMIT}\nwas what it said, and I mended it."), "", "-");
        check(false, &format!("{LIMIT}\nwas what it said."), "", "usage_limit");
        check(true, LIMIT, "Overloaded", "usage_limit");
        check(true, "Overloaded", "", "-");
        check(false, "Overloaded", "", "overloaded");
    }
}
