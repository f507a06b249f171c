//! The project's `segno.toml`: checked like a workflow file, all its mistakes at once. What the settings do is left to
//! those who use them.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::cache_settings::{CacheSettings, cache};
use super::fields::{Fields, Findings, nearest};
use super::policies::{CallPolicy, policies};
use super::read::{Format, load, tree};
use super::settings::Defaults;
use super::steps::Steps;
use super::tree::{Node, Tree};
use super::vocabulary::Document;
use super::workflow::checkpoints;
use super::{Mistake, Mistakes};
use crate::model::{AgentSpec, Checkpoints};

/// The name of the file, in the project's folder.
pub const SETTINGS_FILE: &str = "segno.toml";

/// What a project has set.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Agents that every workflow of the project can call.
    pub agents: Vec<AgentSpec>,
    /// How results are remembered.
    pub cache: CacheSettings,
    /// Which old runs are kept.
    pub retention: Retention,
    /// Which named marks a run gets.
    pub checkpoints: Option<Checkpoints>,
    /// How much runs at once.
    pub jobs: Jobs,
    /// What is not hidden: names of keys and variables that announce no secret, and values that are none.
    pub allowed: Vec<String>,
    /// In which order fallbacks are tried.
    pub fallback: FallbackOrder,
    /// What stands between the steps and an agent or a provider, by its name.
    pub policies: BTreeMap<String, CallPolicy>,
    /// What models cost, by name.
    pub prices: BTreeMap<String, Price>,
}

/// Which old runs are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// How many of the newest.
    pub keep_runs: u64,
    /// For how long.
    pub keep: Duration,
    /// The most bytes of the store.
    pub max_size: u64,
    /// Whether old runs go without being asked to.
    pub auto: bool,
}

/// How much runs at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Jobs {
    /// The most steps; without it as many as there are processors.
    pub limit: Option<u16>,
}

/// In which order the fallbacks of a step are tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FallbackOrder {
    /// As they are written.
    #[default]
    Written,
    /// By what they came to in the project's newest runs.
    TrackRecord {
        /// An agent that was called less often keeps its place.
        min_calls: u64,
    },
}

impl FallbackOrder {
    /// The words that a file may say.
    pub(super) const WORDS: [&str; 2] = ["written", "track-record"];
    /// From how many calls on a record counts when the file does not say.
    const MIN_CALLS: u64 = 5;
}

/// What a model costs, in US dollars for a million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Price {
    /// What it reads.
    pub input_per_mtok: f64,
    /// What it writes.
    pub output_per_mtok: f64,
    /// What it reads from its cache.
    pub cache_read_per_mtok: f64,
}

impl Default for Retention {
    fn default() -> Retention {
        Retention { keep_runs: 200, keep: days(90), max_size: 2_000_000_000, auto: true }
    }
}

impl Settings {
    /// Reads the settings of the project in the folder `root`; without a file they are the preset ones.
    ///
    /// # Errors
    /// All mistakes of the file.
    pub fn load(root: &Path) -> Result<Settings, Mistakes> {
        let path = root.join(SETTINGS_FILE);
        match path.exists() {
            true => Settings::parse(&load(&path, SETTINGS_FILE)?),
            false => Ok(Settings::default()),
        }
    }

    /// Reads the text of a settings file.
    ///
    /// # Errors
    /// All mistakes of the text.
    pub fn parse(source: &str) -> Result<Settings, Mistakes> {
        let text = source.strip_prefix('\u{feff}').unwrap_or(source);
        if text.trim().is_empty() {
            return Ok(Settings::default());
        }
        let mut findings = Findings::default();
        match tree(text, Format::Toml) {
            Ok((tree, mistakes)) => {
                findings.list = mistakes;
                let settings = settings(&tree, &mut findings);
                if let Some(settings) = settings.filter(|_| findings.list.is_empty()) {
                    return Ok(settings);
                }
            }
            Err(mistake) => findings.add(mistake),
        }
        Err(Mistakes::new(SETTINGS_FILE, source, findings.list))
    }
}

