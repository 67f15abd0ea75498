//! Reads a listing on standard input and prints a table of what is in it.
//!
//! `ls -l | cargo run -p ftp-proto --example listing 2026-03-01T12:00:00`

use std::{
    env,
    io::{self, Read, Write},
};

use ftp_proto::listing::{Entry, Item, Options, Reader};
use jiff::civil::{DateTime, date};

fn main() -> io::Result<()> {
    let now: DateTime = match env::args().nth(1) {
        Some(text) => text.parse().map_err(io::Error::other)?,
        None => date(2026, 1, 1).at(0, 0, 0, 0),
    };
    table(io::stdin().lock(), io::stdout().lock(), now)
}

/// Reads as it comes, in pieces, and holds no more than a line.
pub(crate) fn table(mut listing: impl Read, mut out: impl Write, now: DateTime) -> io::Result<()> {
    let mut reader = Reader::new(Options::new(now));
    let mut buffer = [0; 8192];
    loop {
        let count = listing.read(&mut buffer)?;
        let items = if count == 0 { reader.finish() } else { reader.read(&buffer[..count]) };
        for item in items {
            match item {
                Item::Entry(entry) => writeln!(out, "{}", row(&entry))?,
                Item::Section(path) => writeln!(out, "in {}", path.escape_ascii())?,
                Item::Unread(unread) => writeln!(out, "!! {unread}")?,
                _ => {}
            }
        }
        if count == 0 {
            return writeln!(out, "dialect: {:?}", reader.dialect());
        }
    }
}

fn row(entry: &Entry) -> String {
    let size = entry.size.map(|size| size.to_string()).unwrap_or_default();
    let time = entry.modified.map(|m| m.at.to_string()).unwrap_or_default();
    let (kind, name) = (format!("{:?}", entry.kind), entry.name_lossy());
    format!("{size:>12}  {time:19}  {kind:9}  {name}")
}
