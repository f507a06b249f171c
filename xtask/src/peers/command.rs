//! `cargo xtask bench --peers`: builds what is measured, measures topic by topic, prints the table.

use std::fs;

use super::ground::Ground;
use super::install::Peers;
use super::table::{Row, Table};
use super::{cached, changed, crowd, durable, fresh, large, logs, matrix, outputs, single};

/// The rounds in which programs take turns.
const ROUNDS: usize = 5;

/// What is measured together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    Cached,
    Changed,
    Outputs,
    Fresh,
    Durable,
    Crowd,
    Single,
    Large,
    Logs,
    Matrix,
}

const TOPICS: [(&str, Topic); 10] = [
    ("cached", Topic::Cached),
    ("changed", Topic::Changed),
    ("outputs", Topic::Outputs),
    ("fresh", Topic::Fresh),
    ("durable", Topic::Durable),
    ("crowd", Topic::Crowd),
    ("single", Topic::Single),
    ("large", Topic::Large),
    ("logs", Topic::Logs),
    ("matrix", Topic::Matrix),
];

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    topics: Vec<Topic>,
    rounds: usize,
}

impl Wish {
    /// Reads the words after `cargo xtask bench --peers`. No topic means every topic.
    pub fn read(words: &[&str]) -> Result<Wish, String> {
        let (mut topics, mut rounds) = (Vec::new(), ROUNDS);
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            if *word == "--rounds" {
                let number = rest.next().and_then(|number| number.parse().ok()).filter(|number| *number > 0);
                rounds = number.ok_or("--rounds needs a number above 0")?;
                continue;
            }
            let known = TOPICS.iter().find(|(name, _)| name == word);
            let names = || TOPICS.map(|(name, _)| name).join(", ");
            topics.push(known.ok_or_else(|| format!("there is no topic `{word}`; the topics are {}", names()))?.1);
        }
        if topics.is_empty() {
            topics.extend(TOPICS.map(|(_, topic)| topic));
        }
        Ok(Wish { topics, rounds })
    }
}

/// Measures what is asked for and prints it; returns whether everything could be run.
pub fn run(wish: &Wish) -> bool {
    match measure(wish) {
        Ok(()) => true,
        Err(failure) => {
            println!("{failure}");
            false
        }
    }
}

/// Prints each topic when it is done: all of them take half an hour.
fn measure(wish: &Wish) -> Result<(), String> {
    let ground = Ground::prepare(wish.rounds)?;
    let peers = ground.peers();
    println!("Medians of {} rounds in which the programs take turns. Load: {}.\n", ground.rounds, load());
    print!("{}", peers.missing);
    for topic in &wish.topics {
        let (rows, said) = measure_topic(*topic, &ground, &peers)?;
        if !rows.is_empty() {
            println!("{}", Table(rows));
        }
        println!("{said}");
    }
    println!("Load at the end: {}.", load());
    Ok(())
}

fn measure_topic(topic: Topic, ground: &Ground, peers: &Peers) -> Result<(Vec<Row>, String), String> {
    let alone = |rows: Vec<Row>| (rows, String::new());
    match topic {
        Topic::Cached => cached::measure(ground, peers),
        Topic::Changed => changed::measure(ground, peers).map(alone),
        Topic::Outputs => outputs::measure(ground, peers).map(alone),
        Topic::Fresh => Ok(alone(vec![fresh::measure(ground)?, fresh::start_up(ground)?])),
        Topic::Durable => durable::measure(ground).map(alone),
        Topic::Crowd => crowd::measure(ground).map(alone),
        Topic::Single => single::measure(ground).map(alone),
        Topic::Large => large::measure(ground).map(alone),
        Topic::Logs => logs::measure(ground),
        Topic::Matrix => matrix::measure(ground, peers).map(|matrix| (Vec::new(), matrix.to_string())),
    }
}

/// Returns the load of the machine over the last minute: who reads a table must know what else went on.
pub fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Option<(usize, usize)>) {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(Wish::read(&words).ok().map(|wish| (wish.topics.len(), wish.rounds)), expected);
    }

    #[test]
    fn the_words_say_which_topics_and_how_many_rounds() {
        check("", Some((TOPICS.len(), ROUNDS)));
        check("--rounds 3", Some((TOPICS.len(), 3)));
        check("matrix durable --rounds 7", Some((2, 7)));
        check("--rounds 0", None);
        check("--rounds", None);
        check("nothing", None);
    }
}
