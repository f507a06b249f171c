//! Which keys of a line mean the five things that every line says.

use super::{Error, Level, Path};

/// The keys that mean timestamp, level, component, message and correlation id.
///
/// For each there is a list; the first that a line has counts. [`Keys::default`] is segno's schema.
#[derive(Debug, Clone, PartialEq)]
pub struct Keys {
    /// When it happened.
    pub timestamp: Vec<Path>,
    /// How grave it is.
    pub level: Vec<Path>,
    /// Which part of the program said it.
    pub component: Vec<Path>,
    /// What was said.
    pub message: Vec<Path>,
    /// What work it belongs to.
    pub correlation_id: Vec<Path>,
    /// Levels that are numbers: from each number on its level is meant, in rising order.
    pub numbers: Vec<(f64, Level)>,
}

/// The levels of bunyan and pino.
const BUNYAN: &[(f64, Level)] =
    &[(0.0, Level::Debug), (30.0, Level::Info), (40.0, Level::Warn), (50.0, Level::Error), (60.0, Level::Fatal)];
/// Those of Python.
const PYTHON: &[(f64, Level)] =
    &[(0.0, Level::Debug), (20.0, Level::Info), (30.0, Level::Warn), (40.0, Level::Error), (50.0, Level::Fatal)];

/// A writer's keys: its name, then what means timestamp, level, component, message and correlation id.
struct Preset {
    name: &'static str,
    roles: [&'static str; 5],
    numbers: &'static [(f64, Level)],
}

const PRESETS: &[Preset] = &[
    Preset { name: "segno", roles: ["timestamp", "level", "component", "message", "correlation_id"], numbers: &[] },
    Preset {
        name: "tracing",
        roles: [
            "timestamp",
            "level",
            "target",
            "fields.message,message",
            "fields.correlation_id,span.correlation_id,spans.0.correlation_id,correlation_id",
        ],
        numbers: &[],
    },
    Preset {
        name: "bunyan",
        roles: ["time", "level", "component,target,name", "msg", "correlation_id,req_id,request_id,reqId"],
        numbers: BUNYAN,
    },
    Preset {
        name: "pino",
        roles: ["time", "level", "name,module", "msg", "correlation_id,reqId,req.id,requestId"],
        numbers: BUNYAN,
    },
    Preset {
        name: "zap",
        roles: ["ts,time,timestamp", "level", "logger,caller", "msg", "correlation_id,trace_id,request_id"],
        numbers: &[],
    },
    Preset {
        name: "logrus",
        roles: ["time", "level", "component,logger,func", "msg", "correlation_id,trace_id,request_id"],
        numbers: &[],
    },
    Preset {
        name: "slog",
        roles: ["time,ts", "level", "component,logger,source.function", "msg", "correlation_id,trace_id,request_id"],
        numbers: &[],
    },
    Preset {
        name: "python",
        roles: [
            "timestamp,asctime,time,created",
            "levelname,level,levelno",
            "name,logger",
            "message,event,msg",
            "correlation_id,trace_id,request_id",
        ],
        numbers: PYTHON,
    },
    Preset {
        name: "any",
        roles: [
            "timestamp,@timestamp,time,ts,asctime",
            "level,severity,levelname,log.level,lvl",
            "component,target,logger,logger_name,module,service.name,service,name",
            "message,fields.message,msg,event",
            "correlation_id,fields.correlation_id,trace_id,traceId,request_id,req_id,reqId,req.id",
        ],
        numbers: BUNYAN,
    },
];

impl Default for Keys {
    fn default() -> Self {
        Keys::of(&PRESETS[0])
    }
}

impl Keys {
    /// Returns the names of all presets: `segno`, `tracing`, `bunyan`, `pino`, `zap`, `logrus`, `slog`,
    /// `python`, and `any`, which knows most names of all of them.
    pub fn presets() -> impl Iterator<Item = &'static str> {
        PRESETS.iter().map(|preset| preset.name)
    }

    /// Reads `preset key=name,other key=name`, such as `bunyan component=service correlation_id=req.id`.
    ///
    /// `numbers=bunyan` and `numbers=python` say what levels mean that are numbers.
    ///
    /// # Errors
    /// [`Error::Text`] with the place and what could be written.
    pub fn parse(text: &str) -> Result<Keys, Error> {
        let mut keys = Keys::default();
        let mut first = true;
        for word in text.split_whitespace() {
            let wrong = |problem: String, hint: String| {
                let before = &text[..word.as_ptr() as usize - text.as_ptr() as usize];
                Error::Text { problem, text: text.to_owned(), at: before.chars().count() + 1, hint }
            };
            match word.split_once('=') {
                None if first => {
                    let preset = PRESETS.iter().find(|preset| preset.name == word);
                    keys = Keys::of(preset.ok_or_else(|| {
                        let names: Vec<_> = Keys::presets().collect();
                        wrong(format!("unknown preset `{word}`"), format!("Known are {}", names.join(", ")))
                    })?);
                }
                None => {
                    let hint = "Write a preset first and then words such as message=text".to_owned();
                    return Err(wrong(format!("`{word}` maps nothing"), hint));
                }
                Some((role, names)) => keys.map(role, names).map_err(|(problem, hint)| wrong(problem, hint))?,
            }
            first = false;
        }
        Ok(keys)
    }

