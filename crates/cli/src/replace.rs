//! Exchanging a file's content at once.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

/// Gives a file new content: whoever reads it meanwhile finds the old one or the whole new one. A link stays a link, a
/// file keeps its permissions, and what is no plain file (a pipe, /dev/stdout) is written to.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let Ok(old) = fs::metadata(path) else {
        return persist(path, content, None);
    };
    match old.is_file() {
        true => persist(&fs::canonicalize(path)?, content, Some(old.permissions())),
        false => fs::write(path, content),
    }
}

fn persist(path: &Path, content: &[u8], permissions: Option<fs::Permissions>) -> io::Result<()> {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let mut fresh = NamedTempFile::new_in(folder)?;
    fresh.write_all(content)?;
    if let Some(permissions) = permissions {
        fresh.as_file().set_permissions(permissions)?;
    }
    fresh.as_file().sync_all()?;
    fresh.persist(path)?;
    Ok(())
}
