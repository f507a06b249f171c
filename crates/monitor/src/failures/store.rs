//! The file in which failures are kept between processes: read, added to and replaced by one process at a time. Leaves what
//! stands in it to `record`.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use segno_errors::analytics::Fingerprint;
use segno_errors::{Fault, Kind, from_io};

use super::record::Failures;

/// The first word of the file, before the version of its form.
const HEAD: &str = "segno-failures-";
/// The version of the file's form. The second counts fingerprints of version 2.
const VERSION: u64 = 2;
/// A file of failures is not larger: a ledger is bounded, and of a run little is kept.
const MAX_BYTES: u64 = 8 * 1024 * 1024;
/// So many files that were set aside are kept; the last one is replaced.
const MAX_ASIDE: usize = 3;

/// A file of failures.
///
/// Its first line is the form's version and a checksum of the rest, which is JSON. A file that is damaged or of an earlier
/// version is set aside, and what the journal still has is read again. One of a later version is left as it is.
#[derive(Clone, Debug)]
pub struct FailureStore {
    path: PathBuf,
}

impl FailureStore {
    /// Names the file; a lock lies beside it.
    pub fn new(path: impl Into<PathBuf>) -> FailureStore {
        FailureStore { path: path.into() }
    }

    /// Reads what is kept, lets `change` change it and keeps the result, alone among all processes. Returns what `change`
    /// returns, and a notice when what was kept could not be used.
    ///
    /// # Errors
    /// When the file or its lock cannot be read or written, the file is of a later version, or `change` fails; then all is as
    /// before.
    pub fn update<T>(
        &self,
        change: impl FnOnce(&mut Failures) -> Result<T, Fault>,
    ) -> Result<(T, Option<String>), Fault> {
        let lock = self.beside("lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&lock);
        let lock = lock.and_then(|lock| lock.lock().map(|()| lock)).map_err(|error| self.failed(error))?;
        let (mut failures, notice) = self.read()?;
        let before = failures.clone();
        let changed = change(&mut failures)?;
        if failures != before || notice.is_some() {
            self.write(&failures).map_err(|error| self.failed(error))?;
        }
        drop(lock);
        Ok((changed, notice))
    }

    fn read(&self) -> Result<(Failures, Option<String>), Fault> {
        let found = match fs::metadata(&self.path) {
            Ok(found) => found,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((Failures::default(), None)),
            Err(error) => return Err(self.failed(error)),
        };
        if !found.is_file() {
            let message = format!("{} is no file, and failures are to be kept in it", self.path.display());
            return Err(Fault::new(Kind::Validation, message).reason("not_a_file").hint("move it away"));
        }
        let read = match found.len() {
            0..=MAX_BYTES => whole(&fs::read(&self.path).map_err(|error| self.failed(error))?),
            length => Err(Unusable::Damaged(format!("it has {length} bytes, and more than {MAX_BYTES} cannot be"))),
        };
        match read {
            Ok(failures) => Ok((failures, None)),
            Err(Unusable::Later(form)) => {
                let message =
                    format!("{} is of a later segno (form {form}, and this one reads {VERSION})", self.path.display());
                let hint = "use the later segno, or move the file away to count anew from the runs";
                Err(Fault::new(Kind::Configuration, message).reason("later_version").hint(hint))
            }
            Err(Unusable::Earlier) => self.set_aside("it is of an earlier segno"),
            Err(Unusable::Damaged(flaw)) => self.set_aside(&flaw),
        }
    }

    /// Puts the file beside, and says so with what is lost by that.
    fn set_aside(&self, flaw: &str) -> Result<(Failures, Option<String>), Fault> {
        let aside = self.free_aside();
        fs::rename(&self.path, &aside).map_err(|error| self.failed(error))?;
        let (path, aside) = (name(&self.path), name(&aside));
        let notice = format!(
            "{path} cannot be used ({flaw}): it was set aside as {aside} and made anew from the runs; \
             which failures were marked as mended and what failed in runs that are gone is lost"
        );
        Ok((Failures::default(), Some(notice)))
    }

    /// Returns the first name for a file set aside that is free, else the last one: the first files know most of the past.
    fn free_aside(&self) -> PathBuf {
        let names = (1..=MAX_ASIDE).map(|number| match number {
            1 => self.beside("aside"),
            number => self.beside(&format!("aside-{number}")),
        });
        let mut names: Vec<PathBuf> = names.collect();
        let free = names.iter().position(|name| !name.exists()).unwrap_or(MAX_ASIDE - 1);
        names.swap_remove(free)
    }

    /// Writes beside and renames, so that a kill at any moment leaves the old or the new file.
    fn write(&self, failures: &Failures) -> std::io::Result<()> {
        let body = serde_json::to_string(failures)?;
        let new = self.beside("new");
        let mut file = File::create(&new)?;
        writeln!(file, "{HEAD}{VERSION} {}", Fingerprint::named(&body))?;
        file.write_all(body.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &self.path)
    }

    fn beside(&self, ending: &str) -> PathBuf {
        self.path.with_extension(ending)
    }

    fn failed(&self, error: std::io::Error) -> Fault {
        from_io(error).operation("failures.store").with("file", self.path.display())
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Why a file cannot be used.
enum Unusable {
    /// A later segno wrote it in this form.
    Later(u64),
    /// An earlier segno wrote it.
    Earlier,
    /// Something is wrong with it.
    Damaged(String),
}

/// Reads a file's text, or says why not.
fn whole(text: &[u8]) -> Result<Failures, Unusable> {
    let damaged = |flaw: &str| Unusable::Damaged(flaw.to_owned());
    let text = std::str::from_utf8(text).map_err(|_| damaged("it is no text"))?;
    let (head, body) = text.split_once('\n').ok_or_else(|| damaged("it has no beginning"))?;
    let (form, sum) = head.split_once(' ').ok_or_else(|| damaged("it has no checksum"))?;
    let form = form.strip_prefix(HEAD).and_then(|form| form.parse::<u64>().ok());
    match form.ok_or_else(|| damaged("it does not begin as a file of failures does"))? {
        VERSION => {}
        later @ VERSION.. => return Err(Unusable::Later(later)),
        _ => return Err(Unusable::Earlier),
    }
    if sum != Fingerprint::named(body).to_string() {
        return Err(damaged("its checksum is wrong"));
    }
    serde_json::from_str(body).map_err(|error| Unusable::Damaged(error.to_string()))
}
