//! Reads a listing on standard input and prints a table of what is in it.
//!
//! `ls -l | cargo run -p ftp-proto --example listing`

use std::io::{self, Read as _, Write as _};

use ftp_proto::listing::{Item, Options, Reader};
use jiff::civil::DateTime;

fn main() -> io::Result<()> {
    let now: DateTime = match std::env::args().nth(1) {
        Some(text) => text.parse().map_err(io::Error::other)?,
        None => jiff::civil::date(2026, 1, 1).at(0, 0, 0, 0),
    };
    let (mut stdin, mut out) = (io::stdin().lock(), io::stdout().lock());
    let mut reader = Reader::new(Options::new(now));
    let mut buffer = [0; 8192];
    loop {
        let count = stdin.read(&mut buffer)?;
        if count == 0 {
            reader.finish();
        }
        reader.feed(&buffer[..count]);
        while let Some(item) = reader.next() {
            match item {
                Item::Entry(entry) => {
                    let size = entry.size.map(|size| size.to_string()).unwrap_or_default();
                    let time = entry.modified.map(|m| m.at.to_string()).unwrap_or_default();
                    let name = entry.name_lossy();
                    writeln!(out, "{size:>12}  {time:19}  {:?}  {name}", entry.kind)?;
                }
                Item::Unread(unread) => writeln!(out, "!! {unread}")?,
                _ => {}
            }
        }
        if count == 0 {
            return writeln!(out, "dialect: {:?}", reader.dialect());
        }
    }
}
