//! Side files from before the machine last started. A kill leaves memory as it was; a power cut leaves of each page what
//! happened to reach the disk, also lines of an earlier flush between the last ones. So each line is judged for itself.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

use super::image::{Slot, read_range};
use super::layout::Flaw;

/// So far back the log is searched for lines that a page of an earlier flush brings again.
const WINDOW: u64 = 16 << 20;

/// A number for the time since the machine started, or zero where the system does not tell.
pub(super) fn boot() -> u64 {
    let id = fs::read("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    id.iter().fold(0, |sum: u64, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(7))
}

/// Keeps of a slot the lines that are whole objects and not in the log already. Says so when one was neither.
pub(super) fn sift(slots: &mut [Slot], log: &Path) -> io::Result<Option<Flaw>> {
    let tail = match File::open(log) {
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        file => {
            let file = file?;
            let end = file.metadata()?.len();
            read_range(&file, end.saturating_sub(WINDOW)..end)?
        }
    };
    let mut seen: HashSet<&[u8]> = tail.split_inclusive(|byte| *byte == b'\n').collect();
    let mut flaw = None;
    let before: Vec<Vec<u8>> = slots.iter().map(|slot| slot.lines.clone()).collect();
    for (slot, before) in slots.iter_mut().zip(&before) {
        // What it noted is about pages that may be older or newer than it.
        slot.note = None;
        slot.lines.clear();
        for line in before.split_inclusive(|byte| *byte == b'\n') {
            match is_object(line) {
                true if seen.insert(line) => slot.lines.extend_from_slice(line),
                true => {}
                false => flaw = Some(Flaw::Damaged("the machine stopped while lines were in memory")),
            }
        }
    }
    Ok(flaw)
}

fn is_object(line: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(line).is_ok_and(|value| value.is_object())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log and a slot of an earlier start of the machine; expects what is brought into the log.
    fn check(log: &str, slot: &str, expected: &str, flawed: bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.jsonl");
        fs::write(&path, log).unwrap();
        let mut slots = [Slot { at: 4096, lines: slot.into(), note: None }];
        let flaw = sift(&mut slots, &path).unwrap();
        assert_eq!(String::from_utf8_lossy(&slots[0].lines), expected);
        assert_eq!(flaw.is_some(), flawed);
    }

    #[test]
    fn whole_lines_that_the_log_has_not_are_kept() {
        check("{\"a\":1}\n", "{\"a\":2}\n{\"a\":3}\n", "{\"a\":2}\n{\"a\":3}\n", false);
    }

    #[test]
    fn lines_of_an_earlier_flush_are_not_written_again() {
        check("{\"a\":1}\n{\"a\":2}\n", "{\"a\":3}\n{\"a\":2}\n{\"a\":3}\n", "{\"a\":3}\n", false);
    }

    #[test]
    fn a_line_of_two_halves_is_left_out_and_said() {
        check("", "{\"a\":1}\n{\"a\":\"x{\"b\":1}\n{\"a\":2}\n", "{\"a\":1}\n{\"a\":2}\n", true);
    }

    #[test]
    fn the_machine_knows_its_start() {
        assert_eq!(boot(), boot());
        assert_eq!(boot() != 0, Path::new("/proc/sys/kernel/random/boot_id").exists());
    }
}
