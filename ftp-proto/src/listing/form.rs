//! Reads and writes a line of a given dialect: the way into the file of each.
//!
//! What is written reads back the same: an entry that a dialect cannot say exactly (an owner where
//! it has no column for one, a blank in a name where names are words, a size that is no multiple of
//! a block) is not written at all. The line itself is the proof, so the writers below take care of
//! form only.

use alloc::{format, string::String, vec::Vec};

use jiff::civil::DateTime;

use super::{
    Dialect, Entry, Kind, Modified, Precision, Year, Zone, classic_mac, connect_enterprise, dls,
    dos, eplf,
    fields::{Found, Miss, Parsed},
    hp_nonstop, mlsx, mvs, netware, nortel, numeric_unix, os2, os9, os400, supertcp,
    time::Clock,
    unix, vm, vms, vshell,
};

/// Reads one line as this dialect has it.
pub(super) fn read(dialect: Dialect, line: &[u8], clock: Clock) -> Parsed<'_> {
    match dialect {
        Dialect::ClassicMac => classic_mac::entry(line, clock),
        Dialect::ConnectEnterprise => connect_enterprise::entry(line, clock),
        Dialect::Dls => dls::entry(line, clock),
        Dialect::Dos => dos::entry(line, clock),
        Dialect::Eplf => eplf::entry(line),
        Dialect::HpNonStop => hp_nonstop::entry(line),
        Dialect::Mlsx => mlsx::parse(line),
        Dialect::Mvs => mvs::data_set(line),
        Dialect::MvsJes => mvs::job(line),
        Dialect::MvsPds => mvs::member(line),
        Dialect::NetWare => netware::entry(line, clock),
        Dialect::NortelWfFtp => nortel::wfftp(line),
        Dialect::NumericUnix => numeric_unix::entry(line),
        Dialect::Os2 => os2::entry(line),
        Dialect::Os400 => os400::entry(line, clock),
        Dialect::Os9 => os9::entry(line),
        Dialect::SuperTcp => supertcp::entry(line),
        Dialect::Unix => unix::entry(line, clock),
        Dialect::Vm => vm::entry(line),
        Dialect::Vms => vms::entry(line),
        Dialect::VShell => vshell::entry(line, clock),
        Dialect::VxWorks => nortel::vxworks(line),
    }
}

/// Fills in what this dialect finds in one line. What is found is large: where most listings are read
/// it is not moved.
#[inline]
pub(super) fn fill<'a>(
    dialect: Dialect,
    line: &'a [u8],
    clock: Clock,
    found: &mut Found<'a>,
) -> Result<(), Miss> {
    match dialect {
        Dialect::Dos => dos::fill(line, found),
        Dialect::Mlsx => mlsx::fill(line, found),
        Dialect::Unix => unix::fill(line, clock, found),
        _ => {
            *found = read(dialect, line, clock)?;
            Ok(())
        }
    }
}

/// Writes one line, without its end; `None` where this dialect has no words for the entry.
///
/// Reading the line as this dialect gives the entry again. A time whose year was inferred is
/// written without it, and reads back the same at the same `now`.
pub fn write(entry: &Entry, dialect: Dialect) -> Option<Vec<u8>> {
    if matches!(entry.name(), b"" | b"." | b"..") {
        return None;
    }
    let line = written(entry, dialect)?;
    let whole = |b: &u8| !matches!(b, b'\n' | b'\r' | 0);
    (line.iter().all(whole) && says(dialect, &line, entry)).then_some(line)
}

/// Says whether a line reads as this entry, at a time when its year is the one to infer.
fn says(dialect: Dialect, line: &[u8], entry: &Entry) -> bool {
    let clock = Clock::new(entry.modified.map_or(DateTime::MIN, |modified| modified.at));
    read(dialect, line, clock).is_ok_and(|found| Entry::read(line, &found) == *entry)
}

