//! One line that was checked, and what it says.

use std::borrow::Cow;
use std::path::Path as FilePath;

use super::index::Index;
use super::{Keys, Level, Path, Timestamp, Value, value};

/// A line, borrowed from the reader's buffer: it lives as long as the call that it is passed to.
#[derive(Debug)]
pub struct Line<'a> {
    pub(super) raw: &'a [u8],
    pub(super) index: &'a Index,
    pub(super) keys: &'a Keys,
    pub(super) file: &'a FilePath,
    pub(super) offset: u64,
}

impl<'a> Line<'a> {
    /// Returns the line as it is written, without its end.
    pub fn raw(&self) -> &'a str {
        value::text(self.raw)
    }

    /// Returns the field, if the line has it.
    ///
    /// A path that is the name of one of the five keys (`message`) and that the line does not have
    /// means what [`Keys`] say.
    pub fn field(&self, path: &Path) -> Option<Value<'a>> {
        let found = path.find(self.raw, self.index);
        let found = found.or_else(|| self.role(self.keys.role(path.as_str())?));
        found.map(Value::of)
    }

    /// Returns the keys and values of the outermost object, in the order in which they stand.
    pub fn fields(&self) -> impl Iterator<Item = (Cow<'a, str>, Value<'a>)> {
        self.index.members(self.raw).map(|(key, raw)| (value::decode(key), Value::of(raw)))
    }

    /// Returns when it happened, if the line says it readably.
    pub fn timestamp(&self) -> Option<Timestamp> {
        match Value::of(self.role(&self.keys.timestamp)?) {
            Value::Text(text) => Timestamp::parse(&text),
            Value::Number(number) => Timestamp::parse(number),
            _ => None,
        }
    }

    /// Returns how grave it is.
    pub fn level(&self) -> Option<Level> {
        let raw = self.role(&self.keys.level)?;
        // Nearly every line says it as the schema does.
        let named = match raw {
            br#""DEBUG""# => Some(Level::Debug),
            br#""INFO""# => Some(Level::Info),
            br#""WARN""# => Some(Level::Warn),
            br#""ERROR""# => Some(Level::Error),
            br#""FATAL""# => Some(Level::Fatal),
            _ => None,
        };
        named.or_else(|| self.other_level(raw))
    }

    #[cold]
    fn other_level(&self, raw: &[u8]) -> Option<Level> {
        match Value::of(raw) {
            Value::Text(text) => Level::parse(&text),
            Value::Number(number) => self.keys.level_of(number.parse().ok()?),
            _ => None,
        }
    }

    /// Returns which part of the program said it.
    pub fn component(&self) -> Option<Cow<'a, str>> {
        self.role(&self.keys.component).map(|raw| Value::of(raw).into_text())
    }

    /// Returns what was said.
    pub fn message(&self) -> Option<Cow<'a, str>> {
        self.role(&self.keys.message).map(|raw| Value::of(raw).into_text())
    }

    /// Returns what work it belongs to.
    pub fn correlation_id(&self) -> Option<Cow<'a, str>> {
        self.role(&self.keys.correlation_id).map(|raw| Value::of(raw).into_text())
    }

    /// Returns the file that the line stands in.
    pub fn file(&self) -> &'a FilePath {
        self.file
    }

    /// Returns how many bytes of the file, decompressed, stand before the line.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    #[inline]
    fn role(&self, paths: &[Path]) -> Option<&'a [u8]> {
        paths.iter().find_map(|path| path.find(self.raw, self.index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::check;

    fn check(keys: &str, text: &str, expected: [&str; 5]) {
        let mut index = Index::default();
        check::alone(text.as_bytes(), &mut index).unwrap();
        let keys = Keys::parse(keys).unwrap();
        let line = Line { raw: text.as_bytes(), index: &index, keys: &keys, file: FilePath::new("f"), offset: 0 };
        let said = [
            line.timestamp().map(|at| at.to_string()),
            line.level().map(|level| level.to_string()),
            line.component().map(Cow::into_owned),
            line.message().map(Cow::into_owned),
            line.correlation_id().map(Cow::into_owned),
        ];
        assert_eq!(said.map(|part| part.unwrap_or_else(|| "-".to_owned())), expected);
    }

    #[test]
    fn lines_of_other_writers_are_read() {
        let day = "2025-11-21T11:20:00.000000Z";
        check(
            "segno",
            r#"{"timestamp":"2025-11-21T11:20:00.000000Z","level":"WARN","component":"a.b","message":"\"m\"","correlation_id":"r"}"#,
            [day, "WARN", "a.b", "\"m\"", "r"],
        );
        check(
            "tracing",
            r#"{"timestamp":"2025-11-21T11:20:00Z","level":"TRACE","fields":{"message":"m","x":1},"target":"a::b","span":{"correlation_id":"r","name":"s"}}"#,
            [day, "DEBUG", "a::b", "m", "r"],
        );
        check(
            "bunyan",
            r#"{"v":0,"name":"app","msg":"m","level":50,"time":"2025-11-21T11:20:00Z","req_id":"r"}"#,
            [day, "ERROR", "app", "m", "r"],
        );
        check(
            "pino",
            r#"{"level":30,"time":1763724000000,"pid":1,"msg":"m","req":{"id":7}}"#,
            [day, "INFO", "-", "m", "7"],
        );
        check("zap", r#"{"level":"dpanic","ts":1763724000.0,"logger":"a","msg":"m"}"#, [day, "FATAL", "a", "m", "-"]);
        check(
            "logrus",
            r#"{"level":"warning","msg":"m","time":"2025-11-21T12:20:00+01:00"}"#,
            [day, "WARN", "-", "m", "-"],
        );
        check(
            "slog",
            r#"{"time":"2025-11-21T11:20:00.000000000Z","level":"INFO+2","source":{"function":"main.f"},"msg":"m"}"#,
            [day, "INFO", "main.f", "m", "-"],
        );
        check(
            "python",
            r#"{"asctime":"2025-11-21 11:20:00,000","levelname":"CRITICAL","name":"a","message":"m"}"#,
            [day, "FATAL", "a", "m", "-"],
        );
    }

    #[test]
    fn what_a_line_does_not_say_is_none() {
        check("segno", r#"{"level":7,"timestamp":[],"component":null}"#, ["-", "-", "null", "-", "-"]);
    }

    #[test]
    fn a_field_is_found_by_path_or_by_what_the_keys_say() {
        let mut index = Index::default();
        let text = r#"{"level":50,"msg":"m","a":{"b":[true]}}"#;
        check::alone(text.as_bytes(), &mut index).unwrap();
        let keys = Keys::parse("bunyan").unwrap();
        let line = Line { raw: text.as_bytes(), index: &index, keys: &keys, file: FilePath::new("f"), offset: 3 };
        let field = |path: &str| line.field(&Path::new(path)).map(|value| value.text().to_owned());
        assert_eq!(field("message").as_deref(), Some("m"));
        assert_eq!(field("level").as_deref(), Some("50"));
        assert_eq!(field("a.b.0").as_deref(), Some("true"));
        assert_eq!(field("component"), None);
        let keys: Vec<_> = line.fields().map(|(key, _)| key.into_owned()).collect();
        assert_eq!(keys, ["level", "msg", "a"]);
        assert_eq!((line.raw(), line.file(), line.offset()), (text, FilePath::new("f"), 3));
    }
}
