//! Strategies of `proptest` for what replies and commands hold; [`crate::listing::strategy`] has
//! those for entries.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::{vec, vec::Vec};
use core::{fmt, net::SocketAddr};

use jiff::civil::DateTime;
use proptest::{collection, option, prelude::*, sample::select};

use crate::address::Passive;
use crate::command::{
    Argument, Command, Family, Format, Mechanism, Mode, Opts, Picture, Protection, Site, Structure,
    Type,
};
use crate::exchange::Answer;
use crate::feature::{Fact, Feature, Features};
use crate::hash::{Algorithm, Named};
use crate::quota::Quota;
use crate::refusal::Refusal;
use crate::reply::{Class, Code, DecodeError, Limits, Reply};
use crate::secret::Secret;
use crate::status::Subject;
use crate::system::System;
use crate::time::Stamp;

/// Returns bytes that can follow a verb: any but LF and NUL.
pub fn argument() -> impl Strategy<Value = Argument> {
    let byte = prop_oneof![8 => b' '..=b'~', 1 => select(&b"\r\xff\"'\\"[..]), 1 => 1..=255_u8];
    let byte = byte.prop_filter("no line feed", |byte| *byte != b'\n');
    collection::vec(byte, 0..40).prop_map(|bytes| Argument::new(bytes).expect("neither LF nor NUL"))
}

/// Returns any code.
pub fn code() -> impl Strategy<Value = Code> {
    (100..700_u16).prop_filter_map("a code", Code::new)
}

/// Returns a reply with this code, of one line or several; some look like other replies.
pub fn reply_with(code: impl Strategy<Value = Code>) -> impl Strategy<Value = Reply> {
    let free = collection::vec(prop_oneof![8 => b' '..=b'~', 1 => 1..=255_u8], 0..40);
    let coded = (self::code(), "[ -]?[ -~]{0,10}")
        .prop_map(|(code, text)| alloc::format!("{code}{text}").into_bytes());
    let text = prop_oneof![3 => free, 1 => coded];
    let texts =
        prop_oneof![3 => collection::vec(text.clone(), 1), 1 => collection::vec(text, 1..6)];
    (code, texts).prop_filter_map("no line end in it", |(code, texts)| Reply::new(code, texts))
}

/// Returns any reply: see [`reply_with`].
pub fn reply() -> impl Strategy<Value = Reply> {
    reply_with(code())
}

/// Returns an answer to a command with such a tag.
pub fn answer<T: fmt::Debug>(tag: impl Strategy<Value = T>) -> impl Strategy<Value = Answer<T>> {
    let of_class = |preliminary: bool| {
        let fits = move |code: &Code| code.is_preliminary() == preliminary;
        reply_with(code().prop_filter("the class", fits))
            .prop_filter("a 421 closes", |reply| reply.code() != Code::CLOSING)
    };
    prop_oneof![
        prop_oneof![of_class(true), of_class(false)].prop_map(Answer::Abandoned),
        reply_with(Just(Code::CLOSING)).prop_map(Answer::Closing),
        (tag, of_class(false)).prop_map(|(tag, reply)| Answer::Final(tag, reply)),
        of_class(true).prop_map(Answer::Preliminary),
    ]
}

/// Returns what can be wrong with a stream of replies.
pub fn decode_error() -> impl Strategy<Value = DecodeError> {
    prop_oneof![
        (0..2000_usize).prop_map(|limit| DecodeError::LineTooLong { limit }),
        "([A-Za-z<*-]|[0-9]{1,2}[A-Za-z ]|[07-9][0-9]{2} |[0-9]{4})[ -~\u{e4}]{0,35}[!-~]"
            .prop_map(|line| DecodeError::NotAReply { line }),
        (0..2000_usize).prop_map(|limit| DecodeError::ReplyTooLong { limit }),
        Just(DecodeError::Truncated),
    ]
}

