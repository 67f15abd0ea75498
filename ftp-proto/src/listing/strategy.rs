//! Strategies of `proptest` for entries: what each dialect can say, and all of it.

use alloc::{string::String, vec::Vec};

use jiff::{
    ToSpan,
    civil::{DateTime, date},
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{
    Caps, Device, Dialect, Entry, Item, Kind, Modified, Options, Permissions, Precision, Reason,
    Unread, Version, Year, Zone, write,
};

/// The time at which entries with an inferred year are to be read.
pub const NOW: DateTime = date(2024, 5, 17).at(12, 30, 0, 0);

/// Returns a dialect.
pub fn dialect() -> impl Strategy<Value = Dialect> {
    select(Dialect::ALL)
}

/// Returns caps, down to such as allow for nothing.
pub fn caps() -> impl Strategy<Value = Caps> {
    (0..200_usize, 0..20_u64, 0..4_usize).prop_map(|(line, lines, held)| Caps { line, lines, held })
}

/// Returns what a caller may know of a listing, or believe, at [`NOW`].
pub fn options() -> impl Strategy<Value = Options> {
    let dialect = || option::of(dialect());
    let directory = option::of(bytes("/|/[a-z]{1,9}(/[a-z ]{1,9})?/?"));
    (dialect(), dialect(), directory).prop_map(|(hint, fixed, directory)| Options {
        hint,
        fixed,
        directory,
        ..Options::new(NOW)
    })
}

/// Returns a line that could not be read.
pub fn unread() -> impl Strategy<Value = Unread> {
    let reason = select(
        &[
            Reason::Columns,
            Reason::Date,
            Reason::LineTooLong,
            Reason::ListingTooLong,
            Reason::Name,
            Reason::Refused,
            Reason::Size,
            Reason::Unknown,
        ][..],
    );
    (vec(any::<u8>(), 0..40), reason)
        .prop_map(|(line, reason)| Unread { line: line.into(), reason })
}

/// Returns what a line of this dialect can turn out to be.
pub fn item(dialect: Dialect) -> impl Strategy<Value = Item> {
    prop_oneof![
        6 => entry(dialect).prop_map(Item::Entry),
        1 => Just(Item::Noise),
        1 => bytes("[a-z][a-z0-9/ ]{0,20}").prop_map(Item::Section),
        1 => unread().prop_map(Item::Unread),
    ]
}

/// Returns entries that this dialect can write.
pub fn entry(dialect: Dialect) -> BoxedStrategy<Entry> {
    let fields = (kind(dialect), name(dialect), size(dialect), modified(dialect));
    let texts = (target(dialect), owner(dialect, true), owner(dialect, false), unique(dialect));
    let rights = (mode(dialect), permissions(dialect), version(dialect));
    (fields, texts, rights)
        .prop_map(move |((kind, name, size, modified), texts, rights)| {
            let mut entry = Entry::new(name, kind);
            entry.size = size.filter(|_| shows_size(dialect, kind));
            entry.modified = modified;
            (entry.mode, entry.permissions, entry.version) = rights;
            let (target, owner, group, unique) = texts;
            target.filter(|_| kind == Kind::Symlink).inspect(|t| entry.set_target(t));
            owner.inspect(|o| entry.set_owner(o));
            group.inspect(|g| entry.set_group(g));
            unique.inspect(|u| entry.set_unique(u));
            entry
        })
        .prop_filter("the dialect has words for it", move |e| write(e, dialect).is_some())
        .boxed()
}

fn kind(dialect: Dialect) -> BoxedStrategy<Kind> {
    let device = any::<(bool, u32, u32)>()
        .prop_map(|(block, a, b)| Kind::Device(Device { block, number: Some((a, b)) }));
    let plain = || select(&[Kind::File, Kind::Directory][..]);
    match dialect {
        Dialect::ConnectEnterprise
        | Dialect::HpNonStop
        | Dialect::MvsJes
        | Dialect::MvsPds
        | Dialect::NortelWfFtp => Just(Kind::File).boxed(),
        Dialect::Dls | Dialect::Dos => prop_oneof![2 => plain(), 1 => Just(Kind::Symlink)].boxed(),
        Dialect::Mlsx | Dialect::Unix => {
            let rare = select(&[Kind::Fifo, Kind::Socket, Kind::Symlink][..]);
            prop_oneof![3 => plain(), 2 => rare, 1 => device].boxed()
        }
        _ => plain().boxed(),
    }
}

fn target(dialect: Dialect) -> BoxedStrategy<Option<Vec<u8>>> {
    match dialect {
        Dialect::Os400 => Just(None).boxed(),
        _ => option::of(bytes("[a-z/. ]{1,20}")).boxed(),
    }
}

fn shows_size(dialect: Dialect, kind: Kind) -> bool {
    match (dialect, kind) {
        (Dialect::Mvs | Dialect::MvsJes | Dialect::MvsPds, _) => false,
        (Dialect::Unix, Kind::Device(_)) | (Dialect::Dos, Kind::Symlink) => false,
        (Dialect::Dls, Kind::Symlink) => true,
        (
            Dialect::ClassicMac
            | Dialect::Dls
            | Dialect::Dos
            | Dialect::Os2
            | Dialect::SuperTcp
            | Dialect::Vm
            | Dialect::VShell
            | Dialect::VxWorks,
            kind,
        ) => kind == Kind::File,
        _ => true,
    }
}

fn bytes(pattern: &'static str) -> impl Strategy<Value = Vec<u8>> {
    pattern.prop_map(String::into_bytes)
}

fn name(dialect: Dialect) -> BoxedStrategy<Vec<u8>> {
    let any = vec(any::<u8>().prop_filter("whole", |b| !matches!(b, 0 | b'\n' | b'\r')), 1..30);
    match dialect {
        Dialect::MvsJes => bytes("JOB[0-9]{5}").boxed(),
        Dialect::Vm => bytes("[A-Z][A-Z0-9]{0,7}\\.[A-Z]{1,8}").boxed(),
        Dialect::Dls
        | Dialect::HpNonStop
        | Dialect::Mvs
        | Dialect::MvsPds
        | Dialect::NortelWfFtp
        | Dialect::SuperTcp => bytes("[A-Za-z0-9$#@_.-]{1,20}").boxed(),
        Dialect::Vms => bytes("[A-Z0-9$_][A-Z0-9$_ -]{0,20}\\.[A-Z0-9]{1,9}").boxed(),
        _ => prop_oneof![2 => bytes("[ -~]{1,24}"), 1 => bytes("\\PC{1,12}"), 1 => any].boxed(),
    }
}

fn size(dialect: Dialect) -> BoxedStrategy<Option<u64>> {
    let any = prop_oneof![Just(0), 0..5_000_000_000_u64, any::<u64>()];
    match dialect {
        Dialect::Vms => option::of((0..1u64 << 40).prop_map(|blocks| blocks * 512)).boxed(),
        Dialect::Eplf | Dialect::Mlsx | Dialect::Vm => option::of(any).boxed(),
        _ => any.prop_map(Some).boxed(),
    }
}

/// Precision, zone and years of the dialect.
fn modified(dialect: Dialect) -> BoxedStrategy<Option<Modified>> {
    let stated = |precision, zone, from: i16, to: i16| {
        let days = date(from, 1, 1).until(date(to, 1, 1)).map_or(0, |span| span.get_days());
        (0..days, 0..86_400_i32, 0..1_000_000_000_i32).prop_map(move |(day, second, fraction)| {
            let at = date(from, 1, 1).saturating_add(day.days()).at(0, 0, 0, 0);
            let at = at + second.seconds() + fraction.nanoseconds();
            Some(Modified { at: cut(at, precision), precision, zone, year: Year::Stated })
        })
    };
    let recent = |zone| {
        (0..525_000_i32).prop_map(move |minutes| {
            let (at, precision) = (NOW - minutes.minutes(), Precision::Minute);
            Some(Modified { at, precision, zone, year: Year::Inferred })
        })
    };
    let ls = |zone| prop_oneof![stated(Precision::Day, zone, 1000, 9999), recent(zone)].boxed();
    let server = |precision| stated(precision, Zone::Server, 1980, 2080);
    match dialect {
        Dialect::ClassicMac => ls(Zone::Unknown),
        Dialect::ConnectEnterprise | Dialect::Dls | Dialect::NetWare => ls(Zone::Server),
        Dialect::Eplf => {
            prop_oneof![Just(None), stated(Precision::Second, Zone::Utc, 1970, 9999)].boxed()
        }
        Dialect::Mlsx => prop_oneof![
            Just(None),
            stated(Precision::Second, Zone::Utc, 1000, 9999),
            stated(Precision::Subsecond(3), Zone::Utc, 1000, 9999),
        ]
        .boxed(),
        Dialect::MvsJes => Just(None).boxed(),
        Dialect::Mvs => prop_oneof![Just(None), server(Precision::Day)].boxed(),
        Dialect::NumericUnix => stated(Precision::Second, Zone::Utc, 1971, 9999).boxed(),
        Dialect::Os2 => stated(Precision::Minute, Zone::Unknown, 1980, 2800).boxed(),
        Dialect::SuperTcp => stated(Precision::Minute, Zone::Unknown, 1980, 2080).boxed(),
        Dialect::Unix => prop_oneof![
            ls(Zone::Server),
            stated(Precision::Minute, Zone::Server, 1000, 9999),
            stated(Precision::Subsecond(9), Zone::Utc, 1000, 9999),
        ]
        .boxed(),
        Dialect::Dos | Dialect::MvsPds | Dialect::Os9 | Dialect::VShell => {
            server(Precision::Minute).boxed()
        }
        Dialect::Vms => {
            prop_oneof![server(Precision::Day), server(Precision::Subsecond(2))].boxed()
        }
        Dialect::HpNonStop
        | Dialect::NortelWfFtp
        | Dialect::Os400
        | Dialect::Vm
        | Dialect::VxWorks => server(Precision::Second).boxed(),
    }
}

/// Sets to zero what is finer than the precision.
fn cut(at: DateTime, precision: Precision) -> DateTime {
    let (hour, minute, second, fraction) =
        (at.hour(), at.minute(), at.second(), at.subsec_nanosecond());
    let day = at.date();
    match precision {
        Precision::Day => day.at(0, 0, 0, 0),
        Precision::Minute => day.at(hour, minute, 0, 0),
        Precision::Second => day.at(hour, minute, second, 0),
        Precision::Subsecond(digits) => {
            let unit = 10_i32.pow(9 - u32::from(digits.min(9)));
            day.at(hour, minute, second, fraction / unit * unit)
        }
    }
}

fn owner(dialect: Dialect, owner: bool) -> BoxedStrategy<Option<Vec<u8>>> {
    let text = |pattern| bytes(pattern).prop_map(Some);
    match (dialect, owner) {
        (Dialect::Unix, _) => text("[a-z_][a-z0-9_-]{0,30}|[0-9]{1,9}").boxed(),
        (Dialect::Mlsx, _) => prop_oneof![Just(None), text("[a-z0-9]{1,30}")].boxed(),
        (Dialect::NumericUnix | Dialect::Os9, _) => text("[0-9]{1,9}").boxed(),
        (Dialect::Vms, true) => text("[A-Z]{1,8}").boxed(),
        (Dialect::Vms, false) | (Dialect::MvsPds | Dialect::NetWare | Dialect::Vm, true) => {
            prop_oneof![Just(None), text("[A-Z]{1,8}")].boxed()
        }
        (Dialect::HpNonStop, true) => text("[0-9]{1,3},[0-9]{1,3}").boxed(),
        (Dialect::ConnectEnterprise | Dialect::Os400 | Dialect::MvsJes, true) => {
            text("[A-Z][A-Z0-9]{0,7}").boxed()
        }
        _ => Just(None).boxed(),
    }
}

fn unique(dialect: Dialect) -> BoxedStrategy<Option<Vec<u8>>> {
    match dialect {
        Dialect::Eplf | Dialect::Mlsx => option::of(bytes("[A-Za-z0-9.]{1,30}")).boxed(),
        _ => Just(None).boxed(),
    }
}

fn mode(dialect: Dialect) -> BoxedStrategy<Option<u16>> {
    match dialect {
        Dialect::ClassicMac | Dialect::NumericUnix | Dialect::Unix => {
            (0..=0o7777_u16).prop_map(Some).boxed()
        }
        Dialect::Eplf | Dialect::Mlsx => option::of(0..=0o7777_u16).boxed(),
        _ => Just(None).boxed(),
    }
}

fn permissions(dialect: Dialect) -> BoxedStrategy<Option<Permissions>> {
    if dialect != Dialect::Mlsx {
        return Just(None).boxed();
    }
    option::of("[acdeflmprw]{0,10}".prop_map(|letters| Permissions::parse(letters.as_bytes())))
        .boxed()
}

fn version(dialect: Dialect) -> BoxedStrategy<Option<Version>> {
    if dialect != Dialect::Vms {
        return Just(None).boxed();
    }
    (0..=32767_u16).prop_map(|version| Some(Version(version))).boxed()
}
