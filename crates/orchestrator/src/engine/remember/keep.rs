//! Keeping: a result is stored with the files that it made, unless it was disturbed.

use std::time::{Duration, SystemTime};

use segno_cache::{Bundle, NewEntry, Outputs};

use super::memory::Entry;
use super::shared::Shared;
use super::{CacheResult, Memory, said};
use crate::engine::prepare::Remembered;
use crate::journal::Blobs;
use crate::model::Reply;

impl Memory {
    /// Remembers a result, or says why it cannot be. The run goes on either way.
    pub(crate) fn store(
        &self,
        remembered: &Remembered,
        reply: &Reply,
        took: Duration,
        blobs: &Blobs,
        now: SystemTime,
    ) -> Option<String> {
        if self.is_read_only {
            return None;
        }
        let refused = self.try_store(remembered, reply, took, blobs, now).unwrap_or_else(|error| Some(said(&error)));
        match (&refused, &self.shared) {
            (Some(reason), _) => tracing::warn!(subject = remembered.subject, reason, "a result is not remembered"),
            (None, Some(shared)) => self.share(shared, remembered, now),
            (None, None) => {}
        }
        refused
    }

    /// Gives a result that was stored here to other machines.
    fn share(&self, shared: &Shared, remembered: &Remembered, now: SystemTime) {
        match self.store.bundle_within(&remembered.subject, now, Bundle::MAX_SHARED_BYTES) {
            Ok(Some(bundle)) if bundle.digest() == remembered.key.digest() => {
                shared.keep(&bundle, now);
            }
            // Another run has stored its own for the same step meanwhile, and shares that.
            Ok(_) => {}
            Err(error) => tracing::warn!(error = said(&error), "a result is not shared"),
        }
    }

    fn try_store(
        &self,
        remembered: &Remembered,
        reply: &Reply,
        took: Duration,
        blobs: &Blobs,
        now: SystemTime,
    ) -> CacheResult<Option<String>> {
        if let Some(change) = self.disturbed(remembered)? {
            return Ok(Some(format!("while it ran, {change}: declare what it makes as 'outputs'")));
        }
        let outputs = match remembered.outputs.is_empty() {
            true => Vec::new(),
            false => Outputs::capture(&self.files, &self.store, &remembered.outputs)?,
        };
        let mut objects: Vec<_> = outputs.iter().map(|output| output.digest).collect();
        // Large outputs are kept with the result: the cache may lie elsewhere than the project's blobs.
        for blob in reply.blobs() {
            let Ok(text) = blobs.read(blob) else { return Ok(Some("its output is gone already".into())) };
            objects.push(self.store.put_object(text.as_bytes())?);
        }
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let entry = Entry { reply: reply.clone(), outputs, took_ms };
        let value = serde_json::to_vec(&entry).unwrap_or_default();
        let Remembered { key, subject, ttl, .. } = remembered;
        let manifests = remembered.manifests();
        let entry = NewEntry {
            value: &value,
            ttl: *ttl,
            manifests: &manifests,
            objects: &objects,
            ..NewEntry::of(key, subject, now)
        };
        self.store.store(entry).map(|()| None)
    }
}
