//! What a Redis that is killed, stopped, restarted empty or speaks nonsense costs those who ask through memory, disk and
//! Redis: how long gets of 3 KB take before and meanwhile, the longest call when it happens, and when the server is in use
//! again. Fails if a call fails or the server is not back in time; what it prints of times is for the reader.
//!
//! The values never change, as those of content keys: the disk may be believed while nobody tells what others change.
//! The server is one of its own, on a private socket; where `redis-server` is not installed, nothing is measured.

mod caller;
mod faults;
mod place;
mod table;

// Shared with the tests of the cache.
#[allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]
#[path = "../../crates/cache/tests/support/babbler.rs"]
mod babbler;
#[allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]
#[path = "../../crates/cache/tests/support/redis.rs"]
mod server;

use std::process::{Command, ExitCode, Stdio};

use segno_bench::tell;

use caller::Caller;
use faults::{FAULTS, Scale};
use place::Place;
use table::Row;

fn main() -> ExitCode {
    if !is_installed("redis-server") {
        tell("cache_redis: skipped, redis-server is not installed");
        return ExitCode::SUCCESS;
    }
    let scale = if std::env::args().any(|argument| argument == "--test") { Scale::TEST } else { Scale::WHOLE };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    // The server ends with the thread that starts it, which is this one.
    let rows = runtime.expect("a runtime starts").block_on(measured(&scale));
    tell(table::markdown(&rows).trim_end());
    if rows.iter().all(Row::is_fine) {
        return ExitCode::SUCCESS;
    }
    tell("cache_redis: a call failed, or the server was not back in time");
    ExitCode::FAILURE
}

async fn measured(scale: &Scale) -> Vec<Row> {
    let mut place = Place::new();
    let caller = Caller::new(&place);
    caller.fill(scale).await;
    let row = |name, times, caller: &Caller| Row { name, times, failed: caller.take_failed(), outage: None };
    let memory = row("hits in memory", caller.memory_hits(scale).await, &caller);
    let disk = row("hits on disk", caller.disk_hits(scale).await, &caller);
    // Whoever asks here has a memory and a disk with nothing in them.
    let other = Caller::new(&place);
    let below = row("hits in Redis", other.hits(scale).await, &other);
    drop(other);
    let nowhere = row("not there", caller.misses(scale).await, &caller);
    let mut rows = vec![memory, disk, below, nowhere];
    for fault in &FAULTS {
        rows.push(fault.measured(&mut place, &caller, scale).await);
    }
    rows
}

fn is_installed(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
