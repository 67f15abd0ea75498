//! Commands of the control connection: [RFC 959 section 5.3] and the later ones clients need.
//!
//! A command is a value; [`Command::encode`] is the one way to its bytes, and [`Argument`] makes a
//! second line within it impossible. What has no variant is sent by [`Command::raw`]. [`fmt::Display`] shows what logs may hold: secrets are `***`.
//!
//! [RFC 959 section 5.3]: https://www.rfc-editor.org/rfc/rfc959#section-5.3

mod argument;
mod line;
mod site;
mod words;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::{SocketAddr, SocketAddrV4};

use bytes::{BufMut as _, BytesMut};
use jiff::civil::DateTime;

pub use self::argument::{Argument, ArgumentError};
pub use self::site::Site;
pub use self::words::{
    Family, Format, Mechanism, Mode, Opts, Picture, Protection, Structure, Type,
};
use crate::hash::Algorithm;
use crate::telnet;

/// What a client asks of a server.
///
/// Commands without a source here are those of [RFC 959 section 4.1].
///
/// [RFC 959 section 4.1]: https://www.rfc-editor.org/rfc/rfc959#section-4.1
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub enum Command {
    /// Stops the transfer that runs.
    Abor,
    /// Names an account, where `332` asks for one.
    Acct(Argument),
    /// Brings data of the mechanism that `AUTH` chose, in base64 ([RFC 2228]).
    ///
    /// [RFC 2228]: https://www.rfc-editor.org/rfc/rfc2228
    Adat(Argument),
    /// Says how many bytes a `STOR` will bring, and how many its longest record has.
    Allo(u64, Option<u64>),
    /// Appends to a file.
    Appe(Argument),
    /// Turns to TLS ([RFC 4217](https://www.rfc-editor.org/rfc/rfc4217)), or to another mechanism.
    Auth(Mechanism),
    /// Asks how much room is left ([draft-peterson-streamlined-ftp-command-extensions]).
    ///
    /// [draft-peterson-streamlined-ftp-command-extensions]: https://datatracker.ietf.org/doc/draft-peterson-streamlined-ftp-command-extensions/
    Avbl(Option<Argument>),
    /// Leaves protection on the control connection ([RFC 2228](https://www.rfc-editor.org/rfc/rfc2228)).
    Ccc,
    /// Changes to the parent.
    Cdup,
    /// Tells the name of the client, which Serv-U and RaidenFTPd want before `OPTS UTF8`.
    Clnt(Argument),
    /// Joins files on the server to one: the target, then its parts (Serv-U, CuteFTP).
    Comb(Argument, Vec<Argument>),
    /// Brings another command, encrypted ([RFC 2228](https://www.rfc-editor.org/rfc/rfc2228)).
    Conf(Argument),
    /// Asks for an address whose server begins TLS as a client (glFTPd, for FXP).
    Cpsv,
    /// The same as `CLNT` with more facts, as `Name=x; Version=y;` (Serv-U).
    Csid(Argument),
    /// Changes the directory.
    Cwd(Argument),
    /// Removes a file.
    Dele(Argument),
    /// Asks for the size of a directory with all in it (Serv-U).
    Dsiz(Option<Argument>),
    /// Brings another command, encrypted and signed ([RFC 2228](https://www.rfc-editor.org/rfc/rfc2228)).
    Enc(Argument),
    /// Offers an address for the data connection ([RFC 2428](https://www.rfc-editor.org/rfc/rfc2428)).
    Eprt(SocketAddr),
    /// Asks for a port for the data connection ([RFC 2428](https://www.rfc-editor.org/rfc/rfc2428)).
    Epsv,
    /// Gives up every other way to a data connection, for the whole session.
    EpsvAll,
    /// Asks for a port of this family.
    EpsvFor(Family),
    /// Asks what the server can do ([RFC 2389](https://www.rfc-editor.org/rfc/rfc2389)).
    Feat,
    /// Asks for the hash of a file ([draft-bryan-ftpext-hash]).
    ///
    /// [draft-bryan-ftpext-hash]: https://datatracker.ietf.org/doc/draft-bryan-ftpext-hash/
    Hash(Argument),
    /// Asks for help.
    Help(Option<Argument>),
    /// Names the virtual host ([RFC 7151](https://www.rfc-editor.org/rfc/rfc7151)).
    Host(Argument),
    /// Chooses the language of replies ([RFC 2640](https://www.rfc-editor.org/rfc/rfc2640)).
    Lang(Option<Argument>),
    /// Lists a directory for people.
    List {
        /// Whether to ask for hidden names, with `-a`.
        hidden: bool,
        /// The directory, else the working one.
        path: Option<Argument>,
    },
    /// Offers an address of any family ([RFC 1639](https://www.rfc-editor.org/rfc/rfc1639)).
    Lprt(SocketAddr),
    /// Asks for an address of any family ([RFC 1639](https://www.rfc-editor.org/rfc/rfc1639)).
    Lpsv,
    /// Asks for the MD5 of a file ([draft-twine-ftpmd5]).
    ///
    /// [draft-twine-ftpmd5]: https://datatracker.ietf.org/doc/draft-twine-ftpmd5/
    Md5(Argument),
    /// Asks when a file changed ([RFC 3659](https://www.rfc-editor.org/rfc/rfc3659)).
    Mdtm(Argument),
    /// Says when a file changed, in the form that vsftpd and others take.
    MdtmSet(DateTime, Argument),
    /// Says when a file was created ([draft-somers-ftp-mfxx]).
    ///
    /// [draft-somers-ftp-mfxx]: https://datatracker.ietf.org/doc/draft-somers-ftp-mfxx/
    Mfct(DateTime, Argument),
    /// Sets facts, written as `fact=value;…` ([draft-somers-ftp-mfxx]).
    ///
    /// [draft-somers-ftp-mfxx]: https://datatracker.ietf.org/doc/draft-somers-ftp-mfxx/
    Mff(Argument, Argument),
    /// Says when a file changed ([draft-somers-ftp-mfxx]).
    ///
    /// [draft-somers-ftp-mfxx]: https://datatracker.ietf.org/doc/draft-somers-ftp-mfxx/
    Mfmt(DateTime, Argument),
    /// Brings another command, signed ([RFC 2228](https://www.rfc-editor.org/rfc/rfc2228)).
    Mic(Argument),
    /// Makes a directory.
    Mkd(Argument),
    /// Lists a directory for programs ([RFC 3659](https://www.rfc-editor.org/rfc/rfc3659)).
    Mlsd(Option<Argument>),
    /// Tells the facts of one thing ([RFC 3659](https://www.rfc-editor.org/rfc/rfc3659)).
    Mlst(Option<Argument>),
    /// Asks for the MD5 of several files ([draft-twine-ftpmd5]).
    ///
    /// [draft-twine-ftpmd5]: https://datatracker.ietf.org/doc/draft-twine-ftpmd5/
    Mmd5(Vec<Argument>),
    /// Chooses how data travels.
    Mode(Mode),
    /// Lists names only.
    Nlst(Option<Argument>),
    /// Does nothing.
    Noop,
    /// Sets an option of a command ([RFC 2389](https://www.rfc-editor.org/rfc/rfc2389)).
    Opts(Opts),
    /// Shows the password.
    Pass(Argument),
    /// Asks for an address for the data connection.
    Pasv,
    /// Sets the size of protected pieces, always 0 with TLS ([RFC 4217](https://www.rfc-editor.org/rfc/rfc4217)).
    Pbsz(u32),
    /// Offers an IPv4 address for the data connection.
    Port(SocketAddrV4),
    /// Announces the command that the data connection will serve (DrFTPD).
    Pret(Box<Self>),
    /// Chooses the protection of data connections ([RFC 4217](https://www.rfc-editor.org/rfc/rfc4217)).
    Prot(Protection),
    /// Asks for the working directory.
    Pwd,
    /// Says goodbye.
    Quit,
    /// Chooses the bytes a `HASH` covers: first and last; `1 0` is the whole file again
    /// ([draft-bryan-ftp-range]).
    ///
    /// [draft-bryan-ftp-range]: https://datatracker.ietf.org/doc/draft-bryan-ftp-range/
    Rang(u64, u64),
    /// Any other command, as one line: see [`Command::raw`].
    Raw(RawLine),
    /// Begins anew, before the login.
    Rein,
    /// Says where the next transfer begins ([RFC 3659](https://www.rfc-editor.org/rfc/rfc3659)).
    Rest(u64),
    /// Fetches a file.
    Retr(Argument),
    /// Removes a directory.
    Rmd(Argument),
    /// Removes a directory with all in it (Serv-U).
    Rmda(Argument),
    /// Names what to rename.
    Rnfr(Argument),
    /// Gives it its new name.
    Rnto(Argument),
    /// What only this server offers.
    Site(Site),
    /// Asks how long a file is ([RFC 3659](https://www.rfc-editor.org/rfc/rfc3659)).
    Size(Argument),
    /// Mounts another file system.
    Smnt(Argument),
    /// Says which end of a data connection begins TLS (glFTPd, for FXP).
    Sscn(bool),
    /// Asks for the state, or lists over the control connection.
    Stat(Option<Argument>),
    /// Stores a file.
    Stor(Argument),
    /// Stores a file under a name of the server's choice; RFC 959 gives it no argument, RFC 1123
    /// leaves servers one.
    Stou(Option<Argument>),
    /// Chooses the structure of files.
    Stru(Structure),
    /// Asks for the operating system.
    Syst,
    /// Fetches a small copy of a picture, at most this wide and high (Serv-U).
    Thmb(Picture, u32, u32, Argument),
    /// Chooses how bytes are represented.
    Type(Type),
    /// Names the user.
    User(Argument),
    /// `CDUP` of before RFC 959, which [RFC 1123 4.1.3.1] still asks of servers, as the others.
    ///
    /// [RFC 1123 4.1.3.1]: https://www.rfc-editor.org/rfc/rfc1123#page-38
    Xcup,
    /// `CWD` of before RFC 959.
    Xcwd(Argument),
    /// Asks for the hash of a file with `XCRC`, `XMD5`, `XSHA1` and the like.
    XHash(Algorithm, Argument),
    /// Asks for the hash of a part: from the first offset up to, and not with, the second. The name
    /// is quoted, since numbers follow it.
    XHashPart(Algorithm, Argument, u64, u64),
    /// `MKD` of before RFC 959.
    Xmkd(Argument),
    /// `PWD` of before RFC 959.
    Xpwd,
    /// `RMD` of before RFC 959.
    Xrmd(Argument),
    /// `XSHA1` by its older name.
    Xsha(Argument),
}

