//! A starter as a file: YAML with a word on what each part is for.

use super::detect::{Ecosystem, Remembered, Starter, Step};

/// The name of the file that a starter is written to.
pub const FLOW_FILE: &str = "check.flow.yaml";

/// A settings file in which nothing is set: each setting stands there as a comment, with what is preset.
pub const SETTINGS: &str = r#"# Settings of segno in this project. Nothing is set: take the '#' away before what you want to change.
# All settings: segno schema settings

#[cache]
#max_size = "2GB"           # what is used least goes when the cache grows larger
#max_age = "90d"            # what was not used for so long goes

#[retention]
#keep_runs = 200            # how many of the newest runs stay
#keep_days = 90
#max_size = "2GB"
#auto = true

#[jobs]
#limit = 4                  # how many steps run at once; --jobs goes before
"#;

const HEAD: &str = "\
# segno run check.flow.yaml     runs it; the second time only what a change touches runs again
# segno plan check.flow.yaml    says what would run, and why
flow: check
";

impl Starter {
    /// Writes the workflow file.
    pub fn flow(&self) -> String {
        let mut text = HEAD.to_owned();
        match self.ecosystem {
            Ecosystem::Plain => text.push_str(
                "# Nothing here told what this project is checked with: put your own commands in the place of the echo,\n\
                 # and name what each depends on: cache: { files: [\"src/**\"] }\n",
            ),
            _ => text.push_str("defaults: { timeout: 30m }\n"),
        }
        text.push_str("steps:\n");
        if let [_, _, ..] = self.together[..] {
            text.push_str("  - id: checks\n    parallel:                  # these run together\n");
            self.together.iter().for_each(|step| text.push_str(&step.written(6)));
        } else {
            self.together.iter().for_each(|step| text.push_str(&step.written(2)));
        }
        self.after.iter().for_each(|step| text.push_str(&step.written(2)));
        text
    }
}

impl Step {
    fn written(&self, indent: usize) -> String {
        let words: Vec<String> = self.run.iter().map(|word| scalar(word)).collect();
        let mut lines = vec![format!("- id: {}", self.id), format!("  run: [{}]", words.join(", "))];
        match &self.cache {
            Remembered::No => {}
            Remembered::WorkTree => {
                lines.push("  cache: true                # it may read any file, so all that git sees counts".into());
            }
            Remembered::Files(globs) => {
                let globs: Vec<String> = globs.iter().map(|glob| scalar(glob)).collect();
                lines.push(format!("  cache: {{ files: [{}] }}", globs.join(", ")));
            }
        }
        lines.iter().map(|line| format!("{:indent$}{line}\n", "")).collect()
    }
}

/// Writes a word so that YAML reads it as this text inside brackets.
fn scalar(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '/' | '-');
    let begins_well = word.starts_with(|letter: char| letter.is_ascii_alphabetic() || matches!(letter, '.' | '/'));
    let is_dashed = word.starts_with("--") && word.len() > 2;
    match (begins_well || is_dashed) && word.chars().all(plain) && !matches!(word, "true" | "false" | "null") {
        true => word.to_owned(),
        false => serde_json::Value::from(word).to_string(),
    }
}

#[cfg(all(test, feature = "toml"))]
mod tests {
    use super::*;
    use crate::spec::Settings;

    #[test]
    fn each_setting_that_is_offered_is_one() {
        let is_offered = |line: &&str| line.starts_with('#') && !line.starts_with("# ");
        let offered: Vec<&str> = SETTINGS.lines().filter(is_offered).map(|line| &line[1..]).collect();
        assert_eq!(offered.len(), 10);
        let settings = Settings::parse(&offered.join("\n")).unwrap();
        assert_eq!(settings.retention, Settings::default().retention, "what is offered is what is preset");
        assert!(Settings::parse(SETTINGS).unwrap().cache.max_size.is_none());
    }
}
