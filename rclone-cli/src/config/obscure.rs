//! rclone's obscured passwords: AES-256 in counter mode under a key everybody knows, so that a
//! password is not read over a shoulder. It keeps nobody out.

use aes::Aes256;
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, NO_PAD};
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit as _, StreamCipher as _};
use rand::RngCore as _;

const KEY: [u8; 32] = [
    0x9c, 0x93, 0x5b, 0x48, 0x73, 0x0a, 0x55, 0x4d, 0x6b, 0xfd, 0x7c, 0x63, 0xc8, 0x86, 0xa9, 0x2b,
    0xd3, 0x90, 0x19, 0x8e, 0xb8, 0x12, 0x8a, 0xfb, 0xf4, 0xde, 0x16, 0x2b, 0x8b, 0x95, 0xf6, 0x38,
];
const IV_LEN: usize = 16;
/// As Go's decoder, this one does not mind bits that are left over.
const FORM: GeneralPurposeConfig = NO_PAD.with_decode_allow_trailing_bits(true);
const BASE64: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, FORM);

/// Obscures a password; each time it comes out differently.
pub(crate) fn obscure(password: &str) -> String {
    let mut iv = [0; IV_LEN];
    rand::rng().fill_bytes(&mut iv);
    obscure_with(&iv, password)
}

fn obscure_with(iv: &[u8; IV_LEN], password: &str) -> String {
    let mut text = password.as_bytes().to_vec();
    crypt(iv, &mut text);
    BASE64.encode([iv, &*text].concat())
}

/// Reveals an obscured password.
///
/// # Errors
/// [`NotObscured`] for what did not come from [`obscure`].
pub(crate) fn reveal(obscured: &str) -> Result<String, NotObscured> {
    let mut bytes = BASE64.decode(obscured).map_err(|_| NotObscured::Base64)?;
    let (iv, text) = bytes.split_first_chunk_mut::<IV_LEN>().ok_or(NotObscured::Short)?;
    crypt(iv, text);
    String::from_utf8(text.to_vec()).map_err(|_| NotObscured::Garbage)
}

fn crypt(iv: &[u8; IV_LEN], text: &mut [u8]) {
    Ctr128BE::<Aes256>::new(&KEY.into(), &(*iv).into()).apply_keystream(text);
}

/// Why a text is no obscured password.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NotObscured {
    /// It holds what base64 does not.
    Base64,
    /// What comes out is no text.
    Garbage,
    /// It is too short.
    Short,
}

impl std::fmt::Display for NotObscured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Base64 => "base64 decode failed when revealing password - is it obscured?",
            Self::Garbage => "no text came out when revealing password - is it obscured?",
            Self::Short => "input too short when revealing password - is it obscured?",
        })
    }
}

impl std::error::Error for NotObscured {}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(iv: u8, password: &str, obscured: &str) {
        assert_eq!(obscure_with(&[iv; IV_LEN], password), obscured);
        assert_eq!(reveal(obscured).as_deref(), Ok(password));
    }

    #[test]
    fn vectors_of_rclone() {
        check(b'a', "", "YWFhYWFhYWFhYWFhYWFhYQ");
        check(b'a', "potato", "YWFhYWFhYWFhYWFhYWFhYXMaGgIlEQ");
        check(b'b', "potato", "YmJiYmJiYmJiYmJiYmJiYp3gcEWbAw");
    }

    #[test]
    fn what_is_obscured_is_revealed() {
        for password in ["", "p", "pässwörd", "a much longer pass phrase with blanks in it"] {
            assert_eq!(reveal(&obscure(password)).as_deref(), Ok(password));
        }
        assert_ne!(obscure("p"), obscure("p"));
    }

    #[test]
    fn plain_passwords_are_told_apart() {
        assert_eq!(reveal("secret!"), Err(NotObscured::Base64));
        assert_eq!(reveal("secret"), Err(NotObscured::Short));
        assert_eq!(reveal(""), Err(NotObscured::Short));
        assert_eq!(reveal("YWFhYWFhYWFhYWFhYWFhYQ=="), Err(NotObscured::Base64));
    }
}
