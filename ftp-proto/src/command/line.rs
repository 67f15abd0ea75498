//! The line of each command, before telnet escapes and without its end.

use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::fmt;

use super::{
    Argument, Command, Family, Format, Mechanism, Mode, Opts, Picture, Protection, Site, Structure,
    Type,
};
use crate::address::{Eprt, Lprt, Port};
use crate::path::quoted;
use crate::time::digits;

impl Command {
    pub(super) fn line(&self) -> Vec<u8> {
        let line = match self {
            Self::Abor => Line::of("ABOR"),
            Self::Acct(account) => Line::of("ACCT").bytes(account),
            Self::Adat(data) => Line::of("ADAT").bytes(data),
            Self::Allo(size, None) => Line::of("ALLO").text(size),
            Self::Allo(size, Some(record)) => Line::of("ALLO").text(size).text("R").text(record),
            Self::Appe(path) => Line::of("APPE").bytes(path),
            Self::Auth(mechanism) => match mechanism {
                Mechanism::Other(name) => Line::of("AUTH").bytes(name),
                Mechanism::Ssl => Line::of("AUTH SSL"),
                Mechanism::Tls => Line::of("AUTH TLS"),
            },
            Self::Avbl(path) => Line::of("AVBL").maybe(path),
            Self::Ccc => Line::of("CCC"),
            Self::Cdup => Line::of("CDUP"),
            Self::Clnt(name) => Line::of("CLNT").bytes(name),
            Self::Comb(target, parts) => Line::of("COMB").quoted([target]).quoted(parts),
            Self::Conf(command) => Line::of("CONF").bytes(command),
            Self::Cpsv => Line::of("CPSV"),
            Self::Csid(facts) => Line::of("CSID").bytes(facts),
            Self::Cwd(path) => Line::of("CWD").bytes(path),
            Self::Dele(path) => Line::of("DELE").bytes(path),
            Self::Dsiz(path) => Line::of("DSIZ").maybe(path),
            Self::Enc(command) => Line::of("ENC").bytes(command),
            Self::Eprt(address) => Line::of("EPRT").text(Eprt(*address)),
            Self::Epsv => Line::of("EPSV"),
            Self::EpsvAll => Line::of("EPSV ALL"),
            Self::EpsvFor(Family::Ipv4) => Line::of("EPSV 1"),
            Self::EpsvFor(Family::Ipv6) => Line::of("EPSV 2"),
            Self::Feat => Line::of("FEAT"),
            Self::Hash(path) => Line::of("HASH").bytes(path),
            Self::Help(verb) => Line::of("HELP").maybe(verb),
            Self::Host(name) => Line::of("HOST").bytes(name),
            Self::Lang(tag) => Line::of("LANG").maybe(tag),
            Self::List { hidden: false, path } => Line::of("LIST").maybe(path),
            Self::List { hidden: true, path } => Line::of("LIST -a").maybe(path),
            Self::Lprt(address) => Line::of("LPRT").text(Lprt(*address)),
            Self::Lpsv => Line::of("LPSV"),
            Self::Md5(path) => Line::of("MD5").bytes(path),
            Self::Mdtm(path) => Line::of("MDTM").bytes(path),
            Self::MdtmSet(at, path) => Line::of("MDTM").text(digits(*at)).bytes(path),
            Self::Mfct(at, path) => Line::of("MFCT").text(digits(*at)).bytes(path),
            Self::Mff(facts, path) => Line::of("MFF").bytes(facts).bytes(path),
            Self::Mfmt(at, path) => Line::of("MFMT").text(digits(*at)).bytes(path),
            Self::Mic(command) => Line::of("MIC").bytes(command),
            Self::Mkd(path) => Line::of("MKD").bytes(path),
            Self::Mlsd(path) => Line::of("MLSD").maybe(path),
            Self::Mlst(path) => Line::of("MLST").maybe(path),
            Self::Mmd5(paths) => Line::of("MMD5").listed(paths),
            Self::Mode(mode) => Line::of("MODE").text(letter_of_mode(*mode)),
            Self::Nlst(path) => Line::of("NLST").maybe(path),
            Self::Noop => Line::of("NOOP"),
            Self::Opts(option) => match option {
                Opts::Hash(None) => Line::of("OPTS HASH"),
                Opts::Hash(Some(algorithm)) => Line::of("OPTS HASH").text(algorithm.name()),
                Opts::Mlst(facts) => Line::of("OPTS MLST").maybe(facts),
                Opts::ModeZLevel(level) => Line::of("OPTS MODE Z LEVEL").text(level),
                Opts::Raw(option) => Line::of("OPTS").bytes(option),
                Opts::Utf8(true) => Line::of("OPTS UTF8 ON"),
                Opts::Utf8(false) => Line::of("OPTS UTF8 OFF"),
            },
            Self::Pass(password) => Line::of("PASS").bytes(password),
            Self::Pasv => Line::of("PASV"),
            Self::Pbsz(size) => Line::of("PBSZ").text(size),
            Self::Port(address) => Line::of("PORT").text(Port(*address)),
            Self::Pret(command) => Line::of("PRET").raw(&command.line()),
            Self::Prot(protection) => Line::of("PROT").text(letter_of_protection(*protection)),
            Self::Pwd => Line::of("PWD"),
            Self::Quit => Line::of("QUIT"),
            Self::Rang(first, last) => Line::of("RANG").text(first).text(last),
            Self::Raw(line) => return line.0.as_bytes().to_vec(),
            Self::Rein => Line::of("REIN"),
            Self::Rest(offset) => Line::of("REST").text(offset),
            Self::Retr(path) => Line::of("RETR").bytes(path),
            Self::Rmd(path) => Line::of("RMD").bytes(path),
            Self::Rmda(path) => Line::of("RMDA").bytes(path),
            Self::Rnfr(path) => Line::of("RNFR").bytes(path),
            Self::Rnto(path) => Line::of("RNTO").bytes(path),
            Self::Site(site) => site_line(site),
            Self::Size(path) => Line::of("SIZE").bytes(path),
            Self::Smnt(path) => Line::of("SMNT").bytes(path),
            Self::Sscn(true) => Line::of("SSCN ON"),
            Self::Sscn(false) => Line::of("SSCN OFF"),
            Self::Stat(path) => Line::of("STAT").maybe(path),
            Self::Stor(path) => Line::of("STOR").bytes(path),
            Self::Stou(path) => Line::of("STOU").maybe(path),
            Self::Stru(Structure::File) => Line::of("STRU F"),
            Self::Stru(Structure::Page) => Line::of("STRU P"),
            Self::Stru(Structure::Record) => Line::of("STRU R"),
            Self::Syst => Line::of("SYST"),
            Self::Thmb(picture, width, height, path) => {
                let line = Line::of("THMB").text(name_of_picture(*picture));
                line.text(width).text(height).bytes(path)
            }
            Self::Type(Type::Ascii(format)) => Line::of("TYPE A").format(*format),
            Self::Type(Type::Ebcdic(format)) => Line::of("TYPE E").format(*format),
            Self::Type(Type::Image) => Line::of("TYPE I"),
            Self::Type(Type::Local(bits)) => Line::of("TYPE L").text(bits),
            Self::User(name) => Line::of("USER").bytes(name),
            Self::Xcup => Line::of("XCUP"),
            Self::Xcwd(path) => Line::of("XCWD").bytes(path),
            Self::XHash(algorithm, path) => Line::of(algorithm.verb()).bytes(path),
            Self::XHashPart(algorithm, path, from, to) => {
                Line::of(algorithm.verb()).quoted([path]).text(from).text(to)
            }
            Self::Xmkd(path) => Line::of("XMKD").bytes(path),
            Self::Xpwd => Line::of("XPWD"),
            Self::Xrmd(path) => Line::of("XRMD").bytes(path),
            Self::Xsha(path) => Line::of("XSHA").bytes(path),
        };
        line.0
    }
}

