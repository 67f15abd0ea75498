//! `ls -l` as Unix servers, and all that imitate them, send it.
//!
//! POSIX: `"%s %u %s %s %u %s %s\n", <mode>, <links>, <owner>, <group>, <size>, <date>, <name>`.
//! Any of links, owner and group may be missing, and owners may hold blanks, so the date is looked
//! for: the first that stands behind something like a size. Device numbers, human-readable sizes,
//! sizes glued to the group, ACL marks and block counts (`ls -s`) are understood.
//! A name is what follows the single blank behind the date, leading blanks included.

mod mode;
mod row;

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

pub use self::mode::mode;
use self::{
    mode::behind_a_count,
    row::{Size, owners_of},
};
pub(super) use self::{mode::mode_column, row::Row};
use super::{
    Device, Entry, Kind, Modified, Precision, Reason, Year, Zone,
    fields::{Columns, Found, Line, Miss, Parsed, is_blank, is_number, number, small},
    form, months,
    time::{Clock, Daytime},
};

/// Reads one line of `ls -l`.
pub(super) fn entry(text: &[u8], clock: Clock) -> Parsed<'_> {
    Found::filled(|found| fill(text, clock, found))
}

/// Fills in what is found in one line of `ls -l`.
#[inline(never)]
pub(super) fn fill<'a>(text: &'a [u8], clock: Clock, found: &mut Found<'a>) -> Result<(), Miss> {
    let start = text.iter().position(|b| !is_blank(*b)).ok_or(Miss::Shape)?;
    let (letter, mode, at) = match mode_column(text, start) {
        Some(mode) => mode,
        None => behind_a_count(text, start).ok_or(Miss::Shape)?,
    };
    found.mode = mode;
    match Row::find(Line::new(text), at, clock, &mut found.modified) {
        Some(row) => filled(&row, letter, found),
        None => undated(text, at, letter, found),
    }
}

/// Reads a line whose first columns are no mode but whose others are all there: there are servers
/// with own letters. It says a file unless the letter of a directory or link comes first.
pub(super) fn without_mode(text: &[u8], clock: Clock) -> Parsed<'_> {
    let line = Line::new(text);
    let (letter, start) =
        (*text.first().ok_or(Miss::Shape)?, line.blank(line.text(0).ok_or(Miss::Shape)?));
    let mut found = Found::default();
    let row = Row::find(line, start, clock, &mut found.modified).ok_or(Miss::Shape)?;
    let owners = row.owners();
    let words = Columns::of(owners).count().checked_sub(3).ok_or(Miss::Shape)?;
    let mut columns = Columns::of(owners);
    for _ in 0..words {
        columns.need()?;
    }
    let skipped = owners.text(owners.bytes.len() - columns.rest().len()).ok_or(Miss::Shape)?;
    let links = columns.need()?;
    let known = letter.is_ascii_alphabetic() || letter == b'-';
    if !known || !is_number(links) || number(row.size()).is_none() {
        return Err(Miss::Shape);
    }
    let letter = if matches!(letter, b'd' | b'l') { letter } else { b'-' };
    filled(&row.skip(skipped), letter, &mut found)?;
    Ok(found)
}

/// Fills in what the columns of a line with a date say.
#[inline]
fn filled<'a>(row: &Row<'a>, letter: u8, found: &mut Found<'a>) -> Result<(), Miss> {
    let name = row.name()?;
    let (owners, size) = row.sized(letter)?;
    (found.owner, found.group) = owners_of(owners)?;
    let (bytes, number) = match size {
        Size::Bytes(bytes) => (bytes, None),
        Size::Device(major, minor) => (None, Some((major, minor))),
    };
    found.size = bytes;
    of_kind(letter, name, number, found);
    Ok(())
}

/// Sets what the letter of the mode says: the kind, the name, and the target of a link.
#[inline]
fn of_kind<'a>(letter: u8, name: &'a [u8], number: Option<(u32, u32)>, found: &mut Found<'a>) {
    match letter {
        b'-' => found.set(name, Kind::File),
        b'b' | b'c' => found.set(name, Kind::Device(Device { block: letter == b'b', number })),
        b'd' => {
            let bare = name.strip_suffix(b"/").filter(|n| !n.is_empty());
            found.set(bare.unwrap_or(name), Kind::Directory);
        }
        b'l' => {
            let (name, target) = link(name, found.size);
            found.target = target;
            found.set(name, Kind::Symlink);
        }
        b'p' => found.set(name, Kind::Fifo),
        b's' => found.set(name, Kind::Socket),
        _ => found.set(name, Kind::Other),
    }
}

