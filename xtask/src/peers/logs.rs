//! Questions asked of a log of a gigabyte, beside DuckDB on the same file and beside `jaq` and angle-grinder on its
//! first tenth. What counts is processor time, with the start of each program taken out.

use std::fs;
use std::path::{Path, PathBuf};

use super::ground::{Ground, write};
use super::install;
use super::measure::{Line, median};
use super::table::{Row, megabytes, times};
use crate::binaries::{LOG_FILE, LOG_QUERIES, Profile};
use crate::gate::Red;

/// Lines of the whole log, some 480 bytes each.
const LINES: u64 = 2_150_000;
/// The programs that take minutes for it get a log that is so many times smaller.
const SHARE: u64 = 10;
/// The memory that a question may take.
const MEMORY: &str = "at most 32 MB";

/// A question: its name for `log-queries`, what it is, and its words for `jaq` and `agrind`.
struct Question {
    name: &'static str,
    what: &'static str,
    jaq: &'static str,
    agrind: &'static str,
    wanted: &'static str,
}

const QUESTIONS: [Question; 5] = [
    Question {
        name: "window",
        what: "level, component and two hours of a day",
        jaq: r#"inputs | select(.level == "ERROR" and .component == "cache.redis" and .timestamp >= "2026-11-20T08:00:00" and .timestamp < "2026-11-20T10:00:00") | .message"#,
        agrind: r#"* | json | where level == "ERROR" && component == "cache.redis" && timestamp >= "2026-11-20T08:00:00" && timestamp < "2026-11-20T10:00:00" | count"#,
        wanted: "at least 20x",
    },
    Question {
        name: "filter",
        what: "level and component",
        jaq: r#"inputs | select(.level == "ERROR" and .component == "cache.redis") | .message"#,
        agrind: r#"* | json | where level == "ERROR" && component == "cache.redis" | count"#,
        wanted: "at least 3x",
    },
    Question {
        name: "count",
        what: "count by level and component",
        jaq: r#"reduce inputs as $line ({}; .[$line.level + $line.component] += 1)"#,
        agrind: "* | json | count by level, component",
        wanted: "at least 2x",
    },
    Question {
        name: "percentiles",
        what: "percentiles by component",
        jaq: r#"[inputs | [.component, .took_ms]] | group_by(.[0]) | map(map(.[1]) | sort | [.[length / 2 | floor], .[length * 0.95 | floor], .[length * 0.99 | floor]])"#,
        agrind: "* | json | p50(took_ms), p95(took_ms), p99(took_ms) by component",
        wanted: "at least 1.7x",
    },
    Question {
        name: "messages",
        what: "the ten most frequent messages",
        jaq: r#"reduce inputs as $line ({}; .[$line.message] += 1) | to_entries | sort_by(-.value) | .[:10]"#,
        agrind: "* | json | count by message | limit 10",
        wanted: "at least 2x",
    },
];

/// Measures every question, and says which peers are missing.
pub fn measure(ground: &Ground) -> Result<(Vec<Row>, String), String> {
    let built = |red: Red| format!("{}\nrepeat with: {}", red.output, red.repeat);
    let queries = LOG_QUERIES.build(Profile::Release).map_err(built)?;
    let whole = log(ground, LINES)?;
    let tenth = log(ground, LINES / SHARE)?;
    let mut rows = Vec::new();
    let mut missing = String::new();
    match install::duckdb(&ground.target) {
        Ok(python) => rows.extend(beside_duckdb(ground, &queries, &python, &whole)?),
        Err(reason) => missing += &format!("- DuckDB was not measured: {reason}\n"),
    }
    for (name, words) in [("jaq", jaq as Words), ("agrind", agrind)] {
        match install::log_reader(&ground.target, name) {
            Ok(program) => rows.extend(beside_reader(ground, &queries, &program, words, &tenth)?),
            Err(reason) => missing += &format!("- {name} was not measured: {reason}\n"),
        }
    }
    let question = |question: &str| Line::new(&queries, &[&text(&whole), question], &ground.folder);
    for Question { name, what, .. } in QUESTIONS {
        rows.push(Row {
            what: format!("{what}: memory"),
            ours: megabytes(question(name).peak()?),
            peer: "-".to_owned(),
            ratio: "-".to_owned(),
            wanted: MEMORY,
        });
    }
    Ok((rows, missing))
}

