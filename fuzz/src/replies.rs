//! Checks of replies, commands, and which answers which.

use std::collections::VecDeque;

use bytes::BytesMut;
use ftp_proto::{
    Argument, Command, Decoder, Exchange, Features, Reply,
    address::{self, Passive},
    exchange::Answer,
    hash::{self, Algorithm},
    path,
    reply::{DecodeError, Limits},
};

/// Replies: splitting does not matter, limits hold, and written lines read the same.
pub fn reply(data: &[u8]) {
    let (piece, stream) = data.split_first().unwrap_or((&0, data));
    let whole = decode(stream, usize::MAX);
    assert_eq!(whole, decode(stream, usize::from(*piece)), "splitting matters");
    for reply in whole.0 {
        let lines: Vec<&[u8]> = reply.lines().collect();
        assert!(!lines.is_empty() && lines.iter().all(|line| line.len() <= LIMITS.line));
        assert!(lines.iter().map(|line| line.len()).sum::<usize>() <= LIMITS.reply);
        assert!((100..600).contains(&reply.code().get()));
    }
}

const LIMITS: Limits = Limits { line: 512, reply: 4096 };

fn decode(stream: &[u8], piece: usize) -> (Vec<Reply>, Option<DecodeError>) {
    let (mut decoder, mut buffer) = (Decoder::new(LIMITS), BytesMut::new());
    let mut replies = vec![];
    for piece in stream.chunks(piece.max(1)) {
        buffer.extend_from_slice(piece);
        loop {
            match decoder.decode(&mut buffer) {
                Ok(Some(reply)) => replies.push(reply),
                Ok(None) => break,
                Err(error) => return (replies, Some(error)),
            }
        }
    }
    (replies, None)
}

/// The exchange against a plain queue: answers come to the oldest command, in order, and after a
/// `421` or with nothing owed any reply is out of step.
pub fn exchange(data: &[u8]) {
    let (mut exchange, mut model) = (Exchange::default(), VecDeque::new());
    let (mut tag, mut closing) = (0_u32, false);
    for step in data {
        match step % 8 {
            0..=2 => {
                exchange.sent(tag);
                model.push_back(Some(tag));
                tag += 1;
            }
            3 => {
                exchange.abandon();
                model.iter_mut().for_each(|tag| *tag = None);
            }
            kind => {
                let line =
                    ["421 closing", "150 begins", "226 done", "550 no"][usize::from(kind - 4)];
                let reply = Reply::parse(line.as_bytes()).expect("a reply");
                let answer = exchange.received(reply.clone());
                match (answer, model.front()) {
                    (Ok(Answer::Closing(_)), _) => {
                        assert!(!std::mem::replace(&mut closing, true) && kind == 4);
                    }
                    (Err(_), oldest) => assert!(closing || oldest.is_none()),
                    (Ok(Answer::Preliminary(_)), Some(Some(_))) => assert_eq!(kind, 5),
                    (Ok(Answer::Abandoned(_)), Some(None)) if kind == 5 => {}
                    (Ok(Answer::Abandoned(_)), Some(None)) => drop(model.pop_front()),
                    (Ok(Answer::Final(answered, _)), Some(oldest)) => {
                        assert_eq!(Some(answered), *oldest);
                        model.pop_front();
                    }
                    (answer, oldest) => panic!("{answer:?} with {oldest:?} owed"),
                }
            }
        }
        assert_eq!(exchange.owed(), model.len());
        assert_eq!(exchange.is_closing(), closing);
    }
}

/// Commands: one line each, whatever is in them, and the bytes arrive as they were.
pub fn command(data: &[u8]) {
    let Ok(argument) = Argument::new(data) else {
        assert!(data.iter().any(|b| matches!(b, b'\n' | 0)));
        return;
    };
    let commands = [
        Command::Retr(argument.clone()),
        Command::Stor(argument.clone()),
        Command::Mlsd(Some(argument.clone())),
        Command::Pass(argument.clone()),
        Command::Raw(argument),
    ];
    for command in commands {
        let mut line = BytesMut::new();
        command.encode(&mut line);
        let text = line.strip_suffix(b"\r\n").expect("a line end");
        assert!(!text.contains(&b'\n'), "a second command");
        let sent = unescape(text);
        assert!(sent.ends_with(data), "{} lost {}", line.escape_ascii(), data.escape_ascii());
        if command.is_secret() {
            let shown = format!("{} ***", command.verb());
            assert_eq!(command.to_string(), shown);
            assert_eq!(format!("{command:?}"), format!("Command({shown})"));
        }
    }
}

