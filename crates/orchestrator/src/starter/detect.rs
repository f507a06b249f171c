//! Finds out what kind of project a folder holds, by the files that its tools look for.

use std::path::Path;

use super::{make, node, python};

/// A kind of project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ecosystem {
    /// Cargo.
    Rust,
    /// A package.json.
    Node,
    /// A pyproject.toml or a setup.py.
    Python,
    /// A go.mod.
    Go,
    /// A pom.xml.
    Maven,
    /// A build.gradle.
    Gradle,
    /// A Makefile.
    Make,
    /// None of these.
    Plain,
}

/// What a first workflow has in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Starter {
    /// The kind of project.
    pub ecosystem: Ecosystem,
    /// The file by which it was recognised.
    pub mark: Option<&'static str>,
    /// Files of other kinds that were found too.
    pub others: Vec<&'static str>,
    /// Steps that do not hang on each other.
    pub(super) together: Vec<Step>,
    /// Steps that follow, in order.
    pub(super) after: Vec<Step>,
}

/// A step of a first workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) id: String,
    /// Program and arguments.
    pub(super) run: Vec<String>,
    pub(super) cache: Remembered,
}

/// By what a step's result is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Remembered {
    /// By the whole work tree.
    WorkTree,
    /// By files.
    Files(Vec<String>),
    /// Not at all.
    No,
}

/// Each kind with the files that mark it; a folder is of the first kind that it has a file of.
const MARKS: [(Ecosystem, &[&str]); 7] = [
    (Ecosystem::Rust, &["Cargo.toml"]),
    (Ecosystem::Node, &["package.json"]),
    (Ecosystem::Python, &["pyproject.toml", "setup.py"]),
    (Ecosystem::Go, &["go.mod"]),
    (Ecosystem::Maven, &["pom.xml"]),
    (Ecosystem::Gradle, &["build.gradle", "build.gradle.kts"]),
    (Ecosystem::Make, &["Makefile", "makefile", "GNUmakefile"]),
];

impl Ecosystem {
    /// Returns what people call a project of this kind.
    pub fn name(self) -> &'static str {
        match self {
            Ecosystem::Rust => "Rust",
            Ecosystem::Node => "Node.js",
            Ecosystem::Python => "Python",
            Ecosystem::Go => "Go",
            Ecosystem::Maven => "Maven",
            Ecosystem::Gradle => "Gradle",
            Ecosystem::Make => "Make",
            Ecosystem::Plain => "plain",
        }
    }
}

impl Starter {
    /// Looks at the folder and chooses the steps. Nothing is run and nothing is written.
    pub fn detect(folder: &Path) -> Starter {
        let is_there = |name: &&&str| folder.join(**name).is_file();
        let found = MARKS.iter().filter_map(|(ecosystem, names)| Some((*ecosystem, *names.iter().find(is_there)?)));
        let found: Vec<(Ecosystem, &'static str)> = found.collect();
        let (ecosystem, mark) = match found.first() {
            Some((ecosystem, mark)) => (*ecosystem, Some(*mark)),
            None => (Ecosystem::Plain, None),
        };
        let others = found.iter().skip(1).map(|(_, mark)| *mark).collect();
        let (together, after) = steps(ecosystem, folder);
        Starter { ecosystem, mark, others, together, after }
    }

    /// Returns the names of its steps.
    pub fn steps(&self) -> Vec<&str> {
        self.together.iter().chain(&self.after).map(|step| step.id.as_str()).collect()
    }
}

fn steps(ecosystem: Ecosystem, folder: &Path) -> (Vec<Step>, Vec<Step>) {
    let wrapped = |wrapper: &'static str, program: &'static str| match folder.join(wrapper).is_file() {
        true => format!("./{wrapper}"),
        false => program.to_owned(),
    };
    match ecosystem {
        Ecosystem::Rust => rust(),
        Ecosystem::Node => node::steps(folder),
        Ecosystem::Python => python::steps(folder),
        Ecosystem::Go => go(),
        Ecosystem::Maven => {
            (vec![], vec![Step::new("verify", &[&wrapped("mvnw", "mvn"), "--batch-mode", "verify"]).by_work_tree()])
        }
        Ecosystem::Gradle => {
            (vec![], vec![Step::new("check", &[&wrapped("gradlew", "gradle"), "check"]).by_work_tree()])
        }
        Ecosystem::Make => make::steps(folder),
        Ecosystem::Plain => (vec![], vec![Step::new("hello", &["echo", "hello from segno"])]),
    }
}

fn rust() -> (Vec<Step>, Vec<Step>) {
    let sources = ["**/*.rs", "**/Cargo.toml", "Cargo.lock", ".cargo/**", "rust-toolchain*"];
    let lint = ["cargo", "clippy", "--all-targets", "--", "--deny", "warnings"];
    let together = vec![
        Step::new("format", &["cargo", "fmt", "--all", "--check"]).by(&["**/*.rs", "**/rustfmt.toml", "**/Cargo.toml"]),
        Step::new("lint", &lint).by(&[&sources[..], &["**/clippy.toml"]].concat()),
    ];
    (together, vec![Step::new("test", &["cargo", "test"]).by_work_tree()])
}

fn go() -> (Vec<Step>, Vec<Step>) {
    let sources = ["**/*.go", "go.mod", "go.sum"];
    let format = ["sh", "-c", "test -z \"$(gofmt -l . | tee /dev/stderr)\""];
    let together =
        vec![Step::new("format", &format).by(&["**/*.go"]), Step::new("lint", &["go", "vet", "./..."]).by(&sources)];
    (together, vec![Step::new("test", &["go", "test", "./..."]).by_work_tree()])
}

impl Step {
    pub(super) fn new(id: &str, run: &[&str]) -> Step {
        Step { id: id.to_owned(), run: run.iter().map(|word| (*word).to_owned()).collect(), cache: Remembered::No }
    }

