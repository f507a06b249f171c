//! Files in TOML and YAML that cannot be read: settings and workflows, so a mistake of configuration.

use std::error::Error;

use super::super::link::{Sign, is};
use super::super::row::Row;
use crate::Kind;

const HINT: &str = "correct the file at the place that the causes name";

#[cfg(feature = "toml-1")]
const TOML: Row = Row::new(Kind::Configuration, "toml_syntax", "a file in TOML cannot be read", HINT).no_effect();
#[cfg(feature = "serde-saphyr-2")]
const YAML: Row = Row::new(Kind::Configuration, "yaml_syntax", "a file in YAML cannot be read", HINT).no_effect();

/// Recognises the errors of `toml` and `serde-saphyr`. One of YAML may only pass on that its reader failed.
pub(super) fn sign(error: &(dyn Error + 'static)) -> Option<Sign> {
    #[cfg(feature = "toml-1")]
    if is::<toml::de::Error>(error) {
        return Some(Sign::Sure(&TOML));
    }
    #[cfg(feature = "serde-saphyr-2")]
    if is::<serde_saphyr::Error>(error) {
        return Some(Sign::Maybe(&YAML));
    }
    // Without one of the two features there is nothing left to ask for.
    _ = error;
    None
}

#[cfg(test)]
mod tests {
    use crate::classify;
    use crate::classify::row::outline;

    #[cfg(feature = "toml-1")]
    #[test]
    fn broken_toml_is_configuration() {
        let error = toml::de::DeTable::parse("a = ").unwrap_err();
        assert_eq!(outline(&classify(&error).fault()), "configuration toml_syntax never none high");
    }

    #[cfg(feature = "serde-saphyr-2")]
    #[test]
    fn broken_yaml_is_configuration() {
        let error = serde_saphyr::from_str::<Vec<u8>>("a: [").unwrap_err();
        assert_eq!(outline(&classify(&error).fault()), "configuration yaml_syntax never none high");
        struct Broken;
        impl std::io::Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::StorageFull.into())
            }
        }
        let error = serde_saphyr::from_reader::<_, Vec<u8>>(Broken).unwrap_err();
        assert_eq!(outline(&classify(&error).fault()), "resource disk_full never unknown high");
    }
}
