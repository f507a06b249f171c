//! Calls of caches in memory beside their peers in the same run: hits, nine reads to a write, and loads, by one thread and by
//! two, with numbers and texts as keys, and the same with times to live and weights in use; then how long single calls take.

mod field;
mod latency;
mod race;
mod traffic;

use field::Named;
use race::race;
use traffic::Traffic;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_test = arguments.iter().any(|argument| argument == "--test");
    let topics: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let wanted = |topic: &str| topics.is_empty() || topics.iter().any(|wanted| topic.contains(wanted.as_str()));
    for traffic in Traffic::all(is_test) {
        if wanted(&format!("numbers {}", traffic.name)) {
            race("numbers", &traffic, &Named::all(&traffic), &traffic.numbers(), is_test);
        }
        if wanted(&format!("texts {}", traffic.name)) {
            race("texts", &traffic, &Named::all(&traffic), &traffic.texts(), is_test);
        }
    }
    if wanted("latency") {
        latency::compare(is_test);
    }
}
