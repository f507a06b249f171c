//! What a caller says about a Redis server, checked once. The address may hold a password: it is never shown.

use std::fmt;
use std::time::Duration;

use ::redis::{Client, IntoConnectionInfo, ProtocolVersion};

use super::names::Names;
use super::trouble::refused;
use crate::LayerError;

/// What a [`RedisLayer`](crate::RedisLayer) must know.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisOptions {
    /// Where the server is: `redis://[user:password@]host[:port][/database]`, or `redis+unix:///path/of/socket`. A password
    /// stands here, and therefore this is never shown.
    pub url: String,
    /// What all keys on the server begin with, before a colon: 1 to 64 letters, digits, `-`, `_` and `.`.
    pub namespace: String,
    /// So long the first callers wait for a connection. Nobody waits while a lost connection is made anew.
    pub connect_limit: Duration,
    /// So long one round trip may take.
    pub response_limit: Duration,
    /// So many keys travel in one round trip at most; more are asked for in several.
    pub pipeline: usize,
}

impl Default for RedisOptions {
    /// Returns the server on this machine, the namespace `segno`, limits of 200 ms, and 256 keys in a round trip.
    fn default() -> RedisOptions {
        let limit = Duration::from_millis(200);
        RedisOptions {
            url: "redis://localhost".to_owned(),
            namespace: "segno".to_owned(),
            connect_limit: limit,
            response_limit: limit,
            pipeline: 256,
        }
    }
}

impl fmt::Debug for RedisOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RedisOptions { url: _, namespace, connect_limit, response_limit, pipeline } = self;
        formatter
            .debug_struct("RedisOptions")
            .field("namespace", namespace)
            .field("connect_limit", connect_limit)
            .field("response_limit", response_limit)
            .field("pipeline", pipeline)
            .finish_non_exhaustive()
    }
}

impl RedisOptions {
    pub(super) fn names(&self) -> Result<Names, LayerError> {
        Names::new(&self.namespace).ok_or_else(|| {
            refused("its namespace must be 1 to 64 letters, digits, `-`, `_` and `.`, or it would meet other keys")
        })
    }

    /// Returns what connections are made with. What is wrong with an address is not said, since that would show it.
    pub(super) fn client(&self) -> Result<Client, LayerError> {
        let is_limited = !self.connect_limit.is_zero() && !self.response_limit.is_zero();
        if !is_limited {
            return Err(refused("a limit of zero leaves no time to answer"));
        }
        let info = self.url.as_str().into_connection_info();
        let info = info.map_err(|_| refused("its address is not one of Redis"))?;
        // Only the third protocol tells what others changed.
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        Client::open(info.set_redis_settings(settings)).map_err(|_| refused("its address cannot be used"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(options: RedisOptions, expected: &str) {
        let options = &options;
        let checked = options.names().and_then(|_| options.client()).map(|_| "fine".to_owned());
        let said = checked.unwrap_or_else(|error| error.to_string());
        assert!(said.contains(expected), "{said}");
        assert!(!said.contains("secret") && !format!("{options:?}").contains("secret"), "{said}");
    }

    fn of(url: &str) -> RedisOptions {
        RedisOptions { url: url.to_owned(), ..RedisOptions::default() }
    }

    #[test]
    fn addresses_are_checked_and_never_shown() {
        check(RedisOptions::default(), "fine");
        check(of("redis://user:secret@localhost:6380/3"), "fine");
        check(of("redis+unix:///run/redis.sock?pass=secret"), "fine");
        check(of("http://user:secret@localhost"), "its address is not one of Redis");
        check(of("redis://user:secret@localhost:99999"), "its address is not one of Redis");
        check(of("redis://user:secret@localhost/three"), "its address is not one of Redis");
        check(of(""), "its address is not one of Redis");
    }

    #[test]
    fn namespaces_and_limits_are_checked() {
        let namespace = |name: &str| RedisOptions { namespace: name.to_owned(), ..of("redis://secret@localhost") };
        check(namespace("team-a_v1.2"), "fine");
        for name in ["", "a:b", "a*", "ä", &"n".repeat(65)] {
            check(namespace(name), "its namespace must be");
        }
        check(RedisOptions { response_limit: Duration::ZERO, ..RedisOptions::default() }, "a limit of zero");
        check(RedisOptions { connect_limit: Duration::MAX, pipeline: 0, ..RedisOptions::default() }, "fine");
    }
}
