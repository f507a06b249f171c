//! One layer in its place: asked within a limit, skipped while its gate is shut, and never able to make a call fail.

use std::collections::HashMap;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::debts::Debts;
use super::event::{LayerEvent, Teller};
use super::gate::{Gate, Scope, Shut, Work};
use super::layer::{Answer, Layer, LayerError};
use super::nurse::nurse;
use super::tally::{Degraded, LayerStatistics, Tally, count};
use crate::clock::nanos;
use crate::{Clock, Digest};

/// More of what a server says about itself is not kept.
const MAX_REASON_BYTES: usize = 500;

/// How one layer is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerTerms {
    /// A call that takes longer has failed.
    pub limit: Duration,
    /// Nothing is kept longer in this layer.
    pub time_to_live: Option<Duration>,
}

impl Default for LayerTerms {
    /// Returns 200 ms, and no time of its own.
    fn default() -> LayerTerms {
        LayerTerms { limit: Duration::from_millis(200), time_to_live: None }
    }
}

#[derive(Debug)]
pub(super) struct Tier {
    pub(super) name: Arc<str>,
    layer: Arc<dyn Layer>,
    terms: LayerTerms,
    /// Whether the layer may be told what is out of date, or only read.
    may_write: bool,
    clock: Clock,
    pub(super) teller: Teller,
    pub(super) gate: Gate,
    pub(super) debts: Debts,
    pub(super) tally: Tally,
    nurse: Mutex<Option<JoinHandle<()>>>,
}

impl Tier {
    pub(super) fn new(layer: Arc<dyn Layer>, terms: LayerTerms, may_write: bool, clock: Clock, teller: Teller) -> Tier {
        let (gate, debts, tally) = (Gate::default(), Debts::default(), Tally::default());
        let name = catch_unwind(AssertUnwindSafe(|| layer.name().into())).unwrap_or_else(|_| "unnamed".into());
        Tier { name, layer, terms, may_write, clock, teller, gate, debts, tally, nurse: Mutex::default() }
    }

    pub(super) fn layer(&self) -> &Arc<dyn Layer> {
        &self.layer
    }

    pub(super) async fn fetch(self: &Arc<Self>, key: &Digest) -> Option<Vec<u8>> {
        if self.debts.owes(key) {
            self.call_nurse();
            return None;
        }
        let found = self.ask(Work::Read, |layer| layer.fetch(key)).await?;
        match &found {
            Some(bytes) => self.tally.read_some(bytes),
            None => count(&self.tally.misses),
        }
        found
    }

    /// Returns an answer for each of the keys.
    pub(super) async fn fetch_many(self: &Arc<Self>, keys: &[Digest]) -> Vec<Option<Vec<u8>>> {
        let asked: Vec<Digest> = keys.iter().filter(|key| !self.debts.owes(key)).copied().collect();
        let found = match asked.is_empty() {
            true => None,
            false => self.ask(Work::Read, |layer| layer.fetch_many(&asked)).await,
        };
        // A layer that answers too little or too much has not said what belongs to what.
        let found = found.filter(|found| found.len() == asked.len()).unwrap_or_default();
        let mut found: HashMap<Digest, Option<Vec<u8>>> = asked.into_iter().zip(found).collect();
        for bytes in found.values() {
            match bytes {
                Some(bytes) => self.tally.read_some(bytes),
                None => count(&self.tally.misses),
            }
        }
        keys.iter().map(|key| found.get_mut(key).and_then(Option::take)).collect()
    }

    /// Keeps bytes that were current at the debt `last`, and returns whether the layer has them.
    pub(super) async fn keep(self: &Arc<Self>, key: &Digest, bytes: &[u8], left: Option<Duration>, last: u64) -> bool {
        let live = match (left, self.terms.time_to_live) {
            (Some(left), Some(most)) => Some(left.min(most)),
            (left, most) => left.or(most),
        };
        let Some(writing) = self.debts.begin(key, last) else { return false };
        let kept = self.ask(Work::Write, |layer| layer.keep(key, bytes, live)).await.is_some();
        if kept {
            self.tally.wrote(bytes);
            writing.done();
        }
        kept
    }

    /// Forgets, or notes that this is still to be done.
    pub(super) async fn forget(self: &Arc<Self>, keys: &[Digest]) {
        let last = self.debts.last();
        match self.may_write && self.ask(Work::Write, |layer| layer.forget(keys)).await.is_some() {
            true => self.debts.pay(keys, last),
            false => self.owe(keys),
        }
    }

    /// Forgets everything, or notes that this is still to be done.
    pub(super) async fn clear(self: &Arc<Self>) {
        let now = nanos(self.clock.now());
        if !self.may_write {
            self.debts.distrust(now);
        } else if self.ask(Work::Write, |layer| layer.clear()).await.is_none() {
            self.debts.owe_everything(now);
            self.call_nurse();
        }
    }

