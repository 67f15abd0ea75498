//! Commands of the control connection: [RFC 959 section 5.3] and the later ones clients need.
//!
//! A command is a value; [`Command::encode`] is the one way to its bytes, and [`Argument`] makes a
//! second line within it impossible. [`fmt::Display`] shows what logs may hold: secrets are `***`.
//!
//! [RFC 959 section 5.3]: https://www.rfc-editor.org/rfc/rfc959#section-5.3

mod argument;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;
use core::net::{SocketAddr, SocketAddrV4};

use bytes::{BufMut as _, BytesMut};
use jiff::civil::DateTime;

pub use self::argument::{Argument, ArgumentError};
use crate::address;
use crate::hash::Algorithm;
use crate::time::digits;

/// What a client asks of a server.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub enum Command {
    /// Stops the transfer that runs.
    Abor,
    /// Names an account, where `332` asks for one.
    Acct(Argument),
    /// Says how many bytes a `STOR` will bring.
    Allo(u64),
    /// Appends to a file.
    Appe(Argument),
    /// Turns to TLS ([RFC 4217](https://www.rfc-editor.org/rfc/rfc4217)).
    Auth(Mechanism),
    /// Asks how much room is left ([draft-peterson-streamlined-ftp-command-extensions]).
    ///
    /// [draft-peterson-streamlined-ftp-command-extensions]: https://datatracker.ietf.org/doc/draft-peterson-streamlined-ftp-command-extensions/
    Avbl(Option<Argument>),
    /// Changes to the parent.
    Cdup,
    /// Tells the name of the client, which some servers want before `OPTS UTF8`.
    Clnt(Argument),
    /// The same with more facts.
    Csid(Argument),
    /// Changes the directory.
    Cwd(Argument),
    /// Removes a file.
    Dele(Argument),
    /// Offers an address for the data connection ([RFC 2428](https://www.rfc-editor.org/rfc/rfc2428)).
    Eprt(SocketAddr),
    /// Asks for a port for the data connection.
    Epsv,
    /// Asks what the server can do ([RFC 2389](https://www.rfc-editor.org/rfc/rfc2389)).
    Feat,
    /// Asks for the hash of a file.
    Hash(Argument),
    /// Asks for help.
    Help(Option<Argument>),
    /// Names the virtual host ([RFC 7151](https://www.rfc-editor.org/rfc/rfc7151)).
    Host(Argument),
    /// Chooses the language of replies.
    Lang(Option<Argument>),
    /// Lists a directory for people.
    List {
        /// Whether to ask for hidden names, with `-a`.
        hidden: bool,
        /// The directory, else the working one.
        path: Option<Argument>,
    },
    /// Asks when a file changed ([RFC 3659](https://www.rfc-editor.org/rfc/rfc3659)).
    Mdtm(Argument),
    /// Says when a file changed, in the form that vsftpd and others take.
    MdtmSet(DateTime, Argument),
    /// Sets facts, written as `fact=value;…`.
    Mff(Argument, Argument),
    /// Says when a file changed ([draft-somers-ftp-mfxx](https://datatracker.ietf.org/doc/draft-somers-ftp-mfxx/)).
    Mfmt(DateTime, Argument),
    /// Makes a directory.
    Mkd(Argument),
    /// Lists a directory for programs.
    Mlsd(Option<Argument>),
    /// Tells the facts of one thing.
    Mlst(Option<Argument>),
    /// Chooses how data travels.
    Mode(Mode),
    /// Lists names only.
    Nlst(Option<Argument>),
    /// Does nothing.
    Noop,
    /// Sets an option of a command.
    Opts(Argument),
    /// Shows the password.
    Pass(Argument),
    /// Asks for an address for the data connection.
    Pasv,
    /// Sets the size of protected pieces, always 0 with TLS.
    Pbsz(u32),
    /// Offers an IPv4 address for the data connection.
    Port(SocketAddrV4),
    /// Announces the command that the data connection will serve.
    Pret(Box<Self>),
    /// Chooses the protection of data connections.
    Prot(Protection),
    /// Asks for the working directory.
    Pwd,
    /// Says goodbye.
    Quit,
    /// Chooses the bytes a `HASH` covers: first and last.
    Rang(u64, u64),
    /// Any other command, as one line.
    Raw(Argument),
    /// Says where the next transfer begins.
    Rest(u64),
    /// Fetches a file.
    Retr(Argument),
    /// Removes a directory.
    Rmd(Argument),
    /// Names what to rename.
    Rnfr(Argument),
    /// Gives it its new name.
    Rnto(Argument),
    /// What only this server offers.
    Site(Site),
    /// Asks how long a file is.
    Size(Argument),
    /// Asks for the state, or lists over the control connection.
    Stat(Option<Argument>),
    /// Stores a file.
    Stor(Argument),
    /// Chooses the structure; the only one in use is the file.
    Stru,
    /// Asks for the operating system.
    Syst,
    /// Chooses how bytes are represented.
    Type(Type),
    /// Names the user.
    User(Argument),
    /// Asks for the hash of a file with `XCRC`, `XMD5`, `XSHA1` and the like.
    XHash(Algorithm, Argument),
}

