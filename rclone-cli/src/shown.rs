//! How paths, times and JSON texts look in output that scripts read: as rclone writes them.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use sync_core::encoding::Encoder;
use sync_core::{Entry, Path, Tree};

use crate::units;

/// Returns a path on one line, with look-alikes for control characters.
pub(crate) fn path(path: &Path) -> Vec<u8> {
    Encoder::display().to_server(path.as_bytes())
}

/// Returns what rclone calls a tree.
pub(crate) fn tree(tree: &Tree) -> String {
    let root = tree.called.clone().unwrap_or_else(|| tree.root.to_string());
    match tree.remote.label() {
        label if label.is_empty() => format!("Local file system at {root}"),
        label if root.is_empty() => label,
        label => format!("{label}/{}", root.trim_start_matches('/')),
    }
}

/// Returns an entry's time in local time; the year 2000 where nobody knows it, as in rclone.
pub(crate) fn time(entry: &Entry) -> Zoned {
    timestamp(entry).to_zoned(TimeZone::system())
}

/// Returns an entry's time in the zone of its remote: local time on a disk, UTC on a server.
pub(crate) fn time_there(tree: &Tree, entry: &Entry) -> Zoned {
    let local = tree.remote.capability().local;
    timestamp(entry).to_zoned(if local { TimeZone::system() } else { TimeZone::UTC })
}

fn timestamp(entry: &Entry) -> Timestamp {
    let unknown = Timestamp::from_second(946_684_800).unwrap_or_default();
    entry.modified.map_or(unknown, |modified| modified.at)
}

/// Returns an entry's size; -1 for directories and where nobody knows it.
pub(crate) fn size(entry: &Entry) -> i64 {
    entry.size.and_then(|size| i64::try_from(size).ok()).unwrap_or(-1)
}

/// Returns an entry's size right-aligned: in `width` columns, or with a suffix in nine.
pub(crate) fn size_field(entry: &Entry, human: bool, width: usize) -> String {
    match u64::try_from(size(entry)) {
        Ok(bytes) if human => format!("{:>9}", units::size(bytes)),
        _ if human => format!("{:>9}", -1),
        _ => format!("{:>width$}", size(entry)),
    }
}

/// Returns a text without what would move the cursor.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Returns bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Returns a text as Go writes it in JSON: `<`, `>` and `&` are escaped, and what is not UTF-8 is
/// the escaped replacement character, one for each byte.
pub(crate) fn json(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\x08' => out.push_str("\\b"),
                '\x0c' => out.push_str("\\f"),
                '\0'..' ' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    let _ = write!(out, "\\u{:04x}", u32::from(c));
                }
                c => out.push(c),
            }
        }
        for _ in chunk.invalid() {
            out.push_str("\\ufffd");
        }
    }
    out.push('"');
    out
}

/// Returns one line of comma-separated values as Go's writer quotes them.
pub(crate) fn csv(fields: &[Vec<u8>], separator: char) -> Vec<u8> {
    let mut mark = [0; 4];
    let mark = separator.encode_utf8(&mut mark).as_bytes();
    let mut line = Vec::new();
    for (i, field) in fields.iter().enumerate() {
        if i > 0 {
            line.extend_from_slice(mark);
        }
        if !needs_quotes(field, mark) {
            line.extend_from_slice(field);
            continue;
        }
        line.push(b'"');
        for &byte in field {
            if byte == b'"' {
                line.push(b'"');
            }
            line.push(byte);
        }
        line.push(b'"');
    }
    line
}

fn needs_quotes(field: &[u8], mark: &[u8]) -> bool {
    let starts_blank =
        || String::from_utf8_lossy(field).chars().next().is_some_and(char::is_whitespace);
    field == b"\\."
        || field.iter().any(|byte| b"\"\r\n".contains(byte))
        || field.windows(mark.len()).any(|window| window == mark)
        || starts_blank()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_stay_on_the_line() {
        let path = Path::new(b"a/ctl\x01\n/\xff").unwrap();
        assert_eq!(super::path(&path), b"a/ctl\xe2\x90\x81\xe2\x90\x8a/\xff");
    }

    #[test]
    fn json_texts_are_gos() {
        assert_eq!(json("<&>é".as_bytes()), r#""\u003c\u0026\u003eé""#);
        assert_eq!(json(b"a\xff\xfe\"\\"), r#""a\ufffd\ufffd\"\\""#);
        assert_eq!(json(b"\t\x01"), r#""\t\u0001""#);
    }

    #[test]
    fn csv_quotes_what_it_must() {
        let line = |fields: &[&str], separator| {
            let fields: Vec<_> = fields.iter().map(|field| field.as_bytes().to_vec()).collect();
            String::from_utf8(csv(&fields, separator)).unwrap()
        };
        assert_eq!(line(&["a b", " lead", ""], ','), "a b,\" lead\",");
        assert_eq!(line(&["quo\"te", "a,b", "c;d"], ','), "\"quo\"\"te\",\"a,b\",c;d");
        assert_eq!(line(&["a b", "c"], ' '), "\"a b\" c");
    }

    #[test]
    fn hexadecimal_digits_are_small() {
        assert_eq!(hex(&[0, 0xab]), "00ab");
    }
}
