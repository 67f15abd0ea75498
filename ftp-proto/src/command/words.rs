//! The words that some commands choose between.

use crate::hash::Algorithm;

use super::Argument;

/// The mechanism of an `AUTH`.
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

/// What a text holds besides letters.
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

/// How data travels.
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

/// An option of a command.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Opts {
    /// Which hash `HASH` computes.
    Hash(Algorithm),
    /// Which facts `MLST` and `MLSD` tell, as `type;size;`.
    Mlst(Argument),
    /// How hard `MODE Z` compresses, 0 to 9.
    ModeZLevel(u8),
    /// Anything else.
    Raw(Argument),
    /// Whether names are UTF-8.
    Utf8(bool),
}

/// What a small copy of a picture is encoded in.
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

/// The protection of data connections.
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

/// The structure of files.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Structure {
    /// Bytes one after another, the only one in use.
    File,
    /// Pages with an index.
    Page,
    /// Records.
    Record,
}

/// How bytes are represented.
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