/// Splits `name -> target`. Either may hold an arrow: the size of a link is the length of its
/// target, which mostly decides; else the first arrow does.
fn link(text: &[u8], size: Option<u64>) -> (&[u8], Option<&[u8]>) {
    const ARROW: &[u8] = b" -> ";
    let fits = |at: &usize| u64::try_from(text.len() - at - ARROW.len()).ok() == size;
    let arrows = || memchr::memmem::find_iter(text, ARROW).filter(|at| *at > 0);
    match arrows().find(fits).or_else(|| arrows().next()) {
        None => (text, None),
        Some(at) => (&text[..at], Some(&text[at + ARROW.len()..]).filter(|t| !t.is_empty())),
    }
}

/// A line without a date: `ls` could not look (`?????????`), or the server shows none, in which
/// case links, owner, group and size must all be there.
#[cold]
fn undated<'a>(line: &'a [u8], at: usize, letter: u8, found: &mut Found<'a>) -> Result<(), Miss> {
    let mut columns = Columns::new(&line[at..]);
    let date = Miss::Broken(Reason::Date);
    let mut next = || columns.next().ok_or(date);
    let (links, owner, group, size) = (next()?, next()?, next()?, next()?);
    let unknown = [links, owner, group, size].iter().all(|c| *c == b"?");
    let bytes = number(size);
    if unknown {
        next()?;
    } else if bytes.is_none() || !is_number(links) {
        return Err(date);
    }
    let name = columns.rest().get(1..).unwrap_or_default();
    let name = if unknown { name.trim_ascii_start() } else { name };
    let first = Columns::new(name).next().ok_or(Miss::Broken(Reason::Name))?;
    if months::any(first).is_some() || is_dated(name) {
        return Err(date);
    }
    found.size = bytes;
    if !unknown {
        (found.owner, found.group) = (Some(owner), Some(group));
    }
    of_kind(letter, name, None, found);
    Ok(())
}

/// Tells whether what stands where the name is due begins like a date: a time, or a day and then a
/// year, whatever the words between. In a month that nobody knows it must not become the name.
fn is_dated(name: &[u8]) -> bool {
    let is_day = |column: &[u8]| {
        let digits = column.iter().take_while(|b| b.is_ascii_digit()).count();
        small::<u8>(&column[..digits]).is_some_and(|day| (1..=31).contains(&day))
    };
    let is_year = |column: &[u8]| {
        let digits = column
            .get(..4)
            .filter(|d| is_number(d) && matches!(d[..2], [b'1', b'9'] | [b'2', b'0']));
        digits.is_some() && column[4..].iter().all(|b| !b.is_ascii() || *b == b',')
    };
    let columns = || Columns::new(name).take(5);
    columns().any(|column| Daytime::parse(column).is_some())
        || columns().skip_while(|column| !is_day(column)).skip(1).any(is_year)
}

/// Writes one line as GNU `ls -l` does: a time without a year, or a full time, or a date alone.
pub(super) fn write(entry: &Entry) -> Option<Vec<u8>> {
    let (owner, group) = (form::text(entry.owner())?, form::text(entry.group())?);
    let size = match (entry.kind, entry.size) {
        (Kind::Device(Device { number: Some((major, minor)), .. }), None) => {
            format!("{major}, {minor}")
        }
        (Kind::Device(_), _) => return None,
        (_, size) => size?.to_string(),
    };
    let (mode, date) = (form::mode(entry.mode?), date(&entry.modified?)?);
    let letter = letter(entry.kind)?;
    let mut line =
        form::named(format!("{letter}{mode} 1 {owner} {group} {size} {date} "), entry.name());
    if let Some(target) = entry.target() {
        line.extend_from_slice(&[b" -> ", target].concat());
    }
    Some(line)
}

fn letter(kind: Kind) -> Option<char> {
    Some(match kind {
        Kind::Device(device) => {
            if device.block {
                'b'
            } else {
                'c'
            }
        }
        Kind::Directory => 'd',
        Kind::Fifo => 'p',
        Kind::File => '-',
        Kind::Socket => 's',
        Kind::Symlink => 'l',
        _ => return None,
    })
}