fn settings(tree: &Node, findings: &mut Findings) -> Option<Settings> {
    let fields = table(tree, "settings", "the settings", findings)?;
    let agents = fields.find("agents").map(|node| {
        // A workflow's own code reads them; a file of settings has no steps and no defaults for these.
        let (nothing, defaults) = (Node::new(node.place, Tree::Null), Defaults::default());
        Steps::new(&nothing, &defaults, findings).agents(node)
    });
    let prices = fields.find("prices").and_then(|node| Fields::open(node, "prices", findings));
    let prices = prices.iter().flat_map(Fields::rows);
    Some(Settings {
        agents: agents.unwrap_or_default(),
        cache: fields.find("cache").map(|node| cache(node, findings)).unwrap_or_default(),
        retention: fields.find("retention").map(|node| retention(node, findings)).unwrap_or_default(),
        checkpoints: fields.find("checkpoints").map(|node| checkpoints(node, findings)),
        jobs: fields.find("jobs").map(|node| jobs(node, findings)).unwrap_or_default(),
        allowed: fields.find("secrets").map(|node| allowed(node, findings)).unwrap_or_default(),
        fallback: fields.find("fallback").map(|node| fallback(node, findings)).unwrap_or_default(),
        policies: fields.find("policies").map(|node| policies(node, findings)).into_iter().flatten().collect(),
        prices: prices.map(|(key, node)| (key.name.clone(), price(node, &key.name, findings))).collect(),
    })
}

/// Opens a table and reports the keys that the vocabulary does not have.
pub(super) fn table<'n>(node: &'n Node, name: &str, what: &str, findings: &mut Findings) -> Option<Fields<'n>> {
    let fields = Fields::open(node, what, findings)?;
    let words = Document::Settings.table(name).expect("the vocabulary has a table for each part of the settings");
    let known: Vec<&str> = words.keys.iter().map(|key| key.name).collect();
    fields.known(&known, what, findings);
    Some(fields)
}

fn retention(node: &Node, findings: &mut Findings) -> Retention {
    let preset = Retention::default();
    let Some(fields) = table(node, "retention", "retention", findings) else { return preset };
    let runs = fields.find("keep_runs").and_then(|node| findings.count(node, "keep_runs", 1..=i64::MAX));
    let kept_days = fields.find("keep_days").and_then(|node| findings.count(node, "keep_days", 1..=36_500));
    Retention {
        keep_runs: runs.map_or(preset.keep_runs, i64::unsigned_abs),
        keep: kept_days.map_or(preset.keep, |count| days(count.unsigned_abs())),
        max_size: fields.find("max_size").and_then(|node| size(node, "max_size", findings)).unwrap_or(preset.max_size),
        auto: fields.find("auto").and_then(|node| findings.truth(node, "auto")).unwrap_or(preset.auto),
    }
}

fn jobs(node: &Node, findings: &mut Findings) -> Jobs {
    let Some(fields) = table(node, "jobs", "jobs", findings) else { return Jobs::default() };
    let limit = fields.find("limit").and_then(|node| findings.count(node, "limit", 1..=i64::from(u16::MAX)));
    Jobs { limit: limit.and_then(|limit| u16::try_from(limit).ok()) }
}

fn allowed(node: &Node, findings: &mut Findings) -> Vec<String> {
    let fields = table(node, "secrets", "secrets", findings);
    let node = fields.and_then(|fields| fields.find("allow"));
    node.map(|node| findings.words(node, "allow")).unwrap_or_default()
}

fn fallback(node: &Node, findings: &mut Findings) -> FallbackOrder {
    let Some(fields) = table(node, "fallback_order", "fallback", findings) else { return FallbackOrder::Written };
    let min_calls = fields.find("min_calls").and_then(|node| findings.count(node, "min_calls", 1..=i64::MAX));
    let Some(order) = fields.find("order") else {
        if let Some(node) = fields.find("min_calls") {
            let mistake = Mistake::at(node.place, "'min_calls' says nothing without 'order'");
            findings.add(mistake.hint("add: order = \"track-record\""));
        }
        return FallbackOrder::Written;
    };
    match findings.word(order, "order").as_deref() {
        Some("track-record") => {
            FallbackOrder::TrackRecord { min_calls: min_calls.map_or(FallbackOrder::MIN_CALLS, i64::unsigned_abs) }
        }
        Some("written") | None => FallbackOrder::Written,
        Some(other) => {
            let mistake = Mistake::at(order.place, format!("unknown order '{other}' of fallbacks"));
            findings.add(match nearest(other, FallbackOrder::WORDS.into_iter()) {
                Some(near) => mistake.hint(format!("did you mean '{near}'?")),
                None => mistake.hint(format!("known orders: {}", FallbackOrder::WORDS.join(", "))),
            });
            FallbackOrder::Written
        }
    }
}

