//! Whose turn it is to collect without being asked: once a day, one process at a time.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// How long after one collection the next one is due.
const PAUSE: Duration = Duration::from_secs(86_400);

/// The turn to collect. It is over when this is dropped; unless `done` was called, the next process gets it.
#[derive(Debug)]
pub struct Turn {
    file: File,
}

impl Turn {
    /// Takes the turn if it is due and free. The file's time is that of the last collection.
    pub(crate) fn take(path: &Path, now: SystemTime) -> Option<Turn> {
        let is_first = !path.exists();
        let file = File::options().create(true).truncate(false).write(true).open(path).ok()?;
        file.try_lock().ok()?;
        let turn = Turn { file };
        if is_first {
            turn.done(now);
            return None;
        }
        let last = turn.file.metadata().and_then(|facts| facts.modified()).ok()?;
        // A clock that was set back must not stop collections for ever.
        let is_due = now.duration_since(last).map_or(true, |since| since >= PAUSE);
        is_due.then_some(turn)
    }

    /// Notes that the collection is done for today.
    pub fn done(&self, now: SystemTime) {
        if let Err(error) = self.file.set_modified(now) {
            tracing::warn!(%error, "the time of the last collection cannot be noted");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_comes_once_a_day_to_one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("collect.lock");
        let now = SystemTime::now();
        assert!(Turn::take(&path, now).is_none(), "the first time there is nothing to collect");
        assert!(Turn::take(&path, now + PAUSE / 2).is_none());
        let turn = Turn::take(&path, now + PAUSE).unwrap();
        assert!(Turn::take(&path, now + PAUSE).is_none(), "somebody has it");
        drop(turn);
        let turn = Turn::take(&path, now + PAUSE).unwrap();
        turn.done(now + PAUSE);
        drop(turn);
        assert!(Turn::take(&path, now + PAUSE * 3 / 2).is_none());
        assert!(Turn::take(&path, now).is_some(), "the clock was set back");
    }
}