/// Returns a time from 1970 to 9999, as it can be written.
pub fn stamp() -> impl Strategy<Value = Stamp> {
    (time(), 0..1_000_000_000_i32, 0..=9_u8).prop_map(|(at, nanosecond, fraction_digits)| {
        let shown = nanosecond - nanosecond % 10_i32.pow(9 - u32::from(fraction_digits));
        let at = at.with().subsec_nanosecond(shown).build().expect("less than a second");
        Stamp { at, fraction_digits }
    })
}

fn time() -> impl Strategy<Value = DateTime> {
    (0..2_900_000_i32, 0..86_400_i32).prop_map(|(days, second)| {
        let span = jiff::Span::new().days(days).seconds(second);
        let epoch = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0);
        epoch.checked_add(span).expect("before the year 9999")
    })
}

/// Returns a hash of any kind.
pub fn hash() -> impl Strategy<Value = (Algorithm, Vec<u8>)> {
    let of =
        |algorithm: Algorithm| (Just(algorithm), collection::vec(any::<u8>(), algorithm.length()));
    algorithm().prop_flat_map(of)
}

/// Returns an algorithm.
pub fn algorithm() -> impl Strategy<Value = Algorithm> {
    select(&Algorithm::ALL[..])
}

/// Returns an answer to `PASV`, `EPSV` or `LPSV`.
pub fn passive() -> impl Strategy<Value = Passive> {
    prop_oneof![(1..=u16::MAX).prop_map(Passive::Port), address().prop_map(Passive::Address),]
}

/// Returns an address of either family, with a port that is not 0.
pub fn address() -> impl Strategy<Value = SocketAddr> {
    let four = (any::<[u8; 4]>(), 1..=u16::MAX).prop_map(SocketAddr::from);
    let six = (any::<[u8; 16]>(), 1..=u16::MAX).prop_map(SocketAddr::from);
    prop_oneof![four, six]
}

/// Returns a list of features, as `FEAT` tells it.
pub fn features() -> impl Strategy<Value = Features> {
    let known = select(&["AUTH", "EPSV", "HASH", "LANG", "MDTM", "MLST", "REST", "SITE"][..]);
    let name = prop_oneof![known.prop_map(String::from), "[A-Z][A-Z0-9]{2,7}"];
    let parameters = prop_oneof![Just(String::new()), "[!-~]([ -~]{0,20}[!-~])?"];
    let feature = (name, parameters).prop_map(|(name, parameters)| Feature { name, parameters });
    collection::vec(feature, 0..20).prop_map(|features| features.into_iter().collect())
}

/// Returns a fact that `MLST` may tell, by a name as RFC 3659 (section 7.5) allows it.
pub fn fact() -> impl Strategy<Value = Fact> {
    let known = select(&["modify", "perm", "size", "type", "unique", "unix.mode"][..]);
    let name = prop_oneof![known.prop_map(String::from), "[a-z][a-z0-9.-]{0,20}"];
    (name, any::<bool>()).prop_map(|(name, enabled)| Fact { name, enabled })
}

/// Returns the hash of a file by name; see [`hash`].
pub fn named(algorithm: Algorithm) -> impl Strategy<Value = Named> {
    let hash = collection::vec(any::<u8>(), algorithm.length());
    ("[#-~]{1,21}", hash).prop_map(|(name, hash)| Named { name: name.into_bytes(), hash })
}

/// Returns a quota of which some or all is used.
pub fn quota() -> impl Strategy<Value = Quota> {
    (0..=u64::MAX)
        .prop_flat_map(|limit| (0..=limit, Just(limit)))
        .prop_map(|(used, limit)| Quota { used, limit })
}

/// Returns any reason to refuse.
pub fn refusal() -> impl Strategy<Value = Refusal> {
    select(&Refusal::ALL[..])
}

/// Returns a class of replies.
pub fn class() -> impl Strategy<Value = Class> {
    code().prop_map(Code::class)
}

/// Returns what an answer to `STAT` can be about.
pub fn subject() -> impl Strategy<Value = Subject> {
    select(&[Subject::Directory, Subject::File, Subject::System][..])
}

