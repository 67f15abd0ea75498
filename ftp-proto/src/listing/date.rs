//! Dates in the columns of `ls -l`: month first, day first, year first, in digits or in words.

use jiff::SignedDuration;

use super::{
    fields::{Column, Line, digit, is_blank},
    months,
    time::{
        Clock, Date, Daytime, Modified, Precision, Zone, is_date, pair, triple, two_digits, year,
    },
};

/// Reads the date that begins with this column where it is to be, and returns where it ends.
pub(super) fn listed(
    line: Line<'_>,
    first: Column,
    clock: Clock,
    modified: &mut Option<Modified>,
) -> Option<usize> {
    *modified = posix(line.bytes.get(first.0..)?, clock);
    if modified.is_some() {
        return Some(first.0 + 12);
    }
    unusual(line, first, clock).map(|(read, end)| {
        *modified = Some(read);
        end
    })
}

#[inline(never)]
fn unusual(line: Line<'_>, first: Column, clock: Clock) -> Option<(Modified, usize)> {
    let first = behind_a_weekday(line, first).unwrap_or(first);
    match *line.bytes.get(first.0)? {
        b'0'..=b'9' => digits_first(line, first, clock),
        b'A'..=b'Z' | b'a'..=b'z' | 0x80.. => month_first(line, first, clock),
        _ => None,
    }
}

/// `Fri Oct 29 12:34:56 2004` as busybox and old `ls --full-time` have it, `Fri, 29 Oct 2004 12:34`.
fn behind_a_weekday(line: Line<'_>, (start, end): Column) -> Option<Column> {
    let day = &line.bytes[start..end];
    months::is_weekday(day.strip_suffix(b",").unwrap_or(day)).then(|| line.column(end))?
}

/// Reads in one go what POSIX has and nearly all write: `Jan 25 00:17`, `Apr  8  1994`.
#[inline(always)]
fn posix(text: &[u8], clock: Clock) -> Option<Modified> {
    let (&[a, b, c, b' ', tens, ones, b' ', d, e, f, g, h], rest) = text.split_first_chunk()?
    else {
        return None;
    };
    let day = pair(if tens == b' ' { b'0' } else { tens }, ones)?;
    if rest.first().is_some_and(|b| !is_blank(*b)) {
        return None;
    }
    let month = months::english(&[a, b, c])?;
    if f == b':' {
        let (hour, minute) = (pair(d, e)?, pair(g, h)?);
        let time = Daytime { hour, minute, ..Daytime::MIDNIGHT };
        return clock.inferred(month, day, Some(time)).filter(|_| hour < 24);
    }
    let year = i16::from(pair(e, f)?) * 100 + i16::from(pair(g, h)?);
    Modified::stated((year, month, day), None, Zone::Server).filter(|_| d == b' ')
}

/// `Jan 25 00:17`, `Apr  8  1994`, `Sep 27 12:30:01 2019`, `Oct 08, 2002 09:47`
fn month_first(
    line: Line<'_>,
    (start, name_end): Column,
    clock: Clock,
) -> Option<(Modified, usize)> {
    let (day, end) = Numeral::next(line, name_end)?;
    let (day, comma) = (day.small()?, day.mark == b",");
    let month = months::any(&line.bytes[start..name_end])?;
    year_or_time(line, end, (month, day), comma, clock)
}

fn digits_first(line: Line<'_>, (start, end): Column, clock: Clock) -> Option<(Modified, usize)> {
    if let Some((numeral, end)) = Numeral::next(line, start) {
        return numeral_first(line, end, &numeral, clock);
    }
    let first = &line.bytes[start..end];
    if let Some((day, [b'T', time @ ..])) = first.split_at_checked(10) {
        return iso(triple(day)?.0, time, end);
    }
    match triple(first) {
        Some((parts, separator)) if separator.is_ascii() => {
            return three_parts(line, end, parts, separator);
        }
        _ if !first.is_ascii() => return joined(line, end, first, clock),
        _ => {}
    }
    // `09-26 13:45`, `09-26 2000`
    let (month, day) = (two_digits(first.get(..2)?)?, two_digits(first.get(3..)?)?);
    matches!(first[2], b'-' | b'/').then_some(())?;
    year_or_time(line, end, (month, day), false, clock)
}

