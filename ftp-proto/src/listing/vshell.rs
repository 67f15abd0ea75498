//! VShell before it learnt `ls -l`: `206876  Apr 04, 2000 21:06 name`, directories ending in `/`.

use alloc::{format, vec::Vec};

use super::{
    Entry, Kind, Precision, Zone,
    fields::{Columns, Found, Miss, Parsed, number},
    form,
    time::Clock,
};

/// Reads one line.
pub(super) fn entry(line: &[u8], clock: Clock) -> Parsed<'_> {
    let mut columns = Columns::new(line);
    let size = number(columns.need()?).ok_or(Miss::Shape)?;
    if !columns.clone().nth(1).is_some_and(|day| day.ends_with(b",")) {
        return Err(Miss::Shape);
    }
    let modified = Some(columns.date(clock)?);
    let name = columns.name()?;
    match name.strip_suffix(b"/").filter(|n| !n.is_empty()) {
        Some(name) => Ok(Found::new(name, Kind::Directory, None, modified)),
        None => Ok(Found::new(name, Kind::File, Some(size), modified)),
    }
}

/// Writes one line.
pub(super) fn write(entry: &Entry) -> Option<Vec<u8>> {
    let modified = form::stated(entry, Precision::Minute, Zone::Server)?;
    let (at, month) = (modified.at, form::month(&modified));
    let slash = match entry.kind {
        Kind::Directory => "/",
        Kind::File => "",
        _ => return None,
    };
    let date =
        format!("{month} {:02}, {:04} {:02}:{:02}", at.day(), at.year(), at.hour(), at.minute());
    let columns = format!("{:>9}  {date} ", form::size_of_file(entry)?);
    Some([&form::named(columns, entry.name())[..], slash.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use jiff::civil::datetime;

    use super::*;

    #[test]
    fn the_day_has_a_comma() {
        let clock = Clock::new(datetime(2020, 7, 1, 0, 0, 0, 0));
        let read = |line: &'static str| entry(line.as_bytes(), clock);
        let file = read("206876  Apr 04, 2000 21:06 a file").expect("an entry");
        assert_eq!((file.name_text(), file.size), (Some("a file"), Some(206_876)));
        assert_eq!(file.modified.map(|m| m.at), Some(datetime(2000, 4, 4, 21, 6, 0, 0)));
        assert_eq!(read("0  Dec 12, 2002 02:13 a dir/").map(|e| e.kind), Ok(Kind::Directory));
        assert_eq!(read("206876  Apr 04 2000 a"), Err(Miss::Shape));
    }
}
