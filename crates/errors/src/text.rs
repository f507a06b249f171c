//! How a fault reads: one line for logs, at most two sentences for a person. Leaves what is said to
//! whoever made the fault.

use std::fmt::{self, Write};

use crate::Fault;

impl Fault {
    /// Returns what a person should read: what happened, then what they can do.
    ///
    /// The texts keep their case, because a hint may begin with a command. Code, reason, detail and
    /// location are left out.
    pub fn user_text(&self) -> String {
        self.sentences(None)
    }

    /// Returns what a person should read: what happened, what is done about it now, then what they can do.
    pub fn user_text_with(&self, doing: &str) -> String {
        self.sentences(Some(doing))
    }

    fn sentences(&self, doing: Option<&str>) -> String {
        let parts = [Some(self.message()), doing, self.hint_text()];
        parts.into_iter().flatten().map(sentence).collect::<Vec<_>>().join(" ")
    }
}

/// Writes `CODE message (reason)` on one line, whatever the message holds.
impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ", self.kind().code())?;
        write_line(formatter, self.message())?;
        match self.why() {
            Some(reason) => {
                formatter.write_str(" (")?;
                write_line(formatter, reason)?;
                formatter.write_char(')')
            }
            None => Ok(()),
        }
    }
}

/// Writes text with every control character as a space: a message must not forge a line of a log
/// or move the cursor of a terminal.
fn write_line(formatter: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for (index, piece) in text.split(char::is_control).enumerate() {
        if index > 0 {
            formatter.write_char(' ')?;
        }
        formatter.write_str(piece)?;
    }
    Ok(())
}

fn sentence(text: &str) -> String {
    let text = text.trim_end();
    let end = if text.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    format!("{text}{end}")
}

#[cfg(test)]
mod tests {
    use crate::{Fault, Kind};

    /// Checks the text for a person and the line for a log.
    fn check(fault: Fault, user: &str, line: &str) {
        assert_eq!((fault.user_text().as_str(), fault.to_string().as_str()), (user, line));
    }

    #[test]
    fn a_person_reads_two_sentences_and_a_log_one_line() {
        check(Fault::new(Kind::Timeout, "too slow"), "too slow.", "TIMEOUT_ERROR too slow");
        check(
            Fault::new(Kind::Resource, "the disk is full").reason("disk_full").hint("free space"),
            "the disk is full. free space.",
            "RESOURCE_ERROR the disk is full (disk_full)",
        );
    }

    #[test]
    fn a_sentence_that_has_an_end_gets_no_second_one() {
        check(
            Fault::new(Kind::Parse, "what is this?").hint("send JSON.\n"),
            "what is this? send JSON.",
            "PARSE_ERROR what is this?",
        );
    }

    #[test]
    fn a_message_cannot_break_out_of_its_line() {
        check(
            Fault::new(Kind::Parse, "one\r\ntwo\u{1b}[2J").reason("a\nb"),
            "one\r\ntwo\u{1b}[2J.",
            "PARSE_ERROR one  two [2J (a b)",
        );
    }
}
