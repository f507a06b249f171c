//! What tells a file from another one that bears its name later.

use std::fs::Metadata;

#[cfg(unix)]
pub(super) type Identity = (u64, u64);

#[cfg(unix)]
pub(super) fn identity(found: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (found.dev(), found.ino())
}

#[cfg(not(unix))]
pub(super) type Identity = Option<std::time::SystemTime>;

#[cfg(not(unix))]
pub(super) fn identity(found: &Metadata) -> Identity {
    found.created().ok()
}
