//! How names are written on a server that cannot take every byte: rclone's encodings.
//!
//! A character the server cannot take becomes one that looks like it (`?` becomes `？`, a line feed
//! `␊`), and a name that holds such a look-alike already has it marked with a `‛`, so that every
//! name comes back as it was. What rclone wrote is read alike, and the other way round.
//!
//! A [`Name`] holds no `/`, no NUL and is not `.` or `..`, so what rclone does for these never
//! happens here: their look-alikes pass as they are, which is also what comes of rclone's way over
//! its standard encoding. Bytes that are not UTF-8 pass as they are unless `InvalidUtf8` is set.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind};
use crate::path::Name;

/// Writes names as a server can take them and reads them back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Encoder {
    flags: u64,
}

impl Default for Encoder {
    /// Returns rclone's encoding for FTP: `Slash,Del,Ctl,RightSpace,Dot`, and `CrLf` as always.
    fn default() -> Self {
        Self::with_flags(SLASH | DEL | CTL | RIGHT_SPACE | DOT)
    }
}

impl Encoder {
    /// Returns the encoder these flags describe, such as `Slash,Del,Ctl,RightSpace,Dot`.
    ///
    /// `CrLf` is always among them: a line end in a name would end the command it stands in.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] names the flag nobody knows, and those there are.
    pub fn parse(flags: &str) -> Result<Self, Error> {
        flags.parse()
    }

    /// Returns the encoder that shows names on one line: rclone's standard encoding.
    pub const fn display() -> Self {
        Self::with_flags(SLASH | CTL | DEL | DOT)
    }

    const fn with_flags(flags: u64) -> Self {
        Self { flags: flags | CR_LF }
    }

    /// Returns a name, or a path with `/` between names, as the server takes it.
    pub fn to_server(&self, path: &[u8]) -> Vec<u8> {
        self.each_name(path, Self::encode)
    }

    /// Returns what [`Encoder::to_server`] was given.
    ///
    /// What would not be a name is left as the server writes it.
    pub fn from_server(&self, path: &[u8]) -> Vec<u8> {
        self.each_name(path, |encoder, name| {
            let decoded = encoder.decode(name);
            if Name::new(&*decoded).is_ok() { decoded } else { name.to_vec() }
        })
    }

    fn each_name(&self, path: &[u8], change: impl Fn(&Self, &[u8]) -> Vec<u8>) -> Vec<u8> {
        let names: Vec<_> = path.split(|&b| b == b'/').map(|name| change(self, name)).collect();
        names.join(&b'/')
    }

    fn encode(&self, name: &[u8]) -> Vec<u8> {
        let units: Vec<Unit> = units(name).collect();
        let mut out = Vec::with_capacity(name.len());
        let mut middle = &units[..];
        if let [Unit::Char(first), rest @ ..] = middle
            && let Some(marked) = Marked::of(*first, self.at_start())
        {
            marked.write(&mut out);
            middle = rest;
        }
        let mut end = None;
        if let [rest @ .., Unit::Char(last)] = middle
            && let Some(marked) = Marked::of(*last, self.at_end())
        {
            end = Some(marked);
            middle = rest;
        }
        for &unit in middle {
            match unit {
                Unit::Char(QUOTE) => push(&mut out, [QUOTE, QUOTE]),
                Unit::Char(c) => match Marked::of(c, self.anywhere()) {
                    Some(marked) => marked.write(&mut out),
                    None => push(&mut out, [c]),
                },
                Unit::Byte(byte) if self.has(INVALID_UTF8) => {
                    out.extend_from_slice(format!("{QUOTE}{byte:02X}").as_bytes());
                }
                Unit::Byte(byte) => out.push(byte),
            }
        }
        if let Some(marked) = end {
            marked.write(&mut out);
        }
        out
    }

    fn decode(&self, name: &[u8]) -> Vec<u8> {
        let units: Vec<Unit> = units(name).collect();
        let mut out = Vec::with_capacity(name.len());
        let (start, middle) = self.decode_start(&units);
        let (middle, end) = self.decode_end(middle);
        push(&mut out, start);
        self.decode_middle(middle, &mut out);
        push(&mut out, end);
        out
    }

