//! Finds where an item's block ends, by counting braces in a source's code.
//! Counting is exact there, because texts and comments are blank.

use std::ops::RangeInclusive;

use super::source::{Source, is_name};

/// Returns how many lines the item has that `code` begins with: to its closing brace, or to its
/// semicolon when it has no block.
pub fn lines(code: &str) -> usize {
    let mut lines = 1;
    // Round and square brackets hold the semicolons and braces of a signature's types.
    let mut brackets = 0_usize;
    let mut braces = 0_usize;
    for byte in code.bytes() {
        match byte {
            b'\n' => lines += 1,
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets = brackets.saturating_sub(1),
            b';' if brackets == 0 && braces == 0 => break,
            b'{' if braces > 0 || brackets == 0 => braces += 1,
            b'}' if braces == 1 => break,
            b'}' => braces = braces.saturating_sub(1),
            _ => {}
        }
    }
    lines
}

/// Returns the lines of every `impl Trait for Type`: the names in it are the trait's choice.
pub fn trait_impls(source: &Source) -> Vec<RangeInclusive<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for (index, line) in source.code.split_inclusive('\n').enumerate() {
        let item = &source.code[start..];
        if begins_trait_impl(item) {
            found.push(index + 1..=index + lines(item));
        }
        start += line.len();
    }
    found
}

fn begins_trait_impl(item: &str) -> bool {
    let item = item.trim_start_matches(' ');
    let item = item.strip_prefix("unsafe ").unwrap_or(item);
    let Some(header) = item.strip_prefix("impl") else {
        return false;
    };
    let header = header.split('{').next().unwrap_or_default();
    // `for<'a>` belongs to a bound; the other `for` has a blank behind it.
    !header.starts_with(is_name) && header.split_whitespace().any(|word| word == "for")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[RangeInclusive<usize>]) {
        assert_eq!(trait_impls(&Source::new("a.rs", text)), expected);
    }

    #[test]
    fn an_implementation_of_a_trait_is_found_with_its_end() {
        check("struct A;\nimpl B for A {\n    fn b() {}\n}\nfn c() {}", &[2..=4]);
        check("impl<T> B for A<T>\nwhere\n    T: C,\n{\n    fn b() {}\n}\n", &[1..=6]);
    }

    #[test]
    fn an_implementation_of_its_own_is_none() {
        check("impl A {\n    fn b() {\n        for c in d {}\n    }\n}", &[]);
        check("impl<F: for<'a> Fn(&'a u8)> A<F> {\n}\nimplement! { x for y }", &[]);
    }
}
