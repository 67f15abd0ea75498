//! Matches names that the two sides write differently: in another case where the destination knows
//! no case, in another form of Unicode. Where two could be meant, none is taken.

use std::collections::{BTreeMap, HashSet};

use unicode_normalization::UnicodeNormalization as _;

use crate::context::Context;
use crate::entry::{Doubt, Entry};
use crate::path::Name;
use crate::remote::Tree;
use crate::walk::{Side, merge};

/// Returns what the destination calls `name`, where that is something else.
pub(crate) fn alias<'a>(aliases: &'a [(Name, Name)], name: &Name) -> Option<&'a Name> {
    let found = aliases.binary_search_by(|(own, _)| own.cmp(name)).ok()?;
    Some(&aliases[found].1)
}

/// Takes names out that are listed more than once, and returns them. Of those that are the same in all
/// else one stays; which of others is meant nobody knows.
pub(super) fn take_out_twice(entries: &mut Vec<Entry>) -> Vec<Name> {
    let pairs = entries.windows(2).filter(|pair| pair[0].name == pair[1].name);
    let differ: HashSet<Name> =
        pairs.filter(|pair| pair[0] != pair[1]).map(|pair| pair[0].name.clone()).collect();
    let mut twice = Vec::new();
    entries.dedup_by(|later, first| {
        let same = later.name == first.name;
        if same && twice.last() != Some(&later.name) {
            twice.push(later.name.clone());
        }
        same
    });
    if !differ.is_empty() {
        entries.retain(|entry| !differ.contains(&entry.name));
    }
    twice
}

/// Takes out of either side what the other has listed twice with nothing to tell which is meant, so
/// that it is neither copied nor replaced. The source tells of it, which is a failure.
fn withhold_twice(source: &mut Side, destination: &mut Side) {
    let unclear = |side: &Side| -> HashSet<Name> {
        let twice = side.doubts().iter().filter_map(|doubt| match doubt {
            Doubt::DuplicateName { name } => Some(name),
            _ => None,
        });
        let entries = side.entries();
        let gone = |name: &&Name| entries.binary_search_by(|it| it.name.cmp(name)).is_err();
        twice.filter(gone).cloned().collect()
    };
    let (here, there) = (unclear(source), unclear(destination));
    if let Some(entries) = destination.entries_mut().filter(|_| !here.is_empty()) {
        entries.retain(|entry| !here.contains(&entry.name));
    }
    if let Side::Listed { entries, doubts, .. } = source
        && !there.is_empty()
    {
        let concerned = entries.extract_if(.., |entry| there.contains(&entry.name));
        doubts.extend(concerned.map(|entry| Doubt::DuplicateName { name: entry.name }));
    }
}

/// Which differences between names do not count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Folding {
    case: bool,
    unicode: bool,
}

impl Folding {
    pub(super) fn new(ctx: &Context, destination: Option<&Tree>) -> Self {
        let options = &ctx.options;
        let caseless = destination.is_some_and(|tree| !tree.remote.capability().case_sensitive);
        Self {
            case: destination.is_some() && (caseless || options.ignore_case_sync),
            unicode: destination.is_some() && !options.no_unicode_normalization,
        }
    }

    /// Tells whether a name can have another spelling at all.
    fn concerns(self, name: &Name) -> bool {
        self.case || self.unicode && !name.as_bytes().is_ascii()
    }

    /// Returns what all spellings of a name have in common.
    fn key(self, name: &Name) -> Vec<u8> {
        let Ok(text) = std::str::from_utf8(name.as_bytes()) else {
            return name.as_bytes().to_vec();
        };
        let composed: String = if self.unicode { text.nfc().collect() } else { text.into() };
        if self.case { composed.to_lowercase().into_bytes() } else { composed.into_bytes() }
    }
}

/// All names of one key.
#[derive(Debug, Default)]
struct Spellings {
    /// Names both sides have.
    both: Vec<Name>,
    here: Vec<Name>,
    there: Vec<Name>,
}

