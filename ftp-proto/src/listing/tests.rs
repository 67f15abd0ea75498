//! Properties of listings: what is written is read, and every line is accounted for.

use alloc::{string::String, vec, vec::Vec};

use proptest::{
    collection, prelude::*, sample::select, strategy::ValueTree, test_runner::TestRunner,
};

use super::{
    Dialect, Entry, Item, Kind, Options, Permissions, Reader, Reason, Version, read, strategy,
    write,
};

fn read_as(dialect: Dialect, line: &[u8]) -> Vec<Item> {
    let mut options = Options::new(strategy::NOW);
    options.fixed = Some(dialect);
    read(line, options)
}

/// Reads a listing in pieces, of each of which so many items are taken at once.
fn in_pieces(listing: &[u8], options: Options, piece: usize, taken: usize) -> Vec<Item> {
    let mut reader = Reader::new(options);
    let mut items = vec![];
    for piece in listing.chunks(piece.max(1)) {
        items.extend(reader.read(piece).take(taken));
    }
    items.extend(reader.finish());
    items
}

fn written() -> impl Strategy<Value = (Dialect, Entry)> {
    select(Dialect::ALL).prop_flat_map(|dialect| (Just(dialect), strategy::entry(dialect)))
}

/// Entries that a dialect can write, with one field of an entry of any dialect, or made up.
fn altered() -> impl Strategy<Value = (Dialect, Entry)> {
    let other = written().prop_map(|(_, other)| other);
    let made_up = (collection::vec(any::<u8>(), 0..6), any::<u16>());
    (written(), other, made_up, 0..14_u8).prop_map(
        |((dialect, mut entry), other, made_up, field)| {
            let (text, number) = made_up;
            match field {
                0 => entry.kind = other.kind,
                1 => entry.kind = Kind::Other,
                2 => entry.size = other.size,
                3 => entry.modified = other.modified,
                4 => entry.modified.iter_mut().for_each(|m| m.at = strategy::NOW),
                5 => entry.mode = other.mode,
                6 => entry.mode = Some(number),
                7 => entry.permissions = other.permissions,
                8 => entry.version = Some(Version(number)),
                9 => entry.set_name(text),
                10 => entry.set_target(text),
                11 => entry.set_owner(text),
                12 => entry.set_group(text),
                _ => entry.set_unique(text),
            }
            (dialect, entry)
        },
    )
}

