//! The end of an upload: verified, dated, renamed.
//!
//! Nothing is renamed onto a name before its upload was confirmed. Behind that, on a server that
//! keeps commands for later, the session goes on with the next file at once, and the answers are
//! heard by whoever uses it then.

use ftp_proto::command::Opts;
use ftp_proto::hash::Algorithm;
use ftp_proto::refusal::{Refusal, refusal};
use ftp_proto::{Command, Reply, size};
use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedReceiver;
use tracing::debug;

use crate::control::Answered;
use crate::error::{Error, ErrorKind, Result};
use crate::options::Pipelining;
use crate::personality::Learnt;
use crate::pool::{Lease, Pool};
use crate::retry::refused;
use crate::session::{Session, read_hash, renamed, times_unsupported};

/// After how many uploads whose size was right the question for it no longer holds the rename up.
const TRUST: u32 = 3;

/// How an [`Upload`](crate::Upload) ends.
#[derive(Clone, Debug, Default)]
pub struct Finish {
    /// The size the file must have now.
    pub size: Option<u64>,
    /// The time to give it.
    pub modified: Option<Timestamp>,
    /// The hash its content must have, by this algorithm. It is compared before the file gets its
    /// name, where the server computes it.
    pub hash: Option<(Algorithm, Vec<u8>)>,
    /// The final name.
    pub rename_to: Option<Vec<u8>>,
}

/// What came of an [`Upload`](crate::Upload) that succeeded.
#[derive(Debug, Default)]
pub struct Finished {
    /// Why the time could not be set, where that was asked for.
    pub time_not_set: Option<Error>,
}

/// The end of an upload whose data is confirmed and whose session is free again.
///
/// Dropping it changes nothing for the file: what was said about it has been said.
#[derive(Debug)]
pub struct Ending(State);

#[derive(Debug)]
enum State {
    Known(Finished),
    Awaited(Box<Awaited>),
}

/// Answers that are heard by whoever uses the session.
#[derive(Debug)]
struct Awaited {
    pool: Pool,
    file: Stored,
    time_not_set: Option<Error>,
    due: usize,
    answers: UnboundedReceiver<Answered>,
}

/// A file whose upload is confirmed.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) path: Vec<u8>,
    pub(crate) length: u64,
    pub(crate) finish: Finish,
}

/// What is to be said about a file.
#[derive(Debug, Default)]
struct Epilogue {
    commands: Vec<Command>,
    /// What is said only once the answers to the others are known.
    later: Vec<Command>,
    time_not_set: Option<Error>,
    /// Whether the server was seen to be right about sizes.
    trusted: bool,
}

/// What the answers to an [`Epilogue`] say.
#[derive(Debug, Default)]
struct Verdict {
    mismatch: Option<Error>,
    naming: Vec<Result<Answered>>,
    time_not_set: Option<Error>,
}

impl Ending {
    /// Waits for what came of the file, without a session: those are free for other work.
    ///
    /// Answers that were lost with their connection are made up for by asking on another session.
    ///
    /// # Errors
    /// As [`Upload::finish`](crate::Upload::finish).
    pub async fn outcome(self) -> Result<Finished> {
        match self.0 {
            State::Known(finished) => Ok(finished),
            State::Awaited(awaited) => awaited.outcome().await,
        }
    }
}

impl Awaited {
    async fn outcome(mut self) -> Result<Finished> {
        let mut answers = Vec::with_capacity(self.due);
        while let Some(answer) = self.answers.recv().await {
            answers.push(answer);
        }
        let lost = answers.len() < self.due;
        let server = self.pool.server();
        let mut verdict = Verdict::of(&server.learnt, answers, &self.file);
        verdict.time_not_set = verdict.time_not_set.or(self.time_not_set);
        if !lost && verdict.is_fine() {
            return Ok(Finished { time_not_set: verdict.time_not_set });
        }
        let mut lease = self.pool.session().await?;
        if lost {
            return Box::pin(lease.complete_again(&self.file)).await;
        }
        Box::pin(lease.mend(&self.file, verdict)).await
    }
}

