//! Writes entries as a server of each dialect would: the inverse of reading.
//!
//! An entry that a dialect cannot say exactly (a blank in a name where names are words, a size that
//! is no multiple of a block) is not written at all, so that what is written reads back the same.

use alloc::{format, string::String, vec::Vec};

use super::{
    Dialect, Entry, Kind, Modified, Precision, Year, Zone, classic_mac, connect_enterprise, dls,
    dos, eplf, hp_nonstop, mlsx, mvs, netware, nortel, numeric_unix, os2, os9, os400, supertcp,
    unix, vm, vms, vshell,
};

/// Writes one line, without its end; `None` where this dialect has no words for the entry.
///
/// Reading the line as this dialect gives the entry again. A time whose year was inferred is
/// written without it, and reads back the same at the same `now`.
pub fn write(entry: &Entry, dialect: Dialect) -> Option<Vec<u8>> {
    let whole = |b: &u8| !matches!(b, b'\n' | b'\r' | 0);
    let own = matches!(entry.name(), b"" | b"." | b"..");
    if own || !entry.name().iter().all(whole) {
        return None;
    }
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

/// Says whether a name has no blank in it.
pub(super) fn is_word(name: &[u8]) -> bool {
    !name.is_empty() && !name.iter().any(u8::is_ascii_whitespace)
}

/// Says whether a name has no blank at its ends.
pub(super) fn is_trimmed(name: &[u8]) -> bool {
    !name.is_empty() && name.trim_ascii().len() == name.len()
}

/// Returns a field as a word of text.
pub(super) fn word(field: Option<&[u8]>) -> Option<&str> {
    core::str::from_utf8(field.filter(|f| is_word(f))?).ok()
}

/// Returns a field as digits.
pub(super) fn digits(field: Option<&[u8]>) -> Option<&str> {
    word(field).filter(|text| text.bytes().all(|b| b.is_ascii_digit()))
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
