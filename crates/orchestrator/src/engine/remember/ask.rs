//! Asking: keys are made, looked up together, and answered with a hit or with why there is none.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use segno_cache::{Change, Digest, Lookup, Manifest, MissReason, OutputFile, Outputs};

use super::carry::Taken;
use super::memory::Entry;
use super::{CacheResult, Memory, said};
use crate::engine::prepare::{Prepared, Remembered};
use crate::engine::world::{Asked, Dispatch};
use crate::journal::Blobs;
use crate::model::{Reply, Source};
use crate::plan::Plan;

/// How many questions are made ready at once.
const PREPARED_AT_ONCE: usize = 64;

impl Memory {
    /// Asks for a batch of tasks. `restore` says whether missing output files of hits are written again.
    pub(crate) fn ask(
        &self,
        plan: &Plan,
        dispatches: Vec<Dispatch>,
        blobs: &Blobs,
        now: SystemTime,
        restore: bool,
    ) -> Vec<(Dispatch, Asked)> {
        let moment = self.surroundings.moment();
        let mut asked = Vec::with_capacity(dispatches.len());
        let mut rest = dispatches.into_iter().peekable();
        while rest.peek().is_some() {
            // What a question is made of is ten times as large as its answer, so not all are held at once.
            let some: Vec<Dispatch> = rest.by_ref().take(PREPARED_AT_ONCE).collect();
            let prepared: Vec<_> = some.iter().map(|dispatch| self.prepare(plan, dispatch, &moment)).collect();
            let keys = prepared.iter().flatten().filter_map(|prepared| prepared.remembered.as_ref());
            let digests: Vec<_> = keys.map(|remembered| remembered.key.digest()).collect();
            let mut answers = self.fetch(&digests, now).into_iter();
            asked.extend(some.into_iter().zip(prepared).map(|(dispatch, prepared)| {
                let asked = match prepared {
                    Err(fault) => Asked::Broken(fault),
                    Ok(prepared) => {
                        let answer = prepared.remembered.as_ref().and_then(|_| answers.next());
                        self.answer(prepared, answer, blobs, restore)
                    }
                };
                (dispatch, asked)
            }));
        }
        asked
    }

    /// Looks here first, and then at what other machines remember, which is remembered here from then on.
    fn fetch(&self, digests: &[Digest], now: SystemTime) -> Vec<Lookup> {
        let mut answers = self.fetch_here(digests, now);
        let Some(shared) = self.shared.as_ref().filter(|_| !self.is_refreshing) else { return answers };
        let missed: Vec<Digest> = misses(digests, &answers).collect();
        if missed.is_empty() {
            return answers;
        }
        let mut taken = Vec::new();
        for bundle in shared.fetch(missed) {
            match self.take(&bundle, now) {
                Ok(Taken::Kept) => taken.push(bundle.digest()),
                Ok(Taken::Expired) => {}
                Ok(Taken::Refused(reason)) => tracing::warn!(reason, "a shared result is not used"),
                Err(fault) => tracing::warn!(fault = fault.message(), "a shared result cannot be kept here"),
            }
        }
        let found: Vec<(Digest, Lookup)> = taken.iter().copied().zip(self.fetch_here(&taken, now)).collect();
        for (digest, answer) in digests.iter().zip(&mut answers) {
            if let Some((_, lookup)) = found.iter().find(|(taken, _)| taken == digest) {
                *answer = lookup.clone();
            }
        }
        answers
    }

    fn fetch_here(&self, digests: &[Digest], now: SystemTime) -> Vec<Lookup> {
        if self.is_refreshing {
            return digests.iter().map(|_| Lookup::Miss(MissReason::Absent)).collect();
        }
        let looked = match self.is_read_only {
            // Not even the use is noted.
            true => self.store.peek(digests, now),
            false => self.store.fetch(digests, now),
        };
        looked.unwrap_or_else(|error| {
            tracing::warn!(%error, "the cache cannot be read; steps run as if nothing were remembered");
            digests.iter().map(|_| Lookup::Miss(MissReason::Absent)).collect()
        })
    }