fn date(modified: &Modified) -> Option<String> {
    let at = modified.at;
    let day = form::year_first(modified, '-');
    match (modified.precision, modified.zone, modified.year) {
        _ if at.year() < 1000 => None,
        (Precision::Minute, Zone::Server, Year::Stated) => {
            Some(format!("{day} {:02}:{:02}", at.hour(), at.minute()))
        }
        (Precision::Subsecond(9), Zone::Utc, Year::Stated) => {
            Some(format!("{day} {}.{:09} +0000", form::clock(modified), at.subsec_nanosecond()))
        }
        (_, Zone::Server, _) => form::ls_date(modified),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::datetime;

    use super::*;

    fn read(line: &str) -> Parsed<'_> {
        entry(line.as_bytes(), Clock::new(datetime(2020, 7, 1, 0, 0, 0, 0)))
    }

    #[track_caller]
    fn check<'a>(
        line: &'a str,
        name: &str,
        size: Option<u64>,
        owner: &str,
        group: &str,
    ) -> Found<'a> {
        let entry = read(line).expect("an entry");
        assert_eq!(entry.name_text(), Some(name));
        assert_eq!(entry.size, size);
        assert_eq!(entry.owner.unwrap_or_default(), owner.as_bytes());
        assert_eq!(entry.group.unwrap_or_default(), group.as_bytes());
        entry
    }

    #[test]
    fn owner_group_and_links_may_be_missing() {
        check(
            "-rw-r--r--   1 root  other  531 Jan 29 03:26 a b",
            "a b",
            Some(531),
            "root",
            "other",
        );
        check("dr-xr-xr-x   2 root      512 Apr  8  1994 etc", "etc", Some(512), "root", "");
        check("-rw-------+  1 9469        0 May  6  2011 .X", ".X", Some(0), "9469", "");
        check(
            "-rw-r--r--  FTP  User  10439 Apr 20 05:29 z.zip",
            "z.zip",
            Some(10439),
            "FTP",
            "User",
        );
        check("drwxrwxr-x    folder    2 May 10  1996 net", "net", Some(2), "folder", "");
        check("-rw-r--r-- 512 May 10  1996 bare", "bare", Some(512), "", "");
    }

    #[test]
    fn owners_may_hold_blanks_and_look_like_dates() {
        let line = "drwxr-xr-x   2 john smith     test group     4096 Mar  2 15:13 zxbox";
        check(line, "zxbox", Some(4096), "john smith", "test group");
        let line = "drwx------ 4 max Domain Users 512 Oct 2 10:59 x";
        check(line, "x", Some(512), "max", "Domain Users");
        let line = "-rw-r--r-- 1 dec 10 2048 Jan 3 10:00 x";
        check(line, "x", Some(2048), "dec", "10");
        for size in [12, 2004] {
            let line = format!("-rw-r--r-- 1 0 sun {size} Jan 20 10:00 x");
            check(&line, "x", Some(size), "0", "sun");
            let line = format!("-rw-r--r-- 1 0 sun {size} Jan 20  2004 x");
            check(&line, "x", Some(size), "0", "sun");
        }
    }

    #[test]
    fn columns_may_touch() {
        check(
            "drwxr-xr-x1732 266  111  90112 Jun 21  2001 .rda",
            ".rda",
            Some(90112),
            "266",
            "111",
        );
        check("drwxr-x---+1464 ch ch  41472 Feb 25 13:17 2009", "2009", Some(41472), "ch", "ch");
        let line = "-rw-r--r-- 1 ftpadmin ftpadmin125435904 Apr  9  2008 .up";
        check(line, ".up", Some(125_435_904), "ftpadmin", "ftpadmin");
    }

    #[test]
    fn sizes_with_units_are_powers_of_1024() {
        check("-rw-rw-rw- 1 a b 61.8M Mar 7 18:42 pics", "pics", Some(64_801_996), "a", "b");
        check("-rw-rw-rw- 1 a b 172.4k Mar 7 18:42 pics", "pics", Some(176_537), "a", "b");
        check("-rw-rw-rw- 1 a b 1,234,567 Mar 7 18:42 pics", "pics", Some(1_234_567), "a", "b");
    }

    #[test]
    fn blanks_around_names_are_kept() {
        check("-rw-r--r-- 1 a b 1 Dec 02  2009  foo bar ", " foo bar ", Some(1), "a", "b");
        check("-rw-r--r-- 1 a b 1 Mar  2 15:13   zxbox", "  zxbox", Some(1), "a", "b");
        check("-rw-r--r-- 1 a b 1 Jul 13 2006  users.xml", "users.xml", Some(1), "a", "b");
        check("-rw-r--r-- 1 a b 1 Mar 19 09:34 12 34 a.csv", "12 34 a.csv", Some(1), "a", "b");
    }

    #[test]
    fn links_are_split_where_the_size_says() {
        let entry =
            check("lrwxrwxrwx 1 a b 5 Jan 25 00:17 a -> b -> c d e", "a -> b", Some(5), "a", "b");
        assert_eq!((entry.kind, entry.target), (Kind::Symlink, Some(&b"c d e"[..])));
        let entry = check("lrwxrwxrwx 1 a b 4 Oct 30 15:26 foo", "foo", Some(4), "a", "b");
        assert_eq!((entry.kind, entry.target), (Kind::Symlink, None));
        let entry = check("-rw-r--r-- 1 a b 4 Oct 30 15:26 x -> y", "x -> y", Some(4), "a", "b");
        assert_eq!(entry.kind, Kind::File);
    }

    #[test]
    fn devices_have_numbers_and_no_size() {
        for line in
            ["brw-r----- 1 r d 8,  17 Apr 13  2006 sdb", "brw-r----- 1 r d 8,17 Apr 13  2006 sdb"]
        {
            let entry = check(line, "sdb", None, "r", "d");
            assert_eq!(entry.kind, Kind::Device(Device { block: true, number: Some((8, 17)) }));
        }
    }

    #[test]
    fn lines_without_dates_and_lines_ls_could_not_fill() {
        check(
            "drwxr-xr-x 3 slopri devlab 512 71 dateless",
            "71 dateless",
            Some(512),
            "slopri",
            "devlab",
        );
        let entry = check("d????????? ? ? ? ?            ? lost", "lost", None, "", "");
        assert_eq!((entry.kind, entry.mode), (Kind::Directory, None));
        check("   4 -rw-r--r-- 1 a b 7 Mar 7 18:42 counted", "counted", Some(7), "a", "b");
        check("123   4 -rw-r--r-- 1 a b 7 Mar 7 18:42 counted", "counted", Some(7), "a", "b");
    }

    #[test]
    fn what_is_broken_says_so() {
        for (line, reason) in [
            ("drwxrwxr-x 1 root  dialout  4096 Nov 31 2018 provola", Reason::Date),
            ("-rw-rw-r--  1 poh  poh   6xx5 Feb 27 04:14 history.rst", Reason::Size),
            ("-rw-rw-r--  xx poh  poh   6595 Feb 27 04:14 history.rst", Reason::Columns),
            ("-rw-r--r--   1 14  staff  80284 Aug 22  zx.gz", Reason::Date),
            ("-rw-r--r--   1 14  staff  80284 Xyz 22 10:05 zx.gz", Reason::Date),
            ("-rw-r--r--   1 14  staff  80284 22 de xyz de 2019 zx.gz", Reason::Date),
            ("-rw-r--r--   1 14  staff  80284 Feb-28-2024 10:00 zx.gz", Reason::Date),
            ("-rw-r--r--   1 14  staff  80284 Aug 22  2001", Reason::Name),
        ] {
            assert_eq!(read(line), Err(Miss::Broken(reason)), "{line}");
        }
        for line in ["", "   ", "total 14", "dxrwr-xr-x 2 a b 1 Jan 1 2000 x", "directory"] {
            assert_eq!(read(line), Err(Miss::Shape), "{line}");
        }
    }

    #[test]
    fn a_line_with_foreign_modes_needs_all_other_columns() {
        let clock = Clock::new(datetime(2020, 7, 1, 0, 0, 0, 0));
        let read = |line: &'static str| without_mode(line.as_bytes(), clock);
        let entry = read("g a r b    1 ftp  ftp   528 Nov 01  2007 README").expect("an entry");
        assert_eq!((entry.name, entry.size), (&b"README"[..], Some(528)));
        assert_eq!(entry.owner, Some(&b"ftp"[..]));
        let entry = read("-rwx---A--  1 user    group  392468 Nov 13  2012 a b").expect("an entry");
        assert_eq!((entry.name, entry.kind), (&b"a b"[..], Kind::File));
        assert_eq!(read("README    528 Nov 01  2007 text"), Err(Miss::Shape));
    }
}