/// Returns a system that `SYST` can name.
pub fn system() -> impl Strategy<Value = System> {
    select(&System::ALL[..])
}

/// Returns limits on replies, down to such as allow for none.
pub fn limits() -> impl Strategy<Value = Limits> {
    (0..200_usize, 0..2000_usize).prop_map(|(line, reply)| Limits { line, reply })
}

/// Returns a text to hide.
pub fn secret() -> impl Strategy<Value = Secret> {
    ".*".prop_map(Secret::new)
}

/// Returns any command.
pub fn command() -> impl Strategy<Value = Command> {
    let plain = prop_oneof![
        bare(),
        with_argument(),
        with_maybe_argument(),
        with_words(),
        with_numbers(),
        site().prop_map(Command::Site),
        raw(),
    ];
    let announced = with_argument().prop_map(|command| Command::Pret(Box::new(command)));
    prop_oneof![20 => plain, 1 => announced]
}

fn bare() -> impl Strategy<Value = Command> {
    use Command::{
        Abor, Ccc, Cdup, Cpsv, Epsv, EpsvAll, Feat, Lpsv, Noop, Pasv, Pwd, Quit, Rein, Syst, Xcup,
        Xpwd,
    };
    let all = [
        Abor, Ccc, Cdup, Cpsv, Epsv, EpsvAll, Feat, Lpsv, Noop, Pasv, Pwd, Quit, Rein, Syst, Xcup,
        Xpwd,
    ];
    select(all.to_vec())
}

fn with_argument() -> impl Strategy<Value = Command> {
    const ALL: &[fn(Argument) -> Command] = &[
        Command::Acct,
        Command::Adat,
        Command::Appe,
        Command::Clnt,
        Command::Conf,
        Command::Csid,
        Command::Cwd,
        Command::Dele,
        Command::Enc,
        Command::Hash,
        Command::Host,
        Command::Md5,
        Command::Mdtm,
        Command::Mic,
        Command::Mkd,
        Command::Pass,
        Command::Retr,
        Command::Rmd,
        Command::Rmda,
        Command::Rnfr,
        Command::Rnto,
        Command::Size,
        Command::Smnt,
        Command::Stor,
        Command::User,
        Command::Xcwd,
        Command::Xmkd,
        Command::Xrmd,
        Command::Xsha,
    ];
    (select(ALL), argument()).prop_map(|(command, argument)| command(argument))
}

fn with_maybe_argument() -> impl Strategy<Value = Command> {
    const ALL: &[fn(Option<Argument>) -> Command] = &[
        Command::Avbl,
        Command::Dsiz,
        Command::Help,
        Command::Lang,
        |path| Command::List { hidden: false, path },
        |path| Command::List { hidden: true, path },
        Command::Mlsd,
        Command::Mlst,
        Command::Nlst,
        Command::Stat,
        Command::Stou,
    ];
    (select(ALL), option::of(argument())).prop_map(|(command, argument)| command(argument))
}

fn with_words() -> impl Strategy<Value = Command> {
    let format = || select(&[Format::CarriageControl, Format::NonPrint, Format::Telnet][..]);
    let mechanism = prop_oneof![
        Just(Mechanism::Ssl),
        Just(Mechanism::Tls),
        argument().prop_map(Mechanism::Other)
    ];
    let modes = &[Mode::Block, Mode::Compressed, Mode::Deflate, Mode::Stream][..];
    let protections =
        &[Protection::Clear, Protection::Confidential, Protection::Private, Protection::Safe][..];
    let kind = prop_oneof![
        format().prop_map(Type::Ascii),
        format().prop_map(Type::Ebcdic),
        Just(Type::Image),
        any::<u8>().prop_map(Type::Local),
    ];
    prop_oneof![
        mechanism.prop_map(Command::Auth),
        select(&[Family::Ipv4, Family::Ipv6][..]).prop_map(Command::EpsvFor),
        select(modes).prop_map(Command::Mode),
        opts().prop_map(Command::Opts),
        select(protections).prop_map(Command::Prot),
        any::<bool>().prop_map(Command::Sscn),
        select(&[Structure::File, Structure::Page, Structure::Record][..]).prop_map(Command::Stru),
        kind.prop_map(Command::Type),
    ]
}

