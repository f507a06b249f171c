//! Brings a layer back: probes it with growing pauses, has it forget what is out of date there, then opens its gate.

use std::sync::{Arc, Weak};

use super::event::LayerEvent;
use super::gate::pauses;
use super::layer::LayerError;
use super::tier::Tier;
use crate::Digest;
use crate::clock::nanos;

/// So many digests are forgotten at once.
const BATCH: usize = 256;

/// A key under which nobody keeps anything, to see whether a layer can be read.
const NOTHING: Digest = Digest::from_bytes([0; 32]);

/// Cares for a layer until it needs no care any more, or is gone.
pub(super) async fn nurse(tier: Weak<Tier>) {
    for pause in pauses() {
        tokio::time::sleep(pause).await;
        let Some(tier) = tier.upgrade() else { return };
        match recover(&tier).await {
            Ok(()) if tier.needs_care() => {}
            Ok(()) => return,
            Err(error) => tracing::trace!(layer = %tier.name, %error, "a cache layer is not back yet"),
        }
    }
}

/// Opens the gate only when nothing is left there that is out of date.
async fn recover(tier: &Arc<Tier>) -> Result<(), LayerError> {
    if tier.gate.shut().is_some() {
        probe(tier).await?;
    }
    settle(tier).await?;
    if let Some(shut) = tier.gate.open() {
        let after = tier.now().duration_since(shut.since).unwrap_or_default();
        tier.teller.tell(&LayerEvent::Restored { layer: Arc::clone(&tier.name), after });
    }
    Ok(())
}

/// Makes a round trip. A layer that takes nothing is back too, for readers.
async fn probe(tier: &Arc<Tier>) -> Result<(), LayerError> {
    // Who may not write does not try to.
    let checked = match tier.may_settle() {
        true => tier.limited(|layer| layer.check()).await,
        false => return tier.limited(|layer| layer.fetch(&NOTHING)).await.map(|_| ()),
    };
    if let Err(error @ (LayerError::Full { .. } | LayerError::Refused { .. })) = &checked {
        tier.limited(|layer| layer.fetch(&NOTHING)).await?;
        tier.gate.narrow(&error.to_string());
    }
    checked
}

async fn settle(tier: &Arc<Tier>) -> Result<(), LayerError> {
    if !tier.may_settle() {
        return Ok(());
    }
    if tier.debts.take_everything()
        && let Err(error) = tier.limited(|layer| layer.clear()).await
    {
        tier.debts.owe_everything(nanos(tier.now()));
        return Err(error);
    }
    loop {
        let some = tier.debts.some(BATCH);
        if some.is_empty() {
            return Ok(());
        }
        let keys: Vec<Digest> = some.iter().map(|(key, _)| *key).collect();
        tier.limited(|layer| layer.forget(&keys)).await?;
        tier.debts.settled(&some);
    }
}