/// Gives entries of the destination the names the source has for them, and returns these names, in byte
/// order, with the destination's own. Names that clash are taken out of both sides and become doubts.
pub(super) fn reconcile(
    source: &mut Side,
    destination: &mut Side,
    folding: Folding,
) -> Vec<(Name, Name)> {
    withhold_twice(source, destination);
    let spellings = spellings(source.entries(), destination.entries(), folding);
    let mut aliases = Vec::new();
    let (mut clashing, mut unclear) = (Vec::new(), Vec::new());
    for spellings in spellings.into_values() {
        let Spellings { both, mut here, mut there } = spellings;
        match (both.len(), here.len(), there.len()) {
            (0, 1, 1) => aliases.extend(here.pop().zip(there.pop())),
            // Forms of Unicode that only the source has are as many files there.
            (_, _, 0) if !folding.case => {}
            (0, 1, 0) => {}
            (_, 0, _) if !folding.case || both.is_empty() => {}
            (_, 0, _) => unclear.extend(there.into_iter().map(|name| (name, both[0].clone()))),
            _ => {
                let all = || both.iter().chain(&here).chain(&there);
                let with_other = |name: &Name| {
                    let other = all().find(|other| *other != name).unwrap_or(name);
                    (name.clone(), other.clone())
                };
                clashing.extend(here.iter().map(with_other));
                unclear.extend(there.iter().map(with_other));
            }
        }
    }
    take_out(source, &clashing);
    take_out(destination, &unclear);
    rename(destination, &mut aliases);
    aliases.sort_unstable();
    aliases
}

/// Groups by key the names that only one side has and that may have another spelling.
fn spellings(here: &[Entry], there: &[Entry], folding: Folding) -> BTreeMap<Vec<u8>, Spellings> {
    let mut keys: BTreeMap<Vec<u8>, Spellings> = BTreeMap::new();
    let alone = |(here, there): (Option<&Entry>, Option<&Entry>)| here.is_none() || there.is_none();
    let concerned = |entry: Option<&Entry>| entry.is_some_and(|it| folding.concerns(&it.name));
    let mut pairs = merge(here, there);
    if !pairs.any(|pair| alone(pair) && (concerned(pair.0) || concerned(pair.1))) {
        return keys;
    }
    for (here, there) in merge(here, there) {
        let Some(entry) = here.or(there).filter(|entry| folding.concerns(&entry.name)) else {
            continue;
        };
        let spellings = keys.entry(folding.key(&entry.name)).or_default();
        let side = match (here, there) {
            (Some(_), Some(_)) => &mut spellings.both,
            (Some(_), None) => &mut spellings.here,
            _ => &mut spellings.there,
        };
        side.push(entry.name.clone());
    }
    keys
}

/// Takes names out of a side, as doubts that name what each clashes with.
fn take_out(side: &mut Side, clashes: &[(Name, Name)]) {
    if clashes.is_empty() {
        return;
    }
    let names: HashSet<&Name> = clashes.iter().map(|(name, _)| name).collect();
    let (partials, hides) = (side.take_partials(), side.hides_something());
    let listing = std::mem::replace(side, Side::Absent).into_listing();
    let (mut entries, mut doubts) = listing.unwrap_or_default();
    entries.retain(|entry| !names.contains(&entry.name));
    let clash = |(name, other): &(Name, Name)| Doubt::NameClash {
        name: name.clone(),
        other: other.clone(),
    };
    doubts.extend(clashes.iter().map(clash));
    *side = Side::Listed { entries, doubts, partials, hides };
}

