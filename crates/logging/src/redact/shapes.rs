//! The beginnings that providers give to their keys. Leaves finding one in a text to `token`.

use Alphabet::{Path, Plain, Wide};

/// Which bytes a key is made of behind its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alphabet {
    /// Letters and digits.
    Plain,
    /// Also `_`, `-` and `.`.
    Wide,
    /// Also `/`: the path of a web hook.
    Path,
}

impl Alphabet {
    pub(super) fn has(self, byte: u8) -> bool {
        match self {
            Plain => byte.is_ascii_alphanumeric(),
            Wide => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'),
            Path => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/'),
        }
    }
}

/// Beginnings of keys, the alphabet of what follows, and how much of it there is at least.
///
/// Of several beginnings that fit the first counts.
pub(super) const SHAPES: &[(&str, Alphabet, usize)] = &[
    // Anthropic, OpenAI, OpenRouter and others.
    ("sk-", Wide, 17),
    // Stripe and its web hooks.
    ("sk_live_", Plain, 10),
    ("sk_test_", Plain, 10),
    ("rk_live_", Plain, 10),
    ("rk_test_", Plain, 10),
    ("whsec_", Plain, 16),
    // GitHub, GitLab.
    ("ghp_", Plain, 16),
    ("gho_", Plain, 16),
    ("ghu_", Plain, 16),
    ("ghs_", Plain, 16),
    ("ghr_", Plain, 16),
    ("github_pat_", Wide, 20),
    ("glpat-", Wide, 14),
    ("gldt-", Wide, 14),
    ("glrt-", Wide, 14),
    ("glptt-", Wide, 14),
    // AWS.
    ("AKIA", Plain, 16),
    ("ASIA", Plain, 16),
    // Slack.
    ("xoxb-", Wide, 10),
    ("xoxp-", Wide, 10),
    ("xoxa-", Wide, 10),
    ("xoxr-", Wide, 10),
    ("xoxs-", Wide, 10),
    ("xoxe.", Wide, 10),
    ("xapp-", Wide, 10),
    ("hooks.slack.com/services/", Path, 20),
    // Google.
    ("AIza", Wide, 31),
    ("ya29.", Wide, 15),
    ("GOCSPX-", Wide, 20),
    // Registries of packages.
    ("npm_", Plain, 26),
    ("pypi-AgE", Wide, 20),
    ("rubygems_", Plain, 30),
    ("dckr_pat_", Wide, 20),
    // Models.
    ("hf_", Plain, 27),
    ("gsk_", Plain, 26),
    ("xai-", Plain, 26),
    ("pplx-", Plain, 26),
    ("r8_", Plain, 30),
    // Mail, clouds, vaults and other services.
    ("SG.", Wide, 37),
    ("dop_v1_", Plain, 33),
    ("hvs.", Wide, 20),
    ("hvb.", Wide, 20),
    ("shpat_", Plain, 20),
    ("shpss_", Plain, 20),
    ("sbp_", Plain, 30),
    ("glsa_", Wide, 30),
    ("tskey-", Wide, 20),
    ("NRAK-", Plain, 20),
    ("PMAK-", Wide, 30),
    ("lin_api_", Plain, 30),
    ("ATATT3", Wide, 40),
    ("AGE-SECRET-KEY-1", Plain, 40),
];