    fn of(preset: &Preset) -> Keys {
        let [timestamp, level, component, message, correlation_id] = preset.roles.map(paths);
        Keys { timestamp, level, component, message, correlation_id, numbers: preset.numbers.to_vec() }
    }

    fn map(&mut self, role: &str, names: &str) -> Result<(), (String, String)> {
        if role == "numbers" {
            self.numbers = match names {
                "bunyan" => BUNYAN.to_vec(),
                "python" => PYTHON.to_vec(),
                _ => return Err((format!("unknown numbers `{names}`"), "Known are bunyan, python".to_owned())),
            };
            return Ok(());
        }
        if names.split(',').any(str::is_empty) {
            return Err((format!("a name is missing behind `{role}=`"), format!("Write {role}=name,other")));
        }
        match self.role_mut(role) {
            Some(list) => *list = paths(names),
            None => {
                let hint = "Known are timestamp, level, component, message, correlation_id, numbers".to_owned();
                return Err((format!("unknown key `{role}`"), hint));
            }
        }
        Ok(())
    }

    fn role_mut(&mut self, name: &str) -> Option<&mut Vec<Path>> {
        match name {
            "timestamp" => Some(&mut self.timestamp),
            "level" => Some(&mut self.level),
            "component" => Some(&mut self.component),
            "message" => Some(&mut self.message),
            "correlation_id" => Some(&mut self.correlation_id),
            _ => None,
        }
    }

    /// Returns the keys that one of the five names means.
    pub(super) fn role(&self, name: &str) -> Option<&[Path]> {
        match name {
            "timestamp" => Some(&self.timestamp),
            "level" => Some(&self.level),
            "component" => Some(&self.component),
            "message" => Some(&self.message),
            "correlation_id" => Some(&self.correlation_id),
            _ => None,
        }
    }

    /// Returns the level that a number means.
    pub(super) fn level_of(&self, number: f64) -> Option<Level> {
        self.numbers.iter().rev().find(|(least, _)| number >= *least).map(|(_, level)| *level)
    }
}

fn paths(names: &str) -> Vec<Path> {
    names.split(',').map(Path::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, role: &str, expected: &str) {
        let keys = Keys::parse(text).unwrap();
        let names: Vec<_> = keys.role(role).unwrap().iter().map(Path::as_str).collect();
        assert_eq!(names.join(","), expected);
    }

    fn fails(text: &str, expected: &str) {
        assert_eq!(Keys::parse(text).unwrap_err().to_string(), expected);
    }

    #[test]
    fn a_preset_can_be_changed_key_by_key() {
        check("", "message", "message");
        check("pino", "message", "msg");
        check("pino message=text,msg", "message", "text,msg");
        check("pino message=text", "level", "level");
        check("component=service.name", "component", "service.name");
    }

    #[test]
    fn numbers_are_levels() {
        let level = |text: &str, number| Keys::parse(text).unwrap().level_of(number);
        assert_eq!(level("bunyan", 30.0), Some(Level::Info));
        assert_eq!(level("pino", 35.0), Some(Level::Info));
        assert_eq!(level("python", 50.0), Some(Level::Fatal));
        assert_eq!(level("segno numbers=bunyan", 10.0), Some(Level::Debug));
        assert_eq!(level("segno", 30.0), None);
        assert_eq!(level("bunyan", -1.0), None);
    }

    #[test]
    fn a_wrong_mapping_says_where_and_what_could_be_written() {
        fails(
            "winston",
            "unknown preset `winston` at character 1 of \"winston\". \
             Known are segno, tracing, bunyan, pino, zap, logrus, slog, python, any",
        );
        fails(
            "pino text=msg",
            "unknown key `text` at character 6 of \"pino text=msg\". \
             Known are timestamp, level, component, message, correlation_id, numbers",
        );
        fails(
            "pino zap",
            "`zap` maps nothing at character 6 of \"pino zap\". Write a preset first and then words such as message=text",
        );
        fails("level=", "a name is missing behind `level=` at character 1 of \"level=\". Write level=name,other");
        fails("numbers=x", "unknown numbers `x` at character 1 of \"numbers=x\". Known are bunyan, python");
    }
}