fn price(node: &Node, model: &str, findings: &mut Findings) -> Price {
    let Some(fields) = table(node, "price", &format!("the price of '{model}'"), findings) else {
        return Price::default();
    };
    let mut dollars = |name: &str| fields.find(name).map_or(0.0, |node| amount(node, name, findings));
    Price {
        input_per_mtok: dollars("input_per_mtok"),
        output_per_mtok: dollars("output_per_mtok"),
        cache_read_per_mtok: dollars("cache_read_per_mtok"),
    }
}

fn amount(node: &Node, what: &str, findings: &mut Findings) -> f64 {
    let number = match node.tree {
        // Prices are small: the whole numbers that a float cannot hold are none.
        Tree::Integer(number) => number as f64,
        Tree::Float(number) => number,
        _ => {
            findings.wrong(node, what, "a number");
            return 0.0;
        }
    };
    if number < 0.0 {
        findings.add(Mistake::at(node.place, format!("{what} must not be below 0")));
    }
    number
}

/// Reads a number of bytes such as `500MB`, `2GB` or `1.5GiB`.
pub(super) fn size(node: &Node, what: &str, findings: &mut Findings) -> Option<u64> {
    let hint = "write a number with its unit: 500MB, 2GB, 1.5GiB";
    match &node.tree {
        Tree::Text(text) => {
            let bytes = bytes(text);
            if bytes.is_none() {
                findings.add(Mistake::at(node.place, format!("{what} '{text}' is no size")).hint(hint));
            }
            bytes
        }
        Tree::Integer(number) => {
            findings.add(Mistake::at(node.place, format!("{what} {number} has no unit")).hint(hint));
            None
        }
        _ => {
            findings.wrong(node, what, "a size");
            None
        }
    }
}

fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let (number, unit) = text.split_at(text.find(|letter: char| letter.is_ascii_alphabetic())?);
    let factor = match unit.to_ascii_lowercase().as_str() {
        "b" => 1.0,
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => 1_048_576.0,
        "gib" => 1_073_741_824.0,
        "tib" => 1_099_511_627_776.0,
        _ => return None,
    };
    let digits = number.trim();
    let is_plain = !digits.is_empty() && digits.chars().all(|letter| letter.is_ascii_digit() || letter == '.');
    let number: f64 = digits.parse().ok().filter(|_| is_plain)?;
    let bytes = number * factor;
    // Both are in range, so nothing is cut off but parts of a byte.
    (1.0..1e18).contains(&bytes).then_some(bytes as u64)
}

fn days(count: u64) -> Duration {
    Duration::from_secs(count * 24 * 60 * 60)
}

#[cfg(all(test, feature = "toml"))]
mod tests {
    use super::*;

    /// Reads settings and says what they are, or all mistakes with their lines.
    fn check(source: &str, expected: &str) {
        let said = match Settings::parse(source) {
            Ok(Settings {
                agents: _,
                cache,
                retention,
                checkpoints,
                jobs,
                allowed: _,
                fallback,
                policies: _,
                prices,
            }) => format!(
                "{:?} {:?} | {} {:?} {} {} | {} {} {} | {:?} | {:?} | {}",
                cache.max_size,
                cache.max_age,
                retention.keep_runs,
                retention.keep,
                retention.max_size,
                retention.auto,
                checkpoints.unwrap_or_default().every,
                checkpoints.unwrap_or_default().batches,
                checkpoints.unwrap_or_default().rounds,
                jobs.limit,
                fallback,
                prices.iter().map(|(model, price)| format!("{model} {}", price.input_per_mtok)).collect::<String>(),
            ),
            Err(mistakes) => {
                let line = |mistake: &Mistake| mistake.place.map_or(0, |place| place.line);
                let told = |mistake: &Mistake| {
                    let hint = mistake.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
                    format!("{}: {}{hint}", line(mistake), mistake.message)
                };
                mistakes.list().iter().map(told).collect::<Vec<_>>().join("\n")
            }
        };
        assert_eq!(said, expected, "{source}");
    }

    const PRESET: &str = "None None | 200 7776000s 2000000000 true | 3 true true | None | Written | ";

