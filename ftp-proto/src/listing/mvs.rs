//! z/OS: data sets, members of partitioned data sets, and jobs of JES.
//!
//! Data sets: `volume unit referred ext used recfm lrecl blksz dsorg name`; space is counted in
//! tracks, which tell no size in bytes. A partitioned data set is a directory. Members show the
//! statistics of ISPF, which count records, or the length of a load module in hexadecimal.
//! z/OS UNIX lists as Unix does.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use super::{
    Entry, Kind, Modified, Precision, Reason, Zone,
    fields::{Columns, Found, Miss, Parsed, is_number},
    form,
    time::{Date, Daytime, american_date, is_date, triple, two_digits, year},
};

/// What stands where a data set cannot be described; its name follows.
const UNDESCRIBED: &[&str] = &[
    "ARCIVE Not Direct Access Device",
    "Error determining attributes",
    "MIGRATED ",
    "MIGRAT ",
    "Migrated",
    "Pseudo Directory",
];

/// Reads a data set, one that is migrated or on tape or of VSAM included.
pub(super) fn data_set(line: &[u8]) -> Parsed<'_> {
    if let Some(name) = UNDESCRIBED.iter().find_map(|words| line.strip_prefix(words.as_bytes())) {
        let kind = if line.starts_with(b"Pseudo") { Kind::Directory } else { Kind::File };
        return Ok(Found::new(unquoted(only(name)?), kind, None, None));
    }
    let mut columns = Columns::new(line);
    let (volume, unit, referred) = (columns.need()?, columns.need()?, columns.need()?);
    let word = |column: &[u8]| column.iter().all(u8::is_ascii_alphanumeric);
    if volume.len() > 6 || unit.len() > 5 || !word(volume) || !word(unit) {
        return Err(Miss::Shape);
    }
    if referred == b"VSAM" || unit == b"Tape" {
        let name = if unit == b"Tape" { referred } else { only(columns.rest())? };
        return Ok(Found::new(name, Kind::File, None, None));
    }
    let modified = match referred {
        b"**NONE**" => None,
        _ => Modified::stated(referred_date(referred)?, None, Zone::Server),
    };
    let (organisation, name) = last_two(columns)?;
    let partitioned = organisation.starts_with(b"PO");
    let known =
        [&b"PS"[..], b"PO", b"DA", b"IS", b"VS", b"HFS", b"ZFS", b"GDG", b"PATH", b"AIX", b"NONE"];
    if !known.iter().any(|k| organisation.starts_with(k)) {
        return Err(Miss::Shape);
    }
    let kind = if partitioned { Kind::Directory } else { Kind::File };
    Ok(Found::new(unquoted(name), kind, None, modified))
}

/// `2003/05/21`, which a number of extents beyond 99 may touch, and `12/29/95` of before.
fn referred_date(column: &[u8]) -> Result<Date, Miss> {
    let (day, extents) = match column.get(4) {
        Some(b'/') => column.split_at_checked(10).ok_or(Miss::Shape)?,
        _ => column.split_at_checked(8).ok_or(Miss::Shape)?,
    };
    if !matches!(triple(day), Some((_, b'/'))) || !(extents.is_empty() || is_number(extents)) {
        return Err(Miss::Shape);
    }
    american_date(day).ok_or(Miss::Broken(Reason::Date))
}

/// `'A.FILE'` is told in quotes where it is not below the working directory.
fn unquoted(name: &[u8]) -> &[u8] {
    let bare = name.strip_prefix(b"'").and_then(|n| n.strip_suffix(b"'"));
    bare.filter(|n| !n.is_empty()).unwrap_or(name)
}

/// The last two columns; before them there are three to six, for the numbers of extents and tracks
/// may touch.
fn last_two<'a>(columns: Columns<'a>) -> Result<(&'a [u8], &'a [u8]), Miss> {
    let mut last: [&[u8]; 2] = [&[]; 2];
    let mut count = 0;
    for column in columns {
        last = [last[1], column];
        count += 1;
    }
    if (5..=8).contains(&count) { Ok((last[0], last[1])) } else { Err(Miss::Shape) }
}

