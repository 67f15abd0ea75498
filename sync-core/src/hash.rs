//! Hashes of content, by the names rclone gives them. Which of them a server computes is the
//! backend's affair.

use md5::Digest as _;

/// The hashes that can be computed here, in the order in which a common one is chosen: the cheapest
/// first.
pub const COMPUTED: [&str; 5] = ["md5", "sha1", "sha256", "sha512", "crc32"];

/// Returns the hash of [`COMPUTED`] that a user calls so: `SHA-1`, `Md5`.
pub fn named(text: &str) -> Option<&'static str> {
    let plain = text.to_ascii_lowercase().replace('-', "");
    COMPUTED.into_iter().find(|name| *name == plain)
}

/// Computes one hash over a stream of pieces.
#[derive(Clone, Debug)]
pub struct Hasher(State);

#[derive(Clone, Debug)]
enum State {
    Crc32(crc32fast::Hasher),
    Md5(md5::Md5),
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
    Sha512(sha2::Sha512),
}

impl Hasher {
    /// Returns a hasher for `algorithm`, or `None` when it is not one of [`COMPUTED`].
    pub fn new(algorithm: &str) -> Option<Self> {
        Some(Self(match algorithm {
            "crc32" => State::Crc32(crc32fast::Hasher::new()),
            "md5" => State::Md5(md5::Md5::new()),
            "sha1" => State::Sha1(sha1::Sha1::new()),
            "sha256" => State::Sha256(sha2::Sha256::new()),
            "sha512" => State::Sha512(sha2::Sha512::new()),
            _ => return None,
        }))
    }

    /// Takes in the next piece.
    pub fn update(&mut self, data: &[u8]) {
        match &mut self.0 {
            State::Crc32(state) => state.update(data),
            State::Md5(state) => state.update(data),
            State::Sha1(state) => state.update(data),
            State::Sha256(state) => state.update(data),
            State::Sha512(state) => state.update(data),
        }
    }

    /// Returns the hash of all pieces.
    pub fn finish(self) -> Vec<u8> {
        match self.0 {
            State::Crc32(state) => state.finalize().to_be_bytes().to_vec(),
            State::Md5(state) => state.finalize().to_vec(),
            State::Sha1(state) => state.finalize().to_vec(),
            State::Sha256(state) => state.finalize().to_vec(),
            State::Sha512(state) => state.finalize().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(algorithm: &str, hex: &str) {
        let mut hasher = Hasher::new(algorithm).unwrap();
        hasher.update(b"a");
        hasher.update(b"bc");
        let found: String = hasher.finish().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, hex, "{algorithm}");
    }

    #[test]
    fn known_answers() {
        check("crc32", "352441c2");
        check("md5", "900150983cd24fb0d6963f7d28e17f72");
        check("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d");
        check("sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        check(
            "sha512",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        );
        assert!(Hasher::new("whirlpool").is_none());
    }

    #[test]
    fn names_are_forgiving() {
        assert_eq!(named("SHA-1"), Some("sha1"));
        assert_eq!(named("Crc-32"), Some("crc32"));
        assert_eq!(named("sha3"), None);
    }
}