fn site_line(site: &Site) -> Line {
    match site {
        Site::Chgrp(group, path) => Line::of("SITE CHGRP").bytes(group).bytes(path),
        Site::Chmod(mode, path) => {
            Line::of("SITE CHMOD").text(format_args!("{mode:03o}")).bytes(path)
        }
        Site::Copy(from, to) => Line::of("SITE COPY").bytes(from).bytes(to),
        Site::Cpfr(path) => Line::of("SITE CPFR").bytes(path),
        Site::Cpto(path) => Line::of("SITE CPTO").bytes(path),
        Site::Idle(None) => Line::of("SITE IDLE"),
        Site::Idle(Some(seconds)) => Line::of("SITE IDLE").text(seconds),
        Site::Mkdir(path) => Line::of("SITE MKDIR").bytes(path),
        Site::Quota => Line::of("SITE QUOTA"),
        Site::Raw(line) => Line::of("SITE").bytes(line),
        Site::Rmdir(path) => Line::of("SITE RMDIR").bytes(path),
        Site::Symlink(target, link) => Line::of("SITE SYMLINK").bytes(target).bytes(link),
        Site::Umask(None) => Line::of("SITE UMASK"),
        Site::Umask(Some(mask)) => Line::of("SITE UMASK").text(format_args!("{mask:03o}")),
        Site::Utime(at, path) => Line::of("SITE UTIME").text(digits(*at)).bytes(path),
        Site::UtimeAll(at, path) => {
            let at = digits(*at);
            Line::of("SITE UTIME").bytes(path).text(&at).text(&at).text(&at).text("UTC")
        }
        Site::Zone => Line::of("SITE ZONE"),
    }
}

