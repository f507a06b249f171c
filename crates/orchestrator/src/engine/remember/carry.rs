//! Remembered results carried elsewhere: into a file for another machine, and out of one.

use std::io::{Read, Write};
use std::time::SystemTime;

use segno_cache::{ArchiveError, ArchiveReader, ArchiveWriter, Bundle, Error, Lookup, MissReason, Secret};
use segno_errors::{Fault, Kind};

use super::{Memory, cache_fault, said};

/// What a carried result says it was made on, by this name.
const PLATFORM: &str = "platform";

/// What went out of a project into a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Results that are in the file.
    pub written: u64,
    /// Subjects whose last result is not there any more: its time is over, or it had to make room.
    pub without: u64,
    /// Results that are there and could not be written, each with the reason.
    pub left_out: Vec<String>,
}

/// What came into a project from a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Results that are remembered now.
    pub taken: u64,
    /// Results whose time was over.
    pub expired: u64,
    /// Results that could not be taken, each with the reason.
    pub refused: Vec<String>,
    /// Why the file was not read to its end.
    pub ended_early: Option<String>,
}

impl Memory {
    /// Writes the results of all steps whose subject (`FLOW/STEP`) is wanted, with all that belongs to them.
    ///
    /// With a secret the file is sealed: only who has it can make a file that is taken with it.
    ///
    /// # Errors
    /// When the cache cannot be read or the file cannot be written.
    pub fn export(
        &self,
        is_wanted: &dyn Fn(&str) -> bool,
        file: impl Write,
        secret: Option<&Secret>,
    ) -> Result<Exported, Fault> {
        let mut archive = ArchiveWriter::new(file, secret).map_err(archive_fault)?;
        let (mut exported, now) = (Exported::default(), SystemTime::now());
        for subject in self.store.subjects().map_err(cache_fault)?.into_iter().filter(|subject| is_wanted(subject)) {
            match self.packed(&subject, now)? {
                Packed::Whole(bundle) => match archive.add(&bundle) {
                    Ok(()) => {}
                    Err(error @ ArchiveError::TooLarge { .. }) => exported.left_out.push(said(&error)),
                    Err(error) => return Err(archive_fault(error)),
                },
                Packed::Without => exported.without += 1,
                Packed::LeftOut(reason) => exported.left_out.push(format!("'{subject}': {reason}")),
            }
        }
        (_, exported.written) = archive.finish().map_err(archive_fault)?;
        Ok(exported)
    }

    /// Returns a subject's last result with all that belongs to it, or why that cannot be.
    fn packed(&self, subject: &str, now: SystemTime) -> Result<Packed, Fault> {
        match self.store.bundle(subject, now) {
            Ok(Some(mut bundle)) => {
                bundle.extras.insert(PLATFORM.into(), platform().into_bytes());
                Ok(Packed::Whole(Box::new(bundle)))
            }
            Ok(None) => self.missing(subject, now),
            Err(error @ Error::TooLarge { .. }) => Ok(Packed::LeftOut(error.to_string())),
            Err(error) => Err(cache_fault(error)),
        }
    }

    /// Says why there is no result to be packed.
    fn missing(&self, subject: &str, now: SystemTime) -> Result<Packed, Fault> {
        let Some(key) = self.store.latest(subject).map_err(cache_fault)? else {
            return Ok(Packed::LeftOut("its key is damaged".to_owned()));
        };
        Ok(match self.store.peek(&[key.digest()], now).map_err(cache_fault)?.pop() {
            Some(Lookup::Miss(MissReason::Damaged(reason))) => Packed::LeftOut(reason),
            Some(Lookup::Hit(_)) => Packed::LeftOut("a file that belongs to it is gone or damaged".to_owned()),
            _ => Packed::Without,
        })
    }

    /// Remembers what such a file holds. What is damaged, cut or not sealed with the secret is not taken, and told.
    ///
    /// # Errors
    /// When it is no such file at all, or what it holds cannot be written.
    pub fn import(&self, file: impl Read, secret: Option<&Secret>) -> Result<Imported, Fault> {
        if self.is_read_only {
            let fault =
                Fault::new(Kind::Cache, "the cache is only read, so nothing is imported").operation("cache.import");
            return Err(fault.hint("[cache] read_only in segno.toml says so"));
        }
        let archive = ArchiveReader::new(file, secret).map_err(archive_fault)?;
        let (mut imported, now) = (Imported::default(), SystemTime::now());
        for bundle in archive {
            match bundle {
                Ok(bundle) => match self.take(&bundle, now)? {
                    Taken::Kept => imported.taken += 1,
                    Taken::Expired => imported.expired += 1,
                    Taken::Refused(reason) => imported.refused.push(reason),
                },
                Err(error @ ArchiveError::Bundle { .. }) => imported.refused.push(said(&error)),
                Err(error) => imported.ended_early = Some(said(&error)),
            }
        }
        Ok(imported)
    }

    /// Remembers what was carried here. Its large outputs are objects of the entry, and go to the project's blobs when it
    /// is used.
    pub(super) fn take(&self, bundle: &Bundle, now: SystemTime) -> Result<Taken, Fault> {
        let made_on = bundle.extras.get(PLATFORM).map(|platform| String::from_utf8_lossy(platform).into_owned());
        if let Some(other) = made_on.filter(|made_on| *made_on != platform()) {
            return Ok(Taken::Refused(format!("'{}' was made on {other}", bundle.subject)));
        }
        let is_kept = self.store.unbundle(bundle, now).map_err(cache_fault)?;
        Ok(if is_kept { Taken::Kept } else { Taken::Expired })
    }
}

/// A result that is to be carried elsewhere.
enum Packed {
    Whole(Box<Bundle>),
    /// There is none any more.
    Without,
    LeftOut(String),
}

/// What became of a result that was carried here.
pub(super) enum Taken {
    Kept,
    Expired,
    Refused(String),
}

/// Says what machines results are made on: keys do not, and a program for one is none for another.
pub(super) fn platform() -> String {
    format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)
}

fn archive_fault(error: ArchiveError) -> Fault {
    let hint = match error {
        ArchiveError::Seal { .. } => Some("give the secret that it was exported with"),
        ArchiveError::Foreign => Some("segno cache export makes such files"),
        ArchiveError::Format => Some("export it again with this version of segno, or update segno"),
        _ => None,
    };
    // Another file was given than is meant, which is for who called to correct.
    let kind = match error {
        ArchiveError::Foreign | ArchiveError::Format => Kind::Validation,
        _ => Kind::Cache,
    };
    let fault = Fault::new(kind, said(&error)).operation("cache.archive");
    match hint {
        Some(hint) => fault.hint(hint),
        None => fault,
    }
}