/// The one column there is.
fn only(text: &[u8]) -> Result<&[u8], Miss> {
    let mut columns = Columns::new(text);
    let only = columns.need()?;
    if columns.next().is_none() { Ok(only) } else { Err(Miss::Shape) }
}

/// Reads a member with its ISPF statistics, or a load module.
pub(super) fn member(line: &[u8]) -> Parsed<'_> {
    let mut columns = Columns::new(line);
    let (name, second, third) = (columns.need()?, columns.need()?, columns.need()?);
    if is_hexadecimal(second) && is_hexadecimal(third) && columns.next().is_some() {
        let digits = core::str::from_utf8(second).ok();
        let size = digits.and_then(|d| u64::from_str_radix(d, 16).ok());
        return Ok(Found::new(name, Kind::File, size, None));
    }
    let [v, w, b'.', m, n] = second else { return Err(Miss::Shape) };
    if ![v, w, m, n].iter().all(|b| b.is_ascii_digit()) || year_first(third).is_none() {
        return Err(Miss::Shape);
    }
    let date = year_first(columns.need()?).ok_or(Miss::Broken(Reason::Date))?;
    let time = Daytime::parse(columns.need()?).ok_or(Miss::Broken(Reason::Date))?;
    let modified = Modified::stated(date, Some(time), Zone::Server);
    let owner = columns.nth(3);
    Ok(Found { owner, ..Found::new(name, Kind::File, None, modified) })
}

/// `2024/02/29`, and `96/02/29` of before.
fn year_first(text: &[u8]) -> Option<Date> {
    let ([first, month, day], b'/') = triple(text)? else { return None };
    let date = (year(first)?, two_digits(month)?, two_digits(day)?);
    is_date(date.0, date.1, date.2).then_some(date)
}

/// Reads a member without statistics: a name alone, below the heads of the columns of members.
pub(super) fn bare_member(line: &[u8]) -> Parsed<'_> {
    let name = only(line)?;
    let known = |b: &u8| b.is_ascii_alphanumeric() || b"@#$".contains(b);
    if name.len() > 8 || !name.iter().all(known) {
        return Err(Miss::Shape);
    }
    Ok(Found::new(name, Kind::File, None, None))
}

fn is_hexadecimal(column: &[u8]) -> bool {
    column.len() == 6 && column.iter().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(b))
}

/// Reads a job: `name JOB01906 [owner] status ..`. It is fetched by its number.
pub(super) fn job(line: &[u8]) -> Parsed<'_> {
    let mut columns = Columns::new(line);
    let (_name, id, third) = (columns.need()?, columns.need()?, columns.need()?);
    let letters = id.iter().take_while(|b| b.is_ascii_uppercase()).count();
    let known = [&b"JOB"[..], b"STC", b"TSU", b"J", b"S", b"T"].contains(&&id[..letters]);
    if !known || id.len() < 6 || !is_number(&id[letters..]) {
        return Err(Miss::Shape);
    }
    let owner = if is_status(third) {
        None
    } else if columns.next().is_some_and(is_status) {
        Some(third)
    } else {
        return Err(Miss::Shape);
    };
    Ok(Found { owner, ..Found::new(id, Kind::File, None, None) })
}

fn is_status(column: &[u8]) -> bool {
    matches!(column, b"INPUT" | b"ACTIVE" | b"OUTPUT" | b"HELD" | b"HOLD")
}

/// Writes a data set, of one extent.
pub(super) fn write_data_set(entry: &Entry) -> Option<Vec<u8>> {
    let organisation = match entry.kind {
        Kind::Directory => "PO",
        Kind::File => "PS",
        _ => return None,
    };
    let referred = match entry.modified {
        None => "**NONE**".to_string(),
        Some(_) => {
            let modified = form::stated(entry, Precision::Day, Zone::Server)?;
            form::year_first(&modified, '/')
        }
    };
    let columns = format!("VOL001 3390   {referred}  1   15  FB      80 27920  {organisation}  ");
    Some(form::named(columns, entry.name()))
}

/// Writes a member with its statistics, of one record.
pub(super) fn write_member(entry: &Entry) -> Option<Vec<u8>> {
    let modified = form::stated(entry, Precision::Minute, Zone::Server)?;
    let (day, time) = (form::year_first(&modified, '/'), form::clock(&modified));
    let mut line = form::named(String::new(), entry.name());
    let owner = match entry.owner() {
        None => "",
        owner => form::text(owner)?,
    };
    let columns = format!(" 01.00 {day} {day} {}     1     1     0 {owner}", &time[..5]);
    line.extend_from_slice(columns.trim_end().as_bytes());
    Some(line)
}

