//! Why a server refused: what code and text of a reply say together.
//!
//! [RFC 959 section 4.2.1] gives `550` to a "File unavailable (e.g., file not found, no access)", and
//! servers to everything else; the text says more, where a server is so kind. vsftpd is not (`550 Remove directory operation failed.`),
//! and then the reason is [`Refusal::Unsure`]: whoever must know asks the server.
//!
//! [RFC 959 section 4.2.1]: https://www.rfc-editor.org/rfc/rfc959#page-41

use alloc::string::String;

use crate::reply::Reply;

/// The reason of a 4yz or 5yz reply.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Refusal {
    /// Not now: the same command may succeed later.
    Busy,
    /// The data connection could not be made or was lost.
    Data,
    /// Something stands there already.
    Exists,
    /// The server or its owner forbids it.
    Forbidden,
    /// A directory stands where a file is due.
    IsADirectory,
    /// The login was refused, or is due first.
    Login,
    /// There is no such file or directory.
    Missing,
    /// The disk or the quota is full.
    NoSpace,
    /// A file stands where a directory is due.
    NotADirectory,
    /// The directory is not empty.
    NotEmpty,
    /// The server wants TLS, or another kind of it.
    Tls,
    /// Too many connections are open.
    TooMany,
    /// The server does not know the command or its argument.
    Unsupported,
    /// Refused for good, without a reason that can be told.
    Unsure,
}

impl Refusal {
    /// All of them, by name.
    pub const ALL: [Self; 14] = [
        Self::Busy,
        Self::Data,
        Self::Exists,
        Self::Forbidden,
        Self::IsADirectory,
        Self::Login,
        Self::Missing,
        Self::NoSpace,
        Self::NotADirectory,
        Self::NotEmpty,
        Self::Tls,
        Self::TooMany,
        Self::Unsupported,
        Self::Unsure,
    ];
}

/// Reads the reason out of a reply that refuses.
pub fn refusal(reply: &Reply) -> Refusal {
    let text = reply.message().to_ascii_lowercase();
    let code = reply.code().get();
    by_code(code, &text).or_else(|| by_text(&text)).unwrap_or(match code {
        ..500 => Refusal::Busy,
        500..=504 => Refusal::Unsupported,
        _ => Refusal::Unsure,
    })
}

fn by_code(code: u16, text: &str) -> Option<Refusal> {
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    Some(match code {
        421 | 503 | 550 if says(&ENCRYPTED_ONLY) => Refusal::Tls,
        421 | 530 if says(&TOO_MANY) => Refusal::TooMany,
        421 => Refusal::Busy,
        425 | 426 => Refusal::Data,
        452 | 552 => Refusal::NoSpace,
        521 if says(&["exist"]) => Refusal::Exists,
        // "521 Supported address families are (af1, .., afn)" (RFC 1639, section 4).
        521 if says(&["address famil"]) => Refusal::Unsupported,
        522 if says(&["network protocol", "use ("]) => Refusal::Unsupported,
        521 | 522 | 533..=537 => Refusal::Tls,
        530 if says(&["ssl", "tls", "secure", "encrypt"]) => Refusal::Tls,
        530 if says(&LATER) => Refusal::Busy,
        530 if says(&["permission", "denied"]) && !says(&["log"]) => Refusal::Forbidden,
        430 | 530 | 532 => Refusal::Login,
        553 if says(&["exist"]) => Refusal::Exists,
        _ => return None,
    })
}

fn by_text(text: &str) -> Option<Refusal> {
    let known = |(phrase, refusal): &(&str, Refusal)| text.contains(phrase).then_some(*refusal);
    PHRASES.iter().find_map(known)
}

const TOO_MANY: [&str; 6] =
    ["too many", "maximum", "limit", "more than", "no more connections", "connections from"];

/// What servers say to a login in the clear: Pure-FTPd with `421`, FileZilla Server with `503`,
/// ProFTPD and pyftpdlib with `550`.
const ENCRYPTED_ONLY: [&str; 4] =
    ["cleartext sessions", "use auth first", "ssl/tls required", "tls is required"];

/// What servers say whose `530` is about now and not about the password.
const LATER: [&str; 4] = ["try again", "try later", "overloaded", "temporarily"];

/// Phrases in the order in which they decide: "does not exist" before "exist".
const PHRASES: [(&str, Refusal); 30] = [
    ("not empty", Refusal::NotEmpty),
    ("isn't empty", Refusal::NotEmpty),
    ("no such", Refusal::Missing),
    ("not exist", Refusal::Missing),
    ("doesn't exist", Refusal::Missing),
    ("not found", Refusal::Missing),
    ("cannot find", Refusal::Missing),
    ("can't find", Refusal::Missing),
    ("couldn't find", Refusal::Missing),
    ("nonexistent", Refusal::Missing),
    ("exists", Refusal::Exists),
    ("not a directory", Refusal::NotADirectory),
    ("is a directory", Refusal::IsADirectory),
    ("not a plain file", Refusal::IsADirectory),
    ("not a regular file", Refusal::IsADirectory),
    ("no space", Refusal::NoSpace),
    ("disk full", Refusal::NoSpace),
    ("disk is full", Refusal::NoSpace),
    ("quota", Refusal::NoSpace),
    // vsftpd, which does not say why.
    ("writing to local file", Refusal::NoSpace),
    ("permission", Refusal::Forbidden),
    ("denied", Refusal::Forbidden),
    ("not permitted", Refusal::Forbidden),
    ("not allowed", Refusal::Forbidden),
    ("prohibited", Refusal::Forbidden),
    ("forbidden", Refusal::Forbidden),
    ("read-only", Refusal::Forbidden),
    ("used by another process", Refusal::Busy),
    ("file is in use", Refusal::Busy),
    ("temporarily unavailable", Refusal::Busy),
];

