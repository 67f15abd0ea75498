//! Columns of a line, numbers and names: what every dialect needs.
//!
//! Numbers use checked arithmetic; a number too large is no number.

use super::{Kind, Modified, Permissions, Reason, Version, date, time::Clock};

/// What was found in a line, borrowed from it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Found<'a> {
    pub(super) name: &'a [u8],
    /// What stands behind the name and a dot, where the line has a blank for the dot (VM/CMS).
    pub(super) file_type: Option<&'a [u8]>,
    pub(super) kind: Kind,
    pub(super) target: Option<&'a [u8]>,
    pub(super) size: Option<u64>,
    pub(super) modified: Option<Modified>,
    pub(super) mode: Option<u16>,
    pub(super) permissions: Option<Permissions>,
    pub(super) owner: Option<&'a [u8]>,
    pub(super) group: Option<&'a [u8]>,
    pub(super) unique: Option<&'a [u8]>,
    pub(super) version: Option<Version>,
}

impl<'a> Found<'a> {
    /// Puts together the fields most dialects have.
    pub(super) fn new(
        name: &'a [u8],
        kind: Kind,
        size: Option<u64>,
        modified: Option<Modified>,
    ) -> Self {
        let kind = match name {
            b"." => Kind::Current,
            b".." => Kind::Parent,
            _ => kind,
        };
        Self { name, kind, size, modified, ..Self::default() }
    }

    #[cfg(test)]
    pub(super) fn name_text(&self) -> Option<&'a str> {
        core::str::from_utf8(self.name).ok()
    }
}

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

pub(super) type Parsed<'a> = Result<Found<'a>, Miss>;

/// Owner and group, where they are there.
pub(super) type Owners<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);

pub(super) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// Returns where the next column begins at or after `at`, and where it ends.
pub(super) fn column(line: &[u8], at: usize) -> Option<(usize, usize)> {
    let mut start = at;
    while is_blank(*line.get(start)?) {
        start += 1;
    }
    Some((start, blank(line, start)))
}

/// Returns where the next blank is, or the end.
pub(super) fn blank(line: &[u8], at: usize) -> usize {
    either(line, at, b' ', b'\t')
}

/// Returns where one of two bytes is, or the end. It looks at eight bytes at a time, without a
/// branch for each: columns and facts are short, and most of the time is spent on finding their
/// ends.
pub(super) fn either(line: &[u8], mut at: usize, one: u8, other: u8) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7);
    let (ones, others) = (ONES * u64::from(one), ONES * u64::from(other));
    while let Some(eight) = line.get(at..).and_then(|rest| rest.first_chunk()) {
        let word = u64::from_le_bytes(*eight);
        let found = zeros(word ^ ones) | zeros(word ^ others);
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while line.get(at).is_some_and(|b| *b != one && *b != other) {
        at += 1;
    }
    at
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
    // Nineteen digits always fit.
    let (safe, rest) = column.split_at(column.len().min(19));
    let value = safe.iter().try_fold(0u64, |n, b| Some(n * 10 + u64::from(digit(*b)?)))?;
    match rest {
        [] if safe.is_empty() => None,
        [] => Some(value),
        [last] => value.checked_mul(10)?.checked_add(u64::from(digit(*last)?)),
        _ => None,
    }
}

/// Reads one digit.
pub(super) fn digit(byte: u8) -> Option<u8> {
    let digit = byte.wrapping_sub(b'0');
    (digit <= 9).then_some(digit)
}

/// Reads a small decimal number.
pub(super) fn small<T: TryFrom<u64>>(column: &[u8]) -> Option<T> {
    T::try_from(number(column)?).ok()
}

/// Reads a decimal number that may be grouped by commas: `1,234,567`.
pub(super) fn grouped(column: &[u8]) -> Option<u64> {
    if let Some(value) = number(column) {
        return Some(value);
    }
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