/// Writes a job that has put out one file.
pub(super) fn write_job(entry: &Entry) -> Option<Vec<u8>> {
    let owner = form::text(entry.owner())?;
    let mut line = form::named("JOBNAME ".to_string(), entry.name());
    line.extend_from_slice(format!(" {owner} OUTPUT A        RC=0000 1 spool files").as_bytes());
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(read: &Parsed<'_>, name: &str, kind: Kind, size: Option<u64>) {
        let read = read.as_ref().expect("an entry");
        assert_eq!((read.name_text(), read.kind, read.size), (Some(name), kind, size));
    }

    #[test]
    fn partitioned_data_sets_are_directories() {
        for (line, kind) in [
            ("WYOSPT 3420   2003/05/21  1  200  FB      80  8053  PS  A.FILE", Kind::File),
            ("FPFS49 3390   2004/06/23  1    1  FB     128  6144  PO-E  A.FILE", Kind::Directory),
            ("NRP004 3390   **NONE**    1   15  NONE     0     0  PO  A.FILE", Kind::Directory),
            ("TSO005 3390   2005/06/06 213000 U 0 27998 PO A.FILE", Kind::Directory),
            ("YNSABH 3390   2022/02/18  1+++++  VBS  32767 27966  PS  A.FILE", Kind::File),
            ("TSO004 3390   VSAM A.FILE", Kind::File),
            ("V43525 Tape                     A.FILE", Kind::File),
            ("NRP004 3390   **NONE**    1   15  NONE     0     0  NONE A.FILE", Kind::File),
            ("Migrated\t\t\tA.FILE", Kind::File),
            ("Pseudo Directory    A.FILE", Kind::Directory),
            ("MIGRAT  A.FILE", Kind::File),
            ("Error determining attributes                          'A.FILE'", Kind::File),
            ("OVH025 3380   12/29/95  1   60  FB      80 23200  PO  A.FILE", Kind::Directory),
            ("SM6009 3380   2010/03/09123 2415  U    18432 18432  PO  A.FILE", Kind::Directory),
        ] {
            check(&data_set(line.as_bytes()), "A.FILE", kind, None);
        }
    }

    #[test]
    fn members_with_statistics_and_load_modules() {
        let line = b"TBSHELF2  01.03 2002/09/12 2002/10/11 09:37    11    11     0 KIL001";
        check(&member(line), "TBSHELF2", Kind::File, None);
        assert_eq!(member(line).expect("an entry").owner, Some(&b"KIL001"[..]));
        let line = b"OLDER     01.99 95/12/31 96/02/29 17:30     8     8     0 USER";
        let modified = member(line).expect("an entry").modified.expect("a time");
        assert_eq!(modified.at.to_string(), "1996-02-29T17:30:00");
        let line = b"LOADMOD 00B308 000411  00 FO                31    ANY";
        check(&member(line), "LOADMOD", Kind::File, Some(0xB308));
        check(&bare_member(b" MEMBER "), "MEMBER", Kind::File, None);
        assert_eq!(bare_member(b"two words"), Err(Miss::Shape));
    }

    #[test]
    fn jobs_are_named_by_their_number() {
        check(&job(b"IBMUSER1  JOB01906  OUTPUT    3 Spool Files"), "JOB01906", Kind::File, None);
        let line = b"IBMUSER2 JOB01906 IBMUSER  OUTPUT A        RC=0000 3 spool files";
        assert_eq!(job(line).expect("an entry").owner, Some(&b"IBMUSER"[..]));
        assert_eq!(job(b"JOBNAME  JOBID    OWNER    STATUS CLASS"), Err(Miss::Shape));
    }

    #[test]
    fn heads_are_no_data_sets() {
        let line = b"Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname";
        assert_eq!(data_set(line), Err(Miss::Shape));
        assert_eq!(
            member(b" Name     VV.MM   Created       Changed      Size  Init   Mod   Id"),
            Err(Miss::Shape)
        );
    }
}
