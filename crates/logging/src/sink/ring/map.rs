//! The memory that lines survive a killed process in: a part of a side file, mapped and shared with the system's page cache.
//!
//! This is the one file with `unsafe` code. A mapped file is the only memory that outlives its process without a system call a
//! line, and no safe interface can promise that nobody else changes the file. What makes it sound here:
//!
//! - The bytes are never lent as a slice that anything writes through: they are copied in by pointer, by the one owner of
//!   `&mut Region`, and lent as a slice only to read, when no write can happen.
//! - All access is checked against the region's length, and words are aligned.
//! - The file is made by this process alone, for it alone (0600), locked as long as it lives, and allocated on the disk before
//!   it is mapped, so that a full disk is an error of `fallocate` and no signal. Others of this crate write to it only after
//!   the lock is free. Who shortens the file by hand ends the process with SIGBUS, as with every mapped file.
#![allow(unsafe_code, reason = "see above: the one file that maps the ring")]

use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::atomic::AtomicU64;

use memmap2::{MmapOptions, MmapRaw};

/// A part of a file as memory.
#[derive(Debug)]
pub(super) struct Region {
    map: MmapRaw,
}

impl Region {
    /// Maps `length` bytes from `offset` on, which are allocated already.
    pub(super) fn new(file: &File, offset: u64, length: usize) -> io::Result<Region> {
        let map = MmapOptions::new().offset(offset).len(length).map_raw(file)?;
        match map.as_ptr().addr().is_multiple_of(align_of::<AtomicU64>()) {
            true => Ok(Region { map }),
            false => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    /// A word at the region's beginning.
    pub(super) fn word(&self, index: usize) -> &AtomicU64 {
        assert!(index < super::layout::SLOT_HEAD / 8 && (index + 1) * 8 <= self.map.len(), "words lie in the head");
        // SAFETY: within the mapping, aligned, and never touched but as an atomic: `put` and `bytes` begin behind the head.
        unsafe { AtomicU64::from_ptr(self.map.as_mut_ptr().cast::<u64>().add(index)) }
    }

    /// Copies bytes in, behind the head.
    pub(super) fn put(&mut self, at: usize, bytes: &[u8]) {
        self.check(at..at + bytes.len());
        // SAFETY: within the mapping; `bytes` is other memory, since the mapping is lent only as `&self`.
        unsafe { self.map.as_mut_ptr().add(at).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) }
    }

    /// Lends bytes from behind the head.
    pub(super) fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.check(range.clone());
        // SAFETY: within the mapping, initialised by the system, and not written while `self` is lent.
        unsafe { std::slice::from_raw_parts(self.map.as_ptr().add(range.start), range.len()) }
    }

    fn check(&self, range: Range<usize>) {
        let inside = super::layout::SLOT_HEAD <= range.start && range.start <= range.end && range.end <= self.map.len();
        assert!(inside, "lines lie behind the head");
    }
}