    fn decode_start<'a>(&self, units: &'a [Unit]) -> (Option<char>, &'a [Unit]) {
        match units {
            [Unit::Char(QUOTE), Unit::Char(c), rest @ ..]
                if original(*c, self.at_start()).is_some() =>
            {
                (Some(*c), rest)
            }
            [Unit::Char(c), rest @ ..] => match original(*c, self.at_start()) {
                Some(plain) => (Some(plain), rest),
                None => (None, units),
            },
            _ => (None, units),
        }
    }

    fn decode_end<'a>(&self, units: &'a [Unit]) -> (&'a [Unit], Option<char>) {
        let [rest @ .., Unit::Char(last)] = units else { return (units, None) };
        let Some(plain) = original(*last, self.at_end()) else { return (units, None) };
        let quotes = rest.iter().rev().take_while(|&&unit| unit == Unit::Char(QUOTE)).count();
        // Quotes come in pairs that stand for one each; an odd one belongs to the last character.
        match rest {
            [rest @ .., _] if quotes % 2 == 1 => (rest, Some(*last)),
            _ => (rest, Some(plain)),
        }
    }

    fn decode_middle(&self, mut units: &[Unit], out: &mut Vec<u8>) {
        while let [unit, rest @ ..] = units {
            units = rest;
            match (*unit, rest) {
                (Unit::Char(QUOTE), [Unit::Char(c), rest @ ..])
                    if *c == QUOTE || original(*c, self.anywhere()).is_some() =>
                {
                    push(out, [*c]);
                    units = rest;
                }
                (Unit::Char(QUOTE), [Unit::Char(high), Unit::Char(low), rest @ ..])
                    if self.has(INVALID_UTF8)
                        && let Some(byte) = hex(*high, *low) =>
                {
                    out.push(byte);
                    units = rest;
                }
                (Unit::Char(c), _) => push(out, [original(c, self.anywhere()).unwrap_or(c)]),
                (Unit::Byte(byte), _) => out.push(byte),
            }
        }
    }

    fn has(&self, flag: u64) -> bool {
        self.flags & flag != 0
    }

    fn at_start(&self) -> impl Fn(char) -> bool + Copy + use<> {
        let flags = self.flags;
        move |c| {
            let flag = match c {
                ' ' => LEFT_SPACE,
                '.' => LEFT_PERIOD,
                '~' => LEFT_TILDE,
                '\t' | '\n' | '\x0b' | '\r' => LEFT_CR_LF_HT_VT,
                _ => 0,
            };
            flags & flag != 0
        }
    }

    fn at_end(&self) -> impl Fn(char) -> bool + Copy + use<> {
        let flags = self.flags;
        move |c| {
            let flag = match c {
                ' ' => RIGHT_SPACE,
                '.' => RIGHT_PERIOD,
                '\t' | '\n' | '\x0b' | '\r' => RIGHT_CR_LF_HT_VT,
                _ => 0,
            };
            flags & flag != 0
        }
    }

    fn anywhere(&self) -> impl Fn(char) -> bool + Copy + use<> {
        let flags = self.flags;
        move |c| {
            let flag = match c {
                '\r' | '\n' => CR_LF | CTL,
                '\x01'..='\x1f' => CTL,
                '\x7f' => DEL,
                '!' => EXCLAMATION,
                '"' => DOUBLE_QUOTE,
                '#' => HASH,
                '$' => DOLLAR,
                '%' => PERCENT,
                '\'' => SINGLE_QUOTE,
                '*' => ASTERISK,
                ':' => COLON,
                ';' => SEMICOLON,
                '<' | '>' => LT_GT,
                '?' => QUESTION,
                '[' | ']' => SQUARE_BRACKET,
                '\\' => BACK_SLASH,
                '`' => BACK_QUOTE,
                '|' => PIPE,
                _ => 0,
            };
            flags & flag != 0
        }
    }
}

impl FromStr for Encoder {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut flags = 0;
        for word in text.split(',').map(str::trim) {
            flags |= flag(word).ok_or_else(|| {
                Error::new(ErrorKind::Usage, format!("bad encoding {word:?}"))
                    .hint(format!("possible values are None, {}", NAMES.join(", ")))
            })?;
        }
        Ok(Self::with_flags(flags))
    }
}

/// Reads the name of a flag, or a set of flags written as a number, which rclone takes, too.
fn flag(word: &str) -> Option<u64> {
    if word == "None" {
        return Some(0);
    }
    if let Some(bit) = NAMES.iter().position(|name| *name == word) {
        return Some(1 << bit);
    }
    match word.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    }
}

impl fmt::Display for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = NAMES.iter().enumerate().filter(|(bit, _)| self.has(1 << bit));
        let names: Vec<&str> = set.map(|(_, &name)| name).collect();
        f.write_str(&names.join(","))
    }
}

/// Marks that the look-alike that follows stands for itself.
const QUOTE: char = '\u{201b}';

/// A character or a byte that belongs to none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Unit {
    Byte(u8),
    Char(char),
}

fn units(bytes: &[u8]) -> impl Iterator<Item = Unit> + '_ {
    bytes.utf8_chunks().flat_map(|chunk| {
        let bytes = chunk.invalid().iter().map(|&byte| Unit::Byte(byte));
        chunk.valid().chars().map(Unit::Char).chain(bytes)
    })
}

