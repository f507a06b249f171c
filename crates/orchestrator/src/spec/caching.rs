//! `cache` on a step, an agent or in `defaults`: what a result depends on besides the call itself.

use super::Mistake;
use super::fields::{Fields, Findings, nearest};
use super::keys;
use super::tree::{Node, Tree};
use crate::model::{CachePolicy, DependsOn, GitFact, Text};

/// What `git` may name.
pub(super) const GIT_WORDS: [&str; 3] = ["commit", "branch", "tree"];

/// What stands between a file and the path of a value in it.
pub(crate) const VALUE_MARK: char = '#';

/// `cache: true | false | { files, env, config, git, tools, work_tree, ttl, salt }`.
pub(super) fn cache(node: &Node, findings: &mut Findings) -> Option<CachePolicy> {
    match node.tree {
        Tree::Bool(false) => return Some(CachePolicy::Off),
        Tree::Bool(true) => {
            return Some(CachePolicy::By(Box::new(DependsOn { work_tree: true, ..DependsOn::default() })));
        }
        Tree::Map(_) => {}
        _ => {
            findings.wrong(node, "cache", "true, false or a map");
            return None;
        }
    }
    let fields = Fields::open(node, "cache", findings)?;
    fields.known(&keys::CACHE, "cache", findings);
    let mut by = DependsOn {
        work_tree: fields.find("work_tree").and_then(|node| findings.truth(node, "work_tree")).unwrap_or(false),
        files: fields.find("files").map(|node| findings.texts(node, "files")).unwrap_or_default(),
        env: fields.find("env").map(|node| findings.words(node, "env")).unwrap_or_default(),
        config: fields.find("config").map(|node| config(node, findings)).unwrap_or_default(),
        tools: fields.find("tools").map(|node| findings.texts(node, "tools")).unwrap_or_default(),
        ttl: fields.find("ttl").and_then(|node| findings.duration(node, "ttl")),
        salt: fields.find("salt").and_then(|node| findings.text(node, "salt")),
        ..DependsOn::default()
    };
    if let Some(node) = fields.find("git") {
        git(node, &mut by, findings);
    }
    Some(CachePolicy::By(Box::new(by)))
}

/// `git: commit`, `git: [commit, branch]`, `git: tree`, `git: { tree: [src, docs] }`.
fn git(node: &Node, by: &mut DependsOn, findings: &mut Findings) {
    if !matches!(node.tree, Tree::Map(_)) {
        for word in findings.words(node, "git") {
            match word.as_str() {
                "commit" => by.git.push(GitFact::Commit),
                "branch" => by.git.push(GitFact::Branch),
                "tree" => by.work_tree = true,
                other => findings.add(unknown(node, other)),
            }
        }
        return;
    }
    let Some(fields) = Fields::open(node, "git", findings) else { return };
    fields.known(&GIT_WORDS, "git", findings);
    for (word, fact) in [("commit", GitFact::Commit), ("branch", GitFact::Branch)] {
        if fields.find(word).and_then(|node| findings.truth(node, word)) == Some(true) {
            by.git.push(fact);
        }
    }
    match fields.find("tree") {
        Some(Node { tree: Tree::Bool(whole), .. }) => by.work_tree |= *whole,
        Some(node) => by.tree = findings.texts(node, "tree"),
        None => {}
    }
}

fn unknown(node: &Node, word: &str) -> Mistake {
    let mistake = Mistake::at(node.place, format!("git has no '{word}' that a result can depend on"));
    match nearest(word, GIT_WORDS.into_iter()) {
        Some(near) => mistake.hint(format!("did you mean '{near}'?")),
        None => mistake.hint("write commit, branch or tree, or { tree: [paths] }"),
    }
}

/// Reads values of configuration files. One that is written out must say which value it means.
fn config(node: &Node, findings: &mut Findings) -> Vec<Text> {
    let values = findings.texts(node, "config");
    for value in &values {
        let is_whole =
            value.source.split_once(VALUE_MARK).is_some_and(|(file, path)| !file.is_empty() && !path.is_empty());
        if !is_whole && !value.source.contains("{{") {
            let mistake = Mistake::at(value.place, format!("config '{}' names no value of a file", value.source));
            findings.add(
                mistake.hint("write FILE#PATH, such as Cargo.toml#package.version; a whole file belongs in 'files'"),
            );
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use crate::model::{Body, CachePolicy};
    use crate::spec::parse;

    fn check(cache: &str, expected: &str) {
        let source = format!("{{steps: [{{ run: [x], cache: {cache} }}]}}");
        let shown = match parse(&source, "a.yaml") {
            Err(bad) => bad.list().iter().map(|bad| bad.message.clone()).collect::<Vec<_>>().join("; "),
            Ok(workflow) => {
                let Body::Sequence(mut blocks) = workflow.body.body else {
                    unreachable!("the flow is a list of steps")
                };
                let Body::Command(command) = blocks.remove(0).body else { unreachable!("its step is a command") };
                match command.settings.cache {
                    Some(CachePolicy::By(by)) => shown(&by),
                    other => format!("{other:?}"),
                }
            }
        };
        assert_eq!(shown, expected, "{cache}");
    }

    fn shown(by: &super::DependsOn) -> String {
        let texts = |name: &str, texts: &[super::Text]| match texts {
            [] => None,
            _ => {
                Some(format!("{name} {}", texts.iter().map(|text| text.source.as_str()).collect::<Vec<_>>().join("+")))
            }
        };
        let parts = [
            by.work_tree.then(|| "work tree".to_owned()),
            texts("tree", &by.tree),
            texts("files", &by.files),
            (!by.env.is_empty()).then(|| format!("env {}", by.env.join("+"))),
            texts("config", &by.config),
            (!by.git.is_empty()).then(|| format!("git {:?}", by.git)),
            texts("tools", &by.tools),
            by.ttl.map(|ttl| format!("{}s", ttl.as_secs())),
            by.salt.as_ref().map(|salt| format!("salt {}", salt.source)),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn a_cache_policy_names_what_the_result_depends_on() {
        check("true", "work tree");
        check("false", "Some(Off)");
        check("{}", "");
        check(
            "{ files: [a, b], env: HOME, ttl: 1d, salt: '1', work_tree: true }",
            "work tree, files a+b, env HOME, 86400s, salt 1",
        );
        check(
            "{ config: Cargo.toml#package.version, tools: [rustc --version] }",
            "config Cargo.toml#package.version, tools rustc --version",
        );
        check("{ git: commit }", "git [Commit]");
        check("{ git: [commit, branch, tree] }", "work tree, git [Commit, Branch]");
        check("{ git: { tree: [src, docs], branch: true } }", "tree src+docs, git [Branch]");
        check("{ git: { tree: true, commit: false } }", "work tree");
    }

    #[test]
    fn what_cannot_be_depended_on_is_told_by_name() {
        check("forever", "cache must be true, false or a map, not text");
        check("{ file: a }", "unknown key 'file' in cache");
        check("{ git: comit }", "git has no 'comit' that a result can depend on");
        check("{ git: { trees: [a] } }", "unknown key 'trees' in git");
        check(
            "{ config: [Cargo.toml, '#a', 'a#'] }",
            "config 'Cargo.toml' names no value of a file; config '#a' names no value of a file; config 'a#' names no value of a file",
        );
    }
}
