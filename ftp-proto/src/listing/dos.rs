//! `dir` of MS-DOS, Windows NT and CE, as IIS and many devices send it.
//!
//! `04-27-00  12:09PM       <DIR>          name`, years of two or four digits, first or last, a
//! clock of 12 or 24 hours, and separators in sizes. Month before day: a day before its month is
//! refused, since most days cannot tell, but where dots part them. File names keep their blanks.

use alloc::{format, string::ToString as _, vec::Vec};

use super::{
    Entry, Kind, Modified, Precision, Reason, Zone,
    fields::{Columns, Found, Miss, Parsed, grouped},
    form,
    time::{Clock, Daytime, american_parts, pair, triple},
};

/// Reads one line of `dir`.
pub(super) fn entry(line: &[u8], _: Clock) -> Parsed<'_> {
    Found::filled(|found| fill(line, found))
}

/// Fills in what is found in one line of `dir`.
#[inline(never)]
pub(super) fn fill<'a>(line: &'a [u8], found: &mut Found<'a>) -> Result<(), Miss> {
    if !line.trim_ascii_start().first().is_some_and(u8::is_ascii_digit) {
        return Err(Miss::Shape);
    }
    let mut columns = Columns::new(line);
    dated(&mut columns, &mut found.modified)?;
    let before = columns.rest();
    let size = columns.need()?;
    if size.starts_with(b"<") {
        let time_ends = line.len() - before.len();
        let padded = matches!(time_ends, 17 | 19) && before.starts_with(b"       <");
        return tagged(size, name_behind_tag(columns.rest(), padded)?, found);
    }
    if !size[0].is_ascii_digit() {
        return Err(Miss::Shape);
    }
    found.size = Some(grouped(size).ok_or(Miss::Broken(Reason::Size))?);
    let name = columns.rest().get(1..).filter(|n| !n.is_empty());
    found.set(name.ok_or(Miss::Broken(Reason::Name))?, Kind::File);
    Ok(())
}

/// Reads the columns of date and time.
fn dated(columns: &mut Columns<'_>, modified: &mut Option<Modified>) -> Result<(), Miss> {
    *modified = iis(columns.rest());
    if modified.is_some() {
        columns.skip_to(17);
        return Ok(());
    }
    let date = columns.need()?;
    let parts = match triple(date) {
        Some((parts, b'-' | b'/')) => parts,
        // Whoever writes dots puts the day first.
        Some(([day, month, year], b'.')) if day.len() <= 2 => [month, day, year],
        _ => return Err(Miss::Shape),
    };
    let time = time(columns).ok_or(Miss::Shape)?;
    let date = american_parts(parts).ok_or(Miss::Broken(Reason::Date))?;
    *modified = Modified::stated(date, Some(time), Zone::Server);
    modified.map(|_| ()).ok_or(Miss::Broken(Reason::Date))
}

/// Reads in one go what IIS writes: `04-27-00  12:09PM`.
#[inline(always)]
fn iis(line: &[u8]) -> Option<Modified> {
    let (&[a, b, b'-', c, d, b'-', e, f, b' ', b' ', g, h, b':', i, j, half, b'M'], [b' ', ..]) =
        line.split_first_chunk::<17>()?
    else {
        return None;
    };
    let afternoon = match half {
        b'a' | b'A' => 0,
        b'p' | b'P' => 12,
        _ => return None,
    };
    let (month, day, year) = (pair(a, b)?, pair(c, d)?, i16::from(pair(e, f)?));
    let year = if year < 80 { 2000 + year } else { 1900 + year };
    let (hour, minute) = (pair(g, h)?, pair(i, j)?);
    if !(1..=12).contains(&hour) {
        return None;
    }
    let time = Daytime { hour: hour % 12 + afternoon, minute, ..Daytime::MIDNIGHT };
    Modified::stated((year, month, day), Some(time), Zone::Server)
}

/// IIS pads `<DIR>` with seven blanks before and ten behind, where its clock is that of 12 hours;
/// what follows those is the name, its own blanks included. Others pad as they like.
fn name_behind_tag(rest: &[u8], padded: bool) -> Result<&[u8], Miss> {
    let name = rest.trim_ascii_start();
    if name.is_empty() {
        return Err(Miss::Shape);
    }
    Ok(if padded { rest.strip_prefix(b"          ").unwrap_or(name) } else { name })
}

/// `03:09PM`, `03:09 PM`, `15:09`
pub(super) fn time(columns: &mut Columns<'_>) -> Option<Daytime> {
    let first = columns.next()?;
    let digits = first.iter().take_while(|b| !b.is_ascii_alphabetic()).count();
    let (time, meridian) = first.split_at(digits);
    if !meridian.is_empty() {
        return Daytime::parse_meridian(time, meridian);
    }
    let mut ahead = columns.clone();
    let meridian = ahead.next().unwrap_or_default();
    let Some(time) = Daytime::parse_meridian(time, meridian) else { return Daytime::parse(time) };
    *columns = ahead;
    Some(time)
}

/// What stands in brackets where a size would be. `dir` shows the target of a link behind its name.
fn tagged<'a>(tag: &[u8], name: &'a [u8], found: &mut Found<'a>) -> Result<(), Miss> {
    match tag {
        b"<DIR>" | b"<dir>" => found.set(name, Kind::Directory),
        b"<JUNCTION>" | b"<SYMLINK>" | b"<SYMLINKD>" => {
            let split = memchr::memmem::rfind(name, b" [").filter(|_| name.ends_with(b"]"));
            found.target = split.map(|at| &name[at + 2..name.len() - 1]);
            found.set(split.map_or(name, |at| name[..at].trim_ascii_end()), Kind::Symlink);
        }
        _ => return Err(Miss::Broken(Reason::Columns)),
    }
    Ok(())
}

