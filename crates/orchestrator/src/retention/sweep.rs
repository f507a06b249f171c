//! Mark and sweep of large outputs: one that no event and nothing in the cache names goes, unless it is young.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::time::SystemTime;

use segno_errors::Fault;

use super::collect::{Collector, Freed};
use crate::journal::{StoredBlob, named};
use crate::model::RunId;

impl Collector {
    /// Sweeps the blobs that nothing names; `None` when there was no time to be sure. `gone` are runs to be taken for
    /// removed. One used after `until` stays: the event that names it may be on its way.
    pub(super) fn sweep_blobs(
        &self,
        gone: &HashSet<RunId>,
        until: SystemTime,
        only_look: bool,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Option<Freed>, Fault> {
        let old = self.blobs.stored()?.into_iter().filter(|blob| blob.used <= until);
        let (whole, mut unnamed): (Vec<StoredBlob>, Vec<StoredBlob>) = old.partition(|blob| blob.hash.is_some());
        let mut whole: HashMap<String, StoredBlob> =
            whole.into_iter().filter_map(|blob| Some((blob.hash.clone()?, blob))).collect();
        if !self.strike(&mut whole, gone, go_on)? {
            return Ok(None);
        }
        unnamed.extend(whole.into_values());
        let mut freed = Freed::default();
        for blob in unnamed {
            if !go_on() {
                return Ok(None);
            }
            if only_look || self.blobs.remove(&blob, until)? {
                freed.add(blob.bytes);
            }
        }
        Ok(Some(freed))
    }

    /// Strikes out what is named; says whether it got to the end.
    fn strike(
        &self,
        unnamed: &mut HashMap<String, StoredBlob>,
        gone: &HashSet<RunId>,
        go_on: &dyn Fn() -> bool,
    ) -> Result<bool, Fault> {
        let gone: HashSet<&str> = gone.iter().map(RunId::as_str).collect();
        let mut in_time = true;
        if !unnamed.is_empty() {
            self.history.journal().texts(&mut |run, text| {
                if !gone.contains(run) {
                    named(text).for_each(|hash| _ = unnamed.remove(hash));
                }
                in_time = go_on();
                if unnamed.is_empty() || !in_time { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
        }
        if let Some(memory) = self.memory.as_ref().filter(|_| in_time && !unnamed.is_empty()) {
            memory.texts(&mut |text| named(text).for_each(|hash| _ = unnamed.remove(hash)))?;
        }
        Ok(in_time)
    }
}