/// Tells whether a refused listing only says that there is nothing to list.
///
/// ProFTPD answers `450 No files found`, z/OS `550 No data sets found`. It counts only where the
/// directory is known to be there.
pub fn is_empty_listing(reply: &Reply) -> bool {
    let text: String = reply.message().to_ascii_lowercase();
    let nothing = ["no files found", "no data sets found", "no members found", "no such file"];
    matches!(reply.code().get(), 450 | 550) && nothing.iter().any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use alloc::{format, vec::Vec};

    use proptest::{prelude::*, sample::select};

    use super::*;
    use crate::{reply::Code, strategy};

    #[track_caller]
    fn check(line: &str, expected: Refusal) {
        let reply = Reply::parse(line.as_bytes()).expect("a reply");
        assert_eq!(refusal(&reply), expected, "{line}");
    }

    #[test]
    fn texts_tell_what_550_leaves_open() {
        check("550 Remove directory operation failed.", Refusal::Unsure);
        check("550 Can't remove directory: Directory not empty", Refusal::NotEmpty);
        check("550 x: No such file or directory", Refusal::Missing);
        check("550 The system cannot find the file specified.", Refusal::Missing);
        check("550 File does not exist", Refusal::Missing);
        check("550 x: File exists", Refusal::Exists);
        check("550 x: Permission denied", Refusal::Forbidden);
        check("550 Access is denied.", Refusal::Forbidden);
        check("550 x: Not a directory", Refusal::NotADirectory);
        check("550 x: not a regular file", Refusal::IsADirectory);
        check("553 Prohibited file name: a\\b", Refusal::Forbidden);
        check("553 Can't open that file: No such file or directory", Refusal::Missing);
        check("553 Could not create file.", Refusal::Unsure);
        check("521 \"/x\" directory already exists", Refusal::Exists);
        check("450 x: No such file or directory", Refusal::Missing);
        check("501 No such directory.", Refusal::Missing);
    }

    #[test]
    fn codes_tell_the_rest() {
        check("421 There are too many connections from your internet address.", Refusal::TooMany);
        check("421 8 users (the maximum) are already logged in, sorry", Refusal::TooMany);
        check("421 I can't accept more than 3 connections as the same user", Refusal::TooMany);
        check(
            "530 Sorry, the maximum number of clients (2) from your host are already connected.",
            Refusal::TooMany,
        );
        check("421 Timeout.", Refusal::Busy);
        check("530 Login incorrect.", Refusal::Login);
        check("530 Please login with USER and PASS.", Refusal::Login);
        check("530 Non-anonymous sessions must use encryption.", Refusal::Tls);
        check("421 Sorry, cleartext sessions and weak ciphers are not accepted", Refusal::Tls);
        check("503 Use AUTH first.", Refusal::Tls);
        check("533 Command protection level denied for policy reasons.", Refusal::Tls);
        check("550 SSL/TLS required on the control channel", Refusal::Tls);
        check("550 tls: No such file or directory", Refusal::Missing);
        check("522 SSL connection failed; session reuse required", Refusal::Tls);
        check("425 Unable to build data connection: Operation not permitted", Refusal::Data);
        check("452 No space left on device", Refusal::NoSpace);
        check("550 Disk quota exceeded", Refusal::NoSpace);
        check("451 Failure writing to local file.", Refusal::NoSpace);
        check("451 Local error", Refusal::Busy);
        check("530 Server overloaded, try again later.", Refusal::Busy);
        check("530 Permission denied.", Refusal::Forbidden);
        check("550 The file is being used by another process.", Refusal::Busy);
        check("502 Command not implemented.", Refusal::Unsupported);
        check("522 Network protocol not supported, use (1)", Refusal::Unsupported);
        check("521 Supported address families are (4, 6)", Refusal::Unsupported);
        check("521 data connection cannot be opened with this PROT setting", Refusal::Tls);
    }

    #[test]
    fn an_empty_listing_may_be_a_refusal() {
        let reply = |line: &str| Reply::parse(line.as_bytes()).expect("a reply");
        assert!(is_empty_listing(&reply("450 No files found")));
        assert!(is_empty_listing(&reply("550 No members found.")));
        assert!(!is_empty_listing(&reply("550 Permission denied")));
        assert!(!is_empty_listing(&reply("226 no files found")));
    }

    proptest! {
        #[test]
        fn letters_have_no_case(reply in strategy::reply()) {
            let shout = |text: &[u8]| text.to_ascii_uppercase();
            let texts: Vec<_> = reply.texts().map(shout).collect();
            if let Some(loud) = Reply::new(reply.code(), texts) {
                prop_assert_eq!(refusal(&loud), refusal(&reply));
            }
        }

        #[test]
        fn a_phrase_decides_whatever_stands_around_it(
            (phrase, of) in select(&PHRASES[..]),
            name in "[A-Z]{0,8}",
        ) {
            // Others in the phrase decide before it: "does not exist" before "exist".
            let first = PHRASES.iter().find(|(known, _)| phrase.contains(known));
            prop_assert_eq!(first.map(|(_, first)| *first), Some(of));
            let reply = Reply::new(Code::new(550).expect("a code"), [format!("{name}: {phrase}.")]);
            let found = refusal(&reply.expect("a reply"));
            prop_assert!(found == of && Refusal::ALL.contains(&found));
        }
    }
}
