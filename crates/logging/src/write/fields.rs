//! An ordered list of rendered fields in which no name stands twice: the inner one wins.
//! Leaves to `record` how a value is rendered and which names are special.

use super::names::Key;

/// Fields as they stand in a line, each as `,"name":value`.
///
/// They share one buffer, so that fields which nobody hides are copied into a line at once.
#[derive(Debug, Default, Clone)]
pub(crate) struct Fields {
    text: Vec<u8>,
    parts: Vec<Part>,
    /// The bits of all names that were ever set here; a bit that is missing means that its names are not there.
    names: u128,
}

/// A field in the buffer: it begins where the one before it ends.
#[derive(Debug, Clone, Copy)]
struct Part {
    /// The number of its name.
    name: u32,
    end: usize,
}

impl Fields {
    /// Forgets the fields and keeps the memory, up to `retained` bytes.
    pub(crate) fn clear(&mut self, retained: usize) {
        self.text.clear();
        self.text.shrink_to(retained);
        self.parts.clear();
        self.names = 0;
    }

    /// Renders a field behind the others; an older one of that name goes.
    #[inline]
    pub(crate) fn set(&mut self, key: &Key, render: impl FnOnce(&mut Vec<u8>)) {
        let bit = key.bit();
        if self.names & bit != 0 {
            self.remove(key.number);
        }
        self.names |= bit;
        self.text.extend_from_slice(&key.text);
        render(&mut self.text);
        self.parts.push(Part { name: key.number, end: self.text.len() });
    }

    /// Adds the fields of an inner scope.
    pub(crate) fn merge(&mut self, inner: &Fields) {
        for index in 0..inner.parts.len() {
            let name = inner.parts[index].name;
            self.remove(name);
            self.text.extend_from_slice(inner.slice(index));
            self.parts.push(Part { name, end: self.text.len() });
        }
        self.names |= inner.names;
    }

    /// Writes the fields that no field of `inner` hides.
    pub(crate) fn write_outside(&self, inner: &Fields, line: &mut Vec<u8>) {
        if self.names & inner.names == 0 {
            return self.write(line);
        }
        for (index, part) in self.parts.iter().enumerate() {
            if !inner.has(part.name) {
                line.extend_from_slice(self.slice(index));
            }
        }
    }

    /// Writes all fields.
    pub(crate) fn write(&self, line: &mut Vec<u8>) {
        line.extend_from_slice(&self.text);
    }

    fn has(&self, name: u32) -> bool {
        self.parts.iter().any(|part| part.name == name)
    }

    fn slice(&self, index: usize) -> &[u8] {
        &self.text[self.start(index)..self.parts[index].end]
    }

    fn start(&self, index: usize) -> usize {
        match index {
            0 => 0,
            _ => self.parts[index - 1].end,
        }
    }

    fn remove(&mut self, name: u32) {
        let Some(index) = self.parts.iter().position(|part| part.name == name) else {
            return;
        };
        let start = self.start(index);
        let length = self.parts[index].end - start;
        self.text.drain(start..start + length);
        self.parts.remove(index);
        for part in &mut self.parts[index..] {
            part.end -= length;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

    /// Fields from words such as `a=1`.
    fn fields(text: &str) -> Fields {
        let mut fields = Fields::default();
        for word in text.split_whitespace() {
            let (name, value) = word.split_once('=').unwrap();
            let name = NAMES.into_iter().find(|known| *known == name).unwrap();
            fields.set(&Key::new(name), |out| out.extend_from_slice(value.as_bytes()));
        }
        fields
    }

    fn check(outer: &str, inner: &str, expected: &str) {
        let (outer, inner) = (fields(outer), fields(inner));
        let mut line = Vec::new();
        outer.write_outside(&inner, &mut line);
        inner.write(&mut line);
        assert_eq!(String::from_utf8(line).unwrap(), expected);

        let mut merged = outer;
        merged.merge(&inner);
        let mut line = Vec::new();
        merged.write(&mut line);
        assert_eq!(String::from_utf8(line).unwrap(), expected);
    }

    #[test]
    fn fields_stand_in_the_order_in_which_they_came() {
        check("a=1 b=2", "c=3", r#","a":1,"b":2,"c":3"#);
        check("", "c=3", r#","c":3"#);
        check("a=1", "", r#","a":1"#);
    }

    #[test]
    fn the_inner_field_wins_in_its_own_place() {
        check("a=1 b=22 c=3", "b=4 d=5", r#","a":1,"c":3,"b":4,"d":5"#);
        check("a=1 b=2", "a=3 b=4", r#","a":3,"b":4"#);
    }

    #[test]
    fn the_later_of_two_equal_names_wins() {
        check("a=1 b=2 a=3", "c=4 c=5", r#","b":2,"a":3,"c":5"#);
    }
}
