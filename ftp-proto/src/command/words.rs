//! The words that some commands choose between.

use crate::hash::Algorithm;

use super::Argument;

/// The mechanism of an `AUTH`: [RFC 2228 3](https://www.rfc-editor.org/rfc/rfc2228#section-3).
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Mechanism {
    /// Another one that is registered, such as `GSSAPI`.
    Other(Argument),
    /// What servers before RFC 4217 understand, and mean TLS by.
    Ssl,
    /// What RFC 4217 says.
    Tls,
}

/// A family of addresses, by its number in [RFC 2428](https://www.rfc-editor.org/rfc/rfc2428).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Family {
    /// 1.
    Ipv4,
    /// 2.
    Ipv6,
}

/// What a text holds besides letters: [RFC 959 3.1.1.5](https://www.rfc-editor.org/rfc/rfc959#page-14).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Format {
    /// Carriage control of FORTRAN.
    CarriageControl,
    /// Nothing for printers.
    #[default]
    NonPrint,
    /// Format effectors of telnet.
    Telnet,
}

/// How data travels: [RFC 959 3.4](https://www.rfc-editor.org/rfc/rfc959#page-20).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// In blocks with a header.
    Block,
    /// With runs of the same byte shortened.
    Compressed,
    /// Deflated ([draft-preston-ftpext-deflate]); it holds until another mode is chosen.
    ///
    /// [draft-preston-ftpext-deflate]: https://datatracker.ietf.org/doc/draft-preston-ftpext-deflate/
    Deflate,
    /// As it is.
    Stream,
}

/// An option of a command: [RFC 2389 4](https://www.rfc-editor.org/rfc/rfc2389#section-4).
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Opts {
    /// Which hash `HASH` computes, or the question which it is
    /// ([draft-bryan-ftpext-hash](https://datatracker.ietf.org/doc/draft-bryan-ftpext-hash/) 3.2).
    Hash(Option<Algorithm>),
    /// Which facts `MLST` and `MLSD` tell, as `type;size;`, or that they tell none
    /// ([RFC 3659 7.9](https://www.rfc-editor.org/rfc/rfc3659#section-7.9)).
    Mlst(Option<Argument>),
    /// How hard `MODE Z` compresses, 0 to 9
    /// ([draft-preston-ftpext-deflate](https://datatracker.ietf.org/doc/draft-preston-ftpext-deflate/)).
    ModeZLevel(u8),
    /// Anything else: the name of a command and its options
    /// ([RFC 2389 4](https://www.rfc-editor.org/rfc/rfc2389#section-4)).
    Raw(Argument),
    /// Whether names are UTF-8; no RFC has it, and servers that list `UTF8` in `FEAT` differ in
    /// whether they want it.
    Utf8(bool),
}

/// What a small copy of a picture is encoded in
/// ([draft-peterson-streamlined-ftp-command-extensions]).
///
/// [draft-peterson-streamlined-ftp-command-extensions]: https://datatracker.ietf.org/doc/draft-peterson-streamlined-ftp-command-extensions/
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Picture {
    /// BMP.
    Bmp,
    /// GIF.
    Gif,
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// TIFF.
    Tiff,
}

/// The protection of data connections: [RFC 2228 3](https://www.rfc-editor.org/rfc/rfc2228#section-3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Protection {
    /// In the clear.
    Clear,
    /// Encrypted only, which TLS cannot be asked for.
    Confidential,
    /// With TLS.
    Private,
    /// Signed only, which TLS cannot be asked for.
    Safe,
}

/// The structure of files: [RFC 959 3.1.2](https://www.rfc-editor.org/rfc/rfc959#page-15).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Structure {
    /// Bytes one after another, the only one in use.
    File,
    /// Pages with an index.
    Page,
    /// Records.
    Record,
}

/// How bytes are represented: [RFC 959 3.1.1](https://www.rfc-editor.org/rfc/rfc959#page-11).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Type {
    /// As text, with line ends of the network.
    Ascii(Format),
    /// As text of mainframes.
    Ebcdic(Format),
    /// As they are.
    Image,
    /// As they are, in bytes of this many bits.
    Local(u8),
}
