//! What is compared with what, and what the project wants of it.

use crate::field::{BUNYAN, HAND, JSON, JSON_BUFFERED, JSON_DEFAULT, JSON_SUBSCRIBER, QUEUE, RING, SYNC, WRITER};

/// Says the ratios of the times; a timing never decides anything.
pub(crate) fn tell(times: &[(&str, f64)]) -> Vec<String> {
    let of = |name: &str| times.iter().find(|(known, _)| *known == name).map(|(_, time)| time.max(f64::MIN_POSITIVE));
    let mut lines = Vec::new();
    let mut ratio = |more: &str, less: &str, wanted: &str| {
        if let (Some(above), Some(below)) = (of(more), of(less)) {
            lines.push(format!("{more} / {less}: {:.2}, wanted {wanted}", above / below));
        }
    };
    ratio(JSON_BUFFERED, RING, "at least 4");
    ratio(JSON, RING, "at least 6");
    ratio(JSON_DEFAULT, RING, "at least 6");
    ratio(BUNYAN, SYNC, "at least 1.8");
    ratio(JSON_SUBSCRIBER, SYNC, "at least 1.8");
    ratio(RING, HAND, "at most 2");
    ratio(WRITER, HAND, "(no bar)");
    ratio(JSON, QUEUE, "(no bar)");
    lines
}
