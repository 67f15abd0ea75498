//! rclone's encrypted config file: NaCl secretbox (XSalsa20-Poly1305) under the SHA-256 of the
//! password, in base64 below a line that says so.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_secretbox::aead::Aead as _;
use crypto_secretbox::{Key as SecretKey, KeyInit as _, Nonce, XSalsa20Poly1305};
use rand::RngCore as _;
use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;

const MARK: &str = "RCLONE_ENCRYPT_V0:";
const ANY_MARK: &str = "RCLONE_ENCRYPT_V";
const HEADER: &str = "# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\n";
const NONCE_LEN: usize = 24;

/// What a password unlocks a file with.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Key([u8; 32]);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Key {
    /// Derives the key from a password. Compatible characters count as the same (NFKC), since
    /// keyboards differ in how they compose them.
    ///
    /// # Errors
    /// [`Locked::BlankPassword`].
    pub(crate) fn of(password: &str) -> Result<Self, Locked> {
        if password.is_empty() {
            return Err(Locked::BlankPassword);
        }
        let password: String = password.nfkc().collect();
        Ok(Self(Sha256::digest(format!("[{password}][rclone-config]")).into()))
    }

    fn cipher(&self) -> XSalsa20Poly1305 {
        XSalsa20Poly1305::new(SecretKey::from_slice(&self.0))
    }
}

/// Tells whether a config file is encrypted.
///
/// # Errors
/// [`Locked::UnknownVersion`] when it is, in a way that is not known here.
pub(crate) fn is_encrypted(file: &[u8]) -> Result<bool, Locked> {
    body(file).map(|body| body.is_some())
}

/// Returns what follows the mark, if the mark is the first line that says anything.
fn body(file: &[u8]) -> Result<Option<&[u8]>, Locked> {
    let mut rest = file;
    while !rest.is_empty() {
        let end = rest.iter().position(|&b| b == b'\n').map_or(rest.len(), |end| end + 1);
        let (line, tail) = rest.split_at(end);
        let line = line.trim_ascii();
        rest = tail;
        if line == MARK.as_bytes() {
            return Ok(Some(rest));
        }
        if line.starts_with(ANY_MARK.as_bytes()) {
            return Err(Locked::UnknownVersion);
        }
        if !line.is_empty() && !line.starts_with(b"#") && !line.starts_with(b";") {
            return Ok(None);
        }
    }
    Ok(None)
}

/// Decrypts a config file.
///
/// # Errors
/// [`Locked`] says what stands in the way.
pub(crate) fn decrypt(file: &[u8], key: &Key) -> Result<Vec<u8>, Locked> {
    let body = body(file)?.ok_or(Locked::Damaged)?;
    let base64: Vec<u8> = body.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    let sealed = STANDARD.decode(base64).map_err(|_| Locked::Damaged)?;
    let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN).ok_or(Locked::Damaged)?;
    key.cipher().decrypt(Nonce::from_slice(nonce), sealed).map_err(|_| Locked::WrongPassword)
}

/// Encrypts a config file.
pub(crate) fn encrypt(file: &[u8], key: &Key) -> Vec<u8> {
    let mut nonce = [0; NONCE_LEN];
    rand::rng().fill_bytes(&mut nonce);
    let sealed = key
        .cipher()
        .encrypt(Nonce::from_slice(&nonce), file)
        .expect("a file in memory is shorter than the cipher's limit");
    format!("{HEADER}{}", STANDARD.encode([&nonce, &*sealed].concat())).into_bytes()
}

/// Why an encrypted config file stays closed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Locked {
    /// A password of no characters.
    BlankPassword,
    /// The file is cut or changed.
    Damaged,
    /// A newer program wrote it.
    UnknownVersion,
    /// The password is not the one.
    WrongPassword,
}

impl fmt::Display for Locked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BlankPassword => "no characters in password",
            Self::Damaged => "the encrypted configuration is damaged",
            Self::UnknownVersion => {
                "unsupported configuration encryption - a newer program wrote this file"
            }
            Self::WrongPassword => "couldn't decrypt configuration, most likely wrong password",
        })
    }
}

impl std::error::Error for Locked {}

#[cfg(test)]
mod tests {
    use super::*;

    const SEALED: &str = "b5Uk6mE3cUn5Wb8xiWYnVBAxXUirAaEG1PO/GIDiO9274AO+Yj790BwJA4d2y7lNkmHt4n\
                          JwIsoueFvUYmm7RDyzER8IA3XOCrjzl3OUcczZqcplk5JfBdhxMZpt1aGYWUdle1IgO/kA\
                          Fne6sLD6IuxPySEb";
    const OPENED: &str = "[nounc]\r\ntype = local\r\nnounc = true\r\n\r\n\
                          [unc]\r\ntype = local\r\nnounc = false\r\n\r\n";

    #[test]
    fn vector_of_rclone() {
        let file = format!("# Encrypted rclone configuration File\n\n{MARK}\n{SEALED}");
        let key = Key::of("asdf").unwrap();
        assert_eq!(key.0[..4], [0x71, 0xef, 0xa7, 0x52]);
        assert_eq!(decrypt(file.as_bytes(), &key).unwrap(), OPENED.as_bytes());
        let wrapped = file.replace("PO/", "PO/\n") + "\r\n";
        assert_eq!(decrypt(wrapped.as_bytes(), &key).unwrap(), OPENED.as_bytes());
    }

    #[test]
    fn what_is_encrypted_is_decrypted() {
        let key = Key::of("pässword ").unwrap();
        for file in ["", "[a]\ntype = ftp\n"] {
            let sealed = encrypt(file.as_bytes(), &key);
            assert_eq!(is_encrypted(&sealed), Ok(true));
            assert_eq!(decrypt(&sealed, &key).unwrap(), file.as_bytes());
            assert_eq!(decrypt(&sealed, &Key::of("x").unwrap()), Err(Locked::WrongPassword));
        }
    }

    #[test]
    fn composed_and_decomposed_passwords_are_one() {
        assert_eq!(Key::of("é"), Key::of("e\u{301}"));
        assert_eq!(Key::of(""), Err(Locked::BlankPassword));
        assert_ne!(Key::of("a "), Key::of("a"));
        assert_eq!(format!("{:?}", Key::of("a").unwrap()), "***");
    }

    #[test]
    fn encryption_is_told_by_the_first_line_that_counts() {
        assert_eq!(is_encrypted(b"; c\n\n  RCLONE_ENCRYPT_V0:\r\nx"), Ok(true));
        assert_eq!(is_encrypted(b"[a]\nRCLONE_ENCRYPT_V0:\n"), Ok(false));
        assert_eq!(is_encrypted(b"# only\n"), Ok(false));
        assert_eq!(is_encrypted(b"RCLONE_ENCRYPT_V1:\n"), Err(Locked::UnknownVersion));
    }

    #[test]
    fn damage_is_told_from_a_wrong_password() {
        let key = Key::of("a").unwrap();
        assert_eq!(decrypt(b"RCLONE_ENCRYPT_V0:\n", &key), Err(Locked::Damaged));
        assert_eq!(decrypt(b"RCLONE_ENCRYPT_V0:\n!!!", &key), Err(Locked::Damaged));
        assert_eq!(decrypt(b"[a]\n", &key), Err(Locked::Damaged));
    }
}
