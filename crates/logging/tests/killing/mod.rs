//! A process that logs as fast as it can until it is killed or ends itself, and the check of what it left.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, process, thread};

use segno_logging::{FileSink, JsonLayer, RingOptions, RingSink, Rotation, Sink, leftover, segments};
use serde_json::Value;
use tracing_subscriber::layer::SubscriberExt;

/// The environment variable that makes a test the child: `run ending threads lines buffer max_buffers rotate filler direct`.
const TASK: &str = "SEGNO_LOGGING_KILL_TASK";
const FOLDER: &str = "SEGNO_LOGGING_KILL_FOLDER";

/// What a child does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task {
    pub(crate) run: u64,
    pub(crate) ending: Ending,
    pub(crate) threads: usize,
    /// So many lines a thread before it ends by itself.
    pub(crate) lines: u64,
    pub(crate) buffer: usize,
    pub(crate) max_buffers: usize,
    /// Writes each line by a call of its own, without a ring.
    pub(crate) direct: bool,
    /// Seals at this length; 0 never.
    pub(crate) rotate: u64,
    /// Lines are up to so much longer.
    pub(crate) filler: usize,
}

/// How a child ends once its threads have written their lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It does not: it is killed.
    Killed,
    Exit,
    Panic,
    Abort,
}

const ENDINGS: [Ending; 4] = [Ending::Killed, Ending::Exit, Ending::Panic, Ending::Abort];

impl Task {
    pub(crate) fn killed(run: u64) -> Task {
        let (ending, lines) = (Ending::Killed, u64::MAX);
        Task {
            run,
            ending,
            threads: 2,
            lines,
            buffer: 64 << 10,
            max_buffers: 64,
            direct: false,
            rotate: 0,
            filler: 100,
        }
    }

    fn text(&self) -> String {
        let Task { run, ending, threads, lines, buffer, max_buffers, direct, rotate, filler } = self;
        format!(
            "{run} {} {threads} {lines} {buffer} {max_buffers} {rotate} {filler} {}",
            *ending as usize,
            u8::from(*direct)
        )
    }

    fn read(text: &str) -> Task {
        let words: Vec<u64> = text.split(' ').map(|word| word.parse().unwrap()).collect();
        let size = |at: usize| usize::try_from(words[at]).unwrap();
        Task {
            run: words[0],
            ending: ENDINGS[size(1)],
            threads: size(2),
            lines: words[3],
            buffer: size(4),
            max_buffers: size(5),
            rotate: words[6],
            filler: size(7),
            direct: words[8] == 1,
        }
    }
}

pub(crate) fn log(folder: &Path) -> PathBuf {
    folder.join("app.jsonl")
}

fn counts(folder: &Path, run: u64) -> PathBuf {
    folder.join(format!("counts-{run}"))
}

/// In a child does its task and returns true, or does not return.
pub(crate) fn is_child() -> bool {
    let Some(task) = env::var(TASK).ok() else {
        return false;
    };
    let (task, folder) = (Task::read(&task), PathBuf::from(env::var_os(FOLDER).unwrap()));
    let rotation = Rotation { max_bytes: (task.rotate > 0).then_some(task.rotate), ..Rotation::default() };
    let (buffer_bytes, max_buffers) = (task.buffer, task.max_buffers);
    let sink: Arc<dyn Sink> = match task.direct {
        true => Arc::new(FileSink::rotating(log(&folder), rotation).unwrap()),
        false => {
            let options = RingOptions { buffer_bytes, max_buffers, rotation, ..RingOptions::default() };
            Arc::new(RingSink::open(log(&folder), options).unwrap())
        }
    };
    let layer = JsonLayer::new(sink);
    // Forgotten on purpose: nothing but the ring itself may save the lines.
    std::mem::forget(layer.guard());
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).unwrap();
    let told = File::options().write(true).create(true).truncate(false).open(counts(&folder, task.run)).unwrap();
    let mut output = std::io::stdout();
    output.write_all(b"\nready\n").and_then(|()| output.flush()).unwrap();
    thread::scope(|scope| {
        for thread in 0..task.threads {
            let told = &told;
            scope.spawn(move || write(&task, thread, told));
        }
    });
    match task.ending {
        Ending::Killed => std::io::stdin().lines().for_each(drop),
        Ending::Exit => process::exit(0),
        Ending::Panic => panic!("the child panics, as it was told to"),
        Ending::Abort => process::abort(),
    }
    true
}

