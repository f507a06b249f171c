//! What is kept, what is told, and what happens when the server does not behave.

use std::time::{Duration, Instant};

use segno_cache::{Digest, Layer, LayerError, RedisLayer, RedisOptions};

mod faults;
mod garbage;
#[cfg(feature = "disk")]
mod joined;
mod kept;
mod told;

/// Nothing that is waited for here takes longer; the bar for a server that is back.
const BACK_WITHIN: Duration = Duration::from_secs(30);

/// Returns a layer that waits so long that no busy machine decides a test.
fn layer(url: &str) -> RedisLayer {
    with_limits(url, BACK_WITHIN)
}

/// Returns a layer with the limits that it has by default.
fn hasty(url: &str) -> RedisLayer {
    with_limits(url, RedisOptions::default().response_limit)
}

fn with_limits(url: &str, limit: Duration) -> RedisLayer {
    let options = RedisOptions {
        url: url.to_owned(),
        namespace: "test".to_owned(),
        connect_limit: limit,
        response_limit: limit,
        ..RedisOptions::default()
    };
    RedisLayer::open(&options).unwrap()
}

fn key(number: usize) -> Digest {
    Digest::of(&number.to_le_bytes())
}

/// Says in a word how a layer answers.
fn word<T>(answer: &Result<T, LayerError>) -> &'static str {
    match answer {
        Ok(_) => "fine",
        Err(LayerError::Slow { .. }) => "slow",
        Err(LayerError::Full { .. }) => "full",
        Err(LayerError::Refused { .. }) => "refused",
        Err(LayerError::Failed { .. }) => "failed",
        Err(_) => "other",
    }
}

/// Asks until it is so, and returns after how long that was.
async fn until(mut is_so: impl AsyncFnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < BACK_WITHIN, "it never came to be so");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    begun.elapsed()
}

/// Waits until a server that was away answers again.
async fn until_back(layer: &RedisLayer) -> Duration {
    until(async || layer.check().await.is_ok()).await
}
