//! Checks of replies, commands, and which answers which.

use std::collections::VecDeque;
use std::net::SocketAddr;

use bytes::BytesMut;
use ftp_proto::{
    Argument, Code, Command, Decoder, Exchange, Features, Reply,
    address::{self, Passive},
    command::{Opts, Site},
    exchange::Answer,
    feature,
    hash::{self, Algorithm, Named},
    path,
    reply::{DecodeError, LINE_COST, Limits},
};

/// Replies: splitting does not matter, work is linear, limits hold, what is written reads the same,
/// and only a reply that did not end as it began is recovered.
pub fn reply(data: &[u8]) {
    let (piece, stream) = data.split_first().unwrap_or((&0, data));
    let whole = decode(stream, usize::MAX);
    assert_eq!(whole, decode(stream, usize::from(*piece)), "splitting matters");
    for reply in whole.0 {
        let lines: Vec<&[u8]> = reply.lines().collect();
        assert!(!lines.is_empty() && lines.iter().all(|line| line.len() <= LIMITS.line));
        assert!(lines.iter().map(|line| line.len().max(LINE_COST)).sum::<usize>() <= LIMITS.reply);
        assert!((100..700).contains(&reply.code().get()) && reply.is_whole());
        assert_eq!(Reply::parse(&written(&reply)), Some(reply));
    }
}

const LIMITS: Limits = Limits { line: 512, reply: 4096 };

fn decode(stream: &[u8], piece: usize) -> (Vec<Reply>, Result<Option<Reply>, DecodeError>) {
    let (mut decoder, mut buffer) = (Decoder::new(LIMITS), BytesMut::new());
    let mut replies = vec![];
    for piece in stream.chunks(piece.max(1)) {
        buffer.extend_from_slice(piece);
        loop {
            match decoder.decode(&mut buffer) {
                Ok(Some(reply)) => replies.push(reply),
                Ok(None) => break,
                Err(error) => return (replies, Err(error)),
            }
        }
        assert!(decoder.steps() <= stream.len() as u64, "a byte was looked at twice");
    }
    let recovered = decoder.recover();
    assert!(recovered.as_ref().is_none_or(|reply| !reply.is_whole() && decoder.is_idle()));
    (replies, Ok(recovered))
}

fn written(reply: &Reply) -> BytesMut {
    let mut bytes = BytesMut::new();
    reply.encode(&mut bytes);
    bytes
}

