//! Lines that a sink writes of its own: what was lost, and why it does not work as it was asked to.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::write::LAST_SECOND;

/// Whose lines the library's own are.
pub(crate) const COMPONENT: &str = "segno_logging";

/// A warning in the schema of all lines, with its newline.
pub(crate) fn line(message: &str) -> Vec<u8> {
    let now = SystemTime::now().clamp(UNIX_EPOCH, UNIX_EPOCH + Duration::from_secs(LAST_SECOND));
    let message = serde_json::Value::from(message);
    // The writer's own form has six digits of a second too.
    let timestamp = humantime::format_rfc3339_micros(now);
    let mut line =
        format!(r#"{{"timestamp":"{timestamp}","level":"WARN","component":"{COMPONENT}","message":{message}}}"#);
    line.push('\n');
    line.into_bytes()
}

/// `1 log line was lost`, `2 log lines were lost`.
pub(crate) fn lost(lines: u64) -> String {
    match lines {
        1 => "1 log line was lost".to_owned(),
        _ => format!("{lines} log lines were lost"),
    }
}