fn lines() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        3 => written().prop_map(|(dialect, entry)| {
            write(&entry, dialect).unwrap_or_default()
        }),
        1 => collection::vec(any::<u8>(), 0..60),
        1 => "(total [0-9]{1,4}|\\./[a-z]{1,5}:|[A-Z]{3,9};[0-9]|   [0-9]{2} 2-JUL-2003 10:30| x)"
            .prop_map(String::into_bytes),
    ];
    collection::vec((line, select(&["\n", "\r\n"][..])), 0..12).prop_map(|lines| {
        lines.into_iter().flat_map(|(line, end)| [line, end.into()].concat()).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_written_is_read((dialect, entry) in written()) {
        let line = write(&entry, dialect).expect("a strategy gives what can be written");
        let items = read_as(dialect, &line);
        prop_assert_eq!(items, vec![Item::Entry(entry)], "{}", line.escape_ascii());
    }

    #[test]
    fn what_cannot_be_said_is_not_written((dialect, entry) in altered()) {
        if let Some(line) = write(&entry, dialect) {
            let items = read_as(dialect, &line);
            let same = |item: &Item| matches!(item, Item::Entry(e) | Item::Own(e) if *e == entry);
            prop_assert!(items.len() == 1 && same(&items[0]), "{}", line.escape_ascii());
        }
    }

    #[test]
    fn splitting_does_not_matter(
        listing in lines(),
        options in strategy::options(),
        piece in 1usize..40,
    ) {
        let split = in_pieces(&listing, options.clone(), piece, usize::MAX);
        prop_assert_eq!(split, read(&listing, options));
    }

    #[test]
    fn what_is_not_read_is_kept(listing in lines(), piece in 1usize..200, taken in 0usize..3) {
        let options = Options::new(strategy::NOW);
        let stopped = in_pieces(&listing, options.clone(), piece, taken);
        prop_assert_eq!(stopped, read(&listing, options));
    }

    #[test]
    fn every_line_is_one_item(listing in lines(), options in strategy::options()) {
        let ends = listing.iter().filter(|b| **b == b'\n').count();
        let count = ends + usize::from(!listing.is_empty() && !listing.ends_with(b"\n"));
        prop_assert_eq!(read(&listing, options).len(), count);
    }
}

/// What a dialect has a column for, besides name, kind, size and time.
const COLUMNS: &[(Dialect, &[&str])] = &[
    (Dialect::ClassicMac, &["mode"]),
    (Dialect::ConnectEnterprise, &["owner"]),
    (Dialect::Dls, &["target"]),
    (Dialect::Dos, &["target"]),
    (Dialect::Eplf, &["mode", "unique"]),
    (Dialect::HpNonStop, &["owner"]),
    (Dialect::Mlsx, &["mode", "permissions", "target", "owner", "group", "unique"]),
    (Dialect::Mvs, &[]),
    (Dialect::MvsJes, &["owner"]),
    (Dialect::MvsPds, &["owner"]),
    (Dialect::NetWare, &["owner"]),
    (Dialect::NortelWfFtp, &[]),
    (Dialect::NumericUnix, &["mode", "owner", "group"]),
    (Dialect::Os2, &[]),
    (Dialect::Os400, &["owner"]),
    (Dialect::Os9, &["owner", "group"]),
    (Dialect::SuperTcp, &[]),
    (Dialect::Unix, &["mode", "target", "owner", "group"]),
    (Dialect::Vm, &["owner"]),
    (Dialect::Vms, &["version", "owner", "group"]),
    (Dialect::VShell, &[]),
    (Dialect::VxWorks, &[]),
];

/// Sets one field to something that fits where the field fits at all.
type Field = (&'static str, fn(&mut Entry));

const FIELDS: &[Field] = &[
    ("mode", |e| e.mode = Some(0o640)),
    ("permissions", |e| e.permissions = Some(Permissions::parse(b"rw"))),
    ("version", |e| e.version = Some(Version(7))),
    ("target", |e| e.set_target("there")),
    ("owner", |e| e.set_owner("7")),
    ("owner", |e| e.set_owner("OPS")),
    ("group", |e| e.set_group("7")),
    ("group", |e| e.set_group("STAFF")),
    ("unique", |e| e.set_unique("7")),
];

#[test]
fn a_field_without_a_column_is_not_written() {
    assert_eq!(COLUMNS.iter().map(|(d, _)| *d).collect::<Vec<_>>(), Dialect::ALL);
    let mut runner = TestRunner::deterministic();
    for (dialect, columns) in COLUMNS {
        let mut written: Vec<&str> = vec![];
        for _ in 0..200 {
            let tree = strategy::entry(*dialect).new_tree(&mut runner).expect("an entry");
            for (field, set) in FIELDS {
                let mut entry = tree.current();
                set(&mut entry);
                if write(&entry, *dialect).is_some() && !written.contains(field) {
                    written.push(field);
                }
            }
        }
        written.sort_by_key(|field| FIELDS.iter().position(|(name, _)| name == field));
        assert_eq!(written, *columns, "{dialect:?}");
    }
}

#[test]
fn what_two_lines_said_is_not_written_on_one() {
    // A name and its fields on two lines are read as VMS has them, owner included, in the midst of
    // other dialects too.
    let listing = b"NAME\r\n 7 2-JUL-2023 10:30 [STAFF,OPS]\r\n";
    let items = read(listing, Options::new(strategy::NOW));
    let [Item::Noise, Item::Entry(entry)] = &items[..] else { panic!("{items:?}") };
    assert_eq!((entry.owner(), entry.group()), (Some(&b"OPS"[..]), Some(&b"STAFF"[..])));
    for dialect in Dialect::ALL {
        assert_eq!(write(entry, *dialect), None, "{dialect:?}");
    }
}

#[test]
fn work_grows_with_the_input_and_no_faster() {
    let steps = |lines: usize, width: usize| {
        let mut reader = Reader::new(Options::new(strategy::NOW));
        for _ in 0..lines {
            reader.read(&vec![b'x'; width]).for_each(drop);
            reader.read(b"\n").for_each(drop);
        }
        reader.steps()
    };
    let (small, large) = (steps(100, 1000), steps(1000, 1000));
    assert!(large <= small * 11, "{small} steps became {large}");
    let (narrow, wide) = (steps(100, 100), steps(100, 10_000));
    assert!(wide <= narrow * 110, "{narrow} steps became {wide}");
}

#[test]
fn memory_does_not_grow_with_the_listing() {
    let mut reader = Reader::new(Options::new(strategy::NOW));
    let mut entries = 0;
    for _ in 0..100_000 {
        let mut items = reader.read(b"-rw-r--r-- 1 a b 12 Jan  1  2020 some name\r\n");
        entries += usize::from(matches!(items.next(), Some(Item::Entry(_))));
        assert_eq!(items.next(), None);
    }
    assert_eq!(entries, 100_000);
    assert!(reader.buffered() < 1024);
}

#[test]
fn a_mode_of_own_letters_tells_the_dialect() {
    let mut reader = Reader::new(Options::new(strategy::NOW));
    let mut items = reader.read(b"-rwx---A--  1 user    group  392468 Nov 13  2012 name\r\n");
    assert!(matches!(items.next(), Some(Item::Entry(_))));
    drop(items);
    assert_eq!(reader.dialect(), Some(Dialect::Unix));
}

#[test]
fn columns_that_nobody_knows_are_no_name() {
    for line in [" .", " name", " m      3  98-12-25 16:14:58  amano"] {
        let items = read(line.as_bytes(), Options::new(strategy::NOW));
        let unread = matches!(items[..], [Item::Unread(_)]);
        assert_eq!(unread, line.contains("  "), "{line}: {items:?}");
    }
}

#[test]
fn caps_have_their_own_errors() {
    let mut options = Options::new(strategy::NOW);
    (options.caps.line, options.caps.lines) = (10, 2);
    let items = read(b"a line that is too long\ntotal 2\nmore\nand more\n", options);
    let reasons: Vec<_> = items
        .iter()
        .filter_map(|item| match item {
            Item::Unread(unread) => Some(unread.reason),
            _ => None,
        })
        .collect();
    assert_eq!(reasons, [Reason::LineTooLong, Reason::ListingTooLong]);
}

proptest! {
    #[test]
    fn no_item_is_larger_or_later_than_the_caps(
        caps in strategy::caps(),
        listing in collection::vec(lines(), 0..8),
    ) {
        let mut options = Options::new(strategy::NOW);
        options.caps = caps;
        let items = read(&listing.join(&b'\n'), options);
        prop_assert!(items.len() as u64 <= caps.lines + 1);
        for item in items {
            let line = match &item {
                Item::Entry(entry) | Item::Own(entry) => entry.line(),
                Item::Unread(unread) => &unread.line,
                _ => &[],
            };
            // A line that was wrapped is told with both parts, each within the cap.
            prop_assert!(line.len() <= 2 * caps.line.max(1) + 1);
        }
    }

    #[test]
    fn a_listing_reads_as_the_items_it_was_written_from(
        items in collection::vec(strategy::item(Dialect::Unix), 0..8),
    ) {
        let line = |item: &Item| match item {
            Item::Entry(entry) => write(entry, Dialect::Unix),
            Item::Section(path) => Some([b"./", &path[..], b"/x:"].concat()),
            Item::Noise => Some(b"total 8".to_vec()),
            _ => None,
        };
        let listing: Vec<_> = items.iter().filter_map(line).collect();
        let read = read(&listing.join(&b'\n'), Options::new(strategy::NOW));
        let known = items.into_iter().filter(|item| line(item).is_some());
        let expected: Vec<_> = known.map(|item| match item {
            Item::Section(path) => Item::Section([b"./", &path[..], b"/x"].concat()),
            item => item,
        }).collect();
        prop_assert_eq!(read, expected);
    }
}