/// The mechanism of an `AUTH`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mechanism {
    /// What RFC 4217 says.
    Tls,
    /// What servers before it understand, and mean TLS by.
    Ssl,
}

/// How data travels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// As it is.
    Stream,
    /// Deflated.
    Deflate,
}

/// The protection of data connections.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Protection {
    /// In the clear.
    Clear,
    /// With TLS.
    Private,
}

/// How bytes are represented.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Type {
    /// As text, with line ends of the network.
    Ascii,
    /// As they are.
    Image,
}

/// What only some servers offer, by their own names.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub enum Site {
    /// Changes the permission bits.
    Chmod(u16, Argument),
    /// Names what to copy on the server.
    Cpfr(Argument),
    /// Copies it there.
    Cpto(Argument),
    /// Anything else.
    Raw(Argument),
    /// Sets a time, in the form with a single one.
    Utime(DateTime, Argument),
    /// Sets access, modification and change time, in the form that ends with `UTC`.
    UtimeAll(DateTime, Argument),
}

impl Command {
    /// Appends the bytes to send, line end included.
    pub fn encode(&self, out: &mut BytesMut) {
        argument::escape(&self.line(), out);
        out.put_slice(b"\r\n");
    }

    /// Returns the first word, in upper case.
    pub fn verb(&self) -> Cow<'static, str> {
        match self {
            Self::Raw(line) => first_word(line).into(),
            Self::XHash(algorithm, _) => algorithm.verb().into(),
            _ => self.word().into(),
        }
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
        )
    }

    /// Tells whether its argument must not be seen.
    pub fn is_secret(&self) -> bool {
        match self {
            Self::Acct(_) | Self::Pass(_) => true,
            Self::Raw(line) => matches!(&*first_word(line), "ACCT" | "PASS"),
            _ => false,
        }
    }

    /// The first word of all but those whose word depends on their value.
    fn word(&self) -> &'static str {
        match self {
            Self::Abor => "ABOR",
            Self::Acct(_) => "ACCT",
            Self::Allo(_) => "ALLO",
            Self::Appe(_) => "APPE",
            Self::Auth(_) => "AUTH",
            Self::Avbl(_) => "AVBL",
            Self::Cdup => "CDUP",
            Self::Clnt(_) => "CLNT",
            Self::Csid(_) => "CSID",
            Self::Cwd(_) => "CWD",
            Self::Dele(_) => "DELE",
            Self::Eprt(_) => "EPRT",
            Self::Epsv => "EPSV",
            Self::Feat => "FEAT",
            Self::Hash(_) => "HASH",
            Self::Help(_) => "HELP",
            Self::Host(_) => "HOST",
            Self::Lang(_) => "LANG",
            Self::List { .. } => "LIST",
            Self::Mdtm(_) | Self::MdtmSet(..) => "MDTM",
            Self::Mff(..) => "MFF",
            Self::Mfmt(..) => "MFMT",
            Self::Mkd(_) => "MKD",
            Self::Mlsd(_) => "MLSD",
            Self::Mlst(_) => "MLST",
            Self::Mode(_) => "MODE",
            Self::Nlst(_) => "NLST",
            Self::Noop => "NOOP",
            Self::Opts(_) => "OPTS",
            Self::Pass(_) => "PASS",
            Self::Pasv => "PASV",
            Self::Pbsz(_) => "PBSZ",
            Self::Port(_) => "PORT",
            Self::Pret(_) => "PRET",
            Self::Prot(_) => "PROT",
            Self::Pwd => "PWD",
            Self::Quit => "QUIT",
            Self::Rang(..) => "RANG",
            Self::Raw(_) | Self::XHash(..) => "",
            Self::Rest(_) => "REST",
            Self::Retr(_) => "RETR",
            Self::Rmd(_) => "RMD",
            Self::Rnfr(_) => "RNFR",
            Self::Rnto(_) => "RNTO",
            Self::Site(_) => "SITE",
            Self::Size(_) => "SIZE",
            Self::Stat(_) => "STAT",
            Self::Stor(_) => "STOR",
            Self::Stru => "STRU",
            Self::Syst => "SYST",
            Self::Type(_) => "TYPE",
            Self::User(_) => "USER",
        }
    }

    /// Returns what follows the first word and a blank, or `None` where nothing may follow.
    fn rest(&self) -> Option<Cow<'_, [u8]>> {
        Some(match self {
            Self::Abor | Self::Cdup | Self::Epsv | Self::Feat | Self::Noop => return None,
            Self::Pasv | Self::Pwd | Self::Quit | Self::Syst | Self::Raw(_) => return None,
            Self::Acct(argument)
            | Self::Appe(argument)
            | Self::Clnt(argument)
            | Self::Csid(argument)
            | Self::Cwd(argument)
            | Self::Dele(argument)
            | Self::Hash(argument)
            | Self::Host(argument)
            | Self::Mdtm(argument)
            | Self::Mkd(argument)
            | Self::Opts(argument)
            | Self::Pass(argument)
            | Self::Retr(argument)
            | Self::Rmd(argument)
            | Self::Rnfr(argument)
            | Self::Rnto(argument)
            | Self::Size(argument)
            | Self::Stor(argument)
            | Self::User(argument)
            | Self::XHash(_, argument) => argument.as_bytes().into(),
            Self::Avbl(argument)
            | Self::Help(argument)
            | Self::Lang(argument)
            | Self::Mlsd(argument)
            | Self::Mlst(argument)
            | Self::Nlst(argument)
            | Self::Stat(argument) => argument.as_ref()?.as_bytes().into(),
            Self::Allo(number) | Self::Rest(number) => owned(number),
            Self::Auth(Mechanism::Tls) => b"TLS".into(),
            Self::Auth(Mechanism::Ssl) => b"SSL".into(),
            Self::Eprt(address) => owned(&address::Eprt(*address)),
            Self::List { hidden: false, path } => path.as_ref()?.as_bytes().into(),
            Self::List { hidden: true, path: None } => b"-a".into(),
            Self::List { hidden: true, path: Some(path) } => words(&"-a", path),
            Self::MdtmSet(at, path) | Self::Mfmt(at, path) => words(&digits(*at), path),
            Self::Mff(facts, path) => [facts.as_bytes(), b" ", path.as_bytes()].concat().into(),
            Self::Mode(Mode::Stream) => b"S".into(),
            Self::Mode(Mode::Deflate) => b"Z".into(),
            Self::Pbsz(size) => owned(size),
            Self::Port(address) => owned(&address::Port(*address)),
            Self::Pret(command) => command.line().into(),
            Self::Prot(Protection::Clear) => b"C".into(),
            Self::Prot(Protection::Private) => b"P".into(),
            Self::Rang(first, last) => owned(&format_args!("{first} {last}")),
            Self::Site(site) => site.line().into(),
            Self::Stru => b"F".into(),
            Self::Type(Type::Ascii) => b"A".into(),
            Self::Type(Type::Image) => b"I".into(),
        })
    }

    /// Returns the line without its end and before telnet escapes.
    fn line(&self) -> Vec<u8> {
        if let Self::Raw(line) = self {
            return line.as_bytes().to_vec();
        }
        let mut line = self.verb().into_owned().into_bytes();
        if let Some(rest) = self.rest() {
            line.push(b' ');
            line.extend_from_slice(&rest);
        }
        line
    }
}