/// Writes one line, with a year of four digits and a clock of 24 hours.
pub(super) fn write(entry: &Entry) -> Option<Vec<u8>> {
    let at = form::stated(entry, Precision::Minute, Zone::Server)?.at;
    let (month, day, year) = (at.month(), at.day(), at.year());
    let time = format!("{month:02}-{day:02}-{year:04}  {:02}:{:02} ", at.hour(), at.minute());
    let line = |column: &str| form::named(format!("{time}{column:>20} "), entry.name());
    Some(match (entry.kind, entry.size, entry.target()) {
        (Kind::File, Some(size), _) => line(&size.to_string()),
        (Kind::Directory, None, _) => line("<DIR>"),
        (Kind::Symlink, None, None) => line("<JUNCTION>"),
        (Kind::Symlink, None, Some(to)) => [&line("<SYMLINKD>"), &b" ["[..], to, b"]"].concat(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use jiff::civil::datetime;

    use super::*;

    fn read(line: &str) -> Parsed<'_> {
        entry(line.as_bytes(), Clock::new(datetime(2020, 7, 1, 0, 0, 0, 0)))
    }

    #[track_caller]
    fn check(line: &str, name: &str, kind: Kind, size: Option<u64>, time: &str) {
        let entry = read(line).expect("an entry");
        assert_eq!((entry.name_text(), entry.kind, entry.size), (Some(name), kind, size));
        assert_eq!(entry.modified.map(|m| m.at.to_string()).unwrap_or_default(), time);
    }

    #[test]
    fn years_clocks_and_separators() {
        let file = |line: &str, size, time| check(line, "a b.txt", Kind::File, Some(size), time);
        file("04-14-00  03:47PM                  589 a b.txt", 589, "2000-04-14T15:47:00");
        file("2002-09-02  19:06                9,730 a b.txt", 9730, "2002-09-02T19:06:00");
        file("04-08-14  03:09 PM       1234 a b.txt", 1234, "2014-04-08T15:09:00");
        file("01-06-79  02:42AM       458 a b.txt", 458, "2079-01-06T02:42:00");
        file("10-15-09  00:34AM       458 a b.txt", 458, "2009-10-15T00:34:00");
        file("12-03-20 13:34          56 a b.txt", 56, "2020-12-03T13:34:00");
        file("20.07.2026  21:52            12 a b.txt", 12, "2026-07-20T21:52:00");
        file("97-10-14  03:34p         12 a b.txt", 12, "1997-10-14T15:34:00");
        file("100-10-14 03:34p         12 a b.txt", 12, "2000-10-14T15:34:00");
        file("10/3/2018   2:58 PM   34,358,368 a b.txt", 34_358_368, "2018-10-03T14:58:00");
        for mark in [".", "'", "\u{a0}", "\u{202f}", "\u{2019}"] {
            let line = format!("2018-10-03  14:58   34{mark}358{mark}368 a b.txt");
            file(&line, 34_358_368, "2018-10-03T14:58:00");
        }
    }

    #[test]
    fn directories_and_links() {
        let line = "12-05-96  05:03PM       <DIR>          my Dir";
        check(line, "my Dir", Kind::Directory, None, "1996-12-05T17:03:00");
        for (line, target) in [
            ("12-05-2020  17:03    <SYMLINKD>     docs [C:\\Docs]", Some(&b"C:\\Docs"[..])),
            ("12-05-2020  17:03    <JUNCTION>     docs", None),
        ] {
            check(line, "docs", Kind::Symlink, None, "2020-12-05T17:03:00");
            assert_eq!(read(line).map(|found| found.target), Ok(target));
        }
    }

    #[test]
    fn names_keep_blanks_behind_the_padding_of_iis() {
        let dir = |line, name| check(line, name, Kind::Directory, None, "1996-12-05T17:03:00");
        dir("12-05-96  05:03PM       <DIR>           lead", " lead");
        dir("12-05-96  05:03PM       <DIR>          trail ", "trail ");
        dir("12-05-96  05:03PM          <DIR>                  Windows CE", "Windows CE");
        dir("12-05-96 05:03PM <DIR> AM to PM", "AM to PM");
        dir("12-05-96  17:03       <DIR>           24 hours", "24 hours");
    }

    #[test]
    fn what_is_broken_says_so() {
        for (line, miss) in [
            ("20-05-97  03:31PM                  681 .bash", Miss::Broken(Reason::Date)),
            ("10/3/2018   2:58 PM    34,35xxx38,368  win10.img", Miss::Broken(Reason::Size)),
            ("11-02-09  05:32PM       <GARBAGE>      NT", Miss::Broken(Reason::Columns)),
            ("11-02-09  05:32PM       garbage      NT", Miss::Shape),
            ("12-25-10  12:00AM                  0", Miss::Broken(Reason::Name)),
            ("12-25-10  12:00ZM                  0 x", Miss::Shape),
            ("11-02-09", Miss::Shape),
            ("word", Miss::Shape),
        ] {
            assert_eq!(read(line), Err(miss), "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_read_in_one_go_reads_the_same_by_columns(
            date in "[01][0-9]-[0-3][0-9]-[0-9]{2}",
            time in "[0-2][0-9]:[0-6][0-9][APap]M",
        ) {
            if let Some(modified) = iis(format!("{date}  {time} 1 name").as_bytes()) {
                let line = format!("{date}   {time} 1 name");
                let read = read(&line).map(|found| found.modified);
                proptest::prop_assert_eq!(read, Ok(Some(modified)), "{}", line);
            }
        }
    }
}