/// `26. Juli, 20:10`, `02 Mar 16:27`, `3 29 03:26`, `6月 3日 2003年`, `2005년 1월 6일`
fn numeral_first(
    line: Line<'_>,
    end: usize,
    first: &Numeral<'_>,
    clock: Clock,
) -> Option<(Modified, usize)> {
    let Some((second, next_end)) = Numeral::next(line, end) else {
        return month_second(line, end, first, clock);
    };
    if first.digits < 4 {
        let date = (first.small()?, second.small()?);
        // Numbers alone are a date only with a year that a file can have.
        let plausible = |m: &Modified| m.precision > Precision::Day || m.at.year() >= 1900;
        let read = year_or_time(line, next_end, date, false, clock);
        return read.filter(|(modified, _)| plausible(modified));
    }
    let (third, end) = Numeral::next(line, next_end)?;
    // `2003 3月 20 10:05`: the first is a size where a month and a day without year follow.
    if first.mark.is_empty()
        && (time_column(line, end).is_some() || year_column(line, end).is_some())
    {
        return None;
    }
    let marked = !first.mark.is_ascii() || !second.mark.is_ascii();
    dated(line, end, marked.then_some((first.value, second.small()?, third.small()?))?)
}

/// `26. Juli, 20:10`, `15 de gen. 2020`, `2019年 11月30日`
fn month_second(
    line: Line<'_>,
    end: usize,
    first: &Numeral<'_>,
    clock: Clock,
) -> Option<(Modified, usize)> {
    let (mut start, mut end) = line.column(end)?;
    if first.digits == 4 {
        let (month, day) = marked_pair(&line.bytes[start..end])?;
        let marked = !first.mark.is_ascii();
        return dated(line, end, marked.then_some((first.value, month, day))?);
    }
    if matches!(&line.bytes[start..end], b"de" | b"di") {
        (start, end) = line.column(end)?;
    }
    let (month, day) = (months::any(&line.bytes[start..end])?, first.small()?);
    year_or_time(line, end, (month, day), false, clock)
}

/// `11月30日 23:59`, `2019年11月30日`
fn joined(line: Line<'_>, end: usize, column: &[u8], clock: Clock) -> Option<(Modified, usize)> {
    if let Some(date) = marked_pair(column) {
        return year_or_time(line, end, date, false, clock);
    }
    let year_ends = column.iter().position(|b| !b.is_ascii_digit())?;
    let (month, day) = marked_pair(column.get(year_ends..)?)?;
    dated(line, end, (year(&column[..year_ends])?, month, day))
}

/// `2005-06-07 21:22`, `1999/10/12 17:12`, `2004.07.15`, `24-04-2003 17:12`, `01-jun-99`
fn three_parts(
    line: Line<'_>,
    end: usize,
    [a, b, c]: [&[u8]; 3],
    separator: u8,
) -> Option<(Modified, usize)> {
    if let Some(month) = months::english(b) {
        return dated(line, end, (year(c)?, month, two_digits(a)?));
    }
    if a.len() == 4 {
        return dated(line, end, (year(a)?, two_digits(b)?, two_digits(c)?));
    }
    let (a, b, year) = (two_digits(a)?, two_digits(b)?, year(c)?);
    let day_first = separator == b'.' || a > 12;
    dated(line, end, if day_first { (year, b, a) } else { (year, a, b) })
}

/// `2013-05-01T12:34:56Z`, `2013-05-01T12:34:56+02:00`
fn iso([a, b, c]: [&[u8]; 3], time: &[u8], end: usize) -> Option<(Modified, usize)> {
    let date = (year(a)?, two_digits(b)?, two_digits(c)?);
    let zone = time.iter().position(|b| matches!(b, b'Z' | b'+' | b'-')).unwrap_or(time.len());
    let (time, zone) = time.split_at(zone);
    let modified = Modified::stated(date, Some(Daytime::parse(time)?), Zone::Server)?;
    let modified = match zone {
        b"" => modified,
        b"Z" => Modified { zone: Zone::Utc, ..modified },
        zone => modified.at_offset(offset(zone)?)?,
    };
    Some((modified, end))
}

