//! Draws a frame over the one before it, at whatever size the terminal has by now. What stands in it is `rows`' business.

use std::fmt::Write as _;
use std::io::Write;

use super::text::{visible, width_of};

const BEGIN_FRAME: &str = "\x1b[?2026h";
const END_FRAME: &str = "\x1b[?2026l";
const HIDE_CURSOR: &str = "\x1b[?25l";
const SHOW_CURSOR: &str = "\x1b[?25h";
const CLEAR_TO_LINE_END: &str = "\x1b[K";
const CLEAR_BELOW: &str = "\x1b[J";

/// A terminal's size in columns and rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) width: usize,
    pub(super) height: usize,
}

/// Where frames are drawn; the cursor rests below the last line.
pub(super) struct Screen {
    out: Box<dyn Write + Send>,
    canvas: Canvas,
    has_drawn: bool,
}

/// What the terminal shows of the view.
#[derive(Debug, Default)]
struct Canvas {
    drawn: Vec<String>,
    size: Size,
    /// Rows of frames that left the screen at its top when it became lower, and come back when it becomes higher.
    pushed_out: usize,
}

impl Screen {
    pub(super) fn new(out: Box<dyn Write + Send>) -> Screen {
        Screen { out, canvas: Canvas::default(), has_drawn: false }
    }

    /// Shows a frame instead of the last one, and above it lines that stay.
    pub(super) fn show(&mut self, said: &[String], lines: Vec<String>, size: Size) {
        if let Some(bytes) = self.canvas.draw(said, lines, size) {
            self.has_drawn = true;
            self.write(&bytes);
        }
    }

    fn write(&mut self, bytes: &str) {
        // Nobody is there to see it when stderr is closed, and the run must not end for that.
        _ = self.out.write_all(bytes.as_bytes()).and_then(|()| self.out.flush());
    }
}

impl Drop for Screen {
    /// A frame may have been written in part only.
    fn drop(&mut self) {
        if self.has_drawn {
            self.write(SHOW_CURSOR);
        }
    }
}

impl Canvas {
    /// Returns what makes the terminal show `lines` instead of what was drawn, in one piece; `said` stays above them.
    ///
    /// A terminal that became narrower has broken what was drawn into more rows: they are counted at its new width.
    fn draw(&mut self, said: &[String], lines: Vec<String>, size: Size) -> Option<String> {
        let is_shown = lines == self.drawn && (size == self.size || lines.is_empty());
        if said.is_empty() && is_shown {
            return None;
        }
        let drawn: usize = self.drawn.iter().map(|line| rows_of(line, size.width)).sum();
        let rows = drawn + self.come_back(drawn, size);
        let bytes = frame(rows, said.iter().chain(&lines));
        if !said.is_empty() {
            // What was said may stand between them and the frame, and is not ours to clear.
            self.pushed_out = 0;
        }
        (self.drawn, self.size) = (lines, size);
        Some(bytes)
    }

    /// Returns how many rows of earlier frames are back on the screen, and notes those that left it.
    fn come_back(&mut self, drawn: usize, size: Size) -> usize {
        if size.width != self.size.width {
            // They are broken anew, so how many there are is not known, and what is above them is not ours to clear.
            self.pushed_out = 0;
        }
        let back = self.pushed_out.min(size.height.saturating_sub(self.size.height));
        self.pushed_out = self.pushed_out - back + drawn.saturating_sub(size.height.saturating_sub(1));
        back
    }
}

/// Returns what draws `lines` over the `rows` above the cursor.
fn frame<'l>(rows: usize, lines: impl Iterator<Item = &'l String>) -> String {
    let mut bytes = format!("{BEGIN_FRAME}{HIDE_CURSOR}\r");
    if rows > 0 {
        write!(bytes, "\x1b[{rows}A").expect("a string takes any text");
    }
    for line in lines {
        bytes.push_str(line);
        bytes.push_str(CLEAR_TO_LINE_END);
        bytes.push_str("\r\n");
    }
    // The cursor comes back after each frame, not only at the end: a killed process must not take it along.
    bytes.push_str(CLEAR_BELOW);
    bytes.push_str(SHOW_CURSOR);
    bytes.push_str(END_FRAME);
    bytes
}

