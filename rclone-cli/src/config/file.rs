//! The text of `rclone.conf`, in the dialect of goconfig, which rclone reads it with.
//!
//! Lines are kept as they are: what is not changed is written back byte for byte, comments and
//! blank lines included.

mod line;

use std::fmt;

pub(crate) use line::Unreadable;
use line::{Line, Parsed};

/// The section of keys that stand before any section.
const DEFAULT: &str = "DEFAULT";
/// How often variables in a value are replaced before it counts as circular.
const MOST_EXPANSIONS: usize = 200;

/// A config file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct File {
    /// Whether some editor put a byte order mark before the text.
    byte_order_mark: bool,
    /// In order; the first holds what stands before any section. Several may share a name.
    blocks: Vec<Block>,
}

/// A section's heading and the lines up to the next one.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Block {
    name: String,
    /// The heading as written, with the comment right above it.
    heading: String,
    lines: Vec<Line>,
}

impl Block {
    fn new(name: &str, heading: String) -> Self {
        Self { name: name.into(), heading, lines: Vec::new() }
    }

    /// Takes the comment lines that end the block: they belong to the heading that follows.
    fn take_comment(&mut self) -> String {
        let kept = self.lines.iter().rposition(|line| !line.is_comment()).map_or(0, |i| i + 1);
        self.lines.drain(kept..).map(|line| line.text).collect()
    }

    fn position(&self, key: &str) -> Option<usize> {
        self.lines.iter().rposition(|line| line.key() == Some(key))
    }
}

impl Default for File {
    fn default() -> Self {
        Self { byte_order_mark: false, blocks: vec![Block::new(DEFAULT, String::new())] }
    }
}

impl File {
    /// Reads a config file.
    ///
    /// # Errors
    /// [`Unreadable`] with the first line that makes no sense.
    pub(crate) fn parse(text: &str) -> Result<Self, Unreadable> {
        let mut file = Self::default();
        let unmarked = text.strip_prefix('\u{feff}');
        file.byte_order_mark = unmarked.is_some();
        let mut unnamed = 0;
        for text in unmarked.unwrap_or(text).split_inclusive('\n') {
            let last = file.blocks.last_mut().expect("the first block is always there");
            match line::parse(text)? {
                Parsed::Section(name) => {
                    let heading = last.take_comment() + text;
                    file.blocks.push(Block::new(name, heading));
                    unnamed = 0;
                }
                Parsed::Line(mut line) => {
                    if line.key() == Some("-") {
                        unnamed += 1;
                        line.rename(format!("#{unnamed}"));
                    }
                    last.lines.push(line);
                }
            }
        }
        Ok(file)
    }

    /// Returns the names of all sections, in order, each once.
    pub(crate) fn sections(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for block in &self.blocks {
            let there = !block.heading.is_empty() || block.lines.iter().any(Line::is_pair);
            if there && !names.contains(&block.name.as_str()) {
                names.push(&block.name);
            }
        }
        names
    }

    /// Tells whether there is a section of that name.
    pub(crate) fn has_section(&self, name: &str) -> bool {
        self.sections().contains(&name)
    }

    /// Returns the keys of a section, in order, each once.
    pub(crate) fn keys(&self, section: &str) -> Vec<&str> {
        let mut keys = Vec::new();
        for key in self.section(section).flat_map(|block| &block.lines).filter_map(Line::key) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }

