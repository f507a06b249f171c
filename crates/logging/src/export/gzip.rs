//! Bodies as they travel: Loki and OTLP both take them with `Content-Encoding: gzip`.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

/// Returns a body in gzip, fast rather than small: bodies of logs shrink to about a tenth all the same.
///
/// ```
/// let body = r#"{"streams":[]}"#.repeat(100);
/// assert!(segno_logging::export::gzip(&body).len() < body.len() / 10);
/// ```
pub fn gzip(body: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body.as_bytes()).and_then(|()| encoder.finish()).expect("memory takes what is written")
}