/// What follows month and day: a time, a year, or both.
fn year_or_time(
    line: Line<'_>,
    end: usize,
    (month, day): (i8, i8),
    comma: bool,
    clock: Clock,
) -> Option<(Modified, usize)> {
    let (start, third_end) = line.column(end)?;
    let third = &line.bytes[start..third_end];
    if let Some(time) = clock_time(third) {
        if time.precision > Precision::Minute
            && let Some((year, end)) = year_column(line, third_end)
        {
            return Some((Modified::stated((year, month, day), Some(time), Zone::Server)?, end));
        }
        return Some((clock.inferred(month, day, Some(time))?, third_end));
    }
    if comma && let Some((year, time, end)) = short_year(line, end) {
        return Some((Modified::stated((year, month, day), Some(time), Zone::Server)?, end));
    }
    let (year, year_end) = year_column(line, end)?;
    // The column is five wide: where the year stands at its right, what follows is the name.
    let left = start == end + 1;
    if (comma || left)
        && let Some((time, end)) = time_column(line, year_end)
        && line.text(end).is_some()
    {
        return Some((Modified::stated((year, month, day), Some(time), Zone::Server)?, end));
    }
    let modified = Modified::stated((year, month, day), None, Zone::Server)?;
    // Where it stands at its left, a blank at its right is padding.
    let padded = left && line.bytes.get(year_end..year_end + 2) == Some(b"  ");
    Some((modified, year_end + usize::from(padded)))
}

/// `Oct 14, 99 8:45 pm`: the year in two digits, and the time behind it.
fn short_year(line: Line<'_>, at: usize) -> Option<(i16, Daytime, usize)> {
    let (start, end) = line.column(at)?;
    let year = year(&line.bytes[start..end]).filter(|_| end - start == 2)?;
    let (start, end) = line.column(end)?;
    let (next, next_end) = line.column(end)?;
    let time = &line.bytes[start..end];
    match Daytime::parse_meridian(time, &line.bytes[next..next_end]) {
        Some(time) => Some((year, time, next_end)),
        None => Some((year, clock_time(time)?, end)),
    }
}

/// A full date, a time if one follows, and the offset of `ls --full-time`.
fn dated(line: Line<'_>, end: usize, date: Date) -> Option<(Modified, usize)> {
    if !is_date(date.0, date.1, date.2) {
        return None;
    }
    let Some((time, end)) = time_column(line, end) else {
        return Some((Modified::stated(date, None, Zone::Server)?, end));
    };
    let modified = Modified::stated(date, Some(time), Zone::Server)?;
    // Who writes an offset writes seconds; behind a minute it is the name.
    let offset = (time.precision > Precision::Minute).then(|| offset_column(line, end)).flatten();
    let Some((offset, offset_end)) = offset else { return Some((modified, end)) };
    Some((modified.at_offset(offset)?, offset_end))
}

fn time_column(line: Line<'_>, at: usize) -> Option<(Daytime, usize)> {
    let (start, end) = line.column(at)?;
    Some((clock_time(&line.bytes[start..end])?, end))
}

/// `17:12`, `17:12:03`, `5:12PM`, `17時12分`
fn clock_time(column: &[u8]) -> Option<Daytime> {
    if let Some(time) = Daytime::parse(column) {
        return Some(time);
    }
    if !column.is_ascii() {
        let (hour, minute) = marked_pair(column)?;
        let time = Daytime { hour, minute, ..Daytime::MIDNIGHT };
        return Some(time).filter(|_| hour < 24 && minute < 60);
    }
    let (time, meridian) = column.split_at_checked(column.len().checked_sub(2)?)?;
    Daytime::parse_meridian(time, meridian)
}

/// Splits `11月30日`, `17時12分` and the like.
fn marked_pair(column: &[u8]) -> Option<(i8, i8)> {
    let is_mark = |mark: &[u8]| mark.len() <= 4 && mark.first().is_some_and(|b| !b.is_ascii());
    if !column.split(u8::is_ascii_digit).filter(|mark| !mark.is_empty()).all(is_mark) {
        return None;
    }
    let mut numbers = column.split(|b| !b.is_ascii_digit()).filter(|number| !number.is_empty());
    let pair = (two_digits(numbers.next()?)?, two_digits(numbers.next()?)?);
    numbers.next().is_none().then_some(pair)
}

/// Four digits, a mark such as `年` or a comma behind them.
fn year_column(line: Line<'_>, at: usize) -> Option<(i16, usize)> {
    let (year, end) = Numeral::next(line, at)?;
    (year.digits == 4).then_some((year.value, end))
}

fn offset_column(line: Line<'_>, at: usize) -> Option<(SignedDuration, usize)> {
    let (start, end) = line.column(at)?;
    Some((offset(&line.bytes[start..end])?, end))
}

