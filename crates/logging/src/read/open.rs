//! Opens what lines are read from: plain files, compressed ones by their first bytes, and streams.

use std::fs::File;
use std::io::{self, Cursor, ErrorKind, Read};
use std::path::Path;

use super::Error;

/// A source of bytes that is open.
pub(super) enum Opened {
    /// A file that can be read at any place, and its length.
    Plain(File, u64),
    /// Everything else, from its beginning on.
    Stream(Box<dyn Read + Send>, Kind),
}

/// Whether a broken stream is the stream's fault or the decoder's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Raw,
    Decoded,
}

/// What the first bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Plain,
    Gzip,
    Zstd,
}

const LONGEST_MAGIC: usize = 4;

impl Format {
    fn of(first: &[u8]) -> Format {
        match first {
            [0x1f, 0x8b, ..] => Format::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Format::Zstd,
            _ => Format::Plain,
        }
    }
}

/// Opens a file.
pub(super) fn file(path: &Path) -> Result<Opened, Error> {
    let wrong = |source| Error::Open { path: path.to_owned(), source };
    let file = File::open(path).map_err(wrong)?;
    let metadata = file.metadata().map_err(wrong)?;
    if metadata.is_dir() {
        return Err(wrong(ErrorKind::IsADirectory.into()));
    }
    if !metadata.is_file() {
        return stream(Box::new(file), path);
    }
    let mut first = [0; LONGEST_MAGIC];
    let count = read_full(&mut At { file: &file, at: 0 }, &mut first).map_err(wrong)?;
    match Format::of(&first[..count]) {
        Format::Plain => Ok(Opened::Plain(file, metadata.len())),
        format => decoder(Box::new(file), format, path),
    }
}

/// Looks into a stream and decodes it when it is compressed.
pub(super) fn stream(mut read: Box<dyn Read + Send>, path: &Path) -> Result<Opened, Error> {
    let mut first = [0; LONGEST_MAGIC];
    let count = read_full(&mut read, &mut first).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    let format = Format::of(&first[..count]);
    let whole = Box::new(Cursor::new(first).take(count as u64).chain(read));
    match format {
        Format::Plain => Ok(Opened::Stream(whole, Kind::Raw)),
        format => decoder(whole, format, path),
    }
}

#[cfg(feature = "compress")]
fn decoder(read: Box<dyn Read + Send>, format: Format, path: &Path) -> Result<Opened, Error> {
    /// A frame that needs a larger window is refused: two threads must stay within the memory bound.
    const WINDOW_LOG: u32 = 23;
    let decoded: Box<dyn Read + Send> = match format {
        Format::Zstd => {
            let wrong = |source| Error::Open { path: path.to_owned(), source };
            let mut decoder = zstd::stream::read::Decoder::new(read).map_err(wrong)?;
            decoder.window_log_max(WINDOW_LOG).map_err(wrong)?;
            Box::new(decoder)
        }
        _ => Box::new(flate2::read::MultiGzDecoder::new(read)),
    };
    Ok(Opened::Stream(decoded, Kind::Decoded))
}

#[cfg(not(feature = "compress"))]
fn decoder(_: Box<dyn Read + Send>, _: Format, path: &Path) -> Result<Opened, Error> {
    Err(Error::Compressed { path: path.to_owned() })
}

fn read_full(read: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    let mut count = 0;
    while count < into.len() {
        match read.read(&mut into[count..]) {
            Ok(0) => break,
            Ok(more) => count += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}

/// A file that is read from a place on without moving the place of others.
pub(super) struct At<'a> {
    pub(super) file: &'a File,
    pub(super) at: u64,
}

impl Read for At<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = read_at(self.file, into, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

#[cfg(unix)]
fn read_at(file: &File, into: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, into, at)
}

#[cfg(windows)]
fn read_at(file: &File, into: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, into, at)
}
