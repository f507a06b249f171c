//! A source file in two readings: its code without comments and texts, and its comments alone.
//! Both keep their lines. The rules then need no parser and are not fooled by a string.

/// A Rust file.
#[derive(Debug)]
pub struct Source {
    /// The path below the repository's root.
    pub path: String,
    /// The file as it is.
    pub text: String,
    /// The code; comments and the insides of literals are blank.
    pub code: String,
    /// The comments; all else is blank.
    pub comments: String,
}

impl Source {
    /// Divides `text` into its two readings.
    pub fn new(path: &str, text: &str) -> Self {
        let mut code = String::with_capacity(text.len());
        let mut comments = String::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (kind, length) = lexeme(rest);
            let (lexeme, tail) = rest.split_at(length);
            match kind {
                Kind::Code => push(lexeme, &mut code, &mut comments),
                Kind::Comment => push(lexeme, &mut comments, &mut code),
                Kind::Literal => {
                    push("", &mut code, &mut comments);
                    blank(lexeme, &mut code);
                    blank(lexeme, &mut comments);
                }
            }
            rest = tail;
        }
        Source { path: path.to_owned(), text: text.to_owned(), code, comments }
    }

    /// Returns line number and name of every item that `keyword` declares, such as `fn` or `struct`.
    pub fn declared<'a>(&'a self, keyword: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
        let lines = self.code.lines().enumerate();
        lines.flat_map(move |(index, line)| declarations(line, keyword).map(move |(_, name)| (index + 1, name)))
    }

    /// Whether the file lies in a folder of tests that are crates of their own.
    pub fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests")
    }
}

/// Returns column and name of the items that `keyword` declares in a line of code.
pub fn declarations<'a>(line: &'a str, keyword: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    line.match_indices(keyword).filter_map(move |(at, _)| {
        // `r#type` is a name, not a keyword.
        if line[..at].ends_with(|c: char| is_name(c) || c == '#') {
            return None;
        }
        let rest = line[at + keyword.len()..].strip_prefix(' ')?;
        let name = rest.split(|c| !is_name(c)).next()?;
        (!name.is_empty()).then_some((at, name))
    })
}

/// Whether `character` may stand in a name.
pub fn is_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[derive(Debug, PartialEq)]
enum Kind {
    Code,
    Comment,
    Literal,
}

/// Returns kind and length of what `rest` begins with.
fn lexeme(rest: &str) -> (Kind, usize) {
    let first = rest.chars().next().expect("the caller stops at the end");
    if rest.starts_with("//") {
        return (Kind::Comment, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (Kind::Comment, block_comment(rest));
    }
    if let Some(length) = raw_string(rest) {
        return (Kind::Literal, length);
    }
    match first {
        '"' => (Kind::Literal, quoted(rest, '"')),
        '\'' => quote(rest),
        _ if is_name(first) => (Kind::Code, rest.find(|c| !is_name(c)).unwrap_or(rest.len())),
        _ => (Kind::Code, first.len_utf8()),
    }
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        match &rest.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// Returns the length of a raw string such as `r#".."#` or `br".."`.
fn raw_string(rest: &str) -> Option<usize> {
    let letters = rest.trim_start_matches(['b', 'c']);
    let hashes = letters.strip_prefix('r')?;
    let open = hashes.trim_start_matches('#');
    let inside = open.strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes.len() - open.len()));
    let end = inside.find(&close).map_or(inside.len(), |at| at + close.len());
    Some(rest.len() - inside.len() + end)
}

/// Returns the length of a literal that ends at the next `mark` without a backslash before it.
fn quoted(rest: &str, mark: char) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == mark => return at + mark.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

/// Tells a character from the beginning of a lifetime.
fn quote(rest: &str) -> (Kind, usize) {
    let mut inside = rest.chars().skip(1);
    match (inside.next(), inside.next()) {
        (Some('\\'), _) => (Kind::Literal, quoted(rest, '\'')),
        (Some(character), Some('\'')) => (Kind::Literal, character.len_utf8() + 2),
        _ => (Kind::Code, 1),
    }
}

fn push(lexeme: &str, shown: &mut String, hidden: &mut String) {
    shown.push_str(lexeme);
    blank(lexeme, hidden);
}

fn blank(lexeme: &str, hidden: &mut String) {
    hidden.extend(lexeme.chars().map(|character| match character {
        '\n' => '\n',
        _ => ' ',
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The code and the comments, with every run of blanks as one space.
    fn check(text: &str, code: &str, comments: &str) {
        let source = Source::new("a.rs", text);
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words(&source.code), code);
        assert_eq!(words(&source.comments), comments);
        assert_eq!(source.code.lines().count(), text.lines().count());
    }

    #[test]
    fn comments_are_no_code() {
        check("a(); // b\nc(); /* d /* e */ f */ g();", "a(); c(); g();", "// b /* d /* e */ f */");
        check("//! top\n/// doc\nfn x() {}", "fn x() {}", "//! top /// doc");
    }

    #[test]
    fn texts_are_neither() {
        check(r#"f("// a \" b", 'c', b"d", '\'', '"'); g()"#, "f( , , b , , ); g()", "");
        check("f(r#\"a \" b\"#, br\"\\\", cr##\"\"#\"##); g()", "f( , , ); g()", "");
        check("let a = \"{\nfn no() }\";", "let a = ;", "");
    }

    #[test]
    fn lifetimes_and_raw_names_are_code() {
        check("fn a<'a>(r#type: &'a str) {}", "fn a<'a>(r#type: &'a str) {}", "");
        check("'outer: loop { break 'outer; }", "'outer: loop { break 'outer; }", "");
    }

    #[test]
    fn declarations_are_found_with_line_and_name() {
        let source = Source::new(
            "a.rs",
            "pub struct One;\nconst TEXT: &str = \"struct Two\";\npub(crate) struct Three<T>(T);\nlet constructs = r#struct;",
        );
        let found: Vec<_> = source.declared("struct").collect();
        assert_eq!(found, [(1, "One"), (3, "Three")]);
    }
}
