//! Processes of steps: telling them apart, finding those that a dead owner left, ending whole groups.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// The variable that marks each process of a run.
pub(super) const RUN_VARIABLE: &str = "SEGNO_RUN";

/// Sends a signal to the group that a child leads. A group that is gone is no error.
pub(super) fn signal_group(leader: u32, signal: Signal) {
    if let Some(pid) = pid(leader) {
        // ESRCH: nobody is left in it, which is what was wanted.
        _ = kill_process_group(pid, signal);
    }
}

fn pid(number: u32) -> Option<Pid> {
    i32::try_from(number).ok().and_then(Pid::from_raw)
}

/// Returns when a process started, in the kernel's ticks since boot; 0 where that cannot be known.
#[cfg(target_os = "linux")]
pub(super) fn birth(number: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
    // The name, in parentheses, may hold anything; the 22nd field is the 20th after it.
    let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    after_name.split(' ').nth(19).and_then(|ticks| ticks.parse().ok()).unwrap_or(0)
}

/// Returns when a process started; 0, since it is not known how to tell here.
#[cfg(not(target_os = "linux"))]
pub(super) fn birth(_number: u32) -> u64 {
    0
}

/// Finds the living processes of a run: those that bear its mark, and those recorded with pid and birth.
pub fn strays(run: &str, recorded: &[(u32, u64)]) -> Vec<u32> {
    let mut found = marked(run);
    let same = |(number, born): &&(u32, u64)| *born != 0 && birth(*number) == *born;
    found.extend(recorded.iter().filter(same).map(|(number, _)| *number));
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(target_os = "linux")]
fn marked(run: &str) -> Vec<u32> {
    let mark = format!("{RUN_VARIABLE}={run}");
    let own = std::process::id();
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let bears = |number: &u32| {
        let environment = std::fs::read(format!("/proc/{number}/environ")).unwrap_or_default();
        *number != own
            && environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
            && !is_zombie(*number)
    };
    numbers.filter(bears).collect()
}

#[cfg(not(target_os = "linux"))]
fn marked(_run: &str) -> Vec<u32> {
    Vec::new()
}

#[cfg(target_os = "linux")]
fn is_zombie(number: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with(['Z', 'X']))
}

/// Ends what a dead owner of the run left behind, and returns how many processes that were.
///
/// They are asked first and killed after `grace`; the call returns once none lives, or with `Err` and the pids that
/// would not die.
///
/// # Errors
/// The pids of processes that live on.
pub async fn end_strays(run: &str, recorded: &[(u32, u64)], grace: Duration) -> Result<usize, Vec<u32>> {
    const TICK: Duration = Duration::from_millis(20);
    let first = strays(run, recorded);
    let ticks = u32::try_from(grace.as_millis() / TICK.as_millis()).unwrap_or(u32::MAX).max(1);
    for (signal, ticks) in [(Signal::TERM, ticks), (Signal::KILL, ticks)] {
        for _ in 0..ticks {
            let living = strays(run, recorded);
            if living.is_empty() {
                return Ok(first.len());
            }
            for number in living.into_iter().filter_map(pid) {
                // It may have ended meanwhile.
                _ = kill_process(number, signal);
            }
            tokio::time::sleep(TICK).await;
        }
    }
    let living = strays(run, recorded);
    if living.is_empty() { Ok(first.len()) } else { Err(living) }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_marked_process_is_found_and_ended_with_its_children() {
        let mut child = std::process::Command::new("sh")
            .args(["-c", "trap '' TERM; sleep 300 & wait; sleep 300"])
            .env(RUN_VARIABLE, "stray-test")
            .spawn()
            .unwrap();
        let born = birth(child.id());
        assert!(born > 0);
        while strays("stray-test", &[]).len() < 2 {
            std::thread::yield_now();
        }
        assert!(strays("stray-test", &[(child.id(), born)]).contains(&child.id()));
        let reaper = std::thread::spawn(move || child.wait());
        let ended = end_strays("stray-test", &[], Duration::from_millis(100)).await;
        assert!(ended.is_ok_and(|count| count >= 2));
        reaper.join().unwrap().unwrap();
        assert!(strays("stray-test", &[]).is_empty());
    }

    #[test]
    fn a_reused_pid_is_not_taken_for_the_old_process() {
        let own = std::process::id();
        assert!(strays("none", &[(own, birth(own) + 1)]).is_empty());
    }
}