fn rename(destination: &mut Side, aliases: &mut [(Name, Name)]) {
    let Some(entries) = destination.entries_mut().filter(|_| !aliases.is_empty()) else { return };
    aliases.sort_by(|a, b| a.1.cmp(&b.1));
    for entry in entries.iter_mut() {
        if let Ok(found) = aliases.binary_search_by(|(_, other)| other.cmp(&entry.name)) {
            entry.name = aliases[found].0.clone();
        }
    }
    entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASE: Folding = Folding { case: true, unicode: true };
    const UNICODE: Folding = Folding { case: false, unicode: true };

    fn side(names: &[&str]) -> Side {
        let mut entries: Vec<_> =
            names.iter().map(|name| Entry::directory(name.parse().unwrap())).collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Side::Listed { entries, doubts: Vec::new(), partials: Vec::new(), hides: false }
    }

    fn shown(side: &Side) -> String {
        let names = side.entries().iter().map(|entry| entry.name.to_string());
        names
            .chain(side.doubts().iter().map(|doubt| format!("({doubt})")))
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Checks what becomes of both sides, and the aliases as `source=destination`.
    #[track_caller]
    fn check(folding: Folding, here: &[&str], there: &[&str], expected: [&str; 3]) {
        let (mut here, mut there) = (side(here), side(there));
        let aliases = reconcile(&mut here, &mut there, folding);
        let aliases: Vec<_> = aliases.iter().map(|(a, b)| format!("{a}={b}")).collect();
        assert_eq!([shown(&here), shown(&there), aliases.join(" ")], expected);
    }

    #[test]
    fn of_a_name_listed_twice_none_is_taken_unless_they_are_the_same() {
        let listed = |sizes: &[(&str, u64)]| {
            let entry = |(name, size): &(&str, u64)| Entry {
                size: Some(*size),
                ..Entry::directory(name.parse().unwrap())
            };
            let mut entries: Vec<_> = sizes.iter().map(entry).collect();
            let doubts = take_out_twice(&mut entries).into_iter();
            let doubts = doubts.map(|name| Doubt::DuplicateName { name }).collect();
            Side::Listed { entries, doubts, partials: Vec::new(), hides: false }
        };
        let twice = "(the name `b` is listed twice)";
        let once = || listed(&[("a", 1), ("b", 1), ("c", 1)]);
        let unclear = || listed(&[("a", 1), ("b", 1), ("b", 2), ("b", 2), ("c", 1)]);
        let same = || listed(&[("a", 1), ("b", 1), ("b", 1), ("c", 1)]);
        for (mut here, mut there, expected) in [
            (unclear(), once(), [format!("a c {twice}"), "a c".into()]),
            (once(), unclear(), [format!("a c {twice}"), format!("a c {twice}")]),
            (same(), once(), [format!("a b c {twice}"), "a b c".into()]),
            (once(), same(), ["a b c".into(), format!("a b c {twice}")]),
        ] {
            reconcile(&mut here, &mut there, UNICODE);
            assert_eq!([shown(&here), shown(&there)], expected);
        }
    }

    #[test]
    fn one_spelling_on_each_side_is_one_name() {
        check(CASE, &["a", "B"], &["A", "b", "c"], ["B a", "B a c", "B=b a=A"]);
        check(UNICODE, &["é"], &["e\u{301}", "x"], ["é", "x é", "é=e\u{301}"]);
        check(CASE, &["É"], &["e\u{301}"], ["É", "É", "É=e\u{301}"]);
    }

    #[test]
    fn case_counts_where_the_destination_knows_it() {
        check(UNICODE, &["a"], &["A"], ["a", "A", ""]);
        let off = Folding { case: false, unicode: false };
        check(off, &["é"], &["e\u{301}"], ["é", "e\u{301}", ""]);
    }

    #[test]
    fn two_names_that_would_be_one_are_both_left_out() {
        let clash = "(`A` and `a` are one name on the destination) \
                     (`a` and `A` are one name on the destination)";
        check(CASE, &["A", "a"], &[], [clash, "", ""]);
        check(
            CASE,
            &["A", "a"],
            &["a"],
            ["a (`A` and `a` are one name on the destination)", "a", ""],
        );
    }

    #[test]
    fn what_the_destination_has_twice_is_not_deleted() {
        let unclear = "(`A` and `a` are one name on the destination)";
        check(CASE, &["a"], &["A", "a"], ["a", &format!("a {unclear}"), ""]);
    }

    #[test]
    fn forms_of_unicode_are_files_of_their_own_where_both_sides_say_so() {
        let both = ["e\u{301}", "é"];
        check(UNICODE, &both, &[], ["e\u{301} é", "", ""]);
        check(UNICODE, &both, &both, ["e\u{301} é", "e\u{301} é", ""]);
        check(UNICODE, &["é"], &both, ["é", "e\u{301} é", ""]);
    }

    #[test]
    fn names_in_no_charset_are_compared_as_they_are() {
        let latin1 = |byte: u8| {
            let name = Name::new([b'x', byte]).unwrap();
            let entries = vec![Entry::directory(name)];
            Side::Listed { entries, doubts: Vec::new(), partials: Vec::new(), hides: false }
        };
        let (mut here, mut there) = (latin1(0xe9), latin1(0xc9));
        assert!(reconcile(&mut here, &mut there, CASE).is_empty());
    }
}
