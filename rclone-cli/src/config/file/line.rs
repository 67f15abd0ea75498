//! One line of a config file.

use std::fmt;

/// One line, its ending included: a pair, a comment or a blank one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Line {
    pub(super) text: String,
    pair: Option<(String, String)>,
}

impl Line {
    /// Returns the line that assigns `value` to `key`.
    pub(super) fn pair(key: &str, value: &str, ending: &str) -> Self {
        let text = format!("{} = {}{ending}", written_key(key), written_value(value));
        Self { text, pair: Some((key.into(), value.into())) }
    }

    /// Returns the line that holds nothing.
    pub(super) fn blank(ending: &str) -> Self {
        Self { text: ending.into(), pair: None }
    }

    pub(super) fn key(&self) -> Option<&str> {
        self.pair.as_ref().map(|(key, _)| key.as_str())
    }

    pub(super) fn value(&self) -> Option<&str> {
        self.pair.as_ref().map(|(_, value)| value.as_str())
    }

    pub(super) fn is_pair(&self) -> bool {
        self.pair.is_some()
    }

    pub(super) fn is_comment(&self) -> bool {
        self.pair.is_none() && !self.text.trim().is_empty()
    }

    /// Reads the key as `name` from now on; the text stays.
    pub(super) fn rename(&mut self, name: String) {
        if let Some((key, _)) = &mut self.pair {
            *key = name;
        }
    }
}

fn written_key(key: &str) -> String {
    if key.contains(['=', ':']) { format!("`{key}`") } else { key.into() }
}

/// Quotes a value the reader would change otherwise.
fn written_value(value: &str) -> String {
    if value.contains('`') {
        format!("\"\"\"{value}\"\"\"")
    } else if value.trim() != value || value.starts_with("\"\"\"") {
        format!("`{value}`")
    } else {
        value.into()
    }
}

/// What a line turned out to be.
pub(super) enum Parsed<'a> {
    Line(Line),
    Section(&'a str),
}

/// A line that is neither a section, a pair nor a comment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not parse line: {}", self.0)
    }
}

impl std::error::Error for Unreadable {}

/// Reads one line. Comments fill whole lines; there are none behind a value.
pub(super) fn parse(text: &str) -> Result<Parsed<'_>, Unreadable> {
    let line = text.trim();
    if line.is_empty() || line.starts_with(['#', ';']) {
        return Ok(Parsed::Line(Line { text: text.into(), pair: None }));
    }
    if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let name = name.trim();
        // A remote without a name could not be called.
        return if name.is_empty() {
            Err(Unreadable(line.into()))
        } else {
            Ok(Parsed::Section(name))
        };
    }
    let (key, rest) = key(line).ok_or_else(|| Unreadable(line.into()))?;
    let value = value(rest.trim()).ok_or_else(|| Unreadable(line.into()))?;
    let pair = Some((key.into(), value.into()));
    Ok(Parsed::Line(Line { text: text.into(), pair }))
}

/// Splits a line at its first `=` or `:` outside a quoted key; a key is never empty.
fn key(line: &str) -> Option<(&str, &str)> {
    let quote = ["\"\"\"", "\"", "`"].into_iter().find(|quote| line.starts_with(quote));
    if let Some(quote) = quote {
        let (key, rest) = line[quote.len()..].split_once(quote)?;
        let (_, value) = rest.split_once(['=', ':'])?;
        return Some((key, value));
    }
    let (key, value) = line.split_once(['=', ':'])?;
    (!key.is_empty()).then_some((key.trim(), value))
}

/// Strips the quotes that goconfig strips: backquotes and triple quotes. Plain ones are kept.
fn value(text: &str) -> Option<&str> {
    let quote = ["`", "\"\"\""]
        .into_iter()
        .find(|quote| text.starts_with(quote) && text.len() >= 2 * quote.len());
    match quote {
        Some(quote) => text[quote.len()..].rfind(quote).map(|end| &text[quote.len()..][..end]),
        None => Some(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, key: &str, value: &str) {
        let Ok(Parsed::Line(line)) = parse(line) else { panic!("not read: {line}") };
        assert_eq!(line.pair, Some((key.into(), value.into())));
    }

    #[test]
    fn pairs_split_at_the_first_separator() {
        check("host = a\n", "host", "a");
        check("host: a=b", "host", "a=b");
        check("host=a:b", "host", "a:b");
        check("  user\t=  x y  \r\n", "user", "x y");
        check("user =", "user", "");
        check("a = x ; no comment", "a", "x ; no comment");
    }

    #[test]
    fn keys_may_be_quoted() {
        check("`a=b` = c", "a=b", "c");
        check("\"a:b\" : c", "a:b", "c");
        check("\"\"\"a\"b\"\"\" = c", "a\"b", "c");
    }

    #[test]
    fn values_lose_backquotes_and_triple_quotes_only() {
        check("k = ` v `", "k", " v ");
        check("k = \"\"\"v`w\"\"\"", "k", "v`w");
        check("k = `a`b`", "k", "a`b");
        check("k = \"v\"", "k", "\"v\"");
        check("k = `", "k", "`");
        check("k = `a` tail", "k", "a");
    }

    #[test]
    fn what_is_no_pair_is_refused() {
        for line in ["nonsense", "= v", ": v", "`a = b", "\"a\" b", "k = `a", "[half", "[ ]"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let nasty = ["", "v", " v ", "a`b", "`", "``", "\"\"\"", "\"v\"", "a=b:c", "# no", "`a`"];
        for value in nasty {
            check(&Line::pair("k", value, "\n").text, "k", value);
            check(&Line::pair("a=b", value, "\r\n").text, "a=b", value);
        }
    }
}