    /// Remembers the step by files.
    pub(super) fn by(self, globs: &[&str]) -> Step {
        Step { cache: Remembered::Files(globs.iter().map(|glob| (*glob).to_owned()).collect()), ..self }
    }

    /// Remembers the step by everything: for what may read any file, as tests do.
    pub(super) fn by_work_tree(self) -> Step {
        Step { cache: Remembered::WorkTree, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Definition;
    use crate::agents::Registry;
    use crate::model::{Body, Run};

    /// Detects a project of these files (name and text) and shows its steps; its flow must be valid and say the same.
    fn check(files: &[(&str, &str)], expected: &str) {
        let folder = tempfile::tempdir().unwrap();
        files.iter().for_each(|(name, text)| std::fs::write(folder.path().join(name), text).unwrap());
        let starter = Starter::detect(folder.path());
        let words = |step: &Step| format!("{}: {}", step.id, step.run.join(" "));
        let shown: Vec<String> = starter.together.iter().chain(&starter.after).map(words).collect();
        assert_eq!(format!("{}\n{}", starter.ecosystem.name(), shown.join("\n")), expected);
        let flow = starter.flow();
        let definition = Definition::parse(&flow, "check.flow.yaml", &Registry::default());
        let definition = definition.unwrap_or_else(|mistakes| panic!("{mistakes}{flow}"));
        let mut written = Vec::new();
        programs(&definition.workflow.body, &mut written);
        assert_eq!(written, shown, "{flow}");
    }

    /// Reads the steps back from the workflow.
    fn programs(block: &crate::model::Block, found: &mut Vec<String>) {
        match &block.body {
            Body::Sequence(blocks) | Body::Parallel(blocks) => blocks.iter().for_each(|block| programs(block, found)),
            Body::Command(command) => {
                let Run::Argv(argv) = &command.run else { unreachable!("starters use no shell text") };
                let words: Vec<&str> = argv.iter().map(|word| word.source.as_str()).collect();
                found.push(format!("{}: {}", block.id, words.join(" ")));
            }
            _ => unreachable!("starters have no other bodies"),
        }
    }

    #[test]
    fn a_rust_project_is_formatted_linted_and_tested() {
        check(
            &[("Cargo.toml", ""), ("Makefile", "all:\n")],
            "Rust\nformat: cargo fmt --all --check\nlint: cargo clippy --all-targets -- --deny warnings\ntest: cargo test",
        );
    }

    #[test]
    fn a_node_project_runs_the_scripts_that_it_has() {
        let scripts =
            r#"{"scripts": {"test": "vitest", "lint": "eslint .", "typecheck": "tsc", "build": "x", "start": "y"}}"#;
        let expected = |program: &str| {
            format!(
                "Node.js\nlint: {program} run lint\ntypecheck: {program} run typecheck\ntest: {program} run test\nbuild: {program} run build"
            )
        };
        check(&[("package.json", scripts)], &expected("npm"));
        check(&[("package.json", scripts), ("pnpm-lock.yaml", "")], &expected("pnpm"));
        check(&[("package.json", scripts), ("yarn.lock", "")], &expected("yarn"));
        check(&[("package.json", scripts), ("bun.lock", "")], &expected("bun"));
        check(&[("package.json", "{}")], "Node.js\ntest: npm test --if-present");
        check(&[("package.json", "no json")], "Node.js\ntest: npm test --if-present");
    }

    #[test]
    fn a_python_project_runs_the_tools_that_it_has_set_up() {
        check(&[("setup.py", "")], "Python\ntest: python3 -m pytest");
        check(
            &[
                ("pyproject.toml", "[tool.ruff]\n[tool.mypy]\nstrict = true\n[tool.pytest.ini_options]\n"),
                ("uv.lock", ""),
            ],
            "Python\nlint: uv run ruff check\nformat: uv run ruff format --check\ntypes: uv run mypy .\ntest: uv run pytest",
        );
        check(
            &[("pyproject.toml", "[tool.black]\n"), ("poetry.lock", "")],
            "Python\nformat: poetry run black --check .\ntest: poetry run pytest",
        );
        check(
            &[("pyproject.toml", "[project]\n"), ("ruff.toml", "")],
            "Python\nlint: python3 -m ruff check\nformat: python3 -m ruff format --check\ntest: python3 -m pytest",
        );
    }

    #[test]
    fn other_projects_run_what_their_tool_offers() {
        check(
            &[("go.mod", "")],
            "Go\nformat: sh -c test -z \"$(gofmt -l . | tee /dev/stderr)\"\nlint: go vet ./...\ntest: go test ./...",
        );
        check(&[("pom.xml", "")], "Maven\nverify: mvn --batch-mode verify");
        check(&[("pom.xml", ""), ("mvnw", "")], "Maven\nverify: ./mvnw --batch-mode verify");
        check(&[("build.gradle.kts", ""), ("gradlew", "")], "Gradle\ncheck: ./gradlew check");
        check(
            &[(
                "Makefile",
                ".PHONY: test\nCC := gcc\nall: build\nbuild: a.c\n\tcc a.c\ntest lint:\n\ttrue\n%.o: %.c\n",
            )],
            "Make\nlint: make lint\nbuild: make build\ntest: make test",
        );
        check(&[("Makefile", "x.o: x.c\n")], "Make\nmake: make");
        check(&[], "plain\nhello: echo hello from segno");
    }

    #[test]
    fn what_else_is_there_is_told() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["go.mod", "package.json", "Makefile"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let starter = Starter::detect(folder.path());
        assert_eq!((starter.mark, starter.others), (Some("package.json"), vec!["go.mod", "Makefile"]));
    }
}
