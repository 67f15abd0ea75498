//! Checks of listings.

use ftp_proto::listing::{self, Dialect, Entry, Item, Options, Reader, Reason};
use jiff::civil::{DateTime, date};

const NOW: DateTime = date(2024, 5, 17).at(12, 30, 0, 0);

/// `dir`: see `family`.
pub fn dos(data: &[u8]) {
    family(data, &[Dialect::Dos, Dialect::Os2, Dialect::SuperTcp]);
}

/// EPLF: see `family`.
pub fn eplf(data: &[u8]) {
    family(data, &[Dialect::Eplf]);
}

/// IBM and HP: see `family`.
pub fn mainframe(data: &[u8]) {
    let dialects = [Dialect::Os400, Dialect::Mvs, Dialect::MvsPds, Dialect::MvsJes, Dialect::Vm];
    family(data, &[&dialects[..], &[Dialect::HpNonStop]].concat());
}

/// `MLSD` and `MLST`: see `family`; and that a line alone reads as in a listing, and facts with the
/// blank of `MLST` before them as without.
pub fn mlsx(data: &[u8]) {
    family(data, &[Dialect::Mlsx]);
    let line = data.split(|b| matches!(b, b'\n' | b'\r')).next().unwrap_or_default();
    let Ok(alone) = listing::mlst_entry(line) else { return };
    if let [Item::Entry(listed)] = &read(line, Some(Dialect::Mlsx), usize::MAX, usize::MAX).0[..] {
        assert_eq!(alone, *listed);
    }
    if !line.starts_with(b" ") {
        assert_eq!(listing::mlst_entry(&[b" ", line].concat()), Ok(alone));
    }
}

/// The dialects few servers speak: see `family`.
pub fn rare(data: &[u8]) {
    let dialects = [
        Dialect::ClassicMac,
        Dialect::ConnectEnterprise,
        Dialect::Dls,
        Dialect::NetWare,
        Dialect::NortelWfFtp,
        Dialect::NumericUnix,
        Dialect::Os9,
        Dialect::VShell,
        Dialect::VxWorks,
    ];
    family(data, &dialects);
}

/// `ls -l`: see `family`; and that a mode has twelve bits.
pub fn unix(data: &[u8]) {
    family(data, &[Dialect::Unix]);
    assert!(listing::mode(data).is_none_or(|mode| mode <= 0o7777));
}

/// OpenVMS: see `family`.
pub fn vms(data: &[u8]) {
    family(data, &[Dialect::Vms]);
}

/// Any listing: neither splitting nor stopping matters, every line is one item, and work is linear.
pub fn reader(data: &[u8]) {
    let (piece, listing) = data.split_first().unwrap_or((&0, data));
    accounted(listing, None, usize::from(*piece));
}

/// Reads a listing whole, in pieces, and with stops: every line is one item, and work is linear.
fn accounted(listing: &[u8], fixed: Option<Dialect>, piece: usize) -> Vec<Item> {
    let (whole, steps) = read(listing, fixed, usize::MAX, usize::MAX);
    let (pieces, _) = read(listing, fixed, piece, usize::MAX);
    assert_eq!(whole, pieces, "splitting matters");
    let (stopped, _) = read(listing, fixed, piece, 1);
    assert_eq!(whole, stopped, "stopping matters");
    assert_eq!(whole.len(), count(listing), "a line got lost, or was told twice");
    assert!(steps <= 2 * listing.len() as u64 + 2, "{steps} steps for {} bytes", listing.len());
    whole
}

/// Lines of known dialects: what is read and can be written reads back the same, none is lost,
/// splitting does not matter, and work is linear.
fn family(data: &[u8], dialects: &[Dialect]) {
    for dialect in dialects {
        let items = accounted(data, Some(*dialect), 7);
        for item in items {
            if let Item::Entry(entry) = item {
                round_trip(&entry, *dialect);
            }
        }
    }
}

fn round_trip(entry: &Entry, dialect: Dialect) {
    let Some(line) = listing::write(entry, dialect) else { return };
    let (items, _) = read(&line, Some(dialect), usize::MAX, usize::MAX);
    assert_eq!(items, [Item::Entry(entry.clone())], "written as `{}`", line.escape_ascii());
}

fn count(listing: &[u8]) -> usize {
    let ends = listing.iter().filter(|b| **b == b'\n').count();
    ends + usize::from(!listing.is_empty() && !listing.ends_with(b"\n"))
}

/// Reads a listing in pieces, of each of which so many items are taken at once.
fn read(listing: &[u8], fixed: Option<Dialect>, piece: usize, taken: usize) -> (Vec<Item>, u64) {
    let mut options = Options::new(NOW);
    options.fixed = fixed;
    let mut reader = Reader::new(options);
    let mut items = vec![];
    for piece in listing.chunks(piece.max(1)) {
        items.extend(reader.read(piece).take(taken));
    }
    items.extend(reader.finish());
    let is_cap = |item: &Item| matches!(item, Item::Unread(unread) if unread.reason == Reason::ListingTooLong);
    assert!(!items.iter().any(is_cap), "no input here is that long");
    (items, reader.steps())
}