fn letter_of_mode(mode: Mode) -> char {
    match mode {
        Mode::Block => 'B',
        Mode::Compressed => 'C',
        Mode::Deflate => 'Z',
        Mode::Stream => 'S',
    }
}

fn letter_of_protection(protection: Protection) -> char {
    match protection {
        Protection::Clear => 'C',
        Protection::Confidential => 'E',
        Protection::Private => 'P',
        Protection::Safe => 'S',
    }
}

fn name_of_picture(picture: Picture) -> &'static str {
    match picture {
        Picture::Bmp => "BMP",
        Picture::Gif => "GIF",
        Picture::Jpeg => "JPEG",
        Picture::Png => "PNG",
        Picture::Tiff => "TIFF",
    }
}

/// A line that grows by words, a blank before each: "There MUST be only one \<SP\> between a ftp
/// command and the pathname", and those that follow it are part of the name (RFC 2640 3.1).
struct Line(Vec<u8>);

impl Line {
    fn of(head: &str) -> Self {
        Self(head.as_bytes().to_vec())
    }

    fn raw(mut self, word: &[u8]) -> Self {
        self.0.push(b' ');
        self.0.extend_from_slice(word);
        self
    }

    fn bytes(self, argument: &Argument) -> Self {
        self.raw(argument.as_bytes())
    }

    /// No blank ends a line without an argument: Solaris answers `LIST ` with 500.
    fn maybe(self, argument: &Option<Argument>) -> Self {
        match argument {
            Some(argument) => self.bytes(argument),
            None => self,
        }
    }

    fn text(self, value: impl fmt::Display) -> Self {
        self.raw(value.to_string().as_bytes())
    }

    fn format(self, format: Format) -> Self {
        match format {
            Format::CarriageControl => self.text('C'),
            Format::NonPrint => self,
            Format::Telnet => self.text('T'),
        }
    }

    /// Appends names between quotes, for what else follows them; a quote within is doubled.
    fn quoted<'a>(mut self, arguments: impl IntoIterator<Item = &'a Argument>) -> Self {
        for argument in arguments {
            self = self.raw(&quoted(argument.as_bytes()));
        }
        self
    }

    /// Appends names with commas between them.
    fn listed(self, arguments: &[Argument]) -> Self {
        let names: Vec<&[u8]> = arguments.iter().map(Argument::as_bytes).collect();
        self.raw(&names.join(&b", "[..]))
    }
}