    fn section<'a, 'n>(
        &'a self,
        name: &'n str,
    ) -> impl DoubleEndedIterator<Item = &'a Block> + use<'a, 'n> {
        self.blocks.iter().filter(move |block| block.name == name)
    }

    /// Returns the value of a key, with `%(variables)s` replaced. A section `a.b` that lacks the key
    /// has that of section `a`.
    pub(crate) fn get(&self, section: &str, key: &str) -> Option<String> {
        if !self.has_section(section) {
            return None;
        }
        match self.raw(section, key) {
            Some(value) => Some(self.expanded(section, value)),
            None => section.rsplit_once('.').and_then(|(parent, _)| self.get(parent, key)),
        }
    }

    /// Returns the value of a key as written; the last one counts.
    fn raw(&self, section: &str, key: &str) -> Option<&str> {
        let found = |block: &'_ Block| block.position(key);
        let (block, index) =
            self.section(section).rev().find_map(|block| Some((block, found(block)?)))?;
        block.lines[index].value()
    }

    /// Replaces `%(name)s` by the value of `name` in the section DEFAULT or else this one.
    fn expanded(&self, section: &str, value: &str) -> String {
        let mut value = value.to_owned();
        for _ in 0..MOST_EXPANSIONS {
            let Some(variable) = variable(&value).map(str::to_owned) else { break };
            // goconfig trims any of these characters, not just those around the name.
            let name = variable.trim_start_matches(['%', '(']).trim_end_matches([')', 's']);
            let replacement = self.raw(DEFAULT, name).or_else(|| self.raw(section, name));
            value = value.replace(&variable, replacement.unwrap_or_default());
        }
        value
    }

    /// Sets a value, making the section where there is none.
    pub(crate) fn set(&mut self, section: &str, key: &str, value: &str) {
        let ending = self.line_ending();
        let line = Line::pair(key, value, ending);
        let block = match self.blocks.iter().rposition(|block| block.name == section) {
            Some(index) => index,
            None => self.add_section(section),
        };
        let holder = (0..=block).rev().find(|&index| {
            self.blocks[index].name == section && self.blocks[index].position(key).is_some()
        });
        let block = &mut self.blocks[holder.unwrap_or(block)];
        match block.position(key) {
            Some(index) => block.lines[index] = line,
            None => {
                let index = block.lines.iter().rposition(Line::is_pair).map_or(0, |i| i + 1);
                end_line(block.last_text(index), ending);
                block.lines.insert(index, line);
            }
        }
    }

    /// Adds a section, and a blank line to end it, after all others and returns its place.
    fn add_section(&mut self, name: &str) -> usize {
        let ending = self.line_ending();
        let last = self.blocks.last_mut().expect("the first block is always there");
        let len = last.lines.len();
        let text = last.last_text(len);
        end_line(text, ending);
        let gap = if text.trim().is_empty() { "" } else { ending };
        let mut block = Block::new(name, format!("{gap}[{name}]{ending}"));
        block.lines.push(Line::blank(ending));
        self.blocks.push(block);
        self.blocks.len() - 1
    }

    /// Removes a key; tells whether there was one.
    pub(crate) fn unset(&mut self, section: &str, key: &str) -> bool {
        let mut found = false;
        for block in self.blocks.iter_mut().filter(|block| block.name == section) {
            let before = block.lines.len();
            block.lines.retain(|line| line.key() != Some(key));
            found |= block.lines.len() < before;
        }
        found
    }

    /// Removes a section with the comment right above it; tells whether there was one.
    pub(crate) fn remove_section(&mut self, name: &str) -> bool {
        let before = self.blocks.len();
        self.blocks.retain(|block| block.name != name || block.heading.is_empty());
        self.blocks.len() < before
    }

    /// Gives a section another name.
    pub(crate) fn rename_section(&mut self, from: &str, to: &str) {
        let ending = self.line_ending();
        for block in self.blocks.iter_mut().filter(|block| block.name == from) {
            let start = block.heading.trim_end().rfind('\n').map_or(0, |end| end + 1);
            block.heading.replace_range(start.., &format!("[{to}]{ending}"));
            block.name = to.into();
        }
    }

    /// Copies a section's values, as written, to a new section.
    pub(crate) fn copy_section(&mut self, from: &str, to: &str) {
        let pairs: Vec<(String, String)> = self
            .keys(from)
            .into_iter()
            .filter_map(|key| Some((key.to_owned(), self.raw(from, key)?.to_owned())))
            .collect();
        for (key, value) in pairs {
            self.set(to, &key, &value);
        }
    }

    fn line_ending(&self) -> &'static str {
        let windows = self
            .to_string()
            .split_inclusive('\n')
            .next()
            .is_some_and(|line| line.ends_with("\r\n"));
        if windows { "\r\n" } else { "\n" }
    }
}

impl Block {
    /// Returns the text that ends before the line of that index: a line or the heading.
    fn last_text(&mut self, index: usize) -> &mut String {
        match index.checked_sub(1) {
            Some(last) => &mut self.lines[last].text,
            None => &mut self.heading,
        }
    }
}

/// Gives a last line without an ending one.
fn end_line(text: &mut String, ending: &str) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push_str(ending);
    }
}