/// A line that [`Command::raw`] has checked.
#[derive(Clone, Eq, PartialEq)]
pub struct RawLine(Argument);

impl Command {
    /// Takes a line as it is, for what has no variant.
    ///
    /// # Errors
    /// When it would be more than one command, or none: it must begin with a verb of letters and
    /// digits, and can hold neither LF nor NUL.
    pub fn raw(line: impl Into<Vec<u8>>) -> Result<Self, ArgumentError> {
        let line = Argument::new(line)?;
        let verb = line.as_bytes().split(|byte| *byte == b' ').next().unwrap_or_default();
        if verb.is_empty() || !verb.iter().all(u8::is_ascii_alphanumeric) {
            return Err(ArgumentError::NoVerb);
        }
        Ok(Self::Raw(RawLine(line)))
    }

    /// Appends the bytes to send: "a variable length character string ending with the character
    /// sequence `<CRLF>`" (RFC 959 5.3), which occurs nowhere else in them.
    pub fn encode(&self, out: &mut BytesMut) {
        telnet::escape(&self.line(), out);
        out.put_slice(b"\r\n");
    }

    /// Returns the first word, in upper case.
    pub fn verb(&self) -> String {
        first_word(&self.line())
    }

    /// Tells whether the server opens or uses a data connection for it.
    pub fn is_transfer(&self) -> bool {
        matches!(
            self,
            Self::Appe(_)
                | Self::List { .. }
                | Self::Mlsd(_)
                | Self::Nlst(_)
                | Self::Retr(_)
                | Self::Stor(_)
                | Self::Stou(_)
                | Self::Thmb(..)
        )
    }