fn write(task: &Task, thread: usize, told: &File) {
    let filler = "x".repeat(task.filler);
    let mut dice = Dice(task.run * 1_000 + thread as u64);
    for number in 0..task.lines {
        let filler = &filler[..dice.below(task.filler as u64 + 1) as usize];
        match number % 101 {
            100 => tracing::warn!(run = task.run, thread, number, filler, "written"),
            _ => tracing::info!(run = task.run, thread, number, filler, "written"),
        }
        // The macro has returned: from now on the line must not be lost.
        told.write_all_at(&(number + 1).to_le_bytes(), thread as u64 * 8).unwrap();
    }
}

/// Starts a child and waits until it is about to log.
pub(crate) fn start(test: &str, folder: &Path, task: &Task) -> Child {
    let mut child = launch(test, folder, task);
    let output = BufReader::new(child.stdout.take().unwrap());
    assert!(output.lines().any(|line| line.unwrap() == "ready"), "the child {task:?} did not begin");
    child
}

/// Starts a child, which first of all replays what the one before left.
pub(crate) fn launch(test: &str, folder: &Path, task: &Task) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(TASK, task.text())
        .env(FOLDER, folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Kills a child after so long, to the microsecond.
pub(crate) fn kill_after(child: &mut Child, delay: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < delay {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// What the check has seen.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) lines: u64,
    /// Lines that only the side files had.
    pub(crate) left: u64,
}

/// Expects each line of the runs once and whole, in its thread's order, and none missing whose macro had returned.
///
/// `alive` says that children may still write: then lines are only looked at as a reader sees them.
pub(crate) fn expect_all(folder: &Path, runs: &[Task]) -> Seen {
    let left = leftover(&log(folder)).unwrap();
    assert_eq!(left.unread, Vec::<String>::new());
    let mut text = Vec::new();
    for segment in segments(&log(folder)).unwrap() {
        text.extend(whole(&segment));
    }
    // A process that dies between the two steps of a rotation leaves no log.
    let mut last = fs::read(log(folder)).unwrap_or_default();
    last.truncate(usize::try_from(left.end).unwrap());
    text.extend(last);
    text.extend_from_slice(&left.lines);

    let mut next: BTreeMap<(u64, u64), u64> = BTreeMap::new();
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        // Who waits too long for a turn may end another's line that is on its way: a blank line, which no reader counts.
        if line == b"\n" {
            continue;
        }
        let shown = String::from_utf8_lossy(line);
        let line: Value = match serde_json::from_slice(line) {
            Ok(line) => line,
            // Without a ring nobody knows where a line began that broke off before its macro returned.
            Err(_) if runs.iter().any(|task| task.direct) => continue,
            Err(error) => panic!("torn, {error}: {shown}"),
        };
        let field = |name: &str| line[name].as_u64().unwrap_or_else(|| panic!("no line of a child: {shown}"));
        let next = next.entry((field("run"), field("thread"))).or_default();
        assert_eq!(field("number"), *next, "lost, twice or out of order: {shown}");
        *next += 1;
    }
    let mut seen = Seen { lines: 0, left: left.lines.iter().filter(|byte| **byte == b'\n').count() as u64 };
    for task in runs {
        // One that was killed while it opened the log had nothing to tell.
        let told = fs::read(counts(folder, task.run)).unwrap_or_default();
        for (thread, told) in told.chunks(8).enumerate() {
            let told = u64::from_le_bytes(told.try_into().unwrap());
            let found = next.get(&(task.run, thread as u64)).copied().unwrap_or(0);
            assert!(
                found == told || found == told + 1,
                "{task:?}: thread {thread} was told of {told}, the log has {found}"
            );
            seen.lines += found;
        }
    }
    seen
}

/// Opens the log as the next start does, which replays, and expects that nothing is left beside it.
pub(crate) fn replay(folder: &Path) {
    drop(RingSink::open(log(folder), RingOptions::default()).unwrap());
    let left = leftover(&log(folder)).unwrap();
    assert_eq!((left.lines.len(), left.end), (0, fs::metadata(log(folder)).unwrap().len()));
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.contains(".ring")).collect::<Vec<_>>(), Vec::<String>::new());
}

fn whole(segment: &Path) -> Vec<u8> {
    match segment.extension().and_then(|extension| extension.to_str()) {
        #[cfg(feature = "compress")]
        Some("zst") => zstd::decode_all(File::open(segment).unwrap()).unwrap(),
        _ => fs::read(segment).unwrap(),
    }
}

/// A small source of chance that can be repeated: SplitMix64.
#[derive(Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mix = self.0;
        mix = (mix ^ (mix >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mix = (mix ^ (mix >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mix ^ (mix >> 31)) % limit.max(1)
    }
}
