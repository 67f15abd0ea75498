//! Entries on two lines: a long name alone, and its fields on the next line (VMS, `dls`).

use alloc::vec::Vec;

use super::{
    Dialect,
    fields::{Columns, is_blank, is_number},
};

/// Says whether a line that is no entry may be the name of one: a single word.
pub(super) fn may_be_name(line: &[u8]) -> bool {
    line.len() <= 255
        && !line.first().is_none_or(|b| is_blank(*b))
        && Columns::new(line).count() == 1
}

/// Puts the fields behind the name. The second line begins with a blank unless the name has a
/// version, which says that it is of VMS.
pub(super) fn join(name: &[u8], line: &[u8]) -> Option<Vec<u8>> {
    let fields = line.first().is_some_and(|b| is_blank(*b)) || has_version(name);
    let fields =
        fields && line.first().is_some_and(|b| is_blank(*b) || b.is_ascii_digit() || *b == b'[');
    fields.then(|| [name.trim_ascii_end(), b" ", line].concat())
}

/// The dialect that wraps such names.
pub(super) fn dialect(whole: &[u8]) -> Dialect {
    match Columns::new(whole).next() {
        Some(name) if has_version(name) => Dialect::Vms,
        _ => Dialect::Dls,
    }
}

/// `NAME.TYPE;7`
fn has_version(name: &[u8]) -> bool {
    memchr::memrchr(b';', name).is_some_and(|at| is_number(&name[at + 1..]))
}