/// Returns an option of a command.
pub fn opts() -> impl Strategy<Value = Opts> {
    prop_oneof![
        option::of(algorithm()).prop_map(Opts::Hash),
        option::of(argument()).prop_map(Opts::Mlst),
        (0..=9_u8).prop_map(Opts::ModeZLevel),
        argument().prop_map(Opts::Raw),
        any::<bool>().prop_map(Opts::Utf8),
    ]
}

fn with_numbers() -> impl Strategy<Value = Command> {
    const TIMED: &[fn(DateTime, Argument) -> Command] =
        &[Command::MdtmSet, Command::Mfct, Command::Mfmt];
    let pictures = &[Picture::Bmp, Picture::Gif, Picture::Jpeg, Picture::Png, Picture::Tiff][..];
    let four = address().prop_filter_map("an IPv4 address", |address| match address {
        SocketAddr::V4(address) => Some(address),
        SocketAddr::V6(_) => None,
    });
    prop_oneof![
        any::<(u64, Option<u64>)>().prop_map(|(size, record)| Command::Allo(size, record)),
        (argument(), collection::vec(argument(), 1..4))
            .prop_map(|(to, parts)| Command::Comb(to, parts)),
        address().prop_map(Command::Eprt),
        address().prop_map(Command::Lprt),
        (select(TIMED), time(), argument()).prop_map(|(command, at, path)| command(at, path)),
        (argument(), argument()).prop_map(|(facts, path)| Command::Mff(facts, path)),
        collection::vec(argument(), 1..4).prop_map(Command::Mmd5),
        any::<u32>().prop_map(Command::Pbsz),
        four.prop_map(Command::Port),
        any::<(u64, u64)>().prop_map(|(first, last)| Command::Rang(first, last)),
        any::<u64>().prop_map(Command::Rest),
        (select(pictures), any::<u32>(), any::<u32>(), argument()).prop_map(
            |(picture, width, height, path)| { Command::Thmb(picture, width, height, path) }
        ),
        (algorithm(), argument()).prop_map(|(hash, path)| Command::XHash(hash, path)),
        (algorithm(), argument(), any::<u64>(), any::<u64>())
            .prop_map(|(hash, path, from, to)| Command::XHashPart(hash, path, from, to)),
    ]
}

/// Returns what follows `SITE`.
pub fn site() -> impl Strategy<Value = Site> {
    const ONE: &[fn(Argument) -> Site] =
        &[Site::Cpfr, Site::Cpto, Site::Mkdir, Site::Raw, Site::Rmdir];
    const TWO: &[fn(Argument, Argument) -> Site] = &[Site::Chgrp, Site::Copy, Site::Symlink];
    const TIMED: &[fn(DateTime, Argument) -> Site] = &[Site::Utime, Site::UtimeAll];
    prop_oneof![
        (0..=0o7777_u16, argument()).prop_map(|(mode, path)| Site::Chmod(mode, path)),
        any::<Option<u32>>().prop_map(Site::Idle),
        Just(Site::Quota),
        option::of(0..=0o777_u16).prop_map(Site::Umask),
        Just(Site::Zone),
        (select(ONE), argument()).prop_map(|(site, argument)| site(argument)),
        (select(TWO), argument(), argument()).prop_map(|(site, one, other)| site(one, other)),
        (select(TIMED), time(), argument()).prop_map(|(site, at, path)| site(at, path)),
    ]
}

fn raw() -> impl Strategy<Value = Command> {
    ("[a-zA-Z][a-zA-Z0-9]{2,9}", argument()).prop_map(|(verb, argument)| {
        let line = [verb.as_bytes(), b" ", argument.as_bytes()].concat();
        Command::raw(line).expect("a verb, and neither LF nor NUL")
    })
}
