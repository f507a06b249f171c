//! A bundle as bytes: a format number, parts with their lengths, and a checksum over all of it.

use std::collections::BTreeMap;

use super::parts::{Bundle, BundleError};
use crate::clock::{nanos, time};
use crate::{Digest, Key, Manifest};

const FORMAT: u32 = 1;
const PURPOSE: &str = "segno-cache 2026-11-27 bundle 1";
const CHECKSUM: usize = 32;

/// What a part of a bundle is.
const KEY: u8 = 1;
const SUBJECT: u8 = 2;
const VALUE: u8 = 3;
const STORED_AT: u8 = 4;
const EXPIRES_AT: u8 = 5;
const MANIFEST: u8 = 6;
const OBJECT: u8 = 7;
const EXTRA: u8 = 8;

pub(super) fn encode(bundle: &Bundle) -> Vec<u8> {
    let mut bytes = FORMAT.to_le_bytes().to_vec();
    let mut part = |kind: u8, content: &[u8]| {
        bytes.push(kind);
        bytes.extend_from_slice(&(content.len() as u64).to_le_bytes());
        bytes.extend_from_slice(content);
    };
    // A key is texts and digests, which always have a JSON form.
    part(KEY, &serde_json::to_vec(&bundle.key).unwrap_or_default());
    part(SUBJECT, bundle.subject.as_bytes());
    part(STORED_AT, &nanos(bundle.stored_at).to_le_bytes());
    if let Some(expires_at) = bundle.expires_at {
        part(EXPIRES_AT, &nanos(expires_at).to_le_bytes());
    }
    bundle.manifests.iter().for_each(|manifest| part(MANIFEST, &manifest.encode()));
    part(VALUE, &bundle.value);
    bundle.objects.iter().for_each(|object| part(OBJECT, object));
    for (name, content) in &bundle.extras {
        let mut extra = (name.len() as u64).to_le_bytes().to_vec();
        extra.extend_from_slice(name.as_bytes());
        extra.extend_from_slice(content);
        part(EXTRA, &extra);
    }
    let checksum = Digest::derived(PURPOSE, &bytes);
    bytes.extend_from_slice(checksum.as_bytes());
    bytes
}

pub(super) fn decode(bytes: &[u8]) -> Result<Bundle, BundleError> {
    let mut rest = Rest(bytes);
    // The number comes before the checksum: a newer format may have another one.
    match rest.u32()? {
        FORMAT => {}
        0 => return Err(damaged("it has no format")),
        found => return Err(BundleError::Newer { found, known: FORMAT }),
    }
    let Some((content, checksum)) = bytes.split_last_chunk::<CHECKSUM>() else { return Err(damaged("it is cut")) };
    if Digest::derived(PURPOSE, content).as_bytes() != checksum {
        return Err(damaged("its checksum is wrong"));
    }
    let mut rest = Rest(content.get(4..).unwrap_or_default());
    let mut found = Found::default();
    while !rest.0.is_empty() {
        let (kind, length) = (rest.take(1)?[0], rest.u64()?);
        let length = usize::try_from(length).map_err(|_| damaged("a part is too long"))?;
        found.part(kind, rest.take(length)?)?;
    }
    found.bundle()
}

/// What was read so far.
#[derive(Default)]
struct Found {
    key: Option<Key>,
    subject: Option<String>,
    value: Option<Vec<u8>>,
    stored_at: Option<i64>,
    expires_at: Option<i64>,
    manifests: Vec<Manifest>,
    objects: Vec<Vec<u8>>,
    extras: BTreeMap<String, Vec<u8>>,
}