/// The exchange against a plain queue: answers come to the oldest command, in order, however what
/// is received is split; and after a `421` or with nothing owed any reply is out of step.
pub fn exchange(data: &[u8]) {
    let (piece, steps) = data.split_first().unwrap_or((&0, data));
    let (mut exchange, mut model) = (Exchange::default(), VecDeque::new());
    let (mut decoder, mut buffer) = (Decoder::default(), BytesMut::new());
    let (mut tag, mut closing, mut lost) = (0_u32, false, false);
    for step in steps {
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
                    ["421 closing", "150 begins", "226-all\r\n421 of it\r\n226 done", "550 no"];
                let line = format!("{}\r\n", line[usize::from(kind - 4)]);
                let reply = received(&mut decoder, &mut buffer, line.as_bytes(), *piece);
                match (exchange.received(reply), model.front()) {
                    (Ok(Answer::Closing(_)), _) => {
                        assert!(!std::mem::replace(&mut closing, true) && !lost && kind == 4);
                    }
                    (Err(_), oldest) => {
                        assert!(closing || lost || oldest.is_none());
                        lost = true;
                    }
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
        assert_eq!(exchange.is_in_step(), !closing && !lost);
        assert_eq!(exchange.is_closing(), closing && !lost);
    }
}

/// Feeds the bytes of one reply in pieces: it comes with the last of them.
fn received(decoder: &mut Decoder, buffer: &mut BytesMut, bytes: &[u8], piece: u8) -> Reply {
    let mut replies = vec![];
    for piece in bytes.chunks(usize::from(piece).max(1)) {
        assert!(replies.is_empty(), "a reply before its end");
        buffer.extend_from_slice(piece);
        replies.extend(decoder.decode(buffer).expect("a good reply"));
    }
    replies.pop().expect("a whole reply")
}

/// Commands: one line each, whatever is in them, and the bytes arrive as they were.
pub fn command(data: &[u8]) {
    if let Ok(command) = Command::raw(data) {
        assert_eq!(unescape(one_line(&command).as_slice()), data);
        assert!(!command.verb().is_empty());
    }
    let Ok(argument) = Argument::new(data) else {
        assert!(data.iter().any(|b| matches!(b, b'\n' | 0)));
        return;
    };
    let commands = [
        Command::Retr(argument.clone()),
        Command::List { hidden: true, path: Some(argument.clone()) },
        Command::Pass(argument.clone()),
        Command::Pret(Box::new(Command::Stor(argument.clone()))),
        Command::Opts(Opts::Mlst(Some(argument.clone()))),
        Command::Opts(Opts::Raw(argument.clone())),
        Command::Mmd5(vec![argument.clone(), argument.clone()]),
        Command::Hash(argument.clone()),
        Command::Host(argument.clone()),
        Command::Site(Site::Symlink(argument.clone(), argument.clone())),
        Command::Mff(argument.clone(), argument.clone()),
    ];
    for command in commands {
        let sent = unescape(&one_line(&command));
        assert!(sent.ends_with(data), "{command} lost {}", data.escape_ascii());
        if command.is_secret() {
            let shown = format!("{} ***", command.verb());
            assert_eq!(command.to_string(), shown);
            assert_eq!(format!("{command:?}"), format!("Command({shown})"));
        }
    }
    let part = unescape(&one_line(&Command::XHashPart(Algorithm::Md5, argument, 1, 2)));
    let name = part.strip_prefix(b"XMD5 ").and_then(|rest| rest.strip_suffix(b" 1 2"));
    assert_eq!(name, Some(&path::quoted(data)[..]));
}

/// Encodes a command, and returns it without the one line end it has.
fn one_line(command: &Command) -> Vec<u8> {
    let mut line = BytesMut::new();
    command.encode(&mut line);
    let text = line.strip_suffix(b"\r\n").expect("a line end");
    assert!(!text.contains(&b'\n'), "a second command in {}", line.escape_ascii());
    text.to_vec()
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

/// `FEAT`: names are words in upper case, and what is read and written reads the same.
pub fn feature(data: &[u8]) {
    let reply = [b"211-Features:\r\n", data, b"\r\n211 End\r\n"].concat();
    let Some(reply) = Reply::parse(&reply) else { return };
    let features = Features::parse(&reply);
    for feature in features.iter() {
        assert!(!feature.name.is_empty() && !feature.name.contains(' '));
        assert_eq!(feature.name, feature.name.to_ascii_uppercase());
        assert!(features.has(&feature.name.to_ascii_lowercase()));
    }
    let (_, _, _) = (features.facts(), features.hashes(), features.languages());
    let _ = feature::mlst_options(&reply);
    let again = features.to_reply().expect("lines without ends");
    assert_eq!(Features::parse(&Reply::parse(&written(&again)).expect("a reply")), features);
}

/// `227`, `228` and `229`: a port is never 0, and what is read and written reads the same.
pub fn address(data: &[u8]) {
    for code in ["227", "228", "229"] {
        let reply = [code.as_bytes(), b" ", data].concat();
        let Some(reply) = Reply::parse(&reply) else { continue };
        let Ok(passive) = address::passive(&reply) else { continue };
        assert_ne!(passive.port(), 0);
        let code = match passive {
            Passive::Address(SocketAddr::V6(_)) => "228",
            Passive::Address(SocketAddr::V4(_)) => "227",
            Passive::Port(_) => "229",
        };
        let again = Reply::parse(format!("{code} {passive}").as_bytes()).expect("a reply");
        assert_eq!(address::passive(&again), Ok(passive));
    }
}

/// `257`: any path in quotes, its quotes doubled, is read as it was.
pub fn path(data: &[u8]) {
    let Some(reply) = Reply::parse(&[b"257 ", data].concat()) else { return };
    let read = path::path(&reply);
    assert!(read.is_err() || read.is_ok_and(|path| path.len() <= data.len()));
    let text = [&path::quoted(data)[..], b" is current \"or\" so"].concat();
    let code = Code::new(257).expect("a code");
    let Some(reply) = Reply::new(code, [text]) else { return };
    if let Some(reply) = Reply::parse(&written(&reply)) {
        assert_eq!(path::path(&reply).as_deref(), Ok(data));
    }
}

/// Hashes: of the length of their algorithm, and the same when written in either case; those of
/// several files also with their names.
pub fn hash(data: &[u8]) {
    several_hashes(data);
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

fn several_hashes(data: &[u8]) {
    let Some(reply) = Reply::parse(&[b"252 ", data].concat()) else { return };
    let Ok(read) = hash::hashes(&reply) else { return };
    let groups = read.iter().map(|Named { name, hash }| {
        let hex: String = hash.iter().map(|b| format!("{b:02X}")).collect();
        [b"\"", &name[..], b"\" ", hex.as_bytes()].concat()
    });
    let text = groups.collect::<Vec<_>>().join(&b", "[..]);
    let code = Code::new(252).expect("a code");
    let again = Reply::new(code, [&text]).expect("one line");
    let again = Reply::parse(&written(&again)).expect("a reply");
    assert_eq!(hash::hashes(&again), Ok(read), "{}", text.escape_ascii());
}