fn written(entry: &Entry, dialect: Dialect) -> Option<Vec<u8>> {
    match dialect {
        Dialect::ClassicMac => classic_mac::write(entry),
        Dialect::ConnectEnterprise => connect_enterprise::write(entry),
        Dialect::Dls => dls::write(entry),
        Dialect::Dos => dos::write(entry),
        Dialect::Eplf => eplf::write(entry),
        Dialect::HpNonStop => hp_nonstop::write(entry),
        Dialect::Mlsx => mlsx::write(entry),
        Dialect::Mvs => mvs::write_data_set(entry),
        Dialect::MvsJes => mvs::write_job(entry),
        Dialect::MvsPds => mvs::write_member(entry),
        Dialect::NetWare => netware::write(entry),
        Dialect::NortelWfFtp => nortel::write_wfftp(entry),
        Dialect::NumericUnix => numeric_unix::write(entry),
        Dialect::Os2 => os2::write(entry),
        Dialect::Os400 => os400::write(entry),
        Dialect::Os9 => os9::write(entry),
        Dialect::SuperTcp => supertcp::write(entry),
        Dialect::Unix => unix::write(entry),
        Dialect::Vm => vm::write(entry),
        Dialect::Vms => vms::write(entry),
        Dialect::VShell => vshell::write(entry),
        Dialect::VxWorks => nortel::write_vxworks(entry),
    }
}

/// Puts the name behind the columns.
pub(super) fn named(columns: String, name: &[u8]) -> Vec<u8> {
    let mut line = columns.into_bytes();
    line.extend_from_slice(name);
    line
}

/// Returns a field as text.
pub(super) fn text(field: Option<&[u8]>) -> Option<&str> {
    core::str::from_utf8(field?).ok()
}

/// Returns the size of a file; a directory, of which these dialects tell none, must have none.
pub(super) fn size_of_file(entry: &Entry) -> Option<u64> {
    match entry.kind {
        Kind::File => entry.size,
        _ => entry.size.is_none().then_some(0),
    }
}

/// Returns the time if it is of this precision and zone, and its year is stated.
pub(super) fn stated(entry: &Entry, precision: Precision, zone: Zone) -> Option<Modified> {
    let alike = |m: &Modified| m.precision == precision && m.zone == zone && m.year == Year::Stated;
    entry.modified.filter(alike)
}

/// `rwxr-sr-t`
pub(super) fn mode(mode: u16) -> String {
    let letter = |at: usize| {
        let set = mode & (0o400 >> at) != 0;
        let special = at % 3 == 2 && mode & (0o4000 >> (at / 3)) != 0;
        match (b"rwx"[at % 3], special, set) {
            (_, true, _) => {
                let (on, off) = if at == 8 { ('t', 'T') } else { ('s', 'S') };
                if set { on } else { off }
            }
            (letter, false, true) => char::from(letter),
            (_, false, false) => '-',
        }
    };
    (0..9).map(letter).collect()
}

/// The year in two digits, where they tell it.
pub(super) fn short_year(modified: &Modified) -> Option<i16> {
    let year = modified.at.year();
    (1980..2080).contains(&year).then_some(year % 100)
}

/// `Jan`
pub(super) fn month(modified: &Modified) -> &'static str {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    MONTHS[usize::from(modified.at.month().unsigned_abs()) - 1]
}

/// The date as `ls -l` writes it: `Jan 25 00:17` or `Apr  8  1994`.
pub(super) fn ls_date(modified: &Modified) -> Option<String> {
    let at = modified.at;
    let (month, day) = (month(modified), at.day());
    match (modified.precision, modified.year) {
        (Precision::Day, Year::Stated) if at.year() >= 1000 => {
            Some(format!("{month} {day:2}  {:4}", at.year()))
        }
        (Precision::Minute, Year::Inferred) => {
            Some(format!("{month} {day:2} {:02}:{:02}", at.hour(), at.minute()))
        }
        _ => None,
    }
}

/// `hh:mm:ss`
pub(super) fn clock(modified: &Modified) -> String {
    let at = modified.at;
    format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())
}

/// `yyyy-mm-dd` with a separator of the dialect's choice.
pub(super) fn year_first(modified: &Modified, separator: char) -> String {
    let at = modified.at;
    format!("{:04}{separator}{:02}{separator}{:02}", at.year(), at.month(), at.day())
}