/// Returns the first `%(name)s` in a value.
fn variable(value: &str) -> Option<&str> {
    let mut from = 0;
    while let Some(start) = value[from..].find("%(").map(|start| from + start) {
        let close = start + value[start..].find(')')?;
        if close > start + 2 && value[close..].starts_with(")s") {
            return Some(&value[start..close + 2]);
        }
        from = start + 2;
    }
    None
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.byte_order_mark {
            f.write_str("\u{feff}")?;
        }
        for block in &self.blocks {
            f.write_str(&block.heading)?;
            block.lines.iter().try_for_each(|line| f.write_str(&line.text))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> File {
        File::parse(text).unwrap()
    }

    const PLAIN: &str = "# mine\n\n[nas]\ntype = ftp\nhost = nas.local\n\n; old\n[b]\ntype=local\n";

    #[test]
    fn what_is_not_changed_stays_byte_for_byte() {
        let odd = "\u{feff}a: 1\r\n\r\n  [ x y ]  \r\nk=v\r\n;c\n[e]\nno newline = at the end";
        for text in ["", "\n", PLAIN, odd, "[a]\n[a]\n[b]"] {
            assert_eq!(file(text).to_string(), text);
        }
    }

    #[test]
    fn values_are_found() {
        let file = file(PLAIN);
        assert_eq!(file.sections(), ["nas", "b"]);
        assert_eq!(file.keys("nas"), ["type", "host"]);
        assert_eq!(file.get("nas", "host").as_deref(), Some("nas.local"));
        assert_eq!(file.get("nas", "Host"), None);
        assert_eq!(file.get("nope", "host"), None);
    }

    #[test]
    fn sections_of_one_name_merge_and_the_last_value_counts() {
        let file = file("[a]\nx = 1\ny = 1\n[b]\n[a]\nx = 2\n");
        assert_eq!(file.sections(), ["a", "b"]);
        assert_eq!(file.keys("a"), ["x", "y"]);
        assert_eq!(file.get("a", "x").as_deref(), Some("2"));
        assert_eq!(file.get("a", "y").as_deref(), Some("1"));
    }

    #[test]
    fn keys_before_any_section_are_defaults() {
        let file = file("root = /r\n[a]\npath = %(root)s/%(sub)s%(none)s\nsub = s\n");
        assert_eq!(file.sections(), ["DEFAULT", "a"]);
        assert_eq!(file.get("a", "path").as_deref(), Some("/r/s"));
        assert_eq!(file.get("DEFAULT", "root").as_deref(), Some("/r"));
    }

    #[test]
    fn variables_are_replaced_as_goconfig_does() {
        let get = |value: &str| file(&format!("[a]\nk = {value}\nx = 1\nhos = h\n")).get("a", "k");
        assert_eq!(get("%(x)s%(x)s").as_deref(), Some("11"));
        assert_eq!(get("%(x) %()s 100%").as_deref(), Some("%(x) %()s 100%"));
        assert_eq!(get("%(hoss)s").as_deref(), Some(""), "the name's own s is trimmed, too");
        assert!(get("%(k)s").is_some(), "a circle ends");
    }

    #[test]
    fn a_dotted_section_falls_back_to_its_parent() {
        let file = file("[a]\nx = 1\n[a.b]\ny = 2\n");
        assert_eq!(file.get("a.b", "x").as_deref(), Some("1"));
        assert_eq!(file.get("a.c", "x"), None);
    }

    #[test]
    fn unnamed_keys_are_numbered() {
        assert_eq!(file("[a]\n- = x\n- = y\n[b]\n- = z\n").keys("a"), ["#1", "#2"]);
    }

    #[test]
    fn a_value_is_set_where_it_stands() {
        let mut file = file(PLAIN);
        file.set("nas", "host", "new");
        file.set("nas", "port", "2121");
        let want =
            "# mine\n\n[nas]\ntype = ftp\nhost = new\nport = 2121\n\n; old\n[b]\ntype=local\n";
        assert_eq!(file.to_string(), want);
    }

    #[test]
    fn a_new_section_stands_apart() {
        let set = |text: &str| {
            let mut file = file(text);
            file.set("new", "type", "ftp");
            file.to_string()
        };
        assert_eq!(set(""), "[new]\ntype = ftp\n\n");
        assert_eq!(set("[a]\nx = 1"), "[a]\nx = 1\n\n[new]\ntype = ftp\n\n");
        assert_eq!(set("[a]\r\n\r\n"), "[a]\r\n\r\n[new]\r\ntype = ftp\r\n\r\n");
        assert_eq!(set("# c\n"), "# c\n\n[new]\ntype = ftp\n\n");
        assert_eq!(set("[new]"), "[new]\ntype = ftp\n");
    }

    #[test]
    fn a_section_goes_with_its_comment() {
        let mut file = file(PLAIN);
        assert!(file.remove_section("b"));
        assert!(!file.remove_section("b"));
        assert_eq!(file.to_string(), "# mine\n\n[nas]\ntype = ftp\nhost = nas.local\n\n");
    }

    #[test]
    fn sections_are_renamed_and_copied() {
        let mut file = file("; c\n[a]\nx = %(y)s\n");
        file.rename_section("a", "b");
        file.copy_section("b", "c");
        assert_eq!(file.to_string(), "; c\n[b]\nx = %(y)s\n\n[c]\nx = %(y)s\n\n");
    }

    #[test]
    fn a_key_is_removed_wherever_it_stands() {
        let mut file = file("[a]\nx = 1\n[a]\nx = 2\ny = 3\n");
        assert!(file.unset("a", "x"));
        assert!(!file.unset("a", "x"));
        assert_eq!(file.to_string(), "[a]\n[a]\ny = 3\n");
    }

    #[test]
    fn a_line_without_sense_is_named() {
        let error = File::parse("[a]\nnonsense\n").unwrap_err().to_string();
        assert_eq!(error, "could not parse line: nonsense");
    }
}
