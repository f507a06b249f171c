//! Settings files that are made of lines: `.env` and INI. What cannot be told for certain is refused.

use std::collections::BTreeMap;

use crate::Value;

/// Reads `NAME=value` lines; quotes may stand round a value, nothing is filled in for `$NAME`.
pub(super) fn env(text: &str) -> Result<Value, String> {
    let mut values = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").map_or(line, str::trim_start);
        let Some((name, value)) = line.split_once('=') else {
            return Err(format!("line {number} has no `=`"));
        };
        let value = env_value(value.trim()).map_err(|reason| format!("line {number} {reason}"))?;
        // The last one counts, as in every shell.
        values.insert(name.trim().to_owned(), Value::Text(value));
    }
    Ok(Value::Map(values))
}

fn env_value(value: &str) -> Result<String, &'static str> {
    let (text, rest) = match value.chars().next() {
        Some('\'') => {
            let (text, rest) = value[1..].split_once('\'').ok_or("has a quote that is not closed")?;
            (text.to_owned(), rest)
        }
        Some('"') => double_quoted(&value[1..])?,
        _ => {
            let end = value.find(" #").unwrap_or(value.len());
            return Ok(value[..end].trim_end().to_owned());
        }
    };
    let rest = rest.trim_start();
    match rest.is_empty() || rest.starts_with('#') {
        true => Ok(text),
        false => Err("goes on after a quote"),
    }
}

fn double_quoted(value: &str) -> Result<(String, &str), &'static str> {
    let (mut text, mut letters) = (String::new(), value.char_indices());
    while let Some((place, letter)) = letters.next() {
        match letter {
            '"' => return Ok((text, &value[place + 1..])),
            '\\' => match letters.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 'r')) => text.push('\r'),
                Some((_, 't')) => text.push('\t'),
                Some((_, other @ ('"' | '\\' | '$'))) => text.push(other),
                Some((_, other)) => text.extend(['\\', other]),
                None => break,
            },
            other => text.push(other),
        }
    }
    Err("has a quote that is not closed")
}

/// Reads `[section]` lines and `name = value` or `name: value` below them; an indented line goes on with the value
/// above.
pub(super) fn ini(text: &str) -> Result<Value, String> {
    let mut reading = Ini::default();
    for (number, line) in (1..).zip(text.lines()) {
        reading.line(line).map_err(|reason| format!("line {number} {reason}"))?;
    }
    let sections = reading.sections.into_iter().map(|(name, values)| (name, Value::Map(texts(values))));
    let mut all = texts(reading.top);
    for (name, section) in sections {
        if all.insert(name.clone(), section).is_some() {
            return Err(format!("`{name}` is a value and a section"));
        }
    }
    Ok(Value::Map(all))
}

fn texts(values: BTreeMap<String, String>) -> BTreeMap<String, Value> {
    values.into_iter().map(|(name, text)| (name, Value::Text(text))).collect()
}

#[derive(Default)]
struct Ini {
    top: BTreeMap<String, String>,
    sections: BTreeMap<String, BTreeMap<String, String>>,
    section: Option<String>,
    name: Option<String>,
}

impl Ini {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let text = line.trim();
        if text.is_empty() || text.starts_with([';', '#']) {
            return Ok(());
        }
        if line.starts_with([' ', '\t'])
            && let Some(name) = self.name.clone()
        {
            if let Some(value) = self.values().get_mut(&name) {
                *value = if value.is_empty() { text.to_owned() } else { format!("{value}\n{text}") };
            }
            return Ok(());
        }
        if let Some(name) = text.strip_prefix('[') {
            let name = name.strip_suffix(']').ok_or("has a bracket that is not closed")?;
            self.section = Some(name.trim().to_owned());
            self.name = None;
            // A section without values is one too.
            self.values();
            return Ok(());
        }
        let end = text.find(['=', ':']).ok_or("is neither a section nor a value")?;
        let (name, value) = (text[..end].trim_end().to_owned(), text[end + 1..].trim_start().to_owned());
        self.name = Some(name.clone());
        match self.values().insert(name.clone(), value) {
            Some(_) => Err(format!("has the name `{name}` a second time")),
            None => Ok(()),
        }
    }

    fn values(&mut self) -> &mut BTreeMap<String, String> {
        match &self.section {
            Some(section) => self.sections.entry(section.clone()).or_default(),
            None => &mut self.top,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(read: fn(&str) -> Result<Value, String>, text: &str, expected: &str) {
        let shown = read(text).map_or_else(|error| error, |value| value.to_string());
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn an_env_file_is_names_and_texts() {
        check(env, "# c\nA=1\nexport B = two words # c\n\nC='$x #'", r##"{"A":"1","B":"two words","C":"$x #"}"##);
        check(env, r#"A="a\nb\"c" # d"#, r#"{"A":"a\nb\"c"}"#);
        check(env, "A=1\nA=2\nB=", r#"{"A":"2","B":""}"#);
        check(env, "A=x#y", r#"{"A":"x#y"}"#);
        check(env, "A", "line 1 has no `=`");
        check(env, "\nA=\"x", "line 2 has a quote that is not closed");
        check(env, "A='x'y", "line 1 goes on after a quote");
    }

    #[test]
    fn an_ini_file_is_sections_of_texts() {
        check(ini, "a = 1\n[s.t]\n; c\nb: x = y\n[e]", r#"{"a":"1","e":{},"s.t":{"b":"x = y"}}"#);
        check(ini, "[s]\nlist =\n  one\n  two\nend=1", r#"{"s":{"end":"1","list":"one\ntwo"}}"#);
        check(ini, "[s", "line 1 has a bracket that is not closed");
        check(ini, "[s]\nx", "line 2 is neither a section nor a value");
        check(ini, "a=1\na=2", "line 2 has the name `a` a second time");
        check(ini, "s=1\n[s]\na=1", "`s` is a value and a section");
    }
}
