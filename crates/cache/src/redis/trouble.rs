//! What went wrong on the way to a Redis server, and what a layer says of it. No address and no password gets in here.

use std::io;
use std::time::Duration;

use ::redis::{ErrorKind, RedisError, ServerError, Value};

use crate::LayerError;

/// The layer's name.
pub(super) const NAME: &str = "redis";

/// What went wrong.
#[derive(Clone, Debug)]
pub(super) enum Trouble {
    /// No answer came in time.
    Slow(Duration),
    /// The server said no.
    Server(ServerError),
    /// There is no connection, or there is none any more.
    Connection(RedisError),
    /// The server answered something that does not answer the question.
    Strange,
    /// Somebody else uses the namespace.
    Foreign,
    /// It is asked outside of a tokio runtime.
    Nowhere,
    /// The namespace was cleared again and again meanwhile.
    Restless,
}

impl From<RedisError> for Trouble {
    fn from(error: RedisError) -> Trouble {
        Trouble::Connection(error)
    }
}

impl From<Trouble> for LayerError {
    fn from(trouble: Trouble) -> LayerError {
        match trouble {
            Trouble::Slow(limit) => LayerError::Slow { layer: NAME.to_owned(), limit },
            Trouble::Server(error) => by_code(error.code()).unwrap_or_else(|| failed(error)),
            Trouble::Connection(error) => by_kind(error),
            Trouble::Strange => failed("it answered something that does not answer the question"),
            Trouble::Foreign => refused("something else stands under its namespace's own key"),
            Trouble::Nowhere => failed("it is asked outside of a tokio runtime"),
            Trouble::Restless => failed("its namespace was cleared again and again"),
        }
    }
}

/// Makes the error of a layer that is not to be asked.
pub(super) fn refused(reason: &str) -> LayerError {
    LayerError::Refused { layer: NAME.to_owned(), reason: reason.to_owned() }
}

fn failed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> LayerError {
    LayerError::Failed { layer: NAME.to_owned(), source: source.into() }
}

/// Returns what the code of a server's no means, if it is one that is known. A server that is out of memory, or whose disk
/// is, can still be read.
fn by_code(code: &str) -> Option<LayerError> {
    Some(match code {
        "OOM" | "MISCONF" => LayerError::Full { layer: NAME.to_owned() },
        "NOAUTH" | "WRONGPASS" => refused("the server wants another password"),
        "NOPERM" => refused("the user may not do this on the server"),
        "READONLY" => refused("the server is a copy that may only be read"),
        "WRONGTYPE" => refused("something else stands under one of its keys"),
        _ => return None,
    })
}

/// What fails while a connection is made has a kind of its own, or still the server's code.
fn by_kind(error: RedisError) -> LayerError {
    match error.kind() {
        ErrorKind::AuthenticationFailed => refused("the server wants another password"),
        ErrorKind::InvalidClientConfig => refused("its address cannot be used"),
        ErrorKind::RESP3NotSupported => refused("the server is older than Redis 6"),
        _ => error.code().and_then(by_code).unwrap_or_else(|| failed(error)),
    }
}

/// Returns the trouble of a connection that has gone.
pub(super) fn gone() -> Trouble {
    Trouble::Connection(io::Error::from(io::ErrorKind::ConnectionReset).into())
}

/// Lets only answers through that are not the server's no.
pub(super) fn answered(value: Option<Value>) -> Result<Value, Trouble> {
    match value {
        Some(Value::ServerError(error)) => Err(Trouble::Server(error)),
        Some(value) => Ok(value),
        None => Err(Trouble::Strange),
    }
}

/// Lets only through that something was done.
pub(super) fn done(value: Option<Value>) -> Result<(), Trouble> {
    match answered(value)? {
        Value::Okay | Value::Int(_) => Ok(()),
        _ => Err(Trouble::Strange),
    }
}

/// Reads bytes, or that there are none.
pub(super) fn bytes(value: Value) -> Result<Option<Vec<u8>>, Trouble> {
    match value {
        Value::BulkString(bytes) => Ok(Some(bytes)),
        Value::Nil => Ok(None),
        _ => Err(Trouble::Strange),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answer: &str, expected: &str) {
        let value = ::redis::parse_redis_value(answer.as_bytes()).unwrap();
        let error = LayerError::from(answered(Some(value)).unwrap_err());
        let source = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
        assert_eq!(format!("{error}{source}"), expected);
    }

    #[test]
    fn the_servers_no_is_told_in_a_layers_words() {
        check("-OOM command not allowed\r\n", "the layer redis is full");
        check("-MISCONF errors writing to the disk\r\n", "the layer redis is full");
        check("-NOAUTH Authentication required.\r\n", "the layer redis is refused: the server wants another password");
        check("-WRONGTYPE x\r\n", "the layer redis is refused: something else stands under one of its keys");
        check("-READONLY x\r\n", "the layer redis is refused: the server is a copy that may only be read");
        check("-NOPERM x\r\n", "the layer redis is refused: the user may not do this on the server");
        check("-LOADING busy\r\n", "the layer redis failed: BusyLoading: busy");
    }

    #[test]
    fn an_answer_to_another_question_is_none() {
        assert!(matches!(bytes(Value::Okay), Err(Trouble::Strange)));
        assert!(matches!(bytes(Value::Nil), Ok(None)));
        assert!(matches!(done(Some(Value::Nil)), Err(Trouble::Strange)));
        assert!(matches!(done(Some(Value::Int(0))), Ok(())));
        assert!(matches!(answered(None), Err(Trouble::Strange)));
    }
}