impl Site {
    fn line(&self) -> Vec<u8> {
        let line = match self {
            Self::Chmod(mode, path) => words(&format_args!("CHMOD {mode:03o}"), path),
            Self::Cpfr(path) => words(&"CPFR", path),
            Self::Cpto(path) => words(&"CPTO", path),
            Self::Raw(line) => line.as_bytes().into(),
            Self::Utime(at, path) => words(&format_args!("UTIME {}", digits(*at)), path),
            Self::UtimeAll(at, path) => {
                let at = digits(*at);
                let times = alloc::format!(" {at} {at} {at} UTC");
                [b"UTIME ", path.as_bytes(), times.as_bytes()].concat().into()
            }
        };
        line.into_owned()
    }
}

fn owned(value: &dyn fmt::Display) -> Cow<'static, [u8]> {
    value.to_string().into_bytes().into()
}

fn words(first: &dyn fmt::Display, argument: &Argument) -> Cow<'static, [u8]> {
    let mut line = first.to_string().into_bytes();
    line.push(b' ');
    line.extend_from_slice(argument.as_bytes());
    line.into()
}

fn first_word(line: &Argument) -> String {
    let word = line.as_bytes().split(|byte| *byte == b' ').find(|word| !word.is_empty());
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

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Command").field(&format_args!("{self}")).finish()
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SITE ")?;
        argument::show(&self.line(), f)
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use core::net::Ipv4Addr;

    use jiff::civil::datetime;

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
        check(&Command::Raw(argument("site who")), b"site who\r\n");
        check(&Command::XHash(Algorithm::Sha256, argument("x")), b"XSHA256 x\r\n");
        check(&Command::Rang(0, 99), b"RANG 0 99\r\n");
        let port = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 1), 1025);
        check(&Command::Port(port), b"PORT 10,0,0,1,4,1\r\n");
        check(&Command::Eprt(port.into()), b"EPRT |1|10.0.0.1|1025|\r\n");
        let six = "[::1]:1025".parse().expect("an address");
        check(&Command::Eprt(six), b"EPRT |2|::1|1025|\r\n");
    }

    #[test]
    fn site_commands_become_lines() {
        let at = datetime(2026, 3, 1, 23, 5, 9, 0);
        let site = |site| Command::Site(site);
        check(&site(Site::Chmod(0o644, argument("x"))), b"SITE CHMOD 644 x\r\n");
        check(&site(Site::Utime(at, argument("x"))), b"SITE UTIME 20260301230509 x\r\n");
        let all = b"SITE UTIME x 20260301230509 20260301230509 20260301230509 UTC\r\n";
        check(&site(Site::UtimeAll(at, argument("x"))), all);
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
            Command::Raw(argument(" pass hunter2")),
        ] {
            let shown = format!("{command} {command:?}");
            assert!(!shown.contains("hunter2") && shown.contains("***"), "{shown}");
        }
        assert_eq!(Command::User(argument("me")).to_string(), "USER me");
        assert_eq!(Command::Cwd(argument("a\u{1b}b")).to_string(), "CWD a\u{fffd}b");
    }

    #[test]
    fn the_verb_names_the_command() {
        assert_eq!(Command::Raw(argument("site who")).verb(), "SITE");
        assert_eq!(Command::XHash(Algorithm::Md5, argument("x")).verb(), "XMD5");
        assert_eq!(Command::Mlst(None).verb(), "MLST");
        assert!(Command::Mlsd(None).is_transfer() && !Command::Mlst(None).is_transfer());
    }
}
