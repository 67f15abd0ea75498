//! Hashes the server computes: `HASH` ([draft-bryan-ftpext-hash]) where it is offered, else `XCRC`,
//! `XMD5`, `XSHA1` and their like.
//!
//! A server may read for minutes before it says the first byte, so the question for the size goes
//! ahead of the one for the hash, and its answer sets how long silence is borne. What a reply holds
//! counts only when it has the length of the algorithm asked for.
//!
//! [draft-bryan-ftpext-hash]: https://datatracker.ietf.org/doc/draft-bryan-ftpext-hash/

use std::ops::Range;

use ftp_proto::command::Opts;
use ftp_proto::hash::{Algorithm, hash};
use ftp_proto::{Argument, Command, Features, Reply, size};

use super::Session;
use crate::error::{Error, ErrorKind, Result};
use crate::retry::refused;

/// How a server is asked for a hash.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    /// `HASH`, after `OPTS HASH` where another algorithm is chosen.
    Hash,
    /// A command of the algorithm's own.
    Own,
    /// `MD5`, of [draft-twine-ftpmd5](https://datatracker.ietf.org/doc/draft-twine-ftpmd5/).
    Md5,
}

impl Session {
    /// Returns the hash of a file as the server computes it.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] where the server does not offer this one.
    pub async fn hash(&mut self, path: &[u8], algorithm: Algorithm) -> Result<Vec<u8>> {
        let way = way(&self.features(), algorithm).ok_or_else(|| unsupported(algorithm))?;
        let question = question(way, algorithm, self.argument(path)?)?;
        let answer = Box::pin(self.ask_for_hash(path, way, algorithm, question)).await;
        match answer {
            Err(error) => Err(Box::pin(self.explain_file(error, path)).await),
            hash => hash,
        }
    }

    /// Returns the hash of some bytes of a file, by a command of the algorithm's own.
    ///
    /// The end is not part of the range, as ProFTPD has it. A server that includes it gives a hash
    /// that equals none computed here: then the same bytes look different, never different ones the
    /// same. `RANG` and `HASH` are not used: ProFTPD takes the one and lets the other hash the whole
    /// file.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] where the server does not offer this one.
    pub async fn hash_range(
        &mut self,
        path: &[u8],
        algorithm: Algorithm,
        range: Range<u64>,
    ) -> Result<Vec<u8>> {
        if !self.has_feature(algorithm.verb()) {
            return Err(unsupported(algorithm));
        }
        let question = Command::XHashPart(algorithm, self.argument(path)?, range.start, range.end);
        Box::pin(self.ask_for_hash(path, Way::Own, algorithm, question)).await
    }

    /// Returns what asks for a hash as a part of something larger; nothing where the server does not
    /// compute it. What comes of the choice of an algorithm is for [`Self::has_chosen`].
    pub(crate) fn hash_commands(
        &mut self,
        path: &[u8],
        algorithm: Algorithm,
    ) -> Result<Vec<Command>> {
        let Some(way) = way(&self.features(), algorithm) else { return Ok(Vec::new()) };
        let question = question(way, algorithm, self.argument(path)?)?;
        if way != Way::Hash || self.hashing == Some(algorithm) {
            return Ok(vec![question]);
        }
        self.hashing = None;
        Ok(vec![Command::Opts(Opts::Hash(Some(algorithm))), question])
    }

    /// Notes which algorithm the server hashes by from now on.
    pub(crate) fn has_chosen(&mut self, algorithm: Algorithm) {
        self.hashing = Some(algorithm);
    }

    async fn ask_for_hash(
        &mut self,
        path: &[u8],
        way: Way,
        algorithm: Algorithm,
        question: Command,
    ) -> Result<Vec<u8>> {
        self.begin().await?;
        let choice = Command::Opts(Opts::Hash(Some(algorithm)));
        let chooses = way == Way::Hash && self.hashing != Some(algorithm);
        let size = Command::Size(self.argument(path)?);
        if self.queues() {
            if chooses {
                self.control.send(choice.clone());
            }
            self.control.send(size.clone());
            self.control.send(question.clone());
        }
        if chooses {
            self.hashing = None;
            let (command, reply) = self.next_answer(choice).await?;
            if reply.code().is_failure() {
                self.control.settle().await?;
                return Err(refused(&command, reply));
            }
            self.hashing = Some(algorithm);
        }
        let (_, reply) = self.next_answer(size).await?;
        self.control.bear_silence_over(size::size(&reply).unwrap_or_default());
        let (command, reply) = self.next_answer(question).await?;
        read(&command, reply, algorithm)
    }