    /// Notes that what the layer has under these digests is out of date.
    pub(super) fn owe(self: &Arc<Self>, keys: &[Digest]) {
        self.debts.owe(keys, nanos(self.clock.now()));
        self.call_nurse();
    }

    pub(super) fn degraded(&self) -> Option<Degraded> {
        let Shut { scope, reason, since } = self.gate.shut()?;
        Some(Degraded { layer: self.name.to_string(), reason, since, is_read: scope == Scope::Writes })
    }

    pub(super) fn statistics(&self) -> LayerStatistics {
        self.tally.read(&self.name, self.debts.len(), self.degraded())
    }

    /// Returns whether the layer may be told what is out of date there.
    pub(super) fn may_settle(&self) -> bool {
        self.may_write
    }

    /// Returns whether there is something that the nurse can do.
    pub(super) fn needs_care(&self) -> bool {
        self.gate.shut().is_some() || (self.may_write && !self.debts.is_empty())
    }

    /// Starts the task that brings the layer back, unless it runs. One whose runtime has gone is started again.
    pub(super) fn call_nurse(self: &Arc<Self>) {
        let mut running = self.nurse.lock().unwrap_or_else(PoisonError::into_inner);
        if running.as_ref().is_some_and(|nurse| !nurse.is_finished()) || !self.needs_care() {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            *running = Some(runtime.spawn(nurse(Arc::downgrade(self))));
        }
    }

    /// Asks the layer within its limit, whatever the gate says.
    pub(super) async fn limited<'a, T>(
        &'a self,
        call: impl FnOnce(&'a dyn Layer) -> Answer<'a, T>,
    ) -> Result<T, LayerError> {
        let begun = Instant::now();
        let answer = timeout(self.terms.limit, caught(&self.name, &*self.layer, call)).await;
        self.tally.took(begun.elapsed());
        answer.unwrap_or_else(|_| Err(LayerError::Slow { layer: self.name.to_string(), limit: self.terms.limit }))
    }

    async fn ask<'a, T>(
        self: &'a Arc<Self>,
        work: Work,
        call: impl FnOnce(&'a dyn Layer) -> Answer<'a, T>,
    ) -> Option<T> {
        if !self.gate.lets(work) {
            count(&self.tally.skipped);
            self.call_nurse();
            return None;
        }
        match self.limited(call).await {
            Ok(answer) => {
                self.gate.succeeded(work);
                Some(answer)
            }
            Err(error) => {
                self.fail(work, &error);
                None
            }
        }
    }

    fn fail(self: &Arc<Self>, work: Work, error: &LayerError) {
        count(&self.tally.failures);
        if matches!(error, LayerError::Slow { .. }) {
            count(&self.tally.slow);
        }
        // What takes nothing can still be read.
        let scope = match (error, work) {
            (LayerError::Full { .. } | LayerError::Refused { .. }, Work::Write) => Scope::Writes,
            _ => Scope::Everything,
        };
        let reason = harmless(&whole(error));
        tracing::debug!(layer = %self.name, reason, ?work, "a cache layer failed; that is a miss");
        if self.gate.failed(work, scope, &reason, self.clock.now()) {
            self.teller.tell(&LayerEvent::Degraded { layer: Arc::clone(&self.name), reason });
            self.call_nurse();
        }
    }

    pub(super) fn now(&self) -> std::time::SystemTime {
        self.clock.now()
    }
}

/// Returns an error with all that led to it.
fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Makes a text that a server may have sent fit to be shown: a line that is not too long, and nothing in it that steers a
/// terminal or turns its text round.
fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            _ if shown.len() >= MAX_REASON_BYTES => {
                shown.push_str(" ..");
                break;
            }
            '\n' | '\r' | '\t' => shown.push(' '),
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                shown.extend(letter.escape_unicode());
            }
            _ if letter.is_control() => shown.extend(letter.escape_unicode()),
            _ => shown.push(letter),
        }
    }
    shown
}

/// Asks a layer; one that panics has failed.
async fn caught<'a, T>(
    name: &str,
    layer: &'a dyn Layer,
    call: impl FnOnce(&'a dyn Layer) -> Answer<'a, T>,
) -> Result<T, LayerError> {
    let panicked = || LayerError::Failed { layer: name.to_owned(), source: "it panicked".into() };
    let Ok(mut answer) = catch_unwind(AssertUnwindSafe(|| call(layer))) else {
        return Err(panicked());
    };
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context)));
        polled.unwrap_or_else(|_| Poll::Ready(Err(panicked())))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(harmless(text), expected);
    }

    #[test]
    fn what_a_server_says_is_one_harmless_line() {
        check("ERR unknown command 'ä'", "ERR unknown command 'ä'");
        check("ERR a\r\n  hint: rm -r\tb", "ERR a    hint: rm -r b");
        check("\u{1b}[31m\u{9b}\u{202e}\u{0}\u{7f}", "\\u{1b}[31m\\u{9b}\\u{202e}\\u{0}\\u{7f}");
        check(&"ä".repeat(1_000), &("ä".repeat(250) + " .."));
    }
}
