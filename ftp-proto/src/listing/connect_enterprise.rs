//! Sterling Connect:Enterprise: `-C--E-----FTP B BCC3I1  7670  1294495 Jan 13 07:42 name`.
//!
//! Ten flags and the protocol in one word, the sort, the mailbox, the number of the batch, its
//! size, the date, and the name. Batches are files.

use alloc::{format, vec::Vec};

use super::{
    Entry, Kind,
    fields::{Columns, Found, Miss, Parsed, is_number, number},
    form,
    time::Clock,
};

/// Reads one batch.
pub(super) fn entry(line: &[u8], clock: Clock) -> Parsed<'_> {
    let mut columns = Columns::new(line);
    let flags = columns.need()?;
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
