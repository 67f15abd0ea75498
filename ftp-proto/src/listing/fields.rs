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
        let mut found = Self { size, modified, ..Self::default() };
        found.set(name, kind);
        found
    }

    /// Returns what is filled in.
    pub(super) fn filled(fill: impl FnOnce(&mut Self) -> Result<(), Miss>) -> Parsed<'a> {
        let mut found = Self::default();
        fill(&mut found)?;
        Ok(found)
    }

    /// Sets the name, and the kind but where the name is that of the directory or its parent.
    #[inline]
    pub(super) fn set(&mut self, name: &'a [u8], kind: Kind) {
        self.name = name;
        self.kind = match name {
            b"." => Kind::Current,
            b".." => Kind::Parent,
            _ => kind,
        };
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

/// A one in each byte of a word.
const ONES: u64 = u64::from_le_bytes([1; 8]);

pub(super) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// Where a column of a line begins, and where it ends.
pub(super) type Column = (usize, usize);

/// A line, or a part of it, that knows where its first bytes are blank: columns are short and many,
/// and most of the time is spent on finding their ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) bytes: &'a [u8],
    /// A bit for each byte that is known, the first in the lowest.
    blanks: u64,
    /// How many bytes are known.
    known: usize,
}

impl<'a> Line<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let (mut blanks, mut known) = (0, 0);
        for eight in bytes.as_chunks().0.iter().take(8) {
            blanks |= blanks_of(*eight) << known;
            known += 8;
        }
        Self { bytes, blanks, known }
    }

    /// Returns a part of the line, both ends of which are in it.
    pub(super) fn part(self, start: usize, end: usize) -> Self {
        let bytes = &self.bytes[start..end];
        let known = self.known.saturating_sub(start).min(bytes.len());
        Self { bytes, blanks: behind(self.blanks, start), known }
    }

    /// Returns the next column at or after `at`.
    #[inline]
    pub(super) fn column(self, at: usize) -> Option<Column> {
        let start = self.text(at)?;
        Some((start, self.blank(start)))
    }

    /// Returns where the blanks at `at` end, unless the line ends there.
    #[inline]
    pub(super) fn text(self, at: usize) -> Option<usize> {
        let start = at + behind(!self.blanks, at).trailing_zeros() as usize;
        if start < self.known {
            return Some(start);
        }
        let blanks = self.bytes.get(at..)?.iter().position(|b| !is_blank(*b))?;
        Some(at + blanks)
    }

    /// Returns where the next blank is, or the end.
    #[inline]
    pub(super) fn blank(self, at: usize) -> usize {
        let end = at + behind(self.blanks, at).trailing_zeros() as usize;
        if end < self.known {
            return end;
        }
        at + first_of(*b" \t", self.bytes.get(at..).unwrap_or_default())
    }
}

/// The bits from `at` on.
fn behind(bits: u64, at: usize) -> u64 {
    if at < 64 { bits >> at } else { 0 }
}

/// Returns a bit for each of eight bytes, set where it is blank.
fn blanks_of(eight: [u8; 8]) -> u64 {
    const LOW: u64 = ONES * 0x7F;
    let word = u64::from_le_bytes(eight);
    // The highest bit of each byte tells whether it is another byte: no sum crosses bytes.
    let others = |byte: u8| {
        let differing = word ^ (ONES * u64::from(byte));
        ((differing & LOW) + LOW) | differing
    };
    let blanks = !(others(b' ') & others(b'\t')) >> 7 & ONES;
    // Gathers the lowest bits of all bytes in the highest byte.
    blanks.wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// Returns where the first of these bytes is, or the length. It looks at eight bytes at a time,
/// without a branch for each.
#[inline]
pub(super) fn first_of<const N: usize>(bytes: [u8; N], text: &[u8]) -> usize {
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7);
    let mut rest = text;
    while let Some((eight, more)) = rest.split_first_chunk() {
        let word = u64::from_le_bytes(*eight);
        let found = bytes.iter().fold(0, |all, b| all | zeros(word ^ (ONES * u64::from(*b))));
        if found != 0 {
            return text.len() - rest.len() + found.trailing_zeros() as usize / 8;
        }
        rest = more;
    }
    let found = rest.iter().position(|b| bytes.contains(b));
    text.len() - rest.len() + found.unwrap_or(rest.len())
}

/// The columns of a line, split at blanks.
#[derive(Clone, Debug)]
pub(super) struct Columns<'a> {
    line: Line<'a>,
    at: usize,
}

impl<'a> Columns<'a> {
    pub(super) fn new(line: &'a [u8]) -> Self {
        Self::of(Line::new(line))
    }

    pub(super) fn of(line: Line<'a>) -> Self {
        Self { line, at: 0 }
    }

    /// Takes what stands before `at` for read.
    pub(super) fn skip_to(&mut self, at: usize) {
        self.at = at;
    }

