//! 1,000 durable sequential steps through the engine, beside 1,000 bare commits of SQLite with the same safety.

use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, SamplingMode};
use rusqlite::Connection;
use segno_bench::{DurableSteps, Work, compare};

const STEPS: usize = 1_000;
/// As long as what a step records.
const ROW: [u8; 300] = [b'x'; 300];
const BAR: f64 = 1.3;

fn main() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the disk that is built on");
    let steps = DurableSteps::open(folder.path(), STEPS).expect("a new store opens");
    let bare = open_bare(&folder.path().join("bare.db")).expect("a new database opens");
    let engine = || steps.run().expect("steps that do nothing succeed");
    let commits = || commit(&bare).expect("the disk takes the rows");

    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    let mut group = criterion.benchmark_group("1,000 durable steps");
    group.sampling_mode(SamplingMode::Flat).warm_up_time(Duration::from_secs(1));
    group.bench_function("segno", |bencher| bencher.iter(engine));
    group.bench_function("bare SQLite commits", |bencher| bencher.iter(commits));
    group.finish();
    criterion.final_summary();
    compare(Work::new("segno's steps", engine), Work::new("bare commits", commits), Some(BAR));
}

fn open_bare(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch("CREATE TABLE events(seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT")?;
    Ok(connection)
}

fn commit(connection: &Connection) -> rusqlite::Result<()> {
    for _ in 0..STEPS {
        connection.prepare_cached("INSERT INTO events(body) VALUES(?1)")?.execute([&ROW[..]])?;
    }
    Ok(())
}