    fn answer(&self, prepared: Prepared, answer: Option<Lookup>, blobs: &Blobs, restore: bool) -> Asked {
        let because = match (answer, &prepared.remembered) {
            (Some(Lookup::Hit(hit)), Some(remembered)) => match self.hit(&hit.value, remembered, blobs, restore) {
                Ok(asked) => return asked,
                Err(reason) => vec![reason],
            },
            (Some(Lookup::Miss(reason)), Some(remembered)) => self.because(&reason, remembered),
            _ => Vec::new(),
        };
        Asked::Miss { prepared: Arc::new(prepared), because }
    }

    fn hit(&self, value: &[u8], remembered: &Remembered, blobs: &Blobs, restore: bool) -> Result<Asked, String> {
        let entry: Entry =
            serde_json::from_slice(value).map_err(|_| "the stored result is not understood".to_owned())?;
        if !self.bring_blobs(&entry.reply, blobs) {
            return Err("its stored output is gone".into());
        }
        let mut restored = Vec::new();
        if !are_declared(&entry.outputs, &remembered.outputs) {
            return Err("its output files are not those that the step declares".into());
        }
        if restore && !entry.outputs.is_empty() {
            let result = Outputs::restore(&self.files, &self.store, &entry.outputs);
            restored =
                result.map_err(|error| format!("its output files cannot be restored: {}", said(&error)))?.restored;
        }
        let key = remembered.key.digest().to_string();
        let took = Duration::from_millis(entry.took_ms);
        Ok(Asked::Hit { reply: Box::new(entry.reply), source: Source::Cache { key, restored }, took })
    }

    /// Says whether all large outputs of a reply are there and whole. What is not there (the cache lies elsewhere, or the
    /// result came from elsewhere) is taken from the cache.
    fn bring_blobs(&self, reply: &Reply, blobs: &Blobs) -> bool {
        let stored = |blob: &str| {
            let text = blob.parse().and_then(|digest: Digest| self.store.read_object(&digest));
            let text = text.ok().and_then(|text| String::from_utf8(text).ok());
            text.is_some_and(|text| blobs.put(&text).is_ok_and(|put| put == blob))
        };
        reply.blobs().all(|blob| blobs.read(blob).is_ok() || stored(blob)) && blobs.hold(reply)
    }

    /// Says in sentences why nothing was found.
    fn because(&self, reason: &MissReason, remembered: &Remembered) -> Vec<String> {
        match reason {
            MissReason::Expired { since } => {
                let age =
                    humantime::format_duration(Duration::from_secs(since.elapsed().unwrap_or_default().as_secs()));
                vec![format!("the stored result expired {age} ago")]
            }
            MissReason::Damaged(what) => vec![format!("the stored result is damaged ({what})")],
            MissReason::Absent if self.is_refreshing => vec!["what is stored was not to be used".into()],
            MissReason::Absent => match self.explain(remembered) {
                Ok(changes) => changes.iter().filter(|change| is_said(change)).map(ToString::to_string).collect(),
                Err(error) => vec![format!("what changed cannot be told: {}", said(&error))],
            },
        }
    }

    fn explain(&self, remembered: &Remembered) -> CacheResult<Vec<Change>> {
        self.store.explain(&remembered.subject, &remembered.key, &remembered.manifests())
    }
}

/// Says whether files may be written: what is stored may have been made by somebody else, and a step makes what it declares.
fn are_declared(outputs: &[OutputFile], globs: &[String]) -> bool {
    let files = outputs.iter().map(|output| (output.path.clone(), output.digest)).collect();
    outputs.is_empty() || Manifest::new(files).without(globs).is_ok_and(|strange| strange.entries().is_empty())
}

fn misses(digests: &[Digest], answers: &[Lookup]) -> impl Iterator<Item = Digest> {
    let pairs = digests.iter().zip(answers);
    pairs.filter(|(_, answer)| matches!(answer, Lookup::Miss(_))).map(|(digest, _)| *digest)
}

/// Parts that only tell calls apart say nothing to a person beside the command itself.
fn is_said(change: &Change) -> bool {
    !matches!(change, Change::Text { name, .. } if name == "arguments")
}
