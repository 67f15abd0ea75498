//! The config file on disk: read, unlocked, changed, written back whole or not at all.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::encrypt::{self, Key};
use super::file::File;
use super::location::Location;

/// Where the password of an encrypted file comes from.
pub(crate) trait Unlock {
    /// Returns the key to try. `wrong` tells that the last one did not fit.
    ///
    /// # Errors
    /// When there is no other key to try.
    fn key(&self, wrong: bool) -> anyhow::Result<Key>;
}

/// A config file on disk, or none.
#[derive(Debug)]
pub(crate) struct Store {
    location: Location,
    file: File,
    /// What unlocked the file, if it is encrypted.
    key: Option<Key>,
    /// Whether there is a file.
    exists: bool,
}

impl Store {
    /// Reads the config file; a missing one is empty.
    ///
    /// # Errors
    /// When it cannot be read, unlocked or understood.
    pub(crate) fn open(location: Location, unlock: &dyn Unlock) -> anyhow::Result<Self> {
        let mut store = Self { location, file: File::default(), key: None, exists: false };
        store.load(unlock)?;
        Ok(store)
    }

    fn load(&mut self, unlock: &dyn Unlock) -> anyhow::Result<()> {
        let Location::File(path) = &self.location else { return Ok(()) };
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => {
                let what = || format!("failed to load config file {}", path.display());
                return Err(error).with_context(what);
            }
        };
        self.exists = true;
        let what = || format!("failed to load config file {}", path.display());
        let (bytes, key) = unlocked(bytes, self.key.take(), unlock).with_context(what)?;
        self.key = key;
        let text = String::from_utf8(bytes).context("it is not UTF-8").with_context(what)?;
        self.file = File::parse(&text).with_context(what)?;
        Ok(())
    }

    /// Returns what the file says.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Returns the file's path; none when nothing is written.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.location {
            Location::File(path) => Some(path),
            Location::Memory => None,
        }
    }

    /// Tells whether there is a file.
    pub(crate) fn exists(&self) -> bool {
        self.exists
    }

    /// Tells whether the file is encrypted.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.key.is_some()
    }

    /// Reads the file again, applies a change and writes it, so that what another process wrote
    /// meanwhile is kept.
    ///
    /// # Errors
    /// When the file cannot be read or written; it is then as it was.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut File)) -> anyhow::Result<()> {
        if let Some(key) = self.key.clone() {
            self.load(&Known(key))?;
        } else {
            self.load(&Nobody)?;
        }
        change(&mut self.file);
        self.save()
    }

    /// Encrypts the file with this key from now on, or no longer.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn set_key(&mut self, key: Option<Key>) -> anyhow::Result<()> {
        self.key = key;
        self.save()
    }

    fn save(&mut self) -> anyhow::Result<()> {
        let Location::File(path) = &self.location else { return Ok(()) };
        let text = self.file.to_string().into_bytes();
        let bytes = self.key.as_ref().map(|key| encrypt::encrypt(&text, key)).unwrap_or(text);
        replace(path, &bytes)
            .with_context(|| format!("failed to save config file {}", path.display()))?;
        self.exists = true;
        Ok(())
    }
}

/// Decrypts a file if it is encrypted, asking for keys until one fits.
fn unlocked(
    bytes: Vec<u8>,
    known: Option<Key>,
    unlock: &dyn Unlock,
) -> anyhow::Result<(Vec<u8>, Option<Key>)> {
    if !encrypt::is_encrypted(&bytes)? {
        return Ok((bytes, None));
    }
    let mut key = match known {
        Some(key) => key,
        None => unlock.key(false)?,
    };
    loop {
        match encrypt::decrypt(&bytes, &key) {
            Ok(text) => return Ok((text, Some(key))),
            Err(encrypt::Locked::WrongPassword) => key = unlock.key(true)?,
            Err(error) => bail!(error),
        }
    }
}

struct Known(Key);

impl Unlock for Known {
    fn key(&self, wrong: bool) -> anyhow::Result<Key> {
        if wrong {
            bail!("another program changed the configuration password meanwhile");
        }
        Ok(self.0.clone())
    }
}

struct Nobody;

