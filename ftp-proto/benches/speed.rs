//! The reading of listings and replies, beside the same work done by `suppaftp` and by splitting.
//!
//! "split" cuts lines and columns and copies the name: the least that any parser does. "suppaftp"
//! is its parser alone, given lines that stand in memory as checked text; "suppaftp, from bytes"
//! also makes a string of each line first, as its client does, since the reader here too begins with
//! bytes and keeps the line.

#![allow(missing_docs, reason = "criterion's macros have none")]

use std::{fmt::Write as _, hint::black_box, io::BufRead as _, str::FromStr as _};

use bytes::BytesMut;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ftp_proto::{
    Decoder,
    listing::{Item, Options, Reader},
};
use jiff::civil::date;
use suppaftp::list::{File, ListParser};

const LINES: u64 = 100_000;
const REPLIES: u64 = 1_000_000;

/// What differs from line to line in real listings, without order: the date, and a directory in five.
struct Varied {
    year: u64,
    month: u64,
    day: u64,
    hour: u64,
    minute: u64,
    second: u64,
    size: u64,
    directory: bool,
}

impl Varied {
    fn nth(n: u64) -> Self {
        let mixed = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
        Self {
            year: 2010 + mixed % 14,
            month: 1 + mixed / 7 % 12,
            day: 1 + mixed / 11 % 28,
            hour: mixed / 13 % 24,
            minute: mixed / 17 % 60,
            second: mixed / 19 % 60,
            size: n * 7919 % 100_000_000,
            directory: mixed.is_multiple_of(5),
        }
    }
}

/// A third of the dates show a time, the others a year.
fn unix() -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    lines(|n| {
        let Varied { year, month, day, hour, minute, size, directory, .. } = Varied::nth(n);
        let mode = if directory { "drwxr-xr-x" } else { "-rw-r--r--" };
        let month = MONTHS[usize::try_from(month - 1).expect("a month")];
        let when =
            if n.is_multiple_of(3) { format!("{hour:02}:{minute:02}") } else { format!(" {year}") };
        format!("{mode}   1 owner    group    {size:>9} {month} {day:2} {when} file {n}.txt")
    })
}

fn mlsd() -> String {
    lines(|n| {
        let Varied { year, month, day, hour, minute, second, size, directory } = Varied::nth(n);
        let (kind, mode) = if directory { ("dir", "0755") } else { ("file", "0644") };
        format!(
            "modify={year}{month:02}{day:02}{hour:02}{minute:02}{second:02};perm=adfrw;size={size};\
             type={kind};unique=FD00U{n:X};UNIX.group=100;UNIX.groupname=users;UNIX.mode={mode};\
             UNIX.owner=1000;UNIX.ownername=owner; file {n}.txt"
        )
    })
}

fn dos() -> String {
    lines(|n| {
        let Varied { year, month, day, hour, minute, size, directory, .. } = Varied::nth(n);
        let size = if directory { "<DIR>         ".into() } else { size.to_string() };
        let (hour, half) = (hour % 12 + 1, if hour < 12 { 'A' } else { 'P' });
        let year = year % 100;
        format!(
            "{month:02}-{day:02}-{year:02}  {hour:02}:{minute:02}{half}M {size:>20} file {n}.txt"
        )
    })
}

fn lines(line: impl Fn(u64) -> String) -> String {
    (0..LINES).fold(String::new(), |mut all, n| {
        write!(all, "{}\r\n", line(n)).expect("a string takes all");
        all
    })
}

/// Counts the entries, as a reader gives them out.
fn read(listing: &[u8]) -> usize {
    let mut reader = Reader::new(Options::new(date(2024, 5, 17).at(12, 0, 0, 0)));
    let mut entries = 0;
    for piece in listing.chunks(32 << 10) {
        let mut items = reader.read(piece);
        while let Some(item) = &items.next() {
            entries += usize::from(matches!(black_box(item), Item::Entry(_)));
        }
    }
    entries
}

fn split(listing: &str, columns: usize) -> usize {
    listing.lines().fold(0, |count, line| {
        let fields: Vec<&str> =
            line.splitn(columns, ' ').filter(|field| !field.is_empty()).collect();
        let name: String = fields.last().copied().unwrap_or_default().into();
        black_box(&name);
        count + 1
    })
}

fn listings(c: &mut Criterion) {
    type Theirs = fn(&str) -> bool;
    let cases: [(&str, String, usize, Theirs); 3] = [
        ("unix", unix(), 20, |line| File::from_str(line).is_ok()),
        ("mlsd", mlsd(), 2, |line| ListParser::parse_mlsd(line).is_ok()),
        ("dos", dos(), 40, |line| ListParser::parse_dos(line).is_ok()),
    ];
    for (name, listing, columns, theirs) in cases {
        assert_eq!(read(listing.as_bytes()) as u64, LINES);
        assert!(listing.lines().take(100).all(theirs), "suppaftp reads them too");
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Elements(LINES)).sample_size(10);
        group.bench_function("ftp-proto", |b| b.iter(|| read(black_box(listing.as_bytes()))));
        group.bench_function("split", |b| b.iter(|| split(black_box(&listing), columns)));
        group.bench_function("suppaftp", |b| {
            b.iter(|| black_box(&listing).lines().filter(|line| black_box(theirs(line))).count());
        });
        group.bench_function("suppaftp, from bytes", |b| {
            b.iter(|| {
                let lines = black_box(listing.as_bytes()).lines().map_while(Result::ok);
                lines.filter(|line| black_box(theirs(line))).count()
            });
        });
        group.finish();
    }
}

fn replies(c: &mut Criterion) {
    let stream = "226 Transfer complete.\r\n".repeat(usize::try_from(REPLIES).expect("it fits"));
    let mut group = c.benchmark_group("replies");
    group.throughput(Throughput::Elements(REPLIES)).sample_size(10);
    group.bench_function("ftp-proto", |b| {
        b.iter(|| {
            let (mut decoder, mut buffer) = (Decoder::default(), BytesMut::new());
            let mut count = 0_u64;
            for piece in black_box(&stream).as_bytes().chunks(32 << 10) {
                buffer.extend_from_slice(piece);
                while let Ok(Some(reply)) = decoder.decode(&mut buffer) {
                    count += u64::from(black_box(reply).code().is_completion());
                }
            }
            assert_eq!(count, REPLIES);
        });
    });
    group.bench_function("split", |b| {
        b.iter(|| {
            let codes = black_box(&stream).lines().map(|line| {
                let (code, text) = line.split_at(4);
                black_box(String::from(text));
                u64::from(u16::from_str(code.trim()).is_ok())
            });
            assert_eq!(codes.sum::<u64>(), REPLIES);
        });
    });
    group.finish();
}

criterion_group!(benches, listings, replies);
criterion_main!(benches);
