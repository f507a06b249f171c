//! How a value becomes bytes and comes back. What else stands round the bytes is `envelope`'s.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What a codec says when it cannot.
pub type CodecError = Box<dyn std::error::Error + Send + Sync>;

/// Turns a value into bytes and back.
///
/// Bytes that cannot be read are a miss, so a codec need not know its own older forms.
///
/// ```
/// use segno_cache::{Codec, CodecError};
///
/// struct Seconds;
/// impl Codec<u64> for Seconds {
///     fn encode(&self, value: &u64) -> Result<Vec<u8>, CodecError> {
///         Ok(value.to_le_bytes().to_vec())
///     }
///     fn decode(&self, bytes: &[u8]) -> Result<u64, CodecError> {
///         Ok(u64::from_le_bytes(bytes.try_into()?))
///     }
/// }
/// assert_eq!(Seconds.decode(&Seconds.encode(&7).unwrap()).unwrap(), 7);
/// ```
pub trait Codec<V>: Send + Sync {
    /// Returns the value as bytes.
    fn encode(&self, value: &V) -> Result<Vec<u8>, CodecError>;

    /// Returns the value that the bytes stand for.
    fn decode(&self, bytes: &[u8]) -> Result<V, CodecError>;
}

/// Values that are bytes or text already, as they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Raw;

impl Codec<Vec<u8>> for Raw {
    fn encode(&self, value: &Vec<u8>) -> Result<Vec<u8>, CodecError> {
        Ok(value.clone())
    }

    fn decode(&self, bytes: &[u8]) -> Result<Vec<u8>, CodecError> {
        Ok(bytes.to_vec())
    }
}

impl Codec<Arc<[u8]>> for Raw {
    fn encode(&self, value: &Arc<[u8]>) -> Result<Vec<u8>, CodecError> {
        Ok(value.to_vec())
    }

    fn decode(&self, bytes: &[u8]) -> Result<Arc<[u8]>, CodecError> {
        Ok(bytes.into())
    }
}

impl Codec<String> for Raw {
    fn encode(&self, value: &String) -> Result<Vec<u8>, CodecError> {
        Ok(value.clone().into_bytes())
    }

    fn decode(&self, bytes: &[u8]) -> Result<String, CodecError> {
        Ok(std::str::from_utf8(bytes)?.to_owned())
    }
}

impl Codec<Arc<str>> for Raw {
    fn encode(&self, value: &Arc<str>) -> Result<Vec<u8>, CodecError> {
        Ok(value.as_bytes().to_vec())
    }

    fn decode(&self, bytes: &[u8]) -> Result<Arc<str>, CodecError> {
        Ok(std::str::from_utf8(bytes)?.into())
    }
}

/// Whatever `serde` knows, as JSON: the same value gives the same bytes in every version of a program, and people can
/// read them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json;

impl<V: serde::Serialize + serde::de::DeserializeOwned> Codec<V> for Json {
    fn encode(&self, value: &V) -> Result<Vec<u8>, CodecError> {
        Ok(serde_json::to_vec(value)?)
    }

    fn decode(&self, bytes: &[u8]) -> Result<V, CodecError> {
        Ok(serde_json::from_slice(bytes)?)
    }
}

/// Encodes with somebody's codec; one that panics has failed.
pub(super) fn encode<V>(codec: &dyn Codec<V>, value: &V) -> Result<Vec<u8>, CodecError> {
    catch_unwind(AssertUnwindSafe(|| codec.encode(value))).unwrap_or_else(|_| Err("the codec panicked".into()))
}

/// Decodes with somebody's codec; one that panics has failed.
pub(super) fn decode<V>(codec: &dyn Codec<V>, bytes: &[u8]) -> Result<V, CodecError> {
    catch_unwind(AssertUnwindSafe(|| codec.decode(bytes))).unwrap_or_else(|_| Err("the codec panicked".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<V: PartialEq + std::fmt::Debug>(codec: &dyn Codec<V>, value: V) {
        let bytes = encode(codec, &value).unwrap();
        assert_eq!(decode(codec, &bytes).unwrap(), value);
    }

    #[test]
    fn values_come_back() {
        check::<Vec<u8>>(&Raw, vec![0, 255]);
        check::<Arc<[u8]>>(&Raw, Arc::from([1, 2]));
        check::<String>(&Raw, "ä".into());
        check::<Arc<str>>(&Raw, "".into());
        check::<Option<(u8, String)>>(&Json, Some((7, "seven".into())));
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        assert!(decode::<String>(&Raw, &[0xff]).is_err());
        assert!(decode::<Arc<str>>(&Raw, &[0xff]).is_err());
        assert!(decode::<u8>(&Json, b"256").is_err());
    }

    struct Bomb;
    impl Codec<u8> for Bomb {
        fn encode(&self, _: &u8) -> Result<Vec<u8>, CodecError> {
            panic!("no")
        }
        fn decode(&self, _: &[u8]) -> Result<u8, CodecError> {
            panic!("no")
        }
    }

    #[test]
    fn a_codec_that_panics_has_failed() {
        assert_eq!(encode(&Bomb, &1).unwrap_err().to_string(), "the codec panicked");
        assert_eq!(decode(&Bomb, &[1]).unwrap_err().to_string(), "the codec panicked");
    }
}
