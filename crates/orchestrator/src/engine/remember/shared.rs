//! A cache that several machines share: asked for what is not remembered here, told of what is new. It is never waited for
//! longer than its limit, and when it is gone, steps run as if nothing were remembered there.

use std::fmt;
use std::sync::mpsc;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use segno_cache::{Bundle, Cache, Digest, LayerTerms, Layered, Namespace, Raw, RedisLayer, RedisOptions, WriteBehind};
use segno_errors::{Fault, Kind};
use tokio::runtime::{Builder, Runtime};

use super::ReadVariable;
use super::carry::platform;
use crate::spec::{Address, SharedCache};

/// The name under which entries are signed and checked: entries of other programs, and of other kinds of machines, are none
/// of ours.
fn namespace() -> String {
    format!("segno results 1 {}", platform())
}

/// How long the end of a run waits for what is still to be written.
const FLUSH_LIMIT: Duration = Duration::from_secs(5);

/// Results on a server that several machines share.
pub(crate) struct Shared {
    layers: Layered<Vec<u8>>,
    /// Its own, made when it is first asked: the cache is also asked where no runtime is. `None` if none can be made.
    runtime: OnceLock<Option<Runtime>>,
    limit: Duration,
    may_write: bool,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl Shared {
    /// Makes ready to ask the server; it is not asked yet.
    ///
    /// # Errors
    /// When a variable that is named is not set, or the address or the secret cannot be used. The address is not shown.
    pub(crate) fn open(settings: &SharedCache, variable: &ReadVariable) -> Result<Shared, Fault> {
        let url = match &settings.address {
            Address::Url(url) => url.clone(),
            Address::Variable(name) => named(name, variable)?,
        };
        let limits = (settings.limit, settings.namespace.clone());
        let options = RedisOptions {
            url,
            namespace: limits.1,
            connect_limit: limits.0,
            response_limit: limits.0,
            ..RedisOptions::default()
        };
        let layer = RedisLayer::open(&options).map_err(|error| fault(&error))?;
        let namespace = match &settings.secret_env {
            None => Namespace::open(&namespace()),
            Some(name) => {
                let secret = named(name, variable)?;
                Namespace::signed(&namespace(), secret.as_bytes()).map_err(|error| fault(&error))?
            }
        };
        let terms = LayerTerms { limit: settings.limit, ..LayerTerms::default() };
        // The store on disk is what is near: nothing is held in memory. A key is made of all that its result depends on.
        let builder = Layered::builder(Raw).memory(Cache::new(0)).namespace(namespace).values_never_change();
        let builder = builder.layer_with(Arc::new(layer), terms).write_behind(WriteBehind::default());
        let layers = if settings.read_only { builder.read_only() } else { builder }.build();
        let (limit, may_write) = (settings.limit, !settings.read_only);
        Ok(Shared { layers, runtime: OnceLock::new(), limit, may_write })
    }

    /// Returns what is there under these keys and can be believed.
    pub(super) fn fetch(&self, keys: Vec<Digest>) -> Vec<Bundle> {
        let layers = self.layers.clone();
        let patience = self.limit.saturating_mul(2).saturating_add(Duration::from_secs(1));
        let found = self.wait(patience, async move { (layers.get_many(&keys).await, keys) });
        let (found, keys) = found.unwrap_or_default();
        let bundles = found.into_iter().zip(keys).filter_map(|(bytes, key)| Some((Bundle::decode(&bytes?), key)));
        bundles
            .filter_map(|(bundle, key)| match bundle {
                Ok(bundle) if bundle.digest() == key => Some(bundle),
                Ok(_) => {
                    tracing::warn!(key = %key.short(), "the shared cache holds a result under another result's key");
                    None
                }
                Err(error) => {
                    tracing::warn!(key = %key.short(), %error, "a result in the shared cache is not understood");
                    None
                }
            })
            .collect()
    }

    /// Gives a result to the others; does not wait until they have it.
    pub(super) fn keep(&self, bundle: &Bundle, now: SystemTime) {
        if !self.may_write {
            return;
        }
        let left = bundle.expires_at.map(|expires_at| expires_at.duration_since(now).unwrap_or_default());
        let (layers, key, bytes) = (self.layers.clone(), bundle.digest(), bundle.encode());
        // It is written behind: this waits for its place in the queue only.
        if self.wait(self.limit, async move { layers.insert(&key, bytes, left).await }).is_none() {
            tracing::debug!(key = %key.short(), "a result has no place in the shared cache's queue yet");
        }
    }

    /// Waits, not for long, until what was given is written.
    pub(super) fn flush(&self) {
        let layers = self.layers.clone();
        if self.may_write && self.wait(FLUSH_LIMIT, async move { layers.flush().await }).is_none() {
            tracing::warn!("some results were not written to the shared cache");
        }
    }

    /// Says why the server was not of use, if it was not, or whether somebody else's hand was found in it.
    pub(super) fn trouble(&self) -> Option<String> {
        let layer = self.layers.statistics().layers.into_iter().next()?;
        let told = layer.degraded.map(|degraded| degraded.reason);
        let told = told.or_else(|| (layer.failures > 0).then(|| format!("{} calls of it failed", layer.failures)));
        let foreign = (layer.security_events > 0)
            .then(|| format!("{} of its results are not sealed with this project's secret", layer.security_events));
        told.or(foreign)
    }

    /// Makes a round trip to the server and says how long it took, or what is wrong.
    pub(super) fn check(&self) -> Result<Duration, String> {
        let (layers, patience) = (self.layers.clone(), self.limit.saturating_mul(2).saturating_add(FLUSH_LIMIT));
        let verdict = self.wait(patience, async move { layers.check().await.pop() }).flatten();
        match verdict {
            Some((_, Ok(took))) => Ok(took),
            Some((_, Err(error))) => Err(super::said(&error)),
            None => Err("it did not answer".into()),
        }
    }

    /// Waits on this thread for work on the runtime's; the caller may be in another runtime or in none.
    fn wait<T: Send + 'static>(&self, patience: Duration, work: impl Future<Output = T> + Send + 'static) -> Option<T> {
        let (give, take) = mpsc::sync_channel(1);
        self.runtime.get_or_init(runtime).as_ref()?.spawn(async move {
            // Who asked may have gone: then nobody wants to know.
            let _ = give.send(work.await);
        });
        take.recv_timeout(patience).ok()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Waiting here would be an error where the last owner goes on a runtime's own thread.
        if let Some(runtime) = self.runtime.take().flatten() {
            runtime.shutdown_background();
        }
    }
}

fn runtime() -> Option<Runtime> {
    let built = Builder::new_multi_thread().worker_threads(1).thread_name("segno-shared-cache").enable_all().build();
    built.inspect_err(|error| tracing::warn!(%error, "the shared cache cannot be asked")).ok()
}

fn named(name: &str, variable: &ReadVariable) -> Result<String, Fault> {
    variable(name).filter(|value| !value.is_empty()).ok_or_else(|| {
        let fault = Fault::new(Kind::Configuration, format!("the variable {name} for the shared cache is not set"));
        fault.hint("set it, or take [cache.shared] out of segno.toml")
    })
}

fn fault(error: &dyn std::error::Error) -> Fault {
    Fault::new(Kind::Configuration, format!("the shared cache cannot be used: {}", super::said(error)))
        .operation("cache.shared")
}