    /// Returns what follows the columns taken so far, its leading blanks included.
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.line.bytes[self.at..]
    }

    /// Returns the next column, or tells that the line ends too soon to be of this dialect.
    pub(super) fn need(&mut self) -> Result<&'a [u8], Miss> {
        self.next().ok_or(Miss::Shape)
    }

    /// Takes the columns of a date as `ls` writes it.
    pub(super) fn date(&mut self, clock: Clock) -> Result<Modified, Miss> {
        let date = self.line.column(self.at).ok_or(Miss::Shape)?;
        let mut modified = None;
        self.at = date::listed(self.line, date, clock, &mut modified).ok_or(Miss::Shape)?;
        modified.ok_or(Miss::Shape)
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
        let (start, end) = self.line.column(self.at)?;
        self.at = end;
        Some(&self.line.bytes[start..end])
    }
}

/// Reads a whole column as a decimal number.
pub(super) fn number(column: &[u8]) -> Option<u64> {
    let (mut value, mut rest) = (0u64, column);
    while let Some((eight, more)) = rest.split_first_chunk() {
        let [a, b, c, d] = pairs(*eight)?.map(u64::from);
        let eight = ((a * 100 + b) * 100 + c) * 100 + d;
        value = value.checked_mul(100_000_000)?.checked_add(eight)?;
        rest = more;
    }
    let (mut tail, mut scale) = (0, 1);
    for byte in rest {
        (tail, scale) = (tail * 10 + u64::from(digit(*byte)?), scale * 10);
    }
    (!column.is_empty()).then_some(value.checked_mul(scale)?.checked_add(tail)?)
}

/// Reads eight digits as four numbers of two, all at a time.
pub(super) fn pairs(eight: [u8; 8]) -> Option<[u8; 4]> {
    let word = u64::from_le_bytes(eight);
    // The upper half of a digit is 3, and stays 3 when 6 is added to it; of no other byte both
    // hold.
    if word & word.wrapping_add(ONES * 6) & (ONES * 0xF0) != ONES * 0x30 {
        return None;
    }
    let digits = word & (ONES * 0x0F);
    let [a, _, b, _, c, _, d, _] = (digits * 10 + (digits >> 8)).to_le_bytes();
    Some([a, b, c, d])
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

/// What parts groups of three digits: commas, dots, apostrophes, and blanks that do not break, in
/// UTF-8, in the code pages of DOS and in Latin-1.
const GROUPINGS: [&[u8]; 8] =
    [b",", b".", b"'", b"\xC2\xA0", b"\xE2\x80\xAF", b"\xE2\x80\x99", b"\xFF", b"\xA0"];

/// Reads a decimal number that may be grouped, by the same mark throughout: `1,234,567`.
pub(super) fn grouped(column: &[u8]) -> Option<u64> {
    if let Some(value) = number(column) {
        return Some(value);
    }
    let digits = column.iter().take_while(|b| b.is_ascii_digit()).count();
    let (first, mut rest) = column.split_at(digits);
    let mark = GROUPINGS.into_iter().find(|mark| rest.starts_with(mark))?;
    let mut value = number(first).filter(|_| digits <= 3)?;
    while !rest.is_empty() {
        let (group, more) = rest.strip_prefix(mark)?.split_at_checked(3)?;
        value = value.checked_mul(1000)?.checked_add(number(group)?)?;
        rest = more;
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
        assert_eq!(grouped("1\u{202f}234\u{202f}567".as_bytes()), Some(1_234_567));
        assert_eq!(grouped(b"1.234"), Some(1234));
        for broken in ["1,234.567", "1,2345", "1234,567", "1,234,", "1.2.3"] {
            assert_eq!(grouped(broken.as_bytes()), None, "{broken}");
        }
    }

    #[test]
    fn numbers_are_digits_in_every_place() {
        for len in 1..=20 {
            let digits = &b"12345678901234567890"[..len];
            let text = core::str::from_utf8(digits).expect("digits");
            assert_eq!(number(digits), text.parse().ok());
            for (at, other) in (0..len).flat_map(|at| [(at, b'/'), (at, b':'), (at, 0xB1)]) {
                let mut broken = digits.to_vec();
                broken[at] = other;
                assert_eq!(number(&broken), None, "{}", broken.escape_ascii());
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn a_line_knows_its_columns(text in "[ \t!a\u{a0}]{0,90}", start in 0..90usize) {
            let whole = text.as_bytes();
            let start = start.min(whole.len());
            let part = &whole[start..];
            for line in [Line::new(part), Line::new(whole).part(start, whole.len())] {
                assert_eq!(line.bytes, part);
                for at in 0..=part.len() {
                    let text = part[at..].iter().position(|b| !is_blank(*b)).map(|n| at + n);
                    let blank = part[at..].iter().position(|b| is_blank(*b)).map(|n| at + n);
                    assert_eq!(line.text(at), text);
                    assert_eq!(line.blank(at), blank.unwrap_or(part.len()));
                }
            }
        }
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
