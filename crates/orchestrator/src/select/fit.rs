//! Fits the weights of `lexicon.tsv` to the labelled texts in `tests/select`: never to those of `test.jsonl`.
//!
//! Multinomial logistic regression on top of the scores of the cues, whose weights were set by hand and stay. What is
//! minimised is the log loss plus `PENALTY / 2` times the squares of the weights, by Adam, from zero: no randomness.
//!
//! `SEGNO_FIT=1 cargo test -p segno-orchestrator --lib select::fit` writes the table anew.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::decide::{CUE_SCALE, MIN_SCORE, evidence, sums};
use super::lexicon::{UNSURE, WAYS, features};
use super::words::words;

/// Files of labelled texts to fit to.
const FILES: [&str; 2] = ["tune.jsonl", "train.jsonl"];

/// In how many texts a word must stand.
const MIN_TEXTS: usize = 10;

/// How much large weights cost.
const PENALTY: f64 = 2.0;

/// How often all texts are gone through.
const ROUNDS: i32 = 120;

/// Weights below this are left out.
const MIN_WEIGHT: f64 = 0.1;

struct Example {
    features: Vec<usize>,
    base: [f64; WAYS],
    label: usize,
}

/// A label's place among the ways.
pub(super) fn place(label: &str) -> usize {
    super::Pattern::ALL.iter().position(|pattern| pattern.name() == label).unwrap_or(UNSURE)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/select")
}

/// Returns the names of the features and the texts as numbers.
fn examples() -> (Vec<String>, Vec<Example>) {
    let lines: Vec<String> = FILES.iter().map(|name| std::fs::read_to_string(folder().join(name)).unwrap()).collect();
    let rows: Vec<serde_json::Value> =
        lines.iter().flat_map(|text| text.lines()).map(|line| serde_json::from_str(line).unwrap()).collect();
    let texts: Vec<(&str, &str)> =
        rows.iter().map(|row| (row["label"].as_str().unwrap(), row["text"].as_str().unwrap())).collect();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (_, text) in &texts {
        features(text, &words(text)).into_iter().for_each(|feature| *counts.entry(feature).or_default() += 1);
    }
    let names: Vec<String> =
        counts.into_iter().filter(|(_, count)| *count >= MIN_TEXTS).map(|(name, _)| name).collect();
    let examples = texts.iter().map(|(label, text)| {
        let words = words(text);
        let features = features(text, &words).iter().filter_map(|feature| names.binary_search(feature).ok()).collect();
        let mut base = [0.0; WAYS];
        let sums = sums(&evidence(text, &words));
        base.iter_mut().zip(sums).for_each(|(base, sum)| *base = sum * CUE_SCALE);
        base[UNSURE] = MIN_SCORE * CUE_SCALE;
        Example { features, base, label: place(label) }
    });
    let examples = examples.collect();
    (names, examples)
}

/// Adds to the gradient what one text gives.
fn learn(example: &Example, weights: &[[f64; WAYS]], gradient: &mut [[f64; WAYS]]) {
    let mut scores = example.base;
    for feature in &example.features {
        scores.iter_mut().zip(weights[*feature]).for_each(|(score, weight)| *score += weight);
    }
    let top = scores.iter().copied().fold(f64::MIN, f64::max);
    let shares = scores.map(|score| (score - top).exp());
    let total: f64 = shares.iter().sum();
    for feature in &example.features {
        for way in 0..WAYS {
            gradient[*feature][way] += shares[way] / total - f64::from(u8::from(way == example.label));
        }
    }
}

fn fit(count: usize, examples: &[Example]) -> Vec<[f64; WAYS]> {
    const RATE: f64 = 0.05;
    let mut weights = vec![[0.0; WAYS]; count];
    let (mut mean, mut square) = (weights.clone(), weights.clone());
    for round in 1..=ROUNDS {
        let mut gradient: Vec<[f64; WAYS]> = weights.iter().map(|row| row.map(|weight| weight * PENALTY)).collect();
        examples.iter().for_each(|example| learn(example, &weights, &mut gradient));
        let (first, second) = (1.0 - 0.9_f64.powi(round), 1.0 - 0.999_f64.powi(round));
        for row in 0..count {
            for way in 0..WAYS {
                let slope = gradient[row][way];
                mean[row][way] = 0.9 * mean[row][way] + 0.1 * slope;
                square[row][way] = 0.999 * square[row][way] + 0.001 * slope * slope;
                weights[row][way] -= RATE * (mean[row][way] / first) / ((square[row][way] / second).sqrt() + 1e-8);
            }
        }
    }
    weights
}

fn table(names: &[String], weights: &[[f64; WAYS]]) -> String {
    let mut table = String::from("# Made by select/fit.rs; see there. A word's stem or a mark, and its weights.\n");
    table.push_str("# stem\tsequential\tparallel\tconditional\titerative\tpipeline\tunsure\n");
    for (name, row) in names.iter().zip(weights) {
        if row.iter().any(|weight| weight.abs() >= MIN_WEIGHT) {
            let row: Vec<String> = row.iter().map(|weight| format!("{weight:.2}")).collect();
            table.push_str(&format!("{name}\t{}\n", row.join("\t")));
        }
    }
    table
}

#[test]
fn the_lexicon_is_what_its_texts_give() {
    let (names, examples) = examples();
    let fitted = table(&names, &fit(names.len(), &examples));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/select/lexicon.tsv");
    if std::env::var("SEGNO_FIT").is_ok_and(|value| value == "1") {
        std::fs::write(&path, &fitted).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap();
    let numbers = |text: &str| -> Vec<f64> {
        text.lines()
            .filter(|line| !line.starts_with("# "))
            .flat_map(|line| line.split('\t').skip(1))
            .map(|number| number.parse().unwrap())
            .collect()
    };
    let (stored_numbers, fitted_numbers) = (numbers(&stored), numbers(&fitted));
    assert_eq!(stored_numbers.len(), fitted_numbers.len(), "run the command at the head of this file");
    // Other machines round exponentials differently in the last place.
    let far =
        stored_numbers.iter().zip(&fitted_numbers).filter(|(stored, fitted)| (*stored - *fitted).abs() > 0.021).count();
    assert_eq!(far, 0, "run the command at the head of this file");
}
