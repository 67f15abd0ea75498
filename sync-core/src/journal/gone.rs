//! Finds what is remembered of a directory and is not there any more.
//!
//! Places are a directory, a NUL, and a name, in byte order: what lies below `d` stands as `d\0…`
//! and `d/…`, with neighbours such as `d!` between. Each name below a directory is met once or
//! twice, however much is remembered below it.

use redb::{ReadOnlyTable, StorageError};

use crate::entry::Entry;
use crate::path::Path;

use super::fact::Stored;

type Files = ReadOnlyTable<&'static [u8], Stored<'static>>;
type Places = Result<Vec<Vec<u8>>, StorageError>;

/// Returns the places of files that a directory does not hold, where `entries`, in byte order, is all
/// that it holds.
pub(super) fn places(files: &Files, directory: &Path, entries: &[Entry]) -> Places {
    let mut gone = files_of(files, directory, entries)?;
    gone.extend(directories_of(files, directory, entries)?);
    Ok(gone)
}

fn files_of(files: &Files, directory: &Path, entries: &[Entry]) -> Places {
    let start = [directory.as_bytes(), b"\0"].concat();
    let mut gone = all_from(files, &start)?;
    gone.retain(|place| !holds(entries, &place[start.len()..], Entry::is_file));
    Ok(gone)
}

/// Returns all that is remembered below directories that are not there.
fn directories_of(files: &Files, directory: &Path, entries: &[Entry]) -> Places {
    let prefix = match directory.is_root() {
        true => Vec::new(),
        false => [directory.as_bytes(), b"/"].concat(),
    };
    let mut gone = Vec::new();
    // The files of the root stand before all directories, with nothing before their NUL.
    let mut next = [&prefix[..], b"\x01"].concat();
    while let Some(place) = first_from(files, &next)?.filter(|place| place.starts_with(&prefix)) {
        let rest = &place[prefix.len()..];
        let end = rest.iter().position(|byte| matches!(byte, b'\0' | b'/')).unwrap_or(rest.len());
        let through = place.len().min(prefix.len() + end + 1);
        if !holds(entries, &rest[..end], Entry::is_directory) {
            gone.extend(all_from(files, &place[..through])?);
        }
        next = after(&place[..through]);
    }
    Ok(gone)
}

fn holds(entries: &[Entry], name: &[u8], is_such: fn(&Entry) -> bool) -> bool {
    let first = entries.partition_point(|entry| entry.name.as_bytes() < name);
    entries[first..].iter().take_while(|entry| entry.name.as_bytes() == name).any(is_such)
}

fn first_from(files: &Files, start: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
    let first = files.range(start..)?.next().transpose()?;
    Ok(first.map(|(place, _)| place.value().to_vec()))
}

fn all_from(files: &Files, start: &[u8]) -> Places {
    let mut all = Vec::new();
    for found in files.range(start..after(start).as_slice())? {
        all.push(found?.0.value().to_vec());
    }
    Ok(all)
}

/// Returns what follows all that begins with `start`, which ends in a NUL or a `/`.
fn after(start: &[u8]) -> Vec<u8> {
    let mut after = start.to_vec();
    if let Some(last) = after.last_mut() {
        *last = last.saturating_add(1);
    }
    after
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::{FILES, file};
    use super::*;
    use crate::entry::{Kind, Modified};
    use crate::journal::{Fact, place};

    fn entry(text: &str) -> Entry {
        match text.strip_suffix('/') {
            Some(name) => Entry::directory(name.parse().unwrap()),
            None => Entry { kind: Kind::File, ..Entry::directory(text.parse().unwrap()) },
        }
    }

    /// Returns what is gone of these files when `directory` holds `entries`.
    fn gone(paths: &[&str], directory: &str, entries: &[&str]) -> Vec<String> {
        let database = file::in_memory().unwrap().database;
        let modified = Modified { at: Timestamp::UNIX_EPOCH, precision: std::time::Duration::ZERO };
        let fact = Entry { size: Some(1), modified: Some(modified), ..Entry::root() };
        let fact = Fact::of(&fact, &fact).unwrap();
        let write = database.begin_write().unwrap();
        for path in paths {
            let (parent, name) = path.parse::<Path>().unwrap().split().unwrap();
            let mut files = write.open_table(FILES).unwrap();
            files.insert(place(&parent, &name).as_slice(), fact.stored()).unwrap();
        }
        write.commit().unwrap();
        let files = database.begin_read().unwrap().open_table(FILES).unwrap();
        let mut entries: Vec<Entry> = entries.iter().map(|text| entry(text)).collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        let gone = places(&files, &directory.parse().unwrap(), &entries).unwrap();
        gone.iter().map(|place| String::from_utf8_lossy(place).replace('\0', ":")).collect()
    }

    const PATHS: [&str; 8] = ["a", "b", "d/x", "d!/x", "d/e/x", "d/e/y", "d/f/g/x", "e/x"];

    #[test]
    fn a_file_that_is_not_listed_is_gone_and_its_neighbours_are_not() {
        assert_eq!(gone(&PATHS, "", &["a", "d/", "d!/", "e/"]), [":b"]);
        assert_eq!(gone(&PATHS, "d", &["x", "e/", "f/"]), [""; 0]);
        assert_eq!(gone(&PATHS, "d/e", &["y"]), ["d/e:x"]);
    }

    #[test]
    fn a_directory_that_is_not_listed_is_gone_with_all_it_held() {
        let d = ["d:x", "d/e:x", "d/e:y", "d/f/g:x"];
        assert_eq!(gone(&PATHS, "", &["a", "b", "d!/", "e/"]), d);
        assert_eq!(gone(&PATHS, "", &["a", "b", "d/", "e/"]), ["d!:x"]);
        assert_eq!(gone(&PATHS, "d", &["x", "e/"]), ["d/f/g:x"]);
        assert_eq!(gone(&PATHS, "", &[]).len(), PATHS.len());
    }

    #[test]
    fn a_file_in_place_of_a_directory_is_another_thing() {
        assert_eq!(gone(&PATHS, "", &["a/", "b", "d/", "d!/", "e"]), [":a", "e:x"]);
    }
}
