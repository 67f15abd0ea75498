//! What reading a listing costs in memory: counted, not guessed.

#![allow(missing_docs, reason = "tests have none")]

use allocation_counter::{AllocationInfo, measure};
use ftp_proto::listing::{Item, Options, Reader};
use jiff::civil::date;

const UNIX: &[u8] = b"-rw-r--r--   1 owner    group     1234567 Jan 12 10:11 file 1.txt\r\n";
const MLSD: &[u8] =
    b"type=file;size=12;modify=20240102030405;UNIX.owner=me;unique=7; file 1.txt\r\n";
const DOS: &[u8] = b"01-12-24  10:11AM              1234567 file 1.txt\r\n";

fn reader() -> Reader {
    Reader::new(Options::new(date(2024, 5, 17).at(12, 0, 0, 0)))
}

/// Reads these lines once.
fn read(reader: &mut Reader, lines: &[u8], mut each: impl FnMut(Item)) {
    for item in reader.read(lines) {
        each(item);
    }
}

/// Measures a second helping of the same lines: the first brings buffers to their size.
fn second(lines: &[u8], mut each: impl FnMut(Item)) -> AllocationInfo {
    let mut reader = reader();
    read(&mut reader, lines, &mut each);
    measure(|| read(&mut reader, lines, &mut each))
}

#[test]
fn a_line_of_noise_allocates_nothing() {
    let noise: &[&[u8]] = &[
        b"\r\n",
        b"total 1234\r\n",
        b"insgesamt 12K\r\n",
        "итого 4\r\n".as_bytes(),
        b"------------\r\n",
        b"Directory DISK$USERS:[ANONYMOUS]\r\n",
        b"Total of 3 files, 12 blocks.\r\n",
        b"Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname\r\n",
        b"   3 File(s)   1,234 bytes\r\n",
        b"211-Status of /pub:\r\n",
    ];
    for behind in [&b""[..], UNIX, MLSD, DOS] {
        for line in noise {
            let lines = [behind, &line.repeat(100)].concat();
            let mut noises = 0;
            let cost = second(&lines, |item| noises += usize::from(item == Item::Noise));
            assert_eq!(noises, 200, "{}", line.escape_ascii());
            let entries = u64::from(!behind.is_empty());
            assert_eq!(cost.count_total, entries, "{}", lines.escape_ascii());
        }
    }
}

#[test]
fn an_entry_is_one_allocation() {
    for line in [UNIX, MLSD, DOS] {
        let cost = second(&line.repeat(1000), |item| assert!(matches!(item, Item::Entry(_))));
        assert_eq!(cost.count_total, 1000, "{}", line.escape_ascii());
    }
}

#[test]
fn memory_is_independent_of_the_length_of_a_listing() {
    let peak = |lines: usize| {
        let piece = UNIX.repeat(500);
        let mut entries = 0;
        let cost = measure(|| {
            let mut reader = reader();
            for _ in 0..lines / 500 {
                read(&mut reader, &piece, |_| entries += 1);
            }
        });
        assert_eq!(entries, lines);
        cost.bytes_max
    };
    let short = peak(2_000);
    assert!(short < 100_000, "{short} bytes");
    assert_eq!(peak(1_000_000), short);
}