impl Verdict {
    fn of(learnt: &Learnt, answers: Vec<Answered>, file: &Stored) -> Self {
        let mut verdict = Self::default();
        let mut hash = file.finish.hash.as_ref();
        for (command, reply) in answers {
            match command {
                Command::Size(_) => verdict.mismatch = compare(learnt, &reply, file.length),
                Command::Opts(_) if !reply.code().is_failure() => {}
                Command::Opts(_) => {
                    // Its hash would be one of another kind.
                    hash = None;
                    verdict.reject(not_hashed(refused(&command, reply)));
                }
                Command::Hash(_) | Command::XHash(..) | Command::Md5(_) => {
                    let wrong = hash.and_then(|hash| compare_hash(&command, reply, hash));
                    verdict.reject(wrong);
                }
                Command::Rnfr(_) | Command::Rnto(_) => verdict.naming.push(Ok((command, reply))),
                Command::Dele(_) => {}
                _ if reply.code().is_failure() => {
                    verdict.time_not_set = Some(refused(&command, reply));
                }
                _ => {}
            }
        }
        verdict
    }

    /// Takes a reason why the file is not what it must be, unless there is one.
    fn reject(&mut self, reason: Option<Error>) {
        self.mismatch = self.mismatch.take().or(reason);
    }

    fn is_fine(&self) -> bool {
        let refused = |answer: &Result<Answered>| match answer {
            Ok((_, reply)) => reply.code().is_failure(),
            Err(_) => true,
        };
        self.mismatch.is_none() && !self.naming.iter().any(refused)
    }
}

impl Lease {
    /// Says what is to be said about a file, and waits for the answers unless the session is better
    /// used for the next file meanwhile.
    pub(crate) async fn conclude(mut self, file: Stored) -> Result<Ending> {
        let mut epilogue = self.epilogue(&file).await?;
        let ahead = self.level() == Pipelining::Ahead;
        if ahead && epilogue.trusted && !epilogue.later.is_empty() {
            epilogue = self.carry_out_first(&file, epilogue).await?;
        }
        let leaves = ahead && epilogue.later.is_empty();
        if !leaves || epilogue.commands.is_empty() {
            let finished = self.carry_out(&file, epilogue).await?;
            if self.learnt().sizes_confirmed >= TRUST {
                let name = file.finish.rename_to.as_ref().unwrap_or(&file.path);
                Box::pin(self.find_out(name)).await;
            }
            return Ok(Ending(State::Known(finished)));
        }
        self.begin().await?;
        let Epilogue { commands, time_not_set, .. } = epilogue;
        let due = commands.len();
        let answers = self.send_for_later(commands);
        let pool = self.pool();
        Ok(Ending(State::Awaited(Box::new(Awaited { pool, file, time_not_set, due, answers }))))
    }
}

impl Session {
    /// Finds out what is to be said about a file, setting its time where it is not known yet how.
    async fn epilogue(&mut self, file: &Stored) -> Result<Epilogue> {
        let Stored { path, finish, .. } = file;
        let asks = finish.size.is_some() || finish.rename_to.is_some();
        let learnt = self.learnt();
        let asks = asks && self.checks_uploads() && learnt.size != Some(false);
        let trusted = learnt.sizes_confirmed >= TRUST && self.window() > 1;
        let mut epilogue = Epilogue { trusted, ..Epilogue::default() };
        if asks {
            epilogue.commands.push(Command::Size(self.named(path)?));
        }
        if let Some(modified) = finish.modified {
            match self.known_time_command(path, modified)? {
                Some(command) => epilogue.commands.push(command),
                None => epilogue.time_not_set = self.set_first_time(path, modified).await?,
            }
        }
        let mut waits = asks && !trusted;
        if let Some((algorithm, _)) = finish.hash {
            let question = self.hash_commands(path, algorithm)?;
            waits |= !question.is_empty();
            epilogue.commands.extend(question);
        }
        if let Some(to) = &finish.rename_to {
            let rename = self.rename_commands(path, to)?;
            let when = if waits { &mut epilogue.later } else { &mut epilogue.commands };
            when.extend(rename);
        }
        if trusted {
            // There were uploads before, so there may be more.
            self.ask_ahead();
        }
        Ok(epilogue)
    }

    async fn carry_out(&mut self, file: &Stored, epilogue: Epilogue) -> Result<Finished> {
        let mut verdict = self.verdict(file, epilogue.commands).await?;
        verdict.time_not_set = verdict.time_not_set.or(epilogue.time_not_set);
        if verdict.mismatch.is_none() {
            verdict.naming.extend(self.ask_queued(epilogue.later).await?);
        }
        self.mend(file, verdict).await
    }