    /// Returns the next answer, to a command that is sent only now where none is queued.
    async fn next_answer(&mut self, command: Command) -> Result<(Command, Reply)> {
        if !self.queues() {
            self.control.send(command);
        }
        self.control.done().await
    }
}

/// Returns which of the hashes known here the server offers, from weak to strong.
pub(crate) fn offered(features: &Features) -> Vec<Algorithm> {
    let offered = |algorithm: &Algorithm| way(features, *algorithm).is_some();
    Algorithm::ALL.into_iter().filter(offered).collect()
}

fn way(features: &Features, algorithm: Algorithm) -> Option<Way> {
    if features.hashes().iter().any(|(offered, _)| *offered == algorithm) {
        Some(Way::Hash)
    } else if features.has(algorithm.verb()) {
        Some(Way::Own)
    } else {
        (algorithm == Algorithm::Md5 && features.has("MD5")).then_some(Way::Md5)
    }
}

fn question(way: Way, algorithm: Algorithm, name: Argument) -> Result<Command> {
    Ok(match way {
        Way::Hash => Command::Hash(name),
        Way::Own => Command::XHash(algorithm, quoted(&name)?),
        Way::Md5 => Command::Md5(name),
    })
}

/// Reads the answer to a question for a hash.
pub(crate) fn read(command: &Command, reply: Reply, algorithm: Algorithm) -> Result<Vec<u8>> {
    if reply.code().is_failure() {
        return Err(refused(command, reply));
    }
    hash(&reply, algorithm)
        .map_err(|misread| Error::from(misread).command_sent(command).replied(reply))
}

/// Returns the name as the commands before `HASH` take it: what may follow it is a range, so a name
/// with a blank stands in quotes.
fn quoted(name: &Argument) -> Result<Argument> {
    match name.as_bytes().contains(&b' ') {
        true => Ok(Argument::new(in_quotes(name.as_bytes()))?),
        false => Ok(name.clone()),
    }
}

fn in_quotes(name: &[u8]) -> Vec<u8> {
    [b"\"", name, b"\""].concat()
}

fn unsupported(algorithm: Algorithm) -> Error {
    let message = format!("the server does not compute {}", algorithm.name());
    Error::new(ErrorKind::Unsupported, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &str, algorithm: Algorithm, expected: Option<Way>) {
        let reply = format!("211-Features:\r\n{lines}211 End\r\n");
        let features = Features::parse(&Reply::parse(reply.as_bytes()).expect("a reply"));
        assert_eq!(way(&features, algorithm), expected);
        assert_eq!(offered(&features).contains(&algorithm), expected.is_some());
    }

    #[test]
    fn hash_comes_before_the_commands_older_than_it() {
        let proftpd = " HASH CRC32;MD5;SHA-1*;SHA-256;SHA-512;\r\n MD5\r\n XMD5\r\n";
        check(proftpd, Algorithm::Md5, Some(Way::Hash));
        check(" HASH SHA-1*\r\n XMD5\r\n MD5\r\n", Algorithm::Md5, Some(Way::Own));
        check(" MD5\r\n", Algorithm::Md5, Some(Way::Md5));
        check(" MD5\r\n", Algorithm::Sha256, None);
        check(" SIZE\r\n", Algorithm::Md5, None);
    }

    #[test]
    fn a_name_with_a_blank_stands_in_quotes() {
        let check = |name: &str, expected: &str| {
            let name = Argument::new(name).expect("one line");
            assert_eq!(quoted(&name).expect("one line").as_bytes(), expected.as_bytes());
        };
        check("/a", "/a");
        check("/a b", "\"/a b\"");
        check("/\"", "/\"");
    }
}
