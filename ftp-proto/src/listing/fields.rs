//! Columns of a line, numbers and names: what every dialect needs.
//!
//! Numbers use checked arithmetic; a number too large is no number.

use super::{Entry, Kind, Modified, Reason, date, time::Clock};

/// Why a parser did not give an entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Miss {
    /// The line is not of this dialect.
    Shape,
    /// The line is of this dialect and a field in it is wrong.
    Broken(Reason),
}

impl<E> From<nom::Err<E>> for Miss {
    fn from(_: nom::Err<E>) -> Self {
        Self::Shape
    }
}

pub(super) type Parsed = Result<Entry, Miss>;

/// Owner and group, where they are there.
pub(super) type Owners<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);

pub(super) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// Returns where the next column begins at or after `at`, and where it ends.
pub(super) fn column(line: &[u8], at: usize) -> Option<(usize, usize)> {
    let rest = line.get(at..)?;
    let start = at + rest.iter().position(|b| !is_blank(*b))?;
    let len = line[start..].iter().position(|b| is_blank(*b));
    Some((start, len.map_or(line.len(), |len| start + len)))
}

/// The columns of a line, split at blanks.
#[derive(Clone, Debug)]
pub(super) struct Columns<'a> {
    line: &'a [u8],
    at: usize,
}

impl<'a> Columns<'a> {
    pub(super) fn new(line: &'a [u8]) -> Self {
        Self { line, at: 0 }
    }

    /// Returns what follows the columns taken so far, its leading blanks included.
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.line[self.at..]
    }

    /// Returns the next column, or tells that the line ends too soon to be of this dialect.
    pub(super) fn need(&mut self) -> Result<&'a [u8], Miss> {
        self.next().ok_or(Miss::Shape)
    }

    /// Takes the columns of a date as `ls` writes it.
    pub(super) fn date(&mut self, clock: Clock) -> Result<Modified, Miss> {
        let (start, _) = column(self.line, self.at).ok_or(Miss::Shape)?;
        let (modified, end) = date::listed(self.line, start, clock).ok_or(Miss::Shape)?;
        self.at = end;
        Ok(modified)
    }

    /// Returns the rest as a name: without the blanks around it, and not empty.
    pub(super) fn name(&self) -> Result<&'a [u8], Miss> {
        let name = self.rest().trim_ascii();
        if name.is_empty() { Err(Miss::Shape) } else { Ok(name) }
    }
}

impl<'a> Iterator for Columns<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (start, end) = column(self.line, self.at)?;
        self.at = end;
        Some(&self.line[start..end])
    }
}

/// Reads a whole column as a decimal number.
pub(super) fn number(column: &[u8]) -> Option<u64> {
    if column.is_empty() || column.len() > 20 {
        return None;
    }
    column.iter().try_fold(0u64, |n, b| {
        let digit = b.wrapping_sub(b'0');
        if digit > 9 { None } else { n.checked_mul(10)?.checked_add(u64::from(digit)) }
    })
}

/// Reads a small decimal number.
pub(super) fn small<T: TryFrom<u64>>(column: &[u8]) -> Option<T> {
    T::try_from(number(column)?).ok()
}

/// Reads a decimal number that may be grouped by commas: `1,234,567`.
pub(super) fn grouped(column: &[u8]) -> Option<u64> {
    let mut groups = column.split(|b| *b == b',');
    let mut value = number(groups.next()?)?;
    for group in groups {
        if group.len() != 3 {
            return None;
        }
        value = value.checked_mul(1000)?.checked_add(number(group)?)?;
    }
    Some(value)
}

/// Says whether there are digits only, one at least.
pub(super) fn is_number(column: &[u8]) -> bool {
    !column.is_empty() && column.iter().all(u8::is_ascii_digit)
}

/// Builds an entry from the fields most dialects have.
pub(super) fn entry(
    name: &[u8],
    kind: Kind,
    size: Option<u64>,
    modified: Option<Modified>,
) -> Entry {
    let kind = match name {
        b"." => Kind::Current,
        b".." => Kind::Parent,
        _ => kind,
    };
    let mut entry = Entry::new(name, kind);
    entry.size = size;
    entry.modified = modified;
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_never_overflow() {
        assert_eq!(number(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(number(b"18446744073709551616"), None);
        assert_eq!(number(b"99999999999999999999999"), None);
        assert_eq!(number(b""), None);
        assert_eq!(number(b"-1"), None);
    }

    #[test]
    fn groups_are_of_three_digits() {
        assert_eq!(grouped(b"9,730"), Some(9730));
        assert_eq!(grouped(b"1,234,567"), Some(1_234_567));
        assert_eq!(grouped(b"34,35xxx38,368"), None);
        assert_eq!(grouped(b"1,2"), None);
        assert_eq!(grouped(b",123"), None);
    }

    #[test]
    fn columns_end_at_blanks() {
        let mut columns = Columns::new(b"  a\tbc  d e");
        assert_eq!(columns.next(), Some(&b"a"[..]));
        assert_eq!(columns.next(), Some(&b"bc"[..]));
        assert_eq!(columns.rest(), b"  d e");
        assert_eq!(columns.name(), Ok(&b"d e"[..]));
    }
}
