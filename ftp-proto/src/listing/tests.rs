//! Properties of listings: what is written is read, and every line is accounted for.

use alloc::{string::String, vec, vec::Vec};

use proptest::{collection, prelude::*, sample::select};

use super::{Dialect, Entry, Item, Options, Reader, Reason, read, strategy, write};

fn read_all(listing: &[u8], fixed: Option<Dialect>, piece: usize) -> Vec<Item> {
    let mut options = Options::new(strategy::NOW);
    options.fixed = fixed;
    let mut reader = Reader::new(options);
    let mut items = vec![];
    for piece in listing.chunks(piece.max(1)) {
        reader.feed(piece);
        items.extend(core::iter::from_fn(|| reader.next()));
    }
    reader.finish();
    items.extend(core::iter::from_fn(|| reader.next()));
    items
}

fn written() -> impl Strategy<Value = (Dialect, Entry)> {
    select(Dialect::ALL).prop_flat_map(|dialect| (Just(dialect), strategy::entry(dialect)))
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
        let items = read_all(&line, Some(dialect), line.len());
        prop_assert_eq!(items, vec![Item::Entry(entry)], "{}", line.escape_ascii());
    }

    #[test]
    fn splitting_does_not_matter(listing in lines(), piece in 1usize..40) {
        prop_assert_eq!(read_all(&listing, None, usize::MAX), read_all(&listing, None, piece));
    }

    #[test]
    fn every_line_is_one_item(listing in lines()) {
        let ends = listing.iter().filter(|b| **b == b'\n').count();
        let count = ends + usize::from(!listing.is_empty() && !listing.ends_with(b"\n"));
        prop_assert_eq!(read_all(&listing, None, usize::MAX).len(), count);
    }
}

#[test]
fn work_grows_with_the_input_and_no_faster() {
    let steps = |lines: usize, width: usize| {
        let mut reader = Reader::new(Options::new(strategy::NOW));
        for _ in 0..lines {
            reader.feed(&vec![b'x'; width]);
            while reader.next().is_some() {}
            reader.feed(b"\n");
            while reader.next().is_some() {}
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
        reader.feed(b"-rw-r--r-- 1 a b 12 Jan  1  2020 some name\r\n");
        entries += usize::from(matches!(reader.next(), Some(Item::Entry(_))));
        assert_eq!(reader.next(), None);
    }
    assert_eq!(entries, 100_000);
    assert!(reader.buffered() < 1024);
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
