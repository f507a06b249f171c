//! What a clearing leaves behind: entries that nobody is given any more, removed bit by bit.

use std::sync::{Arc, Mutex, PoisonError};

use ::redis::{FromRedisValue, Pipeline};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::link::Link;
use super::names::{Generation, Name, Names};
use super::round::round;
use super::trouble::{Trouble, answered, bytes, done};

/// So many keys the server looks at in one step.
const STEP: usize = 1_000;

/// The task that sweeps, if it runs.
#[derive(Debug, Default)]
pub(super) struct Broom {
    task: Mutex<Option<AbortHandle>>,
}

impl Broom {
    /// Begins to sweep, from the start if it was under way.
    pub(super) fn sweep(&self, link: &Arc<Link>, names: &Names) {
        let Ok(runtime) = Handle::try_current() else { return };
        let weak = Arc::downgrade(link);
        let names = names.clone();
        let task = runtime.spawn(async move {
            let mut cursor = Some(0);
            while let Some(from) = cursor {
                // Between two steps nothing of this holds the connection.
                let Some(link) = weak.upgrade() else { return };
                match step(&link, &names, from).await {
                    Ok(next) => cursor = next,
                    Err(trouble) => {
                        tracing::debug!(?trouble, "what was cleared is left to the next clearing");
                        return;
                    }
                }
            }
        });
        self.replace(Some(task.abort_handle()));
    }

    fn replace(&self, task: Option<AbortHandle>) {
        let mut running = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = std::mem::replace(&mut *running, task) {
            before.abort();
        }
    }
}

impl Drop for Broom {
    fn drop(&mut self) {
        self.replace(None);
    }
}

/// Looks at the next keys, removes the old ones, and returns where to go on.
async fn step(link: &Link, names: &Names, cursor: u64) -> Result<Option<u64>, Trouble> {
    let mut look = Pipeline::new();
    look.cmd("SCAN").arg(cursor).arg("MATCH").arg(format!("{}*", names.prefix())).arg("COUNT").arg(STEP);
    // After the look: what stands under another generation than this one is older.
    look.cmd("GET").arg(names.generation());
    let mut answers = round(link, &look).await?.into_iter();
    let found = answered(answers.next())?;
    let current = bytes(answered(answers.next())?)?;
    let (next, keys) = <(u64, Vec<Vec<u8>>)>::from_redis_value(found).map_err(|_| Trouble::Strange)?;
    let current = current.as_deref().and_then(Generation::read);
    let old: Vec<Vec<u8>> = keys.into_iter().filter(|key| is_old(names, key, current)).collect();
    if !old.is_empty() {
        let mut remove = Pipeline::new();
        remove.cmd("UNLINK").arg(old);
        done(round(link, &remove).await?.into_iter().next())?;
    }
    Ok((next != 0).then_some(next))
}

fn is_old(names: &Names, key: &[u8], current: Option<Generation>) -> bool {
    matches!(names.read(key), Some(Name::Entry(its, _)) if Some(its) != current)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Digest;

    #[test]
    fn only_entries_of_other_generations_are_old() {
        let names = Names::new("team").unwrap();
        let (now, before, key) = (Generation::random(), Generation::random(), Digest::of(b"a"));
        let (new, old) = (names.entry(now, &key), names.entry(before, &key));
        let other = Names::new("others").unwrap().entry(before, &key);
        let old = |key: &str, current| (key == old) == is_old(&names, key.as_bytes(), current);
        assert!([&new, &names.generation(), &names.check(), &other].into_iter().all(|key| old(key, Some(now))));
        assert!(is_old(&names, names.entry(before, &key).as_bytes(), Some(now)));
        assert!(is_old(&names, new.as_bytes(), None));
    }
}