/// Returns how many rows a line takes at a width; a wide sign that does not fit moves to the next row as a whole.
fn rows_of(line: &str, width: usize) -> usize {
    let (mut rows, mut column) = (1, 0);
    for columns in visible(line).map(width_of) {
        if column + columns > width.max(1) {
            rows += 1;
            column = 0;
        }
        column += columns;
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::super::script::sink;
    use super::*;

    const SIZE: Size = Size { width: 80, height: 24 };

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    /// Makes the bytes of a frame legible: `^[2A` goes up two rows, `|` ends a row.
    fn legible(bytes: &str) -> String {
        let inner = bytes
            .strip_prefix("\x1b[?2026h\x1b[?25l\r")
            .and_then(|rest| rest.strip_suffix("\x1b[J\x1b[?25h\x1b[?2026l"));
        inner.unwrap().replace("\x1b[K\r\n", "|").replace('\x1b', "^")
    }

    /// Draws `new` over `old` at these sizes one after the other.
    fn check(old: &str, new: &str, sizes: &[(usize, usize)], expected: &str) {
        let mut canvas = Canvas { drawn: lines(old), size: SIZE, pushed_out: 0 };
        let drawn = sizes.iter().map(|(width, height)| {
            let bytes = canvas.draw(&[], lines(new), Size { width: *width, height: *height });
            bytes.map_or("same".into(), |bytes| legible(&bytes))
        });
        assert_eq!(drawn.collect::<Vec<_>>().join(" "), expected, "{old:?} -> {new:?} at {sizes:?}");
    }

    #[test]
    fn a_frame_is_drawn_over_the_rows_of_the_one_before() {
        check("", "a\nb", &[(80, 24)], "a|b|");
        check("a\nb", "c\nd\ne", &[(80, 24)], "^[2Ac|d|e|");
        check("a\nb\nc", "d", &[(80, 24)], "^[3Ad|");
        check("a", "", &[(80, 24)], "^[1A");
    }

    #[test]
    fn rows_are_counted_as_the_terminal_broke_them_at_its_new_width() {
        check("0123456789\nab", "c", &[(10, 24)], "^[2Ac|");
        check("0123456789\nab", "c", &[(9, 24)], "^[3Ac|");
        check("0123456789\nab", "c", &[(4, 24)], "^[4Ac|");
        check("文文文", "c", &[(6, 24)], "^[1Ac|");
        check("文文文", "c", &[(5, 24)], "^[2Ac|");
        check("文文文", "c", &[(3, 24)], "^[3Ac|");
        check("\x1b[31m0123\x1b[0m", "c", &[(4, 24)], "^[1Ac|");
        check("a\n\nb", "c", &[(0, 24)], "^[3Ac|");
    }

    #[test]
    fn rows_that_a_lower_screen_pushed_out_are_cleared_when_they_come_back() {
        let old = "1\n2\n3\n4\n5\n6";
        check(old, "a\nb", &[(80, 4), (80, 24)], "^[6Aa|b| ^[5Aa|b|");
        check(old, "a\nb", &[(80, 4), (80, 5), (80, 24)], "^[6Aa|b| ^[3Aa|b| ^[4Aa|b|");
        check(old, "a\nb", &[(80, 4), (70, 24)], "^[6Aa|b| ^[2Aa|b|");
        check(old, "a\nb", &[(80, 10), (80, 24)], "^[6Aa|b| ^[2Aa|b|");
    }

    #[test]
    fn a_frame_that_shows_already_is_not_drawn_again() {
        check("a", "b", &[(80, 24), (80, 24)], "^[1Ab| same");
    }

    #[test]
    fn what_is_said_stays_above_the_frame() {
        let mut canvas = Canvas { drawn: lines("a"), size: SIZE, pushed_out: 0 };
        let said = canvas.draw(&lines("said"), lines("a"), SIZE).unwrap();
        let next = canvas.draw(&[], lines("b"), SIZE).unwrap();
        assert_eq!((legible(&said).as_str(), legible(&next).as_str()), ("^[1Asaid|a|", "^[1Ab|"));
    }

    #[test]
    fn the_cursor_comes_back_when_the_screen_is_left() {
        let (written, out) = sink();
        let mut screen = Screen::new(out);
        screen.show(&[], lines("a"), SIZE);
        drop(screen);
        assert!(written().ends_with("a\x1b[K\r\n\x1b[J\x1b[?25h\x1b[?2026l\x1b[?25h"));
    }
}
