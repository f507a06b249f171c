//! Prints each figure beside its bar, and says which were missed.

use super::measure::{self, Figure};
use crate::peers::{Ground, load};

/// Measures all figures and prints them; returns whether all were reached.
pub fn run() -> bool {
    match Ground::prepare(1).and_then(|ground| measure::all(&ground)) {
        Ok(figures) => {
            print!("{}", table(&figures));
            let missed = figures.iter().filter(|figure| !figure.is_reached()).count();
            println!("\n{missed} of {} figures missed; load {}", figures.len(), load());
            missed == 0
        }
        Err(failure) => {
            println!("{failure}");
            false
        }
    }
}

fn table(figures: &[Figure]) -> String {
    let mut text = String::from("| figure | measured | bar | margin |\n|---|---|---|---|\n");
    for figure in figures {
        let Figure { what, measured, bar, unit, note } = figure;
        let margin = match figure.is_reached() {
            true => format!("{:.1}x", bar / measured),
            false => "MISSED".to_owned(),
        };
        text += &format!("| {what} | {measured:.3} {unit}{note} | under {bar} {unit} | {margin} |\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_stands_beside_its_bar_and_its_margin() {
        let figure = |measured| Figure { what: "start", measured, bar: 100.0, unit: "ms", note: String::new() };
        let shown = table(&[figure(4.0), figure(100.0)]);
        let rows: Vec<&str> = shown.lines().skip(2).collect();
        assert_eq!(
            rows,
            ["| start | 4.000 ms | under 100 ms | 25.0x |", "| start | 100.000 ms | under 100 ms | MISSED |"]
        );
    }
}
