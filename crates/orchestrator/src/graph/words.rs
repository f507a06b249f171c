//! The words in a picture: calls and conditions in a few letters, without anything that moves a cursor.

use crate::model::{Action, AtLeast, Each, Item, Repeat, Run, Text};

/// The longest expression or command that is shown, in characters.
const MAX_WORDS: usize = 60;
/// The most items of a written-out list that are shown.
const MAX_ITEMS: usize = 3;

/// Says what a command runs: its first line that does something.
pub(super) fn command(run: &Run) -> String {
    match run {
        Run::Argv(argv) => format!("$ {}", cut(&argv.iter().map(word).collect::<Vec<_>>().join(" "))),
        Run::Shell(text) => {
            let does_something = |line: &&str| !line.is_empty() && !line.starts_with('#');
            let mut lines = text.source.lines().map(str::trim).filter(does_something);
            let first = lines.next().unwrap_or_default();
            let more = if lines.next().is_some() { " .." } else { "" };
            format!("$ {}{more}", cut(first))
        }
    }
}

pub(super) fn agent(name: &Text) -> String {
    format!("agent {}", cut(&name.source))
}

/// Says what is done besides a step.
pub(super) fn action(action: &Action) -> String {
    match action {
        Action::Command(command) => self::command(&command.run),
        Action::Agent(call) => agent(&call.agent),
    }
}

/// Returns a condition without the braces that may stand round it.
pub(super) fn bare(source: &str) -> String {
    let trimmed = source.trim();
    let inner = trimmed.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
    cut(inner.filter(|inner| !inner.contains("}}")).unwrap_or(trimmed).trim())
}

/// Says what the items of a fan-out are, how many must be done, and how many go on at once.
pub(super) fn fan(each: &Each, at_least: Option<AtLeast>, limit: Option<u32>) -> String {
    let mut words = vec![items(each)];
    words.extend(at_least.map(|at_least| match at_least {
        AtLeast::Count(count) => format!("at least {count}"),
        AtLeast::Percent(percent) => format!("at least {percent}%"),
    }));
    words.extend(limit.map(|limit| format!("{limit} at once")));
    words.join(", ")
}

/// Says how long a loop goes on.
pub(super) fn rounds(repeat: &Repeat) -> String {
    let mut words = Vec::new();
    words.extend(repeat.going_while.as_ref().map(|text| format!("while {}", bare(&text.source))));
    words.extend(repeat.until.as_ref().map(|text| format!("until {}", bare(&text.source))));
    words.push(match words.is_empty() {
        true => format!("{} rounds", repeat.max),
        false => format!("at most {} rounds", repeat.max),
    });
    words.extend(repeat.score.as_ref().map(|text| format!("the best by {}", bare(&text.source))));
    words.join(", ")
}

fn items(each: &Each) -> String {
    match each {
        Each::Matrix(axes) => {
            let axis = |(name, each): &(String, Each)| format!("{name} ({})", items(each));
            cut(&axes.iter().map(axis).collect::<Vec<_>>().join(" x "))
        }
        Each::Template(text) => bare(&text.source),
        Each::List(items) => {
            let mut words: Vec<String> = items.iter().take(MAX_ITEMS).map(item).collect();
            if items.len() > MAX_ITEMS {
                words.push(format!("{} more", items.len() - MAX_ITEMS));
            }
            cut(&words.join(", "))
        }
    }
}

fn item(item: &Item) -> String {
    match item {
        Item::Plain(serde_json::Value::String(text)) => text.clone(),
        Item::Plain(value) => value.to_string(),
        Item::Template(text) => text.source.clone(),
    }
}

/// Shows where a word of a command ends when it has blanks in it.
fn word(text: &Text) -> String {
    let source = text.source.as_str();
    let stands_alone = !source.is_empty() && !source.contains(char::is_whitespace) || source.starts_with("{{");
    if stands_alone { source.to_owned() } else { format!("'{source}'") }
}

/// Makes a text one line of bearable length.
pub(super) fn cut(text: &str) -> String {
    let plain: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    match plain.char_indices().nth(MAX_WORDS) {
        Some((end, _)) => format!("{}..", plain[..end].trim_end()),
        None => plain,
    }
}