/// Makes the log once; it is kept, because the same number of lines gives the same bytes.
fn log(ground: &Ground, lines: u64) -> Result<PathBuf, String> {
    let path = ground.target.join(format!("peers/logs/{lines}.jsonl"));
    if !path.exists() {
        let built = |red: Red| format!("{}\nrepeat with: {}", red.output, red.repeat);
        let program = LOG_FILE.build(Profile::Release).map_err(built)?;
        let half = path.with_extension("half");
        write(&half, "")?;
        Line::new(program, &[&text(&half), &lines.to_string()], &ground.folder).wall()?;
        fs::rename(&half, &path).map_err(|error| format!("cannot rename {}: {error}", half.display()))?;
    }
    Ok(path)
}

fn beside_duckdb(ground: &Ground, queries: &Path, python: &Path, log: &Path) -> Result<Vec<Row>, String> {
    let script = ground.folder.join("duckdb_logs.py");
    write(&script, include_str!("scripts/duckdb_logs.py"))?;
    let (log, script) = (text(log), text(&script));
    let ours = |question: &str| Line::new(queries, &[&log, question], &ground.folder);
    let theirs = |question: &str| Line::new(python, &[&script, &log, question], &ground.folder);
    let mut rows = Vec::new();
    for Question { name, what, wanted, .. } in QUESTIONS {
        agree(&ours(name).printed()?, &theirs(name).printed()?, name)?;
        let (mut own, mut other) = (Vec::new(), Vec::new());
        for _ in 0..ground.rounds {
            own.push(ours(name).taken(1)?.cpu() - ours("nothing").taken(1)?.cpu());
            other.push(theirs(name).taken(1)?.cpu() - theirs("nothing").taken(1)?.cpu());
        }
        rows.push(row(&format!("{what}, 1 GB"), median(&own), "DuckDB", median(&other), wanted));
    }
    Ok(rows)
}

/// The words that a program takes for a question about a file.
type Words = fn(&Question, &str) -> Vec<String>;

fn jaq(question: &Question, log: &str) -> Vec<String> {
    ["-n", question.jaq, log].map(str::to_owned).to_vec()
}

fn agrind(question: &Question, log: &str) -> Vec<String> {
    [question.agrind, "-f", log].map(str::to_owned).to_vec()
}

fn beside_reader(
    ground: &Ground,
    queries: &Path,
    program: &Path,
    words: Words,
    log: &Path,
) -> Result<Vec<Row>, String> {
    let log = text(log);
    let peer = program.file_name().unwrap_or_default().display().to_string();
    let mut rows = Vec::new();
    for question in QUESTIONS {
        let words = words(&question, &log);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (mut own, mut other) = (Vec::new(), Vec::new());
        for _ in 0..ground.rounds {
            // Short runs are repeated, because the shell counts to the millisecond.
            own.push(Line::new(queries, &[&log, question.name], &ground.folder).taken(10)?.cpu());
            other.push(Line::new(program, &words, &ground.folder).taken(1)?.cpu());
        }
        let what = format!("{}, 0.1 GB", question.what);
        rows.push(row(&what, median(&own), &peer, median(&other), "at least 15x"));
    }
    Ok(rows)
}

fn row(what: &str, ours: f64, peer: &str, theirs: f64, wanted: &'static str) -> Row {
    Row {
        what: format!("{what}: CPU"),
        ours: format!("{ours:.3} s"),
        peer: format!("{peer} {theirs:.3} s"),
        ratio: format!("{} as long", times(theirs / ours)),
        wanted,
    }
}

/// A figure of a wrong answer is worth nothing.
fn agree(ours: &str, theirs: &str, question: &str) -> Result<(), String> {
    match ours == theirs {
        true => Ok(()),
        false => Err(format!("two answers to `{question}`:\n{ours}\n{theirs}")),
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}