/// `+0200`, `+02:00`
fn offset(text: &[u8]) -> Option<SignedDuration> {
    let (hours, minutes) = match text.get(1..)? {
        [a, b, b':', c, d] | [a, b, c, d] => (two_digits(&[*a, *b])?, two_digits(&[*c, *d])?),
        _ => return None,
    };
    let minutes = i64::from(hours) * 60 + i64::from(minutes);
    let signed = match text[0] {
        b'+' => minutes,
        b'-' => -minutes,
        _ => return None,
    };
    Some(SignedDuration::from_mins(signed))
}

/// A number of at most four digits, with what marks it as day, month or year: `26.`, `6月`.
struct Numeral<'a> {
    value: i16,
    digits: usize,
    mark: &'a [u8],
}

impl<'a> Numeral<'a> {
    /// Reads the next column as one, and returns where it ends.
    fn next(line: Line<'a>, at: usize) -> Option<(Self, usize)> {
        let start = line.text(at)?;
        let mut at = start;
        let mut value = 0;
        while let Some(digit) = line.bytes.get(at).and_then(|b| digit(*b)) {
            if at - start == 4 {
                return None;
            }
            value = value * 10 + i16::from(digit);
            at += 1;
        }
        let digits = at - start;
        if digits == 0 {
            return None;
        }
        let end = line.blank(at);
        let mark = &line.bytes[at..end];
        let known = matches!(mark, b"" | b"." | b",") || (mark.len() <= 4 && mark[0] >= 0x80);
        known.then_some((Self { value, digits, mark }, end))
    }

    /// Returns the value as that of a day or month.
    fn small(&self) -> Option<i8> {
        self.value.try_into().ok().filter(|value| (1..=31).contains(value))
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::String};

    use jiff::civil::datetime;

    use super::*;

    fn read_listed(line: Line<'_>, first: Column, clock: Clock) -> Option<(Modified, usize)> {
        let mut modified = None;
        let end = listed(line, first, clock, &mut modified)?;
        Some((modified?, end))
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        check_bytes(text.as_bytes(), expected);
    }

    #[track_caller]
    fn check_bytes(text: &[u8], expected: &str) {
        let clock = Clock::new(datetime(2020, 7, 1, 0, 0, 0, 0));
        let line = [text, b" name"].concat();
        let whole = Line::new(&line);
        let read = whole.column(0).and_then(|first| read_listed(whole, first, clock));
        let read = read.map(|(modified, end)| {
            assert_eq!(&line[end..], b" name");
            let zone = if modified.zone == Zone::Utc { "Z" } else { "" };
            format!("{}{zone}", modified.at)
        });
        assert_eq!(read, (!expected.is_empty()).then(|| String::from(expected)));
    }

    #[test]
    fn month_first() {
        check("Apr  8  1994", "1994-04-08T00:00:00");
        check("Jan 25 00:17", "2020-01-25T00:17:00");
        check("Apr   4 24:00", "2020-04-05T00:00:00");
        check("Sep 27 12:30:01 2019", "2019-09-27T12:30:01");
        check("Oct 08, 2002 09:47", "2002-10-08T09:47:00");
        check("szept 26 20:10", "2019-09-26T20:10:00");
        check("Jul 13 2006 ", "2006-07-13T00:00:00");
        check("Oct 14,  99 8:45 pm", "1999-10-14T20:45:00");
        check("Sept 14, 99 14:30", "1999-09-14T14:30:00");
    }

    #[test]
    fn a_weekday_says_nothing_new() {
        check("Fri Oct 29 12:34:56 2004", "2004-10-29T12:34:56");
        check("Thu Jan  1 00:17", "2020-01-01T00:17:00");
        check("Friday, 29 Oct 2004 12:34", "2004-10-29T12:34:00");
        check("Sun 2004-10-31 12:34", "2004-10-31T12:34:00");
        check("Fri Fri Oct 29 12:34:56 2004", "");
        check("Fry Oct 29 12:34:56 2004", "");
        check("Fri", "");
    }

    #[test]
    fn a_time_behind_a_year_is_no_name_unless_the_year_is_padded() {
        check("Feb 29 2024 10:00:00", "2024-02-29T10:00:00");
        check("28 Feb 2024 10:00", "2024-02-28T10:00:00");
        check("Feb 28 2024 10:00PM", "2024-02-28T22:00:00");
        let line = Line::new(b"Feb 28  2024 10:00 name");
        let read = read_listed(line, (0, 3), Clock::new(datetime(2025, 7, 1, 0, 0, 0, 0)));
        assert_eq!(
            read.map(|(modified, end)| (modified.precision, end)),
            Some((Precision::Day, 12))
        );
    }