    #[test]
    fn what_is_no_secret_is_a_list_of_names_and_values() {
        let settings = Settings::parse("[secrets]\nallow = ['next_page_token', 'correct-horse']").unwrap();
        assert_eq!(settings.allowed, ["next_page_token", "correct-horse"]);
        assert!(Settings::default().allowed.is_empty());
    }

    #[test]
    fn what_is_not_set_is_preset() {
        check("", PRESET);
        check("# nothing\n", PRESET);
        check("[cache]\n[prices]\n[agents]\n", PRESET);
    }

    #[test]
    fn what_is_set_is_read() {
        check(
            "[cache]\nmax_size = '1.5GiB'\nmax_age = '7d'\n[retention]\nkeep_runs = 5\nkeep_days = 1\nmax_size = '10kB'\n\
             auto = false\n[checkpoints]\nevery = 10\nbatches = false\nrounds = false\n[jobs]\nlimit = 4\n\
             [fallback]\norder = 'track-record'\nmin_calls = 9\n[prices.sonnet]\ninput_per_mtok = 3\n",
            "Some(1610612736) Some(604800s) | 5 86400s 10000 false | 10 false false | Some(4) | \
             TrackRecord { min_calls: 9 } | sonnet 3",
        );
    }

    #[test]
    fn all_mistakes_come_at_once_with_their_lines() {
        check(
            "[cahce]\n[cache]\nmax_size = 5\nmax_age = '5'\n[retention]\nkeep_run = 5\nkeep_days = 0\n[jobs]\nlimit = 'all'\n\
             [prices]\nx = 1\n[prices.y]\ninput = 1\noutput_per_mtok = -1\n",
            "1: unknown key 'cahce' in the settings (did you mean 'cache'?)\n\
             3: max_size 5 has no unit (write a number with its unit: 500MB, 2GB, 1.5GiB)\n\
             4: max_age '5' is no duration (write a number with its unit: 500ms, 30s, 15m, 2h, 7d)\n\
             6: unknown key 'keep_run' in retention (did you mean 'keep_runs'?)\n\
             7: keep_days must be from 1 to 36500, not 0\n\
             9: limit must be a whole number, not text\n\
             11: the price of 'x' must be a map, not a whole number\n\
             13: unknown key 'input' in the price of 'y' (known keys: input_per_mtok, output_per_mtok, cache_read_per_mtok)\n\
             14: output_per_mtok must not be below 0",
        );
        check("[cache\n", "1: the file cannot be read from here on: unclosed table, expected `]`");
    }

    #[test]
    fn the_order_of_fallbacks_is_one_that_is_known() {
        check("[fallback]\n", PRESET);
        check("[fallback]\norder = 'written'\nmin_calls = 2\n", PRESET);
        check("[fallback]\norder = 'track-record'\n", &PRESET.replace("Written", "TrackRecord { min_calls: 5 }"));
        check(
            "[fallback]\norder = 'track_record'\nmin_calls = 0\n",
            "2: unknown order 'track_record' of fallbacks (did you mean 'track-record'?)\n\
             3: min_calls must be from 1 to 9223372036854775807, not 0",
        );
        check(
            "[fallback]\norder = 'best'\n",
            "2: unknown order 'best' of fallbacks (known orders: written, track-record)",
        );
        check(
            "[fallback]\nmin_calls = 3\n",
            "2: 'min_calls' says nothing without 'order' (add: order = \"track-record\")",
        );
    }

    #[test]
    fn a_size_has_a_unit_and_is_not_zero() {
        for (text, expected) in [
            ("1b", Some(1)),
            ("2 GB", Some(2_000_000_000)),
            ("0.5KiB", Some(512)),
            ("10mb", Some(10_000_000)),
            ("0GB", None),
            ("GB", None),
            ("2", None),
            ("2XB", None),
            ("-2GB", None),
            ("1e3MB", None),
            ("9999999999TB", None),
        ] {
            assert_eq!(bytes(text), expected, "{text}");
        }
    }

    #[test]
    fn a_project_without_the_file_has_the_preset_settings() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Settings::load(folder.path()).unwrap().retention, Retention::default());
        std::fs::write(folder.path().join(SETTINGS_FILE), "[agents.a]\nrun = ['x']\n").unwrap();
        assert_eq!(Settings::load(folder.path()).unwrap().agents[0].name, "a");
    }
}
