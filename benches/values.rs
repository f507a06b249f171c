//! Values to be stored: the same for the same number, and nothing that a compressor could make shorter.

/// Returns so many bytes that cannot be compressed.
pub fn incompressible(number: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().update(&number.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}