/// A character that is not written as it is.
enum Marked {
    /// A look-alike in its own right.
    LookAlike(char),
    /// A character written as its look-alike.
    Replaced(char),
}

impl Marked {
    fn of(c: char, is_special: impl Fn(char) -> bool) -> Option<Self> {
        if is_special(c) {
            look_alike(c).map(Self::Replaced)
        } else {
            original(c, is_special).map(|_| Self::LookAlike(c))
        }
    }

    fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::LookAlike(c) => push(out, [QUOTE, c]),
            Self::Replaced(c) => push(out, [c]),
        }
    }
}

/// Returns the symbol of a control character or a space, the full-width form of all else.
fn look_alike(c: char) -> Option<char> {
    match c {
        '\x7f' => Some('\u{2421}'),
        '\0'..=' ' => char::from_u32(0x2400 + u32::from(c)),
        '!'..='~' => char::from_u32(0xfee0 + u32::from(c)),
        _ => None,
    }
}

/// Returns the character `c` is the look-alike of, where that one is special.
fn original(c: char, is_special: impl Fn(char) -> bool) -> Option<char> {
    let plain = match c {
        '\u{2421}' => Some('\x7f'),
        '\u{2400}'..='\u{2420}' => char::from_u32(u32::from(c) - 0x2400),
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0),
        _ => None,
    };
    plain.filter(|&plain| is_special(plain))
}

