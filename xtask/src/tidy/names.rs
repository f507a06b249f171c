//! Rule: no name that hides a missing job. Names that a trait prescribes to its implementations
//! are judged where the trait is declared, or not at all when it is somebody else's.

use super::blocks;
use super::report::Finding;
use super::source::Source;
use super::workspace::Workspace;

const TYPE_ENDINGS: [&str; 6] = ["Manager", "Handler", "Util", "Utils", "Info", "Data"];

/// Names of look-ups that every cache and map has.
const LOOK_UPS: [&str; 2] = ["get_or_", "get_many"];

const MODULES: [&str; 5] = ["util", "utils", "types", "common", "helpers"];

/// Checks the names of types, functions, modules and files.
pub fn check(workspace: &Workspace) -> Vec<Finding> {
    workspace.sources.iter().flat_map(names).collect()
}

fn names(source: &Source) -> Vec<Finding> {
    let foreign = blocks::trait_impls(source);
    let is_ours = |line: usize| !foreign.iter().any(|lines| lines.contains(&line));
    let types = ["struct", "enum", "trait", "type"]
        .into_iter()
        .flat_map(|keyword| source.declared(keyword))
        .filter_map(|(line, name)| {
            let ending = TYPE_ENDINGS.into_iter().find(|ending| name.ends_with(ending))?;
            Some((line, format!("`{name}` ends in {ending}"), "name the type by its job"))
        });
    let functions = source
        .declared("fn")
        .filter(|(_, name)| name.starts_with("get_") && !LOOK_UPS.iter().any(|known| name.starts_with(known)))
        .map(|(line, name)| (line, format!("`{name}` begins with get_"), "say what it returns"));
    let modules = source
        .declared("mod")
        .chain(stem(&source.path).map(|name| (1, name)))
        .filter(|(_, name)| MODULES.contains(name))
        .map(|(line, name)| (line, format!("a module is called `{name}`"), "name the module by what it does"));
    types
        .chain(functions)
        .chain(modules)
        .filter(|(line, ..)| is_ours(*line))
        .map(|(line, text, hint)| Finding { file: source.path.clone(), line, rule: "names", text, hint })
        .collect()
}

fn stem(path: &str) -> Option<&str> {
    path.rsplit('/').next()?.strip_suffix(".rs")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::report::assert_findings;

    fn check(path: &str, text: &str, expected: &[&str]) {
        let sources = vec![Source::new(path, text)];
        let workspace = Workspace { packages: Vec::new(), sources };
        assert_findings(super::check, &workspace, expected);
    }

    #[test]
    fn a_type_without_a_job_is_named() {
        check(
            "a.rs",
            "pub struct TaskManager;\nenum Handler {}\ntrait StringUtils {}\ntype Info = u8;\nstruct RunData<T>(T);",
            &[
                "a.rs:1: `TaskManager` ends in Manager",
                "a.rs:5: `RunData` ends in Data",
                "a.rs:2: `Handler` ends in Handler",
                "a.rs:3: `StringUtils` ends in Utils",
                "a.rs:4: `Info` ends in Info",
            ],
        );
    }

    #[test]
    fn a_type_may_use_such_a_name_of_others() {
        check("a.rs", "struct Metadata(PhantomData<FileInfo>);\nstruct Managers;", &[]);
        check("a.rs", "// struct TaskManager\nconst A: &str = \"struct TaskManager\";", &[]);
    }

    #[test]
    fn a_function_says_what_it_returns() {
        check(
            "a.rs",
            "fn get_key() {}\nfn target() {}\nfn get() {}\nfn get_or_load() {}",
            &["a.rs:1: `get_key` begins with get_"],
        );
    }

    #[test]
    fn an_implementation_uses_the_names_of_its_trait() {
        let text = "impl Object for Steps {\n    type Data = u8;\n    fn get_value() {}\n}";
        check("a.rs", text, &[]);
        check(
            "a.rs",
            &text.replace("Object for ", ""),
            &["a.rs:2: `Data` ends in Data", "a.rs:3: `get_value` begins with get_"],
        );
    }

    #[test]
    fn a_module_is_no_drawer() {
        check("src/lib.rs", "mod utils;\npub mod plan;", &["src/lib.rs:1: a module is called `utils`"]);
        check("src/types.rs", "", &["src/types.rs:1: a module is called `types`"]);
    }
}
