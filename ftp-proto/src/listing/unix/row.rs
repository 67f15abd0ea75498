//! The columns of a line of `ls -l` between its mode and its name: links, owner, group, size, date.

use super::super::{
    Modified, Reason,
    date::listed,
    fields::{Column, Columns, Line, Miss, Owners, grouped, is_blank, is_number, number, small},
    time::Clock,
};

/// More columns than this before a date are no listing line.
const MAX_COLUMNS: usize = 32;

/// The columns of a line with a date.
pub(in super::super) struct Row<'a> {
    line: Line<'a>,
    /// Where links, owner and group begin, as far as they are there, and where they end.
    owners: Column,
    size: Column,
    /// Where the date ends.
    pub(in super::super) end: usize,
}

impl<'a> Row<'a> {
    /// Finds the first date behind something like a size. What stands first behind the mode counts
    /// as a size only when there is no other: it mostly is the number of links.
    pub(in super::super) fn find(
        line: Line<'a>,
        at: usize,
        clock: Clock,
        modified: &mut Option<Modified>,
    ) -> Option<Self> {
        let mut dated = |(start, end): Column, date: Column| {
            may_end_size(&line.bytes[start..end]).then(|| listed(line, date, clock, modified))?
        };
        let first = line.column(at)?;
        let second = line.column(first.1)?;
        let (mut before, mut size) = (first, second);
        for _ in 1..MAX_COLUMNS {
            let Some(next) = line.column(size.1) else { break };
            if let Some(end) = dated(size, next) {
                return Some(Self { line, owners: (first.0, before.1), size, end });
            }
            (before, size) = (size, next);
        }
        let end = dated(first, second)?;
        Some(Self { line, owners: (first.0, first.0), size: first, end })
    }

    /// Links, owner and group.
    pub(in super::super) fn owners(&self) -> Line<'a> {
        self.line.part(self.owners.0, self.owners.1)
    }

    pub(in super::super) fn size(&self) -> &'a [u8] {
        &self.line.bytes[self.size.0..self.size.1]
    }

    /// Leaves out so many bytes before links, owner and group.
    pub(super) fn skip(self, bytes: usize) -> Self {
        Self { owners: (self.owners.0 + bytes, self.owners.1), ..self }
    }

    /// What follows the blank behind the date.
    pub(super) fn name(&self) -> Result<&'a [u8], Miss> {
        let name = self.line.bytes.get(self.end + 1..).filter(|n| !n.is_empty());
        name.ok_or(Miss::Broken(Reason::Name))
    }

    /// Tells the size from device numbers and from a size glued to the group.
    pub(super) fn sized(&self, letter: u8) -> Result<(Line<'a>, Size), Miss> {
        let (owners, size) = (self.owners(), self.size());
        if let Some(bytes) = number(size) {
            let minor = || u32::try_from(bytes).ok();
            return Ok(match split_major(owners.bytes).and_then(|major| Some((major, minor()?))) {
                Some(((end, major), minor)) => (owners.part(0, end), Size::Device(major, minor)),
                None => (owners, Size::Bytes(Some(bytes))),
            });
        }
        if matches!(letter, b'b' | b'c')
            && let Some(comma) = memchr::memchr(b',', size)
            && let (Some(major), Some(minor)) = (small(&size[..comma]), small(&size[comma + 1..]))
        {
            return Ok((owners, Size::Device(major, minor)));
        }
        if let Some(bytes) = scaled(size) {
            return Ok((owners, Size::Bytes(Some(bytes))));
        }
        if size.strip_prefix(b"-").is_some_and(is_number) {
            return Ok((owners, Size::Bytes(None)));
        }
        self.glued().ok_or(Miss::Broken(Reason::Size))
    }

    /// `ftpadmin125435904`: where the size fills its column nothing may stand between it and the
    /// group. The owner stays out of it, so a second word must be there, and no third.
    fn glued(&self) -> Option<(Line<'a>, Size)> {
        let size = self.size();
        let digits = size.iter().rev().take_while(|b| b.is_ascii_digit()).count();
        let words = Columns::of(self.owners()).filter(|w| !is_number(w)).count();
        let plausible = size[0].is_ascii_alphabetic() && digits > 0 && words == 1;
        let bytes = number(&size[size.len() - digits..])?;
        let owners = self.line.part(self.owners.0, self.size.1 - digits);
        plausible.then_some((owners, Size::Bytes(Some(bytes))))
    }
}

/// Splits the `8,` of `8,  17` off the owners before it, and returns where they end.
fn split_major(owners: &[u8]) -> Option<(usize, u32)> {
    let text = owners.strip_suffix(b",")?;
    let at = text.iter().rposition(|b| is_blank(*b)).map_or(0, |at| at + 1);
    Some((text[..at].trim_ascii_end().len(), small(&text[at..])?))
}

pub(super) enum Size {
    Bytes(Option<u64>),
    Device(u32, u32),
}

/// A size ends in a digit, or in a digit and its unit.
fn may_end_size(column: &[u8]) -> bool {
    match column {
        [.., b'0'..=b'9'] => true,
        [.., b'0'..=b'9', unit] => exponent(*unit).is_some(),
        _ => false,
    }
}

fn exponent(unit: u8) -> Option<u32> {
    b"BKMGTP".iter().position(|u| *u == unit.to_ascii_uppercase())?.try_into().ok()
}

/// `33.5k`, `61.8M`, `1,234,567`; a unit is a power of 1024.
fn scaled(size: &[u8]) -> Option<u64> {
    let Some((unit, digits)) = size.split_last().filter(|(unit, _)| !unit.is_ascii_digit()) else {
        return grouped(size);
    };
    let unit = 1024u64.checked_pow(exponent(*unit)?)?;
    let dot = memchr::memchr2(b'.', b',', digits).unwrap_or(digits.len());
    let whole = number(&digits[..dot])?.checked_mul(unit)?;
    let Some(fraction) = digits.get(dot + 1..) else { return Some(whole) };
    let denominator = 10u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    whole.checked_add(number(fraction)?.checked_mul(unit)? / denominator)
}

/// Splits links, owner and group. Names may hold blanks; then two blanks part them, else the owner
/// is the first word. Without a number of links there are two words at most.
pub(super) fn owners_of(columns: Line<'_>) -> Result<Owners<'_>, Miss> {
    let mut words = Columns::of(columns);
    let Some(first) = words.next() else { return Ok((None, None)) };
    let end = columns.bytes.len();
    let start = if is_number(first) || first == b"?" {
        columns.text(end - words.rest().len()).unwrap_or(end)
    } else if words.clone().count() > 1 {
        return Err(Miss::Broken(Reason::Columns));
    } else {
        0
    };
    let first = columns.blank(start);
    let mut gap = first;
    while gap < end && !columns.bytes.get(gap + 1).is_some_and(|b| is_blank(*b)) {
        gap = columns.blank(gap + 1);
    }
    let gap = if gap < end { gap } else { first };
    let (owner, group) = (&columns.bytes[start..gap], &columns.bytes[gap..]);
    let owner = Some(owner).filter(|n| !n.is_empty());
    Ok((owner, Some(group.trim_ascii_start()).filter(|n| !n.is_empty())))
}
