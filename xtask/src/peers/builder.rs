//! The same project for every program that brings files up to date: each task makes a file of `out` from one of `in`.
//! Leaves to the topics what is changed in it and what is measured.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::ground::write;
use super::measure::Line;

/// Up to so many tasks turbo starts npm for each; beyond that a script stands in its place, or the first run takes minutes.
/// A cached run starts neither.
const REAL_NPM: usize = 10;

/// A program that brings files up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builder {
    Segno,
    Ninja,
    N2,
    Make,
    Turbo,
    Moon,
}

/// What each task runs: `program in/N.txt out/N.txt extra`.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    /// A program, on the path or in the project.
    pub program: &'static str,
    /// What stands behind the two files.
    pub extra: &'static str,
}

/// Copies and does nothing else.
pub const COPY: Work = Work { program: "cp", extra: "" };

/// A project of one program.
#[derive(Clone, Debug)]
pub struct Project {
    builder: Builder,
    program: PathBuf,
    /// Its folder.
    pub folder: PathBuf,
    tasks: usize,
}

impl Builder {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Builder::Segno => "segno",
            Builder::Ninja => "ninja",
            Builder::N2 => "n2",
            Builder::Make => "make",
            Builder::Turbo => "turbo",
            Builder::Moon => "moon",
        }
    }
}

impl Project {
    /// Makes the project in a folder: inputs, and what the program reads.
    pub fn make(
        builder: Builder,
        program: &Path,
        folder: PathBuf,
        tasks: usize,
        work: Work,
    ) -> Result<Project, String> {
        let project = Project { builder, program: program.to_owned(), folder, tasks };
        fs::create_dir_all(project.folder.join("out")).map_err(|error| format!("cannot make out: {error}"))?;
        for number in 0..tasks {
            write(&project.input(number), &format!("{number:03}\n").repeat(256))?;
        }
        project.describe(work)?;
        if builder == Builder::Moon {
            project.begin_repository()?;
        }
        Ok(project)
    }

    pub fn input(&self, number: usize) -> PathBuf {
        self.folder.join(format!("in/{number:04}.txt"))
    }

    pub fn output(&self, number: usize) -> PathBuf {
        self.folder.join(format!("out/{number:04}.txt"))
    }

    /// Writes what the program reads: which tasks there are, and what they run.
    pub fn describe(&self, work: Work) -> Result<(), String> {
        match self.builder {
            Builder::Segno => self.describe_to_segno(work),
            Builder::Ninja | Builder::N2 => self.describe_to_ninja(work),
            Builder::Make => self.describe_to_make(work),
            Builder::Turbo => self.describe_to_turbo(work),
            Builder::Moon => self.describe_to_moon(work),
        }
    }

    /// Returns the line that brings everything up to date.
    pub fn line(&self) -> Line {
        let named = |prefix: &str| (0..self.tasks).map(|number| format!("{prefix}t{number:04}")).collect::<Vec<_>>();
        let words = match self.builder {
            Builder::Segno => vec!["run".to_owned(), "flow.yaml".to_owned()],
            Builder::Ninja | Builder::N2 | Builder::Make => Vec::new(),
            Builder::Turbo => std::iter::once("run".to_owned()).chain(named("")).collect(),
            Builder::Moon => std::iter::once("run".to_owned()).chain(named("tasks:")).collect(),
        };
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let line = Line::new(&self.program, &words, &self.folder);
        match self.builder {
            Builder::Turbo if self.tasks > REAL_NPM => {
                let path = format!("{}:{}", self.folder.join("npm").display(), env_path());
                line.with("TURBO_TELEMETRY_DISABLED", "1").with("PATH", &path)
            }
            Builder::Turbo => line.with("TURBO_TELEMETRY_DISABLED", "1"),
            _ => line,
        }
    }

    fn describe_to_segno(&self, Work { program, extra }: Work) -> Result<(), String> {
        let extra = if extra.is_empty() { String::new() } else { format!(", {extra}") };
        let output = "\"{{ item | replace('in/', 'out/') }}\"";
        let flow = format!(
            "steps:\n  - id: copy\n    each: \"{{{{ files('in/*.txt') }}}}\"\n    \
             run: [{program}, \"{{{{ item }}}}\", {output}{extra}]\n    \
             cache: {{ files: [\"{{{{ item }}}}\"] }}\n    outputs: [{output}]\n"
        );
        write(&self.folder.join("segno.toml"), "")?;
        write(&self.folder.join("flow.yaml"), &flow)
    }

    fn describe_to_ninja(&self, Work { program, extra }: Work) -> Result<(), String> {
        let rule = format!("rule copy\n  command = {program} $in $out {extra}\n");
        let text = self.each(rule, |number| format!("build out/{number}.txt: copy in/{number}.txt\n"));
        write(&self.folder.join("build.ninja"), &text)
    }

