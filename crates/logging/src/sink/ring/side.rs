//! The side file of a living process: made beside the log, locked, and allocated slot by slot as threads come.

use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate, fstatfs};

use super::doubt::boot;
use super::image::ENDING;
use super::layout::{COUNT_AT, FILE_HEAD, Shape};
use super::map::Region;
use crate::sink::turn::folder_of;

/// A side file that this process alone writes to.
#[derive(Debug)]
pub(super) struct Side {
    file: File,
    path: PathBuf,
    shape: Shape,
}

impl Side {
    /// Makes the file, while this process has the turn: before it is locked, others would take it for a dead one's.
    pub(super) fn create(log: &Path, shape: Shape) -> io::Result<Side> {
        if let Some(disk) = unfit(folder_of(log))? {
            return Err(io::Error::new(
                ErrorKind::Unsupported,
                format!("{disk} is not known as a place to map a file"),
            ));
        }
        let process = std::process::id();
        let mut name = log.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{process}-{:08x}{ENDING}", RandomState::new().hash_one(process) as u32));
        let (path, mut unborn) = (log.with_file_name(&name), name);
        unborn.push(".new");
        let unborn = log.with_file_name(unborn);
        let file = File::options().read(true).write(true).create_new(true).mode(0o600).open(&unborn)?;
        let made = file.try_lock().map_err(io::Error::from).and_then(|()| {
            fallocate(&file, FallocateFlags::empty(), 0, FILE_HEAD as u64)?;
            file.write_all_at(&shape.head(process, boot()), 0)?;
            // A kill before this leaves a file that nobody takes for a damaged one.
            fs::rename(&unborn, &path)
        });
        match made {
            Ok(()) => Ok(Side { file, path, shape }),
            Err(error) => {
                fs::remove_file(&unborn)?;
                Err(error)
            }
        }
    }

    /// Allocates and maps a slot, whose index is the number of those before it.
    pub(super) fn slot(&self, index: usize) -> io::Result<Region> {
        let (offset, length) = (self.shape.slot_at(index), self.shape.stride());
        // A full disk under a file with holes would be a signal at the first write; here it is an error.
        fallocate(&self.file, FallocateFlags::empty(), offset, length as u64)?;
        let region = Region::new(&self.file, offset, length)?;
        self.file.write_all_at(&(index as u64 + 1).to_le_bytes(), COUNT_AT)?;
        Ok(region)
    }

    /// So many slots a reader takes.
    pub(super) fn max_slots(&self) -> usize {
        self.shape.max_slots()
    }

    pub(super) fn capacity(&self) -> usize {
        self.shape.capacity
    }

    /// Removes the file; what is mapped stays usable.
    pub(super) fn remove(&self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }
}

/// Names the kind of a disk that is not known to be safe for a mapped file.
fn unfit(folder: &Path) -> io::Result<Option<String>> {
    let found = fstatfs(File::open(folder)?)?;
    Ok(disk(found.f_type as u64 & 0xffff_ffff))
}

/// By the numbers of linux/magic.h and the file systems' own headers.
///
/// Safe are those that lie in this machine, and where what was allocated keeps its place: on others a server that goes away or
/// a full disk is a signal that ends the process. There are too many of these to know them all.
fn disk(magic: u64) -> Option<String> {
    let name = match magic {
        // ext2 to ext4, XFS, tmpfs, and overlayfs as containers have it.
        0xef53 | 0x5846_5342 | 0x0102_1994 | 0x794c_7630 => return None,
        0x6969 => "an NFS disk",
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => "an SMB disk",
        0x0102_1997 => "a 9p disk",
        0x6573_5546 => "a FUSE disk",
        0x00c3_6400 => "a Ceph disk",
        0x9123_683e => "a Btrfs disk",
        0x2fc1_2fc1 => "a ZFS disk",
        0xca45_1a4e => "a bcachefs disk",
        0xf2f5_2010 => "an F2FS disk",
        _ => return Some(format!("a disk of the kind {magic:#x}")),
    };
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_disks_that_are_known_to_be_safe_are_used() {
        assert_eq!(disk(0x6969).as_deref(), Some("an NFS disk"));
        assert_eq!(disk(0x9123_683e).as_deref(), Some("a Btrfs disk"));
        // Lustre.
        assert_eq!(disk(0x0bd0_0bd0).as_deref(), Some("a disk of the kind 0xbd00bd0"));
        // ext4, tmpfs, xfs, overlayfs
        for local in [0xef53, 0x0102_1994, 0x5846_5342, 0x794c_7630] {
            assert_eq!(disk(local), None);
        }
    }

    #[test]
    fn a_side_file_is_private_and_has_no_holes() {
        use std::os::unix::fs::MetadataExt;
        let folder = tempfile::tempdir().unwrap();
        let side = Side::create(&folder.path().join("app.jsonl"), Shape::new(64 << 10)).unwrap();
        side.slot(0).unwrap();
        let found = side.file.metadata().unwrap();
        assert_eq!(found.mode() & 0o777, 0o600);
        assert!(found.blocks() * 512 >= found.len(), "{} of {}", found.blocks() * 512, found.len());
        side.remove().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