    /// Tells whether its argument must not be seen.
    pub fn is_secret(&self) -> bool {
        match self {
            Self::Acct(_) | Self::Adat(_) | Self::Pass(_) => true,
            // They may wrap a password, and `MIC` does not even hide it.
            Self::Conf(_) | Self::Enc(_) | Self::Mic(_) => true,
            Self::Pret(command) => command.is_secret(),
            Self::Raw(RawLine(line)) => hides(line.as_bytes()),
            Self::Site(Site::Raw(line)) => hides(&[b"SITE ", line.as_bytes()].concat()),
            _ => false,
        }
    }
}

fn hides(line: &[u8]) -> bool {
    match &*first_word(line) {
        "ACCT" | "ADAT" | "CONF" | "ENC" | "MIC" | "PASS" => true,
        "SITE" => {
            let rest = line.trim_ascii_start().get(4..).unwrap_or_default();
            matches!(&*first_word(rest), "PSWD" | "PASSWD")
        }
        _ => false,
    }
}

fn first_word(line: &[u8]) -> String {
    let word = line.split(|byte| *byte == b' ').find(|word| !word.is_empty());
    String::from_utf8_lossy(word.unwrap_or_default()).to_ascii_uppercase()
}

/// Shows the command as logs may: no secrets, no control characters.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_secret() {
            return write!(f, "{} ***", self.verb());
        }
        argument::show(&self.line(), f)
    }
}