    fn describe_to_make(&self, Work { program, extra }: Work) -> Result<(), String> {
        let outputs = self.each("all:".to_owned(), |number| format!(" out/{number}.txt"));
        let text = self.each(outputs + "\n", |number| {
            format!("out/{number}.txt: in/{number}.txt\n\t@{program} in/{number}.txt out/{number}.txt {extra}\n")
        });
        write(&self.folder.join("Makefile"), &text)
    }

    /// Writes one package with a script for each task.
    fn describe_to_turbo(&self, Work { program, extra }: Work) -> Result<(), String> {
        let command = |number: &str| format!("{program} in/{number}.txt out/{number}.txt {extra}");
        let scripts = self.list(|number| format!("\"t{number}\": \"{}\"", command(number)));
        let tasks = self.list(|number| {
            format!("\"t{number}\": {{ \"inputs\": [\"in/{number}.txt\"], \"outputs\": [\"out/{number}.txt\"] }}")
        });
        let package = format!(
            "{{ \"name\": \"tasks\", \"private\": true, \"packageManager\": \"npm@10.0.0\", \"scripts\": {{{scripts}}} }}\n"
        );
        write(&self.folder.join("package.json"), &package)?;
        let lock = "{ \"name\": \"tasks\", \"lockfileVersion\": 3, \"packages\": { \"\": { \"name\": \"tasks\" } } }\n";
        write(&self.folder.join("package-lock.json"), lock)?;
        write(&self.folder.join("turbo.json"), &format!("{{ \"tasks\": {{{tasks}}} }}\n"))?;
        let stand_in = format!("#!/bin/sh\nn=${{2#t}}\nexec {}\n", command("$n"));
        write(&self.folder.join("npm/npm"), &stand_in)?;
        make_executable(&self.folder.join("npm/npm"))
    }

    /// Writes one project with all tasks.
    fn describe_to_moon(&self, Work { program, extra }: Work) -> Result<(), String> {
        let tasks = self.each("tasks:\n".to_owned(), |number| {
            let (input, output) = (format!("in/{number}.txt"), format!("out/{number}.txt"));
            format!(
                "  t{number}:\n    command: '{program} {input} {output} {extra}'\n    inputs: ['{input}']\n    \
                 outputs: ['{output}']\n"
            )
        });
        write(&self.folder.join("moon.yml"), &tasks)?;
        let workspace = "projects:\n  tasks: '.'\ntelemetry: false\n";
        write(&self.folder.join(".moon/workspace.yml"), workspace)
    }

    /// Moon wants a repository with a commit.
    fn begin_repository(&self) -> Result<(), String> {
        let git = |words: &[&str]| Line::new("git", words, &self.folder).wall().map(|_| ());
        git(&["init", "--quiet"])?;
        let who = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"];
        git(&[&who[..], &["commit", "--quiet", "--allow-empty", "--message", "begin"]].concat())
    }

    fn each(&self, head: String, part: impl Fn(&str) -> String) -> String {
        let mut text = head;
        for number in 0..self.tasks {
            write!(text, "{}", part(&format!("{number:04}"))).expect("a string takes any text");
        }
        text
    }

    fn list(&self, part: impl Fn(&str) -> String) -> String {
        (0..self.tasks).map(|number| part(&format!("{number:04}"))).collect::<Vec<_>>().join(", ")
    }
}

/// Lets everybody run a file.
pub fn make_executable(path: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt as _;
    let rights = fs::Permissions::from_mode(0o755);
    fs::set_permissions(path, rights).map_err(|error| format!("cannot change {}: {error}", path.display()))
}

fn env_path() -> String {
    std::env::var("PATH").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(builder: Builder, file: &str, expected: &str) {
        let folder = tempfile::tempdir().unwrap();
        let work = Work { program: "./work.sh", extra: "again" };
        let project = Project { builder, program: "x".into(), folder: folder.path().to_owned(), tasks: 1 };
        project.describe(work).unwrap();
        let text = fs::read_to_string(folder.path().join(file)).unwrap();
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn every_program_is_told_the_same_work() {
        check(
            Builder::Segno,
            "flow.yaml",
            "run: [./work.sh, \"{{ item }}\", \"{{ item | replace('in/', 'out/') }}\", again]",
        );
        check(
            Builder::Ninja,
            "build.ninja",
            "command = ./work.sh $in $out again\nbuild out/0000.txt: copy in/0000.txt\n",
        );
        check(
            Builder::Make,
            "Makefile",
            "all: out/0000.txt\nout/0000.txt: in/0000.txt\n\t@./work.sh in/0000.txt out/0000.txt again",
        );
        check(Builder::Turbo, "package.json", "\"t0000\": \"./work.sh in/0000.txt out/0000.txt again\"");
        check(Builder::Moon, "moon.yml", "command: './work.sh in/0000.txt out/0000.txt again'");
    }
}
