//! The table as Markdown: means of large and small capacities, every cell, and where we fall behind.

use std::fmt::Write as _;

use crate::cells::Cell;
use crate::field::Contestant;

/// From this capacity on, a cell counts as large.
const LARGE: usize = 1_000;
/// A cell in which we have less than this share of the best peer is listed.
const BEHIND: f64 = 0.85;

/// Writes everything.
pub(crate) fn table(field: &[Contestant], cells: &[Cell]) -> String {
    let mut out = String::new();
    means(&mut out, field, cells);
    behind(&mut out, field, cells);
    every(&mut out, field, cells);
    out
}

fn means(out: &mut String, field: &[Contestant], cells: &[Cell]) {
    let (large, small): (Vec<&Cell>, Vec<&Cell>) = cells.iter().partition(|cell| cell.capacity >= LARGE);
    line(
        out,
        &format!(
            "| share of the optimum | {LARGE} entries or more ({} cells) | fewer ({}) | holds at most |",
            large.len(),
            small.len()
        ),
    );
    line(out, "|---|---|---|---|");
    for (place, contestant) in field.iter().enumerate() {
        let mean = |cells: &[&Cell]| {
            let sum = cells.iter().map(|cell| cell.ratios[place]).fold(0.0, |sum, ratio| sum + ratio);
            sum / cells.len().max(1) as f64
        };
        let most = cells.iter().map(|cell| cell.held[place] as f64 / cell.capacity as f64).fold(0.0, f64::max);
        let whose = if contestant.is_ours { "segno " } else { "" };
        let row = format!("| {whose}{} | {:.3} | {:.3} | {most:.2}x |", contestant.name, mean(&large), mean(&small));
        line(out, &row);
    }
}

/// The peers' best in each cell against our default policy, which stands first.
fn behind(out: &mut String, field: &[Contestant], cells: &[Cell]) {
    line(out, &format!("\nCells in which the default policy has less than {BEHIND} of the best peer's hits:\n"));
    line(out, "| load | entries | ours | best peer | | ratio |\n|---|---|---|---|---|---|");
    for cell in cells {
        let peers = field.iter().zip(&cell.ratios).filter(|(contestant, _)| !contestant.is_ours);
        let Some((best, ratio)) = peers.max_by(|(_, one), (_, other)| one.total_cmp(other)) else { continue };
        let share = cell.ratios[0] / ratio.max(f64::MIN_POSITIVE);
        if share < BEHIND {
            let Cell { load, capacity, ratios, .. } = cell;
            line(out, &format!("| {load} | {capacity} | {:.3} | {} | {ratio:.3} | {share:.2} |", ratios[0], best.name));
        }
    }
}

fn every(out: &mut String, field: &[Contestant], cells: &[Cell]) {
    let names: Vec<&str> = field.iter().map(|contestant| contestant.name).collect();
    line(out, &format!("\n| load | entries | {} |\n|---|---{}|", names.join(" | "), "|---".repeat(names.len())));
    for cell in cells {
        let ratios: Vec<String> = cell.ratios.iter().map(|ratio| format!("{ratio:.3}")).collect();
        line(out, &format!("| {} | {} | {} |", cell.load, cell.capacity, ratios.join(" | ")));
    }
}

fn line(out: &mut String, text: &str) {
    // Writing to a string cannot fail.
    _ = writeln!(out, "{text}");
}
