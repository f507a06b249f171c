//! Puts one line together: the leading keys, then the spans' fields, then the event's.
//! Leaves rendering of values to `record` and writing to the sink.

use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tracing::Level;

use crate::escape::Text;
use crate::record::Record;

/// The version of the schema that the crate's page describes.
///
/// It grows when a reader of older lines would misread newer ones; a new key is no such change.
pub const SCHEMA_VERSION: u32 = 1;

/// The last moment that RFC 3339 can write, in seconds since 1970.
const LAST_SECOND: u64 = 253_402_300_799;

/// What every line begins with.
pub(crate) struct Head<'a> {
    pub(crate) at: SystemTime,
    pub(crate) level: Level,
    pub(crate) target: &'a str,
}

/// Writes the line of `event`, seen inside the spans that `outer` sums up.
pub(crate) fn write(line: &mut Vec<u8>, head: &Head<'_>, outer: Option<&Record>, event: &Record) {
    write!(
        line,
        r#"{{"timestamp":"{}","level":"{}","component":"#,
        humantime::format_rfc3339_micros(writable(head.at)),
        level_name(head.level, event.fatal),
    )
    .expect("a Vec takes every byte, and the time is one that can be written");
    match innermost(outer, event, |record| &record.component) {
        Some(component) => line.extend_from_slice(component),
        None => component_of(head.target, line),
    }
    line.extend_from_slice(br#","message":"#);
    match event.message.as_slice() {
        [] => line.extend_from_slice(br#""""#),
        message => line.extend_from_slice(message),
    }
    if let Some(id) = innermost(outer, event, |record| &record.correlation_id) {
        line.extend_from_slice(br#","correlation_id":"#);
        line.extend_from_slice(id);
    }
    if let Some(outer) = outer {
        outer.fields.write_outside(&event.fields, line);
    }
    event.fields.write(line);
    line.extend_from_slice(b"}\n");
}

fn innermost<'a>(outer: Option<&'a Record>, event: &'a Record, value: fn(&Record) -> &Vec<u8>) -> Option<&'a [u8]> {
    [Some(event), outer].into_iter().flatten().map(|record| value(record).as_slice()).find(|value| !value.is_empty())
}

fn component_of(target: &str, line: &mut Vec<u8>) {
    let mut string = Text::open(line);
    for (index, segment) in target.split("::").enumerate() {
        if index > 0 {
            string.push(".");
        }
        string.push(segment);
    }
    string.close();
}

fn level_name(level: Level, fatal: bool) -> &'static str {
    match level {
        Level::ERROR if fatal => "FATAL",
        Level::ERROR => "ERROR",
        Level::WARN => "WARN",
        Level::INFO => "INFO",
        Level::DEBUG | Level::TRACE => "DEBUG",
    }
}

/// A clock set before 1970 or behind the year 9999 must not cost the line.
fn writable(at: SystemTime) -> SystemTime {
    at.clamp(UNIX_EPOCH, UNIX_EPOCH + Duration::from_secs(LAST_SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(at: SystemTime, level: Level, target: &str, expected: &str) {
        let mut line = Vec::new();
        write(&mut line, &Head { at, level, target }, None, &Record::default());
        assert_eq!(String::from_utf8(line).unwrap(), format!("{expected}\n"));
    }

    #[test]
    fn a_line_has_its_leading_keys_even_when_nothing_is_said() {
        check(
            UNIX_EPOCH + Duration::from_micros(1_795_260_000_123_456),
            Level::TRACE,
            "segno_cache::disk",
            r#"{"timestamp":"2026-11-21T11:20:00.123456Z","level":"DEBUG","component":"segno_cache.disk","message":""}"#,
        );
    }

    #[test]
    fn a_clock_out_of_range_is_written_as_the_nearest_time() {
        check(
            UNIX_EPOCH - Duration::from_secs(1),
            Level::WARN,
            "a \"b\"",
            r#"{"timestamp":"1970-01-01T00:00:00.000000Z","level":"WARN","component":"a \"b\"","message":""}"#,
        );
        check(
            UNIX_EPOCH + Duration::from_secs(LAST_SECOND + 10),
            Level::ERROR,
            "",
            r#"{"timestamp":"9999-12-31T23:59:59.000000Z","level":"ERROR","component":"","message":""}"#,
        );
    }
}