    /// Carries out all that the rest depends on, and returns the rest.
    async fn carry_out_first(&mut self, file: &Stored, epilogue: Epilogue) -> Result<Epilogue> {
        let verdict = self.verdict(file, epilogue.commands).await?;
        if let Some(error) = verdict.mismatch {
            return Err(error);
        }
        let time_not_set = verdict.time_not_set.or(epilogue.time_not_set);
        Ok(Epilogue { commands: epilogue.later, later: Vec::new(), time_not_set, trusted: true })
    }

    async fn verdict(&mut self, file: &Stored, commands: Vec<Command>) -> Result<Verdict> {
        let bytes = if file.finish.hash.is_some() { file.length } else { 0 };
        let answers = self.ask_patiently(commands, bytes).await?;
        for (command, reply) in &answers {
            if let Command::Opts(Opts::Hash(Some(algorithm))) = command
                && !reply.code().is_failure()
            {
                self.has_chosen(*algorithm);
            }
        }
        Ok(Verdict::of(self.lessons(), answers, file))
    }

    /// Takes the name back from a file that is not whole, and gives it to one that was refused it.
    async fn mend(&mut self, file: &Stored, verdict: Verdict) -> Result<Finished> {
        let Verdict { mismatch, naming, time_not_set } = verdict;
        let Some(to) = &file.finish.rename_to else {
            return mismatch.map_or(Ok(Finished { time_not_set }), Err);
        };
        let named = !naming.is_empty();
        match (mismatch, renamed(naming)) {
            (Some(error), Ok(())) if named => {
                self.rename(to, &file.path).await?;
                Err(error)
            }
            (Some(error), _) => Err(error),
            (None, Err(error)) => {
                self.rename_again(error, &file.path, to).await?;
                Ok(Finished { time_not_set })
            }
            (None, Ok(())) => Ok(Finished { time_not_set }),
        }
    }

    /// Says again what may have been lost with a connection; a file that has its name by now needs
    /// nothing more, since that was said last.
    async fn complete_again(&mut self, file: &Stored) -> Result<Finished> {
        if let Some(to) = &file.finish.rename_to {
            let mut there = self.stat_all(&[&file.path, to]).await.into_iter();
            if let (Some(Ok(None)), Some(Ok(Some(entry)))) = (there.next(), there.next())
                && entry.size == Some(file.length)
            {
                return Ok(Finished::default());
            }
        }
        let epilogue = self.epilogue(file).await?;
        self.carry_out(file, epilogue).await
    }

    /// Sets a time where it is not known yet which command does.
    async fn set_first_time(&mut self, path: &[u8], modified: Timestamp) -> Result<Option<Error>> {
        if self.learnt().time_setting.is_some() {
            return Ok(Some(times_unsupported()));
        }
        match self.set_modified(path, modified).await {
            Ok(()) => Ok(None),
            Err(error) if self.is_reusable() => Ok(Some(error)),
            Err(error) => Err(error),
        }
    }
}

/// Compares the answer to `SIZE` with what was sent.
fn compare(learnt: &Learnt, reply: &Reply, length: u64) -> Option<Error> {
    let Ok(size) = size::size(reply) else {
        if refusal(reply) == Refusal::Unsupported {
            learnt.now().size = Some(false);
        }
        debug!("the size of an upload cannot be asked: {reply}");
        return None;
    };
    if size == length {
        let mut learnt = learnt.now();
        learnt.sizes_confirmed = learnt.sizes_confirmed.saturating_add(1);
        return None;
    }
    let message = format!("the server has {size} bytes where {length} were sent");
    Some(Error::new(ErrorKind::Truncated, message).replied(reply.clone()))
}

/// Compares the answer to a question for a hash with that of what was sent.
fn compare_hash(
    command: &Command,
    reply: Reply,
    (algorithm, expected): &(Algorithm, Vec<u8>),
) -> Option<Error> {
    let words = reply.clone();
    match read_hash(command, reply, *algorithm) {
        Ok(found) if found == *expected => None,
        Ok(_) => {
            let name = algorithm.name();
            let message = format!("the {name} hash of the copy is not that of what was sent");
            Some(Error::new(ErrorKind::Corrupted, message).replied(words))
        }
        Err(error) => not_hashed(error),
    }
}

/// Passes over a server that does not compute a hash after all.
fn not_hashed(error: Error) -> Option<Error> {
    if *error.kind() != ErrorKind::Unsupported {
        return Some(error);
    }
    debug!("an upload cannot be verified by a hash: {error}");
    None
}