impl Unlock for Nobody {
    fn key(&self, _wrong: bool) -> anyhow::Result<Key> {
        bail!("another program encrypted the configuration meanwhile")
    }
}

/// Writes a file beside the old one and renames it over. A symbolic link stays one; the new file has
/// the old one's mode, or can be read by its owner only.
fn replace(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let path = match fs::canonicalize(path) {
        Ok(real) => real,
        Err(_) => fresh(path)?,
    };
    let directory = path.parent().context("the path names no file")?;
    let mut file = tempfile::Builder::new().prefix(".rclone.conf.").tempfile_in(directory)?;
    file.write_all(bytes)?;
    if let Ok(old) = fs::metadata(&path) {
        file.as_file().set_permissions(old.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(&path)?;
    Ok(())
}

/// Makes the directory of a new file, following a link that dangles.
fn fresh(path: &Path) -> anyhow::Result<PathBuf> {
    let path = match fs::read_link(path) {
        Ok(target) => path.with_file_name("").join(target),
        Err(_) => path.to_owned(),
    };
    fs::create_dir_all(path.parent().context("the path names no file")?)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Answers with each password in turn.
    struct Passwords(&'static [&'static str], Cell<usize>);

    impl Unlock for Passwords {
        fn key(&self, _wrong: bool) -> anyhow::Result<Key> {
            let index = self.1.replace(self.1.get() + 1);
            let password = self.0.get(index).context("no more passwords")?;
            Ok(Key::of(password)?)
        }
    }

    fn passwords(passwords: &'static [&'static str]) -> Passwords {
        Passwords(passwords, Cell::new(0))
    }

    fn open(path: &Path, unlock: &dyn Unlock) -> anyhow::Result<Store> {
        Store::open(Location::File(path.into()), unlock)
    }

    #[test]
    fn a_missing_file_is_empty_and_made_on_the_first_change() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/rclone.conf");
        let mut store = open(&path, &passwords(&[])).unwrap();
        assert!(!store.exists() && store.file().sections().is_empty());
        store.change(|file| file.set("a", "type", "ftp")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "[a]\ntype = ftp\n\n");
        assert!(store.exists());
    }

    #[test]
    fn what_another_wrote_meanwhile_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c");
        let mut store = open(&path, &passwords(&[])).unwrap();
        fs::write(&path, "[other]\ntype = local\n").unwrap();
        store.change(|file| file.set("a", "type", "ftp")).unwrap();
        assert_eq!(store.file().sections(), ["other", "a"]);
    }

    #[test]
    fn wrong_passwords_are_asked_for_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c");
        let mut store = open(&path, &passwords(&[])).unwrap();
        store.set_key(Some(Key::of("right").unwrap())).unwrap();
        store.change(|file| file.set("a", "type", "ftp")).unwrap();
        assert!(fs::read_to_string(&path).unwrap().contains("RCLONE_ENCRYPT_V0:"));
        let store = open(&path, &passwords(&["wrong", "right"])).unwrap();
        assert!(store.is_encrypted() && store.file().has_section("a"));
        assert!(open(&path, &passwords(&["wrong"])).is_err());
    }

    #[test]
    fn a_file_that_makes_no_sense_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c");
        fs::write(&path, "nonsense").unwrap();
        let error = format!("{:#}", open(&path, &passwords(&[])).unwrap_err());
        assert!(error.contains("could not parse line: nonsense"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_and_modes_are_kept() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let dir = tempfile::tempdir().unwrap();
        let [real, link] = ["real", "link"].map(|name| dir.path().join(name));
        symlink("real", &link).unwrap();
        let mut store = open(&link, &passwords(&[])).unwrap();
        store.change(|file| file.set("a", "x", "1")).unwrap();
        assert_eq!(mode(&real), 0o600);
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        store.change(|file| file.set("a", "x", "2")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(
            (fs::read_to_string(&real).unwrap().as_str(), mode(&real)),
            ("[a]\nx = 2\n\n", 0o640)
        );
    }

    #[test]
    fn memory_writes_nothing() {
        let mut store = Store::open(Location::Memory, &passwords(&[])).unwrap();
        store.change(|file| file.set("a", "x", "1")).unwrap();
        assert!(store.path().is_none() && store.file().has_section("a"));
    }
}
