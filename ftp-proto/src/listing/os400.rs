//! IBM i (OS/400): `OWNER  size  date time  *TYPE  name`.
//!
//! The order of the date follows the server's job: `04/03/18` can be three days. A line whose
//! numbers allow one order only proves it for the whole listing; where none does, dots mean day
//! first, slashes year first where the columns are padded as IBM's server pads them, else day
//! first. Members (`*MEM`) have neither size nor time. Names of directories end in `/`.

use alloc::{format, vec::Vec};

use super::{
    Entry, Kind, Modified, Precision, Reason, Zone,
    fields::{Columns, Found, Miss, Parsed, number},
    form,
    time::{Clock, Date, Daytime, Order, is_date, triple, two_digits, year},
};

/// Reads one line.
pub(super) fn entry(line: &[u8], clock: Clock) -> Parsed<'_> {
    let row = Row::parse(line)?;
    let modified = match row.date {
        None => None,
        Some(([a, b, c], time)) => {
            let order = clock.order.or_else(|| order(line)).or_else(|| guess(line));
            let date = order.and_then(|order| order.date([a, b, c]));
            let modified = date.and_then(|date| Modified::stated(date, Some(time), Zone::Server));
            Some(modified.ok_or(Miss::Broken(Reason::Date))?)
        }
    };
    let (name, slash) = match row.name.strip_suffix(b"/") {
        Some(name) if !name.is_empty() => (name, true),
        _ => (row.name, false),
    };
    let directory = slash || matches!(row.kind, b"*DIR" | b"*DDIR" | b"*LIB" | b"*FLR");
    let kind = match row.kind {
        b"*SYMLNK" => Kind::Symlink,
        _ if directory => Kind::Directory,
        _ => Kind::File,
    };
    let found = Found::new(name, kind, row.size, modified);
    Ok(Found { owner: Some(row.owner), ..found })
}

/// Returns the one order that the numbers of a line allow.
pub(super) fn order(line: &[u8]) -> Option<Order> {
    let (parts, _) = Row::parse(line).ok()?.date?;
    let all = [Order::DayMonthYear, Order::MonthDayYear, Order::YearMonthDay];
    let mut possible = all.into_iter().filter(|order| order.date(parts).is_some());
    possible.next().filter(|_| possible.next().is_none())
}

/// Returns the order to take where nothing proves one.
pub(super) fn guess(line: &[u8]) -> Option<Order> {
    let (parts, _) = Row::parse(line).ok()?.date?;
    let dotted = memchr::memchr(b'/', line).is_none();
    let padded = Columns::new(line).any(|c| c.starts_with(b"*")) && is_padded(line);
    let preferred = if padded && !dotted {
        [Order::YearMonthDay, Order::MonthDayYear, Order::DayMonthYear]
    } else {
        [Order::DayMonthYear, Order::MonthDayYear, Order::YearMonthDay]
    };
    preferred.into_iter().find(|order| order.date(parts).is_some())
}

/// The type takes eleven columns.
fn is_padded(line: &[u8]) -> bool {
    let Some(star) = memchr::memmem::find(line, b" *") else { return false };
    line.get(star + 1..star + 12).is_some_and(|column| column.ends_with(b" "))
}

impl Order {
    fn date(self, [a, b, c]: [&[u8]; 3]) -> Option<Date> {
        let (year_text, month, day) = match self {
            Self::DayMonthYear => (c, b, a),
            Self::MonthDayYear => (c, a, b),
            Self::YearMonthDay => (a, b, c),
        };
        let (year, month, day) = (year(year_text)?, two_digits(month)?, two_digits(day)?);
        is_date(year, month, day).then_some((year, month, day))
    }
}

