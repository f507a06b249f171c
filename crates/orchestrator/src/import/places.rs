//! Places for values in the texts of agents: `{{ name }}`, `${name}`, `$ARGUMENTS`.

/// Where Claude Code puts what a command is called with.
pub(super) const ARGUMENTS: &str = "$ARGUMENTS";

/// Finds the next place for a value that begins with one of `openings`: the text before it, its name, the text behind it.
pub(super) fn next_place<'t>(text: &'t str, openings: &[&str]) -> Option<(&'t str, &'t str, &'t str)> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || "_-. ".contains(letter);
    (0..text.len()).filter(|at| text.is_char_boundary(*at)).find_map(|at| {
        let opening = openings.iter().find(|opening| text[at..].starts_with(**opening))?;
        let inside = &text[at + opening.len()..];
        if *opening == ARGUMENTS {
            return Some((&text[..at], "arguments", inside));
        }
        let closing = if *opening == "{{" { "}}" } else { "}" };
        let (name, after) = inside.split_once(closing)?;
        let is_good = !name.trim().is_empty() && name.chars().all(is_name);
        is_good.then_some((&text[..at], name, after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_with_what_stands_round_it() {
        let check = |text: &str, openings: &[&str], expected: Option<(&str, &str, &str)>| {
            assert_eq!(next_place(text, openings), expected, "{text}");
        };
        let all = ["{{", "${", ARGUMENTS];
        check("é {{ a.b }} c", &all, Some(("é ", " a.b ", " c")));
        check("${x} {{y}}", &all, Some(("", "x", " {{y}}")));
        check("${x} {{y}}", &["{{"], Some(("${x} ", "y", "")));
        check("{{}} {{ a | b }} ${c:-d} {{z}}", &all, Some(("{{}} {{ a | b }} ${c:-d} ", "z", "")));
        check("do $ARGUMENTS now", &all, Some(("do ", "arguments", " now")));
        check("{{ open", &all, None);
    }
}