impl Found {
    fn part(&mut self, kind: u8, content: &[u8]) -> Result<(), BundleError> {
        match kind {
            KEY => self.key = Some(serde_json::from_slice(content).map_err(|error| damaged(error.to_string()))?),
            SUBJECT => self.subject = Some(text(content)?),
            VALUE => self.value = Some(content.to_vec()),
            STORED_AT => self.stored_at = Some(Rest(content).i64()?),
            EXPIRES_AT => self.expires_at = Some(Rest(content).i64()?),
            MANIFEST => {
                self.manifests.push(Manifest::decode(content).map_err(|error| damaged(error.to_string()))?);
            }
            OBJECT => self.objects.push(content.to_vec()),
            EXTRA => {
                let mut rest = Rest(content);
                let length = usize::try_from(rest.u64()?).map_err(|_| damaged("a name is too long"))?;
                let name = text(rest.take(length)?)?;
                self.extras.insert(name, rest.0.to_vec());
            }
            _ => return Err(damaged(format!("part {kind} is unknown"))),
        }
        Ok(())
    }

    fn bundle(self) -> Result<Bundle, BundleError> {
        let missing = |what: &str| damaged(format!("it has no {what}"));
        Ok(Bundle {
            key: self.key.ok_or_else(|| missing("key"))?,
            subject: self.subject.ok_or_else(|| missing("subject"))?,
            value: self.value.ok_or_else(|| missing("value"))?,
            stored_at: time(self.stored_at.ok_or_else(|| missing("time"))?),
            expires_at: self.expires_at.map(time),
            manifests: self.manifests,
            objects: self.objects,
            extras: self.extras,
        })
    }
}

fn text(bytes: &[u8]) -> Result<String, BundleError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| damaged("a text is not UTF-8"))
}

pub(super) fn damaged(reason: impl Into<String>) -> BundleError {
    BundleError::Damaged { reason: reason.into() }
}

/// What is not read yet.
struct Rest<'b>(&'b [u8]);

impl<'b> Rest<'b> {
    fn take(&mut self, length: usize) -> Result<&'b [u8], BundleError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(|| damaged("it is cut"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], BundleError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn u32(&mut self) -> Result<u32, BundleError> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, BundleError> {
        self.array().map(u64::from_le_bytes)
    }

    fn i64(&mut self) -> Result<i64, BundleError> {
        self.array().map(i64::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    fn bundle() -> Bundle {
        let manifest = Manifest::new(vec![("a".into(), Digest::of(b"1"))]);
        let mut key = Key::builder("test");
        key.text("command", "ls").files("files", &manifest);
        let stored_at = SystemTime::UNIX_EPOCH + Duration::from_nanos(1_800_000_000_123_456_789);
        Bundle {
            key: key.finish(),
            subject: "flow/step".into(),
            value: b"value".to_vec(),
            stored_at,
            expires_at: Some(stored_at + Duration::from_secs(60)),
            manifests: vec![manifest],
            objects: vec![b"one".to_vec(), Vec::new()],
            extras: BTreeMap::from([("blob".into(), b"text".to_vec())]),
        }
    }

    #[test]
    fn a_bundle_comes_back_as_it_was() {
        assert_eq!(Bundle::decode(&bundle().encode()).unwrap(), bundle());
        let bare = Bundle { expires_at: None, manifests: vec![], objects: vec![], extras: BTreeMap::new(), ..bundle() };
        assert_eq!(Bundle::decode(&bare.encode()).unwrap(), bare);
    }

    #[test]
    fn the_bundle_of_yesterday_is_read_today() {
        assert_eq!(Digest::of(&bundle().encode()).short(), "88f459d5");
    }

    #[test]
    fn no_changed_bit_and_no_cut_is_taken_for_a_bundle() {
        let whole = bundle().encode();
        for place in 0..whole.len() {
            let mut changed = whole.clone();
            changed[place] ^= 1 << (place % 8);
            assert!(Bundle::decode(&changed).is_err(), "byte {place}");
            assert!(Bundle::decode(&whole[..place]).is_err(), "cut at {place}");
        }
    }

    #[test]
    fn a_newer_format_is_told_apart_from_damage() {
        let mut newer = bundle().encode();
        newer[0] = 2;
        let said = Bundle::decode(&newer).unwrap_err().to_string();
        assert_eq!(said, "the bundle has format 2, and this program knows up to 1");
    }
}
