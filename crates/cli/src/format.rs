//! The forms that a report can have, and writing one to a file.

use std::path::{Path, PathBuf};

use segno_errors::{Fault, Kind, from_io};
use segno_orchestrator::report::{Look, Report};

use crate::replace::replace;

/// The form of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs; docs/schema/report.schema.json describes it
    Json,
    /// For a comment on a pull request
    Markdown,
    /// For a CI that shows tests
    Junit,
}

/// A file that a report is to be written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReportFile {
    path: PathBuf,
    format: Format,
}

impl Format {
    /// Writes the report of a run in this form.
    pub(crate) fn write(self, report: &Report, look: Look) -> String {
        match self {
            Format::Text => report.summary(look),
            Format::Json => format!("{:#}\n", report.to_json()),
            Format::Markdown => report.markdown(),
            Format::Junit => report.junit(),
        }
    }
}

impl ReportFile {
    /// Takes a path whose ending says the form.
    pub(crate) fn parse(word: &str) -> Result<ReportFile, String> {
        let path = PathBuf::from(word);
        let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_lowercase);
        let format = match ending.as_deref() {
            Some("txt") => Format::Text,
            Some("json") => Format::Json,
            Some("md") => Format::Markdown,
            Some("xml") => Format::Junit,
            _ => return Err("its ending says the form: .md, .xml (JUnit), .json or .txt".into()),
        };
        Ok(ReportFile { path, format })
    }

    /// Says before anything is run that the file cannot be written there.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        let folder = self.folder();
        match (folder.is_dir(), self.path.is_dir()) {
            (true, false) => Ok(()),
            (true, true) => {
                Err(Fault::new(Kind::Validation, format!("the report {} is a folder", self.path.display())))
            }
            (false, _) => {
                let message = format!("there is no folder {} for the report", folder.display());
                Err(Fault::new(Kind::Validation, message).hint("make it first"))
            }
        }
    }

    /// Writes the report: whoever reads the file finds the old one or the whole new one.
    pub(crate) fn write(&self, report: &Report) -> Result<(), Fault> {
        let text = self.format.write(report, Look { unicode: true, rows: usize::MAX });
        replace(&self.path, text.as_bytes()).map_err(|error| {
            from_io(error)
                .operation("report.write")
                .with("file", self.path.display())
                .hint("segno show RUN --format gives it again")
        })
    }

    fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_of_a_file_says_its_form() {
        let cases = [
            ("a.md", Some(Format::Markdown)),
            ("out/JUnit.XML", Some(Format::Junit)),
            ("a.b.json", Some(Format::Json)),
            ("a.txt", Some(Format::Text)),
            ("a.html", None),
            ("md", None),
        ];
        for (word, expected) in cases {
            assert_eq!(ReportFile::parse(word).ok().map(|file| file.format), expected, "{word}");
        }
    }
}