impl fmt::Debug for RawLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Command::Raw(self.clone()), f)
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Command").field(&format_args!("{self}")).finish()
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::ToString as _, vec};
    use core::net::Ipv4Addr;

    use jiff::civil::datetime;
    use proptest::prelude::*;

    use super::*;

    fn argument(text: &str) -> Argument {
        Argument::new(text).expect("no line end in it")
    }

    #[track_caller]
    fn check(command: &Command, wire: &[u8]) {
        let mut out = BytesMut::new();
        command.encode(&mut out);
        assert_eq!(&out[..], wire, "{command}");
    }

    #[test]
    fn commands_become_lines() {
        let at = datetime(2026, 3, 1, 23, 5, 9, 0);
        check(&Command::Noop, b"NOOP\r\n");
        check(&Command::Retr(argument("a b")), b"RETR a b\r\n");
        check(&Command::Retr(argument(" a ")), b"RETR  a \r\n");
        check(&Command::Mlsd(None), b"MLSD\r\n");
        check(&Command::List { hidden: true, path: None }, b"LIST -a\r\n");
        check(&Command::List { hidden: true, path: Some(argument("d")) }, b"LIST -a d\r\n");
        check(&Command::Pass(argument("")), b"PASS \r\n");
        check(&Command::Rest(u64::MAX), b"REST 18446744073709551615\r\n");
        check(&Command::Mfmt(at, argument("x")), b"MFMT 20260301230509 x\r\n");
        check(&Command::MdtmSet(at, argument("x")), b"MDTM 20260301230509 x\r\n");
        check(&Command::Mff(argument("Modify=1;"), argument("x")), b"MFF Modify=1; x\r\n");
        check(&Command::Pret(Box::new(Command::Stor(argument("x")))), b"PRET STOR x\r\n");
        check(&Command::XHash(Algorithm::Sha256, argument("x")), b"XSHA256 x\r\n");
        check(
            &Command::XHashPart(Algorithm::Crc32, argument("a \"b"), 0, 9),
            b"XCRC \"a \"\"b\" 0 9\r\n",
        );
        check(&Command::Mmd5(vec![argument("a"), argument("b c")]), b"MMD5 a, b c\r\n");
        let parts = vec![argument("1"), argument("2 3")];
        check(&Command::Comb(argument("all"), parts), b"COMB \"all\" \"1\" \"2 3\"\r\n");
        check(&Command::Allo(10, None), b"ALLO 10\r\n");
        check(&Command::Allo(10, Some(5)), b"ALLO 10 R 5\r\n");
        check(&Command::Thmb(Picture::Png, 80, 60, argument("x")), b"THMB PNG 80 60 x\r\n");
        check(&Command::Rang(0, 99), b"RANG 0 99\r\n");
        let port = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 1), 1025);
        check(&Command::Port(port), b"PORT 10,0,0,1,4,1\r\n");
        check(&Command::Eprt(port.into()), b"EPRT |1|10.0.0.1|1025|\r\n");
        check(&Command::Lprt(port.into()), b"LPRT 4,4,10,0,0,1,2,4,1\r\n");
        let six = "[::1]:1025".parse().expect("an address");
        check(&Command::Eprt(six), b"EPRT |2|::1|1025|\r\n");
        check(&Command::Lprt(six), b"LPRT 6,16,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,2,4,1\r\n");
    }

    #[test]
    fn words_are_chosen_from_the_rfcs() {
        check(&Command::Auth(Mechanism::Tls), b"AUTH TLS\r\n");
        check(&Command::Auth(Mechanism::Other(argument("GSSAPI"))), b"AUTH GSSAPI\r\n");
        check(&Command::EpsvAll, b"EPSV ALL\r\n");
        check(&Command::EpsvFor(Family::Ipv6), b"EPSV 2\r\n");
        check(&Command::Mode(Mode::Deflate), b"MODE Z\r\n");
        check(&Command::Opts(Opts::Hash(Some(Algorithm::Sha1))), b"OPTS HASH SHA-1\r\n");
        check(&Command::Opts(Opts::Hash(None)), b"OPTS HASH\r\n");
        check(&Command::Opts(Opts::Mlst(Some(argument("type;")))), b"OPTS MLST type;\r\n");
        check(&Command::Opts(Opts::Mlst(None)), b"OPTS MLST\r\n");
        check(&Command::Opts(Opts::ModeZLevel(6)), b"OPTS MODE Z LEVEL 6\r\n");
        check(&Command::Opts(Opts::Utf8(true)), b"OPTS UTF8 ON\r\n");
        check(&Command::Prot(Protection::Private), b"PROT P\r\n");
        check(&Command::Sscn(true), b"SSCN ON\r\n");
        check(&Command::Stru(Structure::File), b"STRU F\r\n");
        check(&Command::Type(Type::Ascii(Format::NonPrint)), b"TYPE A\r\n");
        check(&Command::Type(Type::Ebcdic(Format::Telnet)), b"TYPE E T\r\n");
        check(&Command::Type(Type::Image), b"TYPE I\r\n");
        check(&Command::Type(Type::Local(8)), b"TYPE L 8\r\n");
    }

    #[test]
    fn a_raw_line_is_one_command() {
        let raw = |line: &str| Command::raw(line);
        check(&raw("site who").expect("a command"), b"site who\r\n");
        assert_eq!(raw("NOOP\r\nDELE x"), Err(ArgumentError::LineFeed));
        assert_eq!(raw("NOOP\0"), Err(ArgumentError::Nul));
        assert_eq!(raw("NOOP\r"), Err(ArgumentError::NoVerb));
        check(&raw("DELE a\rNOOP").expect("a command"), b"DELE a\r\0NOOP\r\n");
        for line in ["", " NOOP", "\u{f4}", "..", "-x"] {
            assert_eq!(raw(line), Err(ArgumentError::NoVerb), "{line:?}");
        }
    }

    #[test]
    fn site_commands_become_lines() {
        let at = datetime(2026, 3, 1, 23, 5, 9, 0);
        let site = |site| Command::Site(site);
        check(&site(Site::Chmod(0o644, argument("x"))), b"SITE CHMOD 644 x\r\n");
        check(&site(Site::Utime(at, argument("x"))), b"SITE UTIME 20260301230509 x\r\n");
        let all = b"SITE UTIME x 20260301230509 20260301230509 20260301230509 UTC\r\n";
        check(&site(Site::UtimeAll(at, argument("x"))), all);
        check(&site(Site::Symlink(argument("a"), argument("b"))), b"SITE SYMLINK a b\r\n");
        check(&site(Site::Cpfr(argument("a b"))), b"SITE CPFR a b\r\n");
        check(&site(Site::Umask(Some(0o22))), b"SITE UMASK 022\r\n");
        check(&site(Site::Quota), b"SITE QUOTA\r\n");
        check(&site(Site::Raw(argument("who"))), b"SITE who\r\n");
    }

    #[test]
    fn telnet_bytes_are_escaped_on_the_wire() {
        let name = Argument::new(b"a\rb\xffc".to_vec()).expect("no line end in it");
        check(&Command::Mkd(name), b"MKD a\r\0b\xff\xffc\r\n");
    }

    #[test]
    fn secrets_are_never_shown() {
        for command in [
            Command::Pass(argument("hunter2")),
            Command::Acct(argument("hunter2")),
            Command::raw("pass hunter2").expect("a command"),
            Command::Adat(argument("hunter2")),
            Command::Mic(argument("hunter2")),
            Command::raw("site pswd hunter2 x").expect("a command"),
            Command::Site(Site::Raw(argument("PSWD hunter2 x"))),
        ] {
            let shown = format!("{command} {command:?}");
            assert!(!shown.contains("hunter2") && shown.contains("***"), "{shown}");
        }
        assert_eq!(Command::User(argument("me")).to_string(), "USER me");
        assert_eq!(Command::Cwd(argument("a\u{1b}b")).to_string(), "CWD a\u{fffd}b");
    }

    #[test]
    fn the_verb_names_the_command() {
        assert_eq!(Command::raw("site who").expect("a command").verb(), "SITE");
        assert_eq!(Command::XHash(Algorithm::Md5, argument("x")).verb(), "XMD5");
        assert_eq!(Command::Mlst(None).verb(), "MLST");
        assert!(Command::Mlsd(None).is_transfer() && !Command::Mlst(None).is_transfer());
    }

    proptest! {
        #[test]
        fn every_command_is_one_line(command in crate::strategy::command()) {
            let mut out = BytesMut::new();
            command.encode(&mut out);
            prop_assert!(out.ends_with(b"\r\n"));
            let line = &out[..out.len() - 2];
            prop_assert_eq!(memchr::memchr(b'\n', line), None);
            prop_assert!(line.split(|byte| *byte == b'\r').skip(1).all(|rest| rest.starts_with(b"\0")));
            let verb = command.verb();
            prop_assert!(!verb.is_empty() && verb.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            prop_assert!(line.to_ascii_uppercase().starts_with(verb.as_bytes()));
        }
    }
}
