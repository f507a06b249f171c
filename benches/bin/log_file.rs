//! Makes a log of one day to read: `log-file FILE LINES`. The same number of lines gives the same bytes,
//! some 470 bytes each, so that two million lines are about a gigabyte.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

const COMPONENTS: [&str; 20] = [
    "api",
    "api.auth",
    "api.orders",
    "cache",
    "cache.redis",
    "cache.disk",
    "db",
    "db.pool",
    "db.query",
    "engine",
    "engine.plan",
    "engine.journal",
    "http",
    "http.client",
    "mail",
    "mail.smtp",
    "queue",
    "queue.worker",
    "search",
    "web",
];
const VERBS: [&str; 8] = ["opened", "closed", "read", "written", "refused", "retried", "timed out", "done"];
const NOUNS: [&str; 8] = ["connection", "order", "page", "session", "invoice", "key", "message", "report"];
/// 2026-11-20T00:00:00Z, in seconds since 1970.
const MIDNIGHT: u64 = 1_795_132_800;
const DAY_MICROS: u64 = 86_400_000_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let lines = arguments.get(1).and_then(|lines| lines.parse().ok());
    let written = match (arguments.first(), lines) {
        (Some(file), Some(lines)) => File::create(file).and_then(|file| write(file, lines)),
        _ => Err(io::Error::other("two arguments are needed: a file and a number of lines")),
    };
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // When stderr is closed there is nobody to tell.
            _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn write(file: File, lines: u64) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let mut dice = Dice(1);
    let mut line = String::new();
    for number in 0..lines {
        line.clear();
        let micros = (u128::from(DAY_MICROS) * u128::from(number) / u128::from(lines)) as u64;
        compose(&mut line, number, micros, &mut dice).map_err(io::Error::other)?;
        out.write_all(line.as_bytes())?;
    }
    out.flush()
}

fn compose(line: &mut String, number: u64, micros: u64, dice: &mut Dice) -> std::fmt::Result {
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_micros(MIDNIGHT * 1_000_000 + micros);
    let stamp = humantime::format_rfc3339_micros(at);
    let component = dice.one_of(&COMPONENTS);
    write!(line, r#"{{"timestamp":"{stamp}","level":"{}","component":"{component}","message":""#, dice.level())?;
    match dice.below(50) {
        // Some are their own, as messages with ids are.
        0 => write!(line, "{} {number} {}", dice.one_of(&NOUNS), dice.one_of(&VERBS))?,
        1 => write!(line, r#"{} \"{}\" {}"#, dice.one_of(&NOUNS), dice.one_of(&NOUNS), dice.one_of(&VERBS))?,
        _ => write!(line, "{} {}", dice.one_of(&NOUNS), dice.one_of(&VERBS))?,
    }
    let (run, task, took) = (dice.below(5_000), dice.below(40), dice.latency());
    write!(
        line,
        r#"","correlation_id":"run-{run:06}/task-{task:03}","took_ms":{took},"attempt":{}"#,
        1 + dice.below(3)
    )?;
    write!(
        line,
        r#","bytes":{},"user":"u-{:07}","host":"node-{:02}.eu-west"#,
        dice.below(1 << 20),
        dice.below(90_000),
        dice.below(30)
    )?;
    write!(
        line,
        r#".example.org","path":"/api/v1/orders/{}/items","status":{}"#,
        dice.below(1 << 30),
        200 + dice.below(3) * 100
    )?;
    write!(line, r#","ok":{},"agent":"segno/0.1 (linux; x86_64) worker/{}""#, dice.below(9) > 0, dice.below(64))?;
    // Nested objects that a text search takes for the line's own level and component.
    let (level, parent) = (dice.level(), dice.one_of(&COMPONENTS));
    write!(
        line,
        r#","context":{{"parent":{{"level":"{level}","component":"{parent}"}},"tags":["a{}","nightly"]"#,
        dice.below(9)
    )?;
    writeln!(line, r#","retry":{{"max":3,"left":{},"wait_ms":{}.5}}}}}}"#, dice.below(3), dice.below(1_000))
}

/// Numbers that are the same in each run: splitmix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn one_of(&mut self, list: &[&'static str]) -> &'static str {
        list[self.below(list.len() as u64) as usize]
    }

    fn level(&mut self) -> &'static str {
        match self.below(1_000) {
            0..5 => "FATAL",
            5..50 => "ERROR",
            50..150 => "WARN",
            150..450 => "DEBUG",
            _ => "INFO",
        }
    }

    /// Milliseconds with a long tail, three digits behind the point.
    fn latency(&mut self) -> f64 {
        let uniform = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        (20.0 / (1.0 - uniform).sqrt() * 1_000.0).round() / 1_000.0
    }
}