    #[test]
    fn meridians_may_be_glued_to_the_time() {
        check("Feb 28 10:00PM", "2020-02-28T22:00:00");
        check("2024-02-28 12:05am", "2024-02-28T00:05:00");
    }

    #[test]
    fn offsets_follow_seconds() {
        check("2024-02-28T10:00:00+0100", "2024-02-28T09:00:00Z");
        check("2024-02-28T10:00:00-01:00", "2024-02-28T11:00:00Z");
        check("2024-02-28 10:00:00 +01:00", "2024-02-28T09:00:00Z");
        let line = Line::new(b"2024-02-28 10:00 +0100 name");
        let read = read_listed(line, (0, 10), Clock::new(datetime(2025, 7, 1, 0, 0, 0, 0)));
        assert_eq!(read.map(|(modified, end)| (modified.zone, end)), Some((Zone::Server, 16)));
    }

    #[test]
    fn day_first() {
        check("26. Juli, 20:10", "2019-07-26T20:10:00");
        check("02 Mar 16:27", "2020-03-02T16:27:00");
        check("2.   Okt.  2003", "2003-10-02T00:00:00");
        check("15 de gen. 2020", "2020-01-15T00:00:00");
        check("01-jun-99", "1999-06-01T00:00:00");
        check("24-04-2003 17:12", "2003-04-24T17:12:00");
    }

    #[test]
    fn digits_only() {
        check("3 29 03:26", "2020-03-29T03:26:00");
        check("09-26 2000", "2000-09-26T00:00:00");
        check("09-26 13:45", "2019-09-26T13:45:00");
        check("2005-06-07 21:22", "2005-06-07T21:22:00");
        check("2005-06-07 21:22:03.123456789 +0230", "2005-06-07T18:52:03.123456789Z");
        check("2013-05-01T12:34:56Z", "2013-05-01T12:34:56Z");
        check("1999/10/12 17:12", "1999-10-12T17:12:00");
        check("2004.07.15", "2004-07-15T00:00:00");
    }

    #[test]
    fn asian_marks_in_any_encoding() {
        check("6月 3日 2003年", "2003-06-03T00:00:00");
        check("3月 2 15:13", "2020-03-02T15:13:00");
        check("2005년  1월  6일", "2005-01-06T00:00:00");
        check("11月30日 23:59", "2019-11-30T23:59:00");
        check("2019年11月30日", "2019-11-30T00:00:00");
        check("2019年 11月30日 10:05", "2019-11-30T10:05:00");
        check("11月 6日 14時21分", "2019-11-06T14:21:00");
        check("11月12日 14時21分", "2019-11-12T14:21:00");
        check("11月12日 24時21分", "");
        check("2019년11월30일 10:05", "2019-11-30T10:05:00");
        check_bytes(b"2003\x94\x4e4\x8c\x8e18\x93\xfa", "2003-04-18T00:00:00");
        check_bytes(b"4\x8c\x8e 18\x93\xfa 2003\x94\x4e", "2003-04-18T00:00:00");
        check_bytes(b"2003   3\xed\xef 20", "2003-03-20T00:00:00");
        check_bytes(b"8\xed 17 08:52", "2019-08-17T08:52:00");
    }

    #[test]
    fn what_is_no_date() {
        for text in [
            "Aug 36  2001",
            "Nov 31 2018",
            "Aug 22",
            "May ab 2000",
            "2012-30-07 00:31",
            "1 ftp 12:00",
            "1月2日3年4 12:00",
            "13月30日 23:59",
            "Dec 19 ab:11",
            "2003 3 20",
            "1 1 1024",
            "2003 3月 20 10:05",
            "2003 3月 20 2019",
            "1000 5 1月 5 10:30",
            "",
        ] {
            check(text, "");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_read_in_one_go_reads_the_same_by_columns(
            month in "Jan|feb|MAR|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Xyz",
            rest in " [ 0-3][0-9] ([ 0-2][0-9]:[0-6][0-9]| [0-9]{4}|[0-9]{5})( name|x)?",
        ) {
            let (text, clock) = (month + &rest, Clock::new(datetime(2020, 7, 1, 0, 0, 0, 0)));
            if let Some(modified) = posix(text.as_bytes(), clock) {
                let read = super::month_first(Line::new(text.as_bytes()), (0, 3), clock);
                proptest::prop_assert_eq!(read, Some((modified, 12)), "{}", text);
            }
        }
    }
}