/// Undoes what the wire needs: CR as CR NUL, and the telnet byte doubled.
fn unescape(text: &[u8]) -> Vec<u8> {
    let (mut plain, mut rest) = (vec![], text);
    while let Some((first, after)) = rest.split_first() {
        let second = match first {
            b'\r' => Some(0),
            0xFF => Some(0xFF),
            _ => None,
        };
        assert!(second.is_none() || after.first().copied() == second, "{}", text.escape_ascii());
        plain.push(*first);
        rest = &after[usize::from(second.is_some())..];
    }
    plain
}

/// `FEAT`: names are words in upper case, and what is read can be asked for.
pub fn feature(data: &[u8]) {
    let reply = [b"211-Features:\r\n", data, b"\r\n211 End\r\n"].concat();
    let Some(reply) = Reply::parse(&reply) else { return };
    let features = Features::parse(&reply);
    for feature in features.iter() {
        assert!(!feature.name.is_empty() && !feature.name.contains(' '));
        assert_eq!(feature.name, feature.name.to_ascii_uppercase());
        assert!(features.has(&feature.name.to_ascii_lowercase()));
    }
    let (_, _) = (features.facts(), features.hashes());
}

/// `227` and `229`: a port is never 0, and an address in its plain form reads the same.
pub fn address(data: &[u8]) {
    for code in ["227 ", "229 "] {
        let Some(reply) = Reply::parse(&[code.as_bytes(), data].concat()) else { continue };
        let Ok(passive) = address::passive(&reply) else { continue };
        assert_ne!(passive.port(), 0);
        let (high, low) = (passive.port() >> 8, passive.port() & 0xFF);
        let plain = match passive {
            Passive::Port(port) => format!("229 Entering Extended Passive Mode (|||{port}|)"),
            Passive::Address(address) => {
                let [a, b, c, d] = address.ip().octets();
                format!("227 Entering Passive Mode ({a},{b},{c},{d},{high},{low}).")
            }
        };
        let again = Reply::parse(plain.as_bytes()).expect("a reply");
        assert_eq!(address::passive(&again), Ok(passive));
    }
}

/// `257`: any path in quotes, its quotes doubled, is read as it was.
pub fn path(data: &[u8]) {
    let Some(reply) = Reply::parse(&[b"257 ", data].concat()) else { return };
    let read = path::path(&reply);
    assert!(read.is_err() || read.is_ok_and(|path| path.len() <= data.len()));
    let whole = |b: &u8| !matches!(b, b'\r' | b'\n' | 0 | 0xFF);
    if data.is_empty() || !data.iter().all(whole) {
        return;
    }
    let doubled: Vec<u8> =
        data.iter().flat_map(|b| std::iter::repeat_n(*b, 1 + usize::from(*b == b'"'))).collect();
    let reply = [b"257 \"", &doubled[..], b"\" is current \"or\" so"].concat();
    if let Some(reply) = Reply::parse(&reply) {
        assert_eq!(path::path(&reply).as_deref(), Ok(data));
    }
}

/// Hashes: of the length of their algorithm, and the same when written in either case.
pub fn hash(data: &[u8]) {
    let Some(reply) = Reply::parse(&[b"213 ", data].concat()) else { return };
    for algorithm in Algorithm::ALL {
        let Ok(bytes) = hash::hash(&reply, algorithm) else { continue };
        assert_eq!(bytes.len(), algorithm.length());
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        for hex in [hex.to_uppercase(), hex] {
            let line = format!("213 {} 0-1023 {hex} name", algorithm.name());
            let again = Reply::parse(line.as_bytes()).expect("a reply");
            assert_eq!(hash::hash(&again, algorithm).as_ref(), Ok(&bytes));
        }
    }
}
