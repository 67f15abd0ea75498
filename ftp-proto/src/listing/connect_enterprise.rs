//! Sterling Connect:Enterprise: `-C--E-----FTP B BCC3I1  7670  1294495 Jan 13 07:42 name`.
//!
//! Ten flags and the protocol in one word, the sort, the mailbox, the number of the batch, its
//! size, the date, and the name. Batches are files. Above them mailboxes are listed, and with `$$`
//! batches in another form: `ACME 00000020 00000152 <name> 990926-1431 CD FTP ASC`.

use alloc::{format, vec::Vec};

use super::{
    Entry, Kind, Modified, Zone,
    fields::{Columns, Found, Miss, Parsed, is_number, number},
    form,
    time::{Clock, Daytime, two_digits, year},
};

/// Reads one batch.
pub(super) fn entry(line: &[u8], clock: Clock) -> Parsed<'_> {
    let mut columns = Columns::new(line);
    let flags = columns.need()?;
    if flags == b"d" {
        return mailbox(columns);
    }
    if memchr::memchr(b'<', line).is_some_and(|at| at > flags.len()) && !flags.starts_with(b"-") {
        return named_in_brackets(flags, columns);
    }
    let known = |b: &u8| b.is_ascii_uppercase() || *b == b'-';
    if flags.len() != 13 || !flags.starts_with(b"-") || !flags.iter().all(known) {
        return Err(Miss::Shape);
    }
    let (_sort, mailbox, batch) = (columns.need()?, columns.need()?, columns.need()?);
    let size = number(columns.need()?).filter(|_| is_number(batch)).ok_or(Miss::Shape)?;
    let modified = columns.date(clock)?;
    let entry = Found::new(columns.name()?, Kind::File, Some(size), Some(modified));
    Ok(Found { owner: Some(mailbox), ..entry })
}

/// Reads `d   -   -   -  -  -  -  - steve`.
fn mailbox(mut columns: Columns<'_>) -> Parsed<'_> {
    for _ in 0..7 {
        columns.need().ok().filter(|c| *c == b"-").ok_or(Miss::Shape)?;
    }
    Ok(Found::new(columns.name()?, Kind::Directory, None, None))
}

/// Reads the form with the name in brackets: mailbox, batch, size, name, date, flags, type.
fn named_in_brackets<'a>(mailbox: &'a [u8], mut columns: Columns<'a>) -> Parsed<'a> {
    let batch = columns.need()?;
    let size = number(columns.need()?).filter(|_| is_number(batch)).ok_or(Miss::Shape)?;
    let name = columns.name()?.strip_prefix(b"<").ok_or(Miss::Shape)?;
    let end = memchr::memchr(b'>', name).filter(|end| *end > 0).ok_or(Miss::Shape)?;
    let (name, rest) = (&name[..end], &name[end + 1..]);
    let when = Columns::new(rest.strip_prefix(b"+").unwrap_or(rest)).need()?;
    let modified = Some(batch_time(when).ok_or(Miss::Shape)?);
    Ok(Found { owner: Some(mailbox), ..Found::new(name, Kind::File, Some(size), modified) })
}

/// `990926-1431`
fn batch_time(text: &[u8]) -> Option<Modified> {
    let [a, b, c, d, e, f, b'-', g, h, i, j] = *text else { return None };
    let date = (year(&[a, b])?, two_digits(&[c, d])?, two_digits(&[e, f])?);
    let time = Daytime::parse(&[g, h, b':', i, j])?;
    Modified::stated(date, Some(time), Zone::Server)
}

/// Writes one batch, of number 1.
pub(super) fn write(entry: &Entry) -> Option<Vec<u8>> {
    let mailbox = form::text(entry.owner())?;
    let (size, date) = (entry.size?, form::ls_date(&entry.modified?)?);
    let columns = format!("-C--E-----FTP A {mailbox} 1 {size} {date} ");
    Some(form::named(columns, entry.name()))
}

#[cfg(test)]
mod tests {
    use jiff::civil::datetime;

    use super::*;

    #[test]
    fn mailboxes_and_batches_in_brackets() {
        let clock = Clock::new(datetime(2020, 7, 1, 0, 0, 0, 0));
        let read = entry(b"d   -   -   -  -  -  -  - steve", clock).expect("a mailbox");
        assert_eq!((read.name, read.kind), (&b"steve"[..], Kind::Directory));
        let line = b"ACME    00000020 00000152 <test batch>+      990926-1431 CD   FTP ASC";
        let read = entry(line, clock).expect("a batch");
        assert_eq!((read.name, read.size), (&b"test batch"[..], Some(152)));
        assert_eq!(read.modified.map(|m| m.at), Some(datetime(1999, 9, 26, 14, 31, 0, 0)));
        for line in [&b"d - - - steve"[..], b"ACME 1 2 <x> 991326-1431", b"ACME 1 2 <> 990926-1431"]
        {
            assert_eq!(entry(line, clock), Err(Miss::Shape));
        }
    }

    #[test]
    fn a_batch_has_a_mailbox_and_a_number() {
        let clock = Clock::new(datetime(2020, 7, 1, 0, 0, 0, 0));
        let line = b"-AR--M----TCP B ceunix      17570  2313708 Mar 29 08:56 conent file";
        let read = entry(line, clock).expect("an entry");
        assert_eq!((read.name, read.size), (&b"conent file"[..], Some(2_313_708)));
        assert_eq!(read.owner, Some(&b"ceunix"[..]));
        for line in
            [&b"-rw-r--r--FTP a b 1 1 Mar 29 08:56 x"[..], b"-AR--M----TCP B c x 1 Mar 29 08:56 y"]
        {
            assert_eq!(entry(line, clock), Err(Miss::Shape));
        }
    }
}
