//! Asks a log what the benches ask of it: `log-queries FILE QUERY [THREADS]`. Prints the answer, and what it took of
//! the processor behind it in seconds.
//!
//! The queries: `window` (level and component inside two hours of the day), `filter` (the same all day), `level` (by
//! level alone), `count` (by level and component), `percentiles` (of `took_ms` by component), `messages` (the ten most
//! frequent), `nothing` (the program's start).

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::io::{self, Write};
use std::process::ExitCode;

use segno_logging::read::{Error, Filter, Level, Line, Path, Query, Sources, Tally, fold};

/// A table whose keys nobody chose in order to make them collide.
type Table<V> = HashMap<String, V, BuildHasherDefault<Mixed>>;

/// Eight bytes in one multiplication.
#[derive(Default)]
struct Mixed(u64);

impl Hasher for Mixed {
    fn write(&mut self, bytes: &[u8]) {
        for eight in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..eight.len()].copy_from_slice(eight);
            self.0 = (self.0.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

/// The most frequent messages that are printed.
const TOP: usize = 10;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let answer = match words[..] {
        [file, query] => run(file, query, 2),
        [file, query, threads] => run(file, query, threads.parse().unwrap_or(2)),
        _ => Ok(None),
    };
    let said = match answer {
        Ok(Some(answer)) => writeln!(io::stdout(), "{answer}").is_ok(),
        Ok(None) => {
            // When stderr is closed there is nobody to tell.
            _ = writeln!(io::stderr(), "a file and a query are needed");
            false
        }
        Err(error) => {
            _ = writeln!(io::stderr(), "{error}");
            false
        }
    };
    if said { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(file: &str, query: &str, threads: usize) -> Result<Option<String>, Error> {
    let ask = |filter: &str| Filter::parse(filter).map(|filter| Query { threads, ..Query::new(filter) });
    let open = || Sources::open(&[file]);
    let answer = match query {
        "nothing" => String::new(),
        "window" => {
            let day = "since=2026-11-20T08:00:00Z until=2026-11-20T10:00:00Z";
            lines(open()?, &ask(&format!("level=error component=cache.redis {day}"))?)?
        }
        "filter" => lines(open()?, &ask("level=error component=cache.redis")?)?,
        "level" => lines(open()?, &ask("level>=error")?)?,
        "count" => count(open()?, &ask("")?)?,
        "percentiles" => percentiles(open()?, &ask("")?)?,
        "messages" => messages(open()?, &ask("")?)?,
        _ => return Ok(None),
    };
    Ok(Some(answer))
}

fn lines(sources: Sources, query: &Query) -> Result<String, Error> {
    let (count, tally) = fold(sources, query, || 0_u64, |count, _| *count += 1, |all, part| *all += part)?;
    Ok(format!("{count}{}", skipped(&tally)))
}

/// Counts of an owned key, asked for by a borrowed one, so that only new keys are copied.
fn add(counts: &mut Table<u64>, key: &str, more: u64) {
    match counts.get_mut(key) {
        Some(count) => *count += more,
        None => _ = counts.insert(key.to_owned(), more),
    }
}

fn count(sources: Sources, query: &Query) -> Result<String, Error> {
    type Counts = Table<[u64; 6]>;
    let step = |counts: &mut Counts, line: &Line<'_>| {
        let place = line.level().map_or(5, |level| level as usize);
        let component = line.component().unwrap_or_default();
        match counts.get_mut(&*component) {
            Some(levels) => levels[place] += 1,
            None => counts.entry(component.into_owned()).or_default()[place] += 1,
        }
    };
    let merge = |all: &mut Counts, part: Counts| {
        for (key, levels) in part {
            let sums = all.entry(key).or_default();
            sums.iter_mut().zip(levels).for_each(|(sum, count)| *sum += count);
        }
    };
    let (counts, tally) = fold(sources, query, Counts::default, step, merge)?;
    let mut rows = Vec::new();
    for (component, levels) in &counts {
        for level in Level::ALL.into_iter().filter(|level| levels[*level as usize] > 0) {
            rows.push(format!("{component} {level} {}", levels[level as usize]));
        }
    }
    rows.sort_unstable();
    Ok(rows.join("\n") + &skipped(&tally))
}

fn percentiles(sources: Sources, query: &Query) -> Result<String, Error> {
    type Numbers = Table<Vec<f32>>;
    let path = Path::new("took_ms");
    let step = |numbers: &mut Numbers, line: &Line<'_>| {
        let (Some(number), Some(component)) = (line.field(&path).and_then(|value| value.as_f64()), line.component())
        else {
            return;
        };
        match numbers.get_mut(&*component) {
            Some(list) => list.push(number as f32),
            None => _ = numbers.insert(component.into_owned(), vec![number as f32]),
        }
    };
    let merge = |all: &mut Numbers, part: Numbers| {
        part.into_iter().for_each(|(key, list)| all.entry(key).or_default().extend(list));
    };
    let (numbers, tally) = fold(sources, query, Numbers::default, step, merge)?;
    let mut rows = Vec::new();
    for (component, mut list) in numbers {
        let mut row = component;
        for quantile in [0.5, 0.95, 0.99] {
            let rank = ((list.len() as f64 * quantile).ceil() as usize).saturating_sub(1);
            let (_, value, _) = list.select_nth_unstable_by(rank, f32::total_cmp);
            row += &format!(" {value}");
        }
        rows.push(row);
    }
    rows.sort_unstable();
    Ok(rows.join("\n") + &skipped(&tally))
}

fn messages(sources: Sources, query: &Query) -> Result<String, Error> {
    type Counts = Table<u64>;
    let step = |counts: &mut Counts, line: &Line<'_>| add(counts, &line.message().unwrap_or_default(), 1);
    let merge = |all: &mut Counts, part: Counts| part.iter().for_each(|(key, count)| add(all, key, *count));
    let (counts, tally) = fold(sources, query, Counts::default, step, merge)?;
    let mut rows: Vec<_> = counts.into_iter().collect();
    rows.sort_unstable_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
    let rows: Vec<_> = rows.iter().take(TOP).map(|(message, count)| format!("{count} {message}")).collect();
    Ok(rows.join("\n") + &skipped(&tally))
}

fn skipped(tally: &Tally) -> String {
    tally.skipped.iter().map(|skipped| format!("\n{} skipped: {}", skipped.count, skipped.skip)).collect()
}
