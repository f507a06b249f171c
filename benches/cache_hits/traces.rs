//! Recorded loads: the traces in `benches/data`, packed by xz, four bytes a request.

use std::collections::HashMap;
use std::io::Cursor;
use std::path::Path;

use crate::loads::Load;

/// A longer trace is cut: what comes later is of the same kind.
const MAX_REQUESTS: usize = 1_000_000;
const NAMES: [&str; 3] = ["orm-night", "web07", "web12"];

/// Reads the traces. They are attributed in `benches/data/LICENSE.txt`.
pub(crate) fn traces() -> Vec<Load> {
    NAMES.into_iter().map(|name| Load { name, keys: read(name) }).collect()
}

/// The number of a request says which object it is, in whichever order its bytes stand: only whether two are equal
/// matters here, so each gets a number by when it came first.
fn read(name: &str) -> Vec<u64> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(format!("{name}.trace.xz"));
    let packed = std::fs::read(&path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
    let mut bytes = Vec::new();
    lzma_rs::xz_decompress(&mut Cursor::new(packed), &mut bytes)
        .unwrap_or_else(|error| panic!("cannot unpack {}: {error}", path.display()));
    let mut seen: HashMap<[u8; 4], u64> = HashMap::new();
    let number = |object: &[u8; 4]| {
        let next = seen.len() as u64;
        *seen.entry(*object).or_insert(next)
    };
    bytes.as_chunks().0.iter().take(MAX_REQUESTS).map(number).collect()
}