struct Row<'a> {
    owner: &'a [u8],
    size: Option<u64>,
    date: Option<([&'a [u8]; 3], Daytime)>,
    kind: &'a [u8],
    name: &'a [u8],
}

impl<'a> Row<'a> {
    fn parse(line: &'a [u8]) -> Result<Self, Miss> {
        let mut columns = Columns::new(line);
        let owner = columns.need()?;
        let mut column = columns.need()?;
        let (mut size, mut date) = (None, None);
        if !column.starts_with(b"*") {
            size = Some(number(column).ok_or(Miss::Shape)?);
            let (parts, _) = triple(columns.need()?).ok_or(Miss::Shape)?;
            let time = Daytime::parse(columns.need()?);
            column = columns.need()?;
            if !column.starts_with(b"*") {
                return Err(Miss::Shape);
            }
            date = Some((parts, time.ok_or(Miss::Broken(Reason::Date))?));
        }
        let upper = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit();
        if column.len() < 3 || !column[1..].iter().all(upper) {
            return Err(Miss::Shape);
        }
        let name = columns.name().map_err(|_| Miss::Broken(Reason::Name))?;
        Ok(Self { owner, size, date, kind: column, name })
    }
}

/// Writes one line, the year first.
pub(super) fn write(entry: &Entry) -> Option<Vec<u8>> {
    let kind = match entry.kind {
        Kind::Directory => "*DIR",
        Kind::File => "*STMF",
        Kind::Symlink => "*SYMLNK",
        _ => return None,
    };
    let owner = form::text(entry.owner())?;
    let columns = match (entry.size, entry.modified) {
        (None, None) => format!("{owner:10} {kind:>40} "),
        (Some(size), Some(_)) => {
            let modified = form::stated(entry, Precision::Second, Zone::Server)?;
            let (at, year) = (modified.at, form::short_year(&modified)?);
            let date = format!("{year:02}/{:02}/{:02}", at.month(), at.day());
            format!("{owner:10} {size:>10} {date} {} {kind:10} ", form::clock(&modified))
        }
        _ => return None,
    };
    let mut line = form::named(columns, entry.name());
    if entry.kind == Kind::Directory {
        line.push(b'/');
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use jiff::civil::datetime;

    use super::*;

    #[track_caller]
    fn check(line: &str, order: Option<Order>, name: &str, kind: Kind, time: &str) {
        let clock = Clock { order, ..Clock::new(datetime(2020, 7, 1, 0, 0, 0, 0)) };
        let read = entry(line.as_bytes(), clock).expect("an entry");
        assert_eq!((read.name_text(), read.kind), (Some(name), kind));
        assert_eq!(read.modified.map(|m| m.at.to_string()).unwrap_or_default(), time);
    }

    #[test]
    fn numbers_prove_the_order() {
        check(
            "PEP  36864 02/23/00 15:09:55 *DIR d/",
            None,
            "d",
            Kind::Directory,
            "2000-02-23T15:09:55",
        );
        check("PEP  36864 23/02/00 15:09:55 *FILE f", None, "f", Kind::File, "2000-02-23T15:09:55");
        check(
            "PEP  36864 99/02/23 15:09:55 *STMF f g",
            None,
            "f g",
            Kind::File,
            "1999-02-23T15:09:55",
        );
    }

    #[test]
    fn an_order_proved_elsewhere_holds() {
        let line = "PEP  4019 04/03/18 18:58:16 *STMF      x.zip";
        let file = |order, time| check(line, order, "x.zip", Kind::File, time);
        file(None, "2004-03-18T18:58:16");
        file(Some(Order::DayMonthYear), "2018-03-04T18:58:16");
        file(Some(Order::MonthDayYear), "2018-04-03T18:58:16");
    }

    #[test]
    fn members_have_no_date() {
        check("QPGMR      *MEM       A.FILE/B.MBR", None, "A.FILE/B.MBR", Kind::File, "");
    }

    #[test]
    fn what_is_no_line_of_os400() {
        let clock = Clock::new(datetime(2020, 7, 1, 0, 0, 0, 0));
        for (line, miss) in [
            ("PEP 6409 04/03/24 30:06:29 *STMF x", Miss::Broken(Reason::Date)),
            ("PEP 6409 44/33/24 10:06:29 *STMF x", Miss::Broken(Reason::Date)),
            ("PEP 6409 04/03/24 14:06:29 STMF x", Miss::Shape),
            ("PEP USR 6409 04/03/24 14:06:29 *STMF x", Miss::Shape),
            ("PEP *MEM", Miss::Broken(Reason::Name)),
        ] {
            assert_eq!(entry(line.as_bytes(), clock), Err(miss), "{line}");
        }
    }
}