fn hex(high: char, low: char) -> Option<u8> {
    let digit = |c: char| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

fn push(out: &mut Vec<u8>, chars: impl IntoIterator<Item = char>) {
    for c in chars {
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

const SLASH: u64 = 1 << 1;
const LT_GT: u64 = 1 << 2;
const DOUBLE_QUOTE: u64 = 1 << 3;
const SINGLE_QUOTE: u64 = 1 << 4;
const BACK_QUOTE: u64 = 1 << 5;
const DOLLAR: u64 = 1 << 6;
const COLON: u64 = 1 << 7;
const QUESTION: u64 = 1 << 8;
const ASTERISK: u64 = 1 << 9;
const PIPE: u64 = 1 << 10;
const HASH: u64 = 1 << 11;
const PERCENT: u64 = 1 << 12;
const BACK_SLASH: u64 = 1 << 13;
const CR_LF: u64 = 1 << 14;
const DEL: u64 = 1 << 15;
const CTL: u64 = 1 << 16;
const LEFT_SPACE: u64 = 1 << 17;
const LEFT_PERIOD: u64 = 1 << 18;
const LEFT_TILDE: u64 = 1 << 19;
const LEFT_CR_LF_HT_VT: u64 = 1 << 20;
const RIGHT_SPACE: u64 = 1 << 21;
const RIGHT_PERIOD: u64 = 1 << 22;
const RIGHT_CR_LF_HT_VT: u64 = 1 << 23;
const INVALID_UTF8: u64 = 1 << 24;
const DOT: u64 = 1 << 25;
const SQUARE_BRACKET: u64 = 1 << 26;
const SEMICOLON: u64 = 1 << 27;
const EXCLAMATION: u64 = 1 << 28;

/// The flags as rclone names them, in the order of their bits.
const NAMES: [&str; 29] = [
    "Raw",
    "Slash",
    "LtGt",
    "DoubleQuote",
    "SingleQuote",
    "BackQuote",
    "Dollar",
    "Colon",
    "Question",
    "Asterisk",
    "Pipe",
    "Hash",
    "Percent",
    "BackSlash",
    "CrLf",
    "Del",
    "Ctl",
    "LeftSpace",
    "LeftPeriod",
    "LeftTilde",
    "LeftCrLfHtVt",
    "RightSpace",
    "RightPeriod",
    "RightCrLfHtVt",
    "InvalidUtf8",
    "Dot",
    "SquareBracket",
    "Semicolon",
    "Exclamation",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Checks one name both ways.
    #[track_caller]
    fn check(flags: &str, name: &str, server: &str) {
        let encoder = Encoder::parse(flags).unwrap();
        let written = encoder.to_server(name.as_bytes());
        assert_eq!(String::from_utf8_lossy(&written), server, "to the server");
        let read = encoder.from_server(server.as_bytes());
        assert_eq!(String::from_utf8_lossy(&read), name, "from the server");
    }

    #[test]
    fn characters_become_their_look_alikes() {
        check("LtGt", "<a>", "＜a＞");
        check("DoubleQuote,SingleQuote,BackQuote", "\"'`", "＂＇｀");
        check("Dollar,Colon,Question", "$:?", "＄：？");
        check("Asterisk,Pipe,Hash,Percent", "*|#%", "＊｜＃％");
        check("BackSlash,SquareBracket,Semicolon,Exclamation", "\\[];!", "＼［］；！");
        check("Ctl", "a\x01\t\x1fb", "a␁␉␟b");
        check("Del", "a\x7f", "a␡");
        check("None", "*?:\x01", "*?:\x01");
    }

    #[test]
    fn look_alikes_are_quoted() {
        check("Question", "？?", "‛？？");
        check("Question", "＊", "＊");
        check("None", "‛", "‛‛");
        check("Question", "‛?‛？", "‛‛？‛‛‛？");
    }

    #[test]
    fn line_ends_never_reach_a_server() {
        for flags in ["None", "Raw", "Slash"] {
            check(flags, "a\r\nDELE b", "a␍␊DELE b");
        }
    }

    #[test]
    fn ends_have_their_own_rules() {
        check("LeftSpace", " a ", "␠a ");
        check("RightSpace", " a ", " a␠");
        check("LeftSpace,RightSpace", " ", "␠");
        check("LeftPeriod", ".a.", "．a.");
        check("RightPeriod", ".a.", ".a．");
        check("LeftTilde", "~a~", "～a~");
        check("LeftCrLfHtVt", "\ta\t", "␉a\t");
        check("RightCrLfHtVt", "\ta\t", "\ta␉");
        check("RightSpace", "␠", "‛␠");
        check("LeftSpace", "␠a", "‛␠a");
    }

    #[test]
    fn a_quote_before_a_blank_at_the_end_comes_back() {
        check("RightSpace", "‛ ", "‛‛␠");
        check("RightSpace", "‛␠", "‛‛‛␠");
    }

    #[test]
    fn what_a_name_cannot_hold_passes() {
        check("Slash,Dot", "a／b", "a／b");
        check("Slash,Dot", "．．", "．．");
        check("Slash", "a␀", "a␀");
    }

    #[test]
    fn a_path_keeps_its_slashes() {
        check("RightSpace", "/a /b /c", "/a␠/b␠/c");
        check("Slash", "", "");
    }

    #[test]
    fn what_decodes_to_no_name_stays() {
        let encoder = Encoder::parse("LeftPeriod,RightPeriod,InvalidUtf8").unwrap();
        for server in ["．．", "．", "a‛2Fb", "a‛00"] {
            let name = encoder.from_server(server.as_bytes());
            assert_eq!(String::from_utf8(name).unwrap(), server);
        }
    }

    #[test]
    fn bytes_outside_utf8_pass_unless_told() {
        let encoder = Encoder::default();
        assert_eq!(encoder.to_server(b"caf\xe9 "), b"caf\xe9\xe2\x90\xa0");
        assert_eq!(encoder.from_server(b"caf\xe9"), b"caf\xe9");
        let encoder = Encoder::parse("InvalidUtf8").unwrap();
        assert_eq!(encoder.to_server(b"caf\xe9x"), "caf‛E9x".as_bytes());
        assert_eq!(encoder.from_server("caf‛E9x".as_bytes()), b"caf\xe9x");
    }

    #[test]
    fn flags_are_rclones() {
        assert_eq!(Encoder::parse("Slash,Del,Ctl,RightSpace,Dot").unwrap(), Encoder::default());
        assert_eq!(
            Encoder::parse(" Slash , 0x8000,98304 ").unwrap().to_string(),
            "Slash,CrLf,Del,Ctl"
        );
        let error = Encoder::parse("Slash,Foo").unwrap_err().to_string();
        assert!(
            error.starts_with("bad encoding \"Foo\" (possible values are None, Raw"),
            "{error}"
        );
    }

    fn name() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            prop::sample::select(
                &[
                    "‛", "␠", " ", ".", "．", "~", "～", "\t", "␉", "\r", "␍", "?", "？", "␀",
                    "/x", "A", "F", "e9", "é", "␡", "\x7f", "\u{fffd}", "!", "！",
                ][..]
            )
            .prop_map(|text| text.trim_start_matches('/').as_bytes().to_vec()),
            prop::collection::vec(any::<u8>(), 1..4),
        ];
        let name = prop::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat());
        name.prop_filter("a valid name", |name| Name::new(&name[..]).is_ok())
    }

    proptest! {
        #[test]
        fn every_name_comes_back(name in name(), flags in 0_u64..1 << 29) {
            let encoder = Encoder::with_flags(flags);
            let server = encoder.to_server(&name);
            prop_assert_eq!(encoder.from_server(&server), name);
            prop_assert!(!server.contains(&b'\r') && !server.contains(&b'\n'));
        }

        #[test]
        fn flags_come_back(flags in 0_u64..1 << 29) {
            let encoder = Encoder::with_flags(flags);
            prop_assert_eq!(encoder.to_string().parse::<Encoder>().unwrap(), encoder);
        }
    }
}
