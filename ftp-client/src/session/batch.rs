//! The same for many paths: commands queue within a window, so that hundreds cost what one costs.
//!
//! Answers come in the order of the paths, and one failure leaves its neighbours alone. When the
//! connection is lost in the middle, the rest goes on behind the last answer on a new one, as long
//! as each brings something. What was asked is asked again; what was to be changed and has no answer
//! says so ([`Error::outcome_is_unknown`]) and is not done twice.

use ftp_proto::listing::{Entry, Kind};
use ftp_proto::{Argument, Command, Reply, size};
use jiff::Timestamp;
use tracing::debug;

use super::stat::{Seen, stamp};
use super::{Session, renamed, split};
use crate::control::Answered;
use crate::error::{Error, Result};
use crate::retry::refused;

impl Session {
    /// Returns what stands at each path, or `None` where it is certain that nothing does.
    pub async fn stat_all<P: AsRef<[u8]>>(&mut self, paths: &[P]) -> Vec<Result<Option<Entry>>> {
        let mut questions = Vec::new();
        let mut counts = Vec::new();
        for path in paths {
            let asked = if split(path.as_ref()).is_none() {
                Ok(Vec::new())
            } else {
                self.questions(path.as_ref())
            };
            counts.push(asked.as_ref().map_or(0, Vec::len));
            questions.push(asked);
        }
        let commands = questions.iter().flatten().flatten().cloned().collect();
        let mut answers = self.ask_each(commands).await.into_iter();
        let mut results = Vec::with_capacity(paths.len());
        for ((path, count), question) in paths.iter().zip(counts).zip(questions) {
            let own: Vec<_> = answers.by_ref().take(count).collect();
            let path = path.as_ref();
            results.push(match question {
                Err(error) => Err(error),
                Ok(_) if split(path).is_none() => Ok(Some(Some(Entry::new(b"", Kind::Directory)))),
                Ok(_) => self.answered(path, own),
            });
        }
        self.look_up_rest(paths, results).await
    }

    async fn look_up_rest<P: AsRef<[u8]>>(
        &mut self,
        paths: &[P],
        results: Vec<Result<Option<Option<Entry>>>>,
    ) -> Vec<Result<Option<Entry>>> {
        let mut seen = Seen::default();
        let mut settled = Vec::with_capacity(results.len());
        for (path, result) in paths.iter().zip(results) {
            settled.push(match result {
                Ok(Some(entry)) => Ok(entry),
                Ok(None) => Box::pin(self.look_up(path.as_ref(), &mut seen)).await,
                Err(error) => Err(error),
            });
        }
        settled
    }

    /// Returns the size of each file, by `SIZE` ([RFC 3659 section 4]).
    ///
    /// [RFC 3659 section 4]: https://www.rfc-editor.org/rfc/rfc3659#section-4
    pub async fn size_all<P: AsRef<[u8]>>(&mut self, paths: &[P]) -> Vec<Result<u64>> {
        let commands = paths.iter().map(|path| self.argument(path.as_ref()).map(Command::Size));
        let commands = commands.collect();
        let replies = self.replies_to(commands).await.into_iter();
        replies.map(|reply| Ok(size::size(&reply?)?)).collect()
    }

    /// Returns when each file changed, by `MDTM` ([RFC 3659 section 3]).
    ///
    /// [RFC 3659 section 3]: https://www.rfc-editor.org/rfc/rfc3659#section-3
    pub async fn modified_all<P: AsRef<[u8]>>(&mut self, paths: &[P]) -> Vec<Result<Timestamp>> {
        let commands = paths.iter().map(|path| self.argument(path.as_ref()).map(Command::Mdtm));
        let commands = commands.collect();
        let replies = self.replies_to(commands).await.into_iter();
        replies.map(|reply| stamp(&reply?)).collect()
    }

    /// Makes many directories, parents before children in the order given.
    pub async fn mkdir_all<P: AsRef<[u8]>>(&mut self, paths: &[P]) -> Vec<Result<()>> {
        let commands = paths.iter().map(|path| self.argument(path.as_ref()).map(Command::Mkd));
        let commands = commands.collect();
        let mut results = self.order_all(commands).await;
        for (path, result) in paths.iter().zip(&mut results) {
            if let Err(error) = result {
                let error = std::mem::replace(error, placeholder());
                *result = Err(Box::pin(self.explain_mkdir(error, path.as_ref())).await);
            }
        }
        results
    }

    /// Removes many empty directories, children before parents in the order given.
    pub async fn rmdir_all<P: AsRef<[u8]>>(&mut self, paths: &[P]) -> Vec<Result<()>> {
        self.remove_tree::<P, P>(&[], paths).await
    }

    /// Removes many files, and right behind them directories that are empty then, children before
    /// parents in the order given. Where a file is refused, so are the directories it is in.
    ///
    /// The results are those of the files, then those of the directories.
    pub async fn remove_tree<P: AsRef<[u8]>, Q: AsRef<[u8]>>(
        &mut self,
        files: &[P],
        directories: &[Q],
    ) -> Vec<Result<()>> {
        if let Err(error) = self.leave_all(directories).await {
            return (0..files.len() + directories.len()).map(|_| Err(again(&error))).collect();
        }
        let named = |session: &Self, path: &[u8], command: fn(Argument) -> Command| {
            session.argument(path).map(command)
        };
        let commands = files.iter().map(|path| named(self, path.as_ref(), Command::Dele));
        let behind = directories.iter().map(|path| named(self, path.as_ref(), Command::Rmd));
        let commands = commands.chain(behind).collect();
        let mut results = self.order_all(commands).await;
        let (removed, emptied) = results.split_at_mut(files.len());
        for (path, result) in files.iter().zip(removed) {
            if let Err(error) = result {
                let error = std::mem::replace(error, placeholder());
                *result = Err(Box::pin(self.explain_file(error, path.as_ref())).await);
            }
        }
        for (path, result) in directories.iter().zip(emptied) {
            if let Err(error) = result {
                let error = std::mem::replace(error, placeholder());
                *result = Err(Box::pin(self.explain_rmdir(error, path.as_ref())).await);
            }
        }
        results
    }

    async fn leave_all<P: AsRef<[u8]>>(&mut self, paths: &[P]) -> Result<()> {
        let Some(leave) = paths.iter().find_map(|path| self.leaving(path.as_ref())) else {
            return Ok(());
        };
        self.begin().await?;
        if self.server.window() > 1 {
            self.control.send_aside(leave);
            return Ok(());
        }
        // libunftp answers nothing more where a command is queued behind CWD.
        self.control.ask_all([leave], 1).await.into_iter().try_for_each(|answer| answer.map(drop))
    }

    /// Removes many files.
    pub async fn remove_all<P: AsRef<[u8]>>(&mut self, paths: &[P]) -> Vec<Result<()>> {
        self.remove_tree::<P, P>(paths, &[]).await
    }

    /// Renames many files or directories, each as [`Self::rename`] does. No name may occur twice:
    /// what is in the way of one is removed when the others have their names.
    pub async fn rename_all<P: AsRef<[u8]>, Q: AsRef<[u8]>>(
        &mut self,
        names: &[(P, Q)],
    ) -> Vec<Result<()>> {
        let commands =
            names.iter().map(|(from, to)| self.rename_commands(from.as_ref(), to.as_ref()));
        let commands: Vec<_> = commands.collect();
        let sendable = commands.iter().flatten().flatten().cloned().collect();
        let mut answers = self.ask_each(sendable).await.into_iter();
        let mut results = Vec::with_capacity(names.len());
        for ((from, to), commands) in names.iter().zip(commands) {
            let own = commands.map(|own| answers.by_ref().take(own.len()).collect());
            results.push(match own.and_then(renamed) {
                Ok(()) => Ok(()),
                Err(error) => Box::pin(self.rename_again(error, from.as_ref(), to.as_ref())).await,
            });
        }
        results
    }

    /// Sets when many files changed.
    pub async fn set_modified_all<P: AsRef<[u8]>>(
        &mut self,
        times: &[(P, Timestamp)],
    ) -> Vec<Result<()>> {
        let mut results = Vec::with_capacity(times.len());
        let mut rest = times;
        // The first tells which command works; a server that has none is asked once.
        while let [(path, modified), tail @ ..] = rest {
            if self.learnt().time_setting.is_some() {
                break;
            }
            results.push(self.set_modified(path.as_ref(), *modified).await);
            rest = tail;
        }
        let commands = rest.iter().map(|(path, modified)| {
            let command = self.known_time_command(path.as_ref(), *modified)?;
            command.ok_or_else(super::change::times_unsupported)
        });
        let commands: Vec<_> = commands.collect();
        let mut answers = self.order_all(commands).await;
        results.append(&mut answers);
        results
    }

    /// Sends the commands that could be made, and tells of each whether it succeeded.
    async fn order_all(&mut self, commands: Vec<Result<Command>>) -> Vec<Result<()>> {
        self.replies_to(commands).await.into_iter().map(|reply| reply.map(drop)).collect()
    }

    /// Sends the commands that could be made, and returns what each got: its reply or a refusal.
    async fn replies_to(&mut self, commands: Vec<Result<Command>>) -> Vec<Result<Reply>> {
        let sendable = commands.iter().flatten().cloned().collect();
        let mut answers = self.ask_each(sendable).await.into_iter();
        let judged = commands.into_iter().map(|command| {
            command?;
            let (command, reply) = answers.next().unwrap_or_else(|| Err(placeholder()))?;
            if reply.code().is_failure() { Err(refused(&command, reply)) } else { Ok(reply) }
        });
        judged.collect()
    }

    /// Sends the commands, and goes on behind the last answer where the connection is lost.
    pub(super) async fn ask_each(&mut self, mut commands: Vec<Command>) -> Vec<Result<Answered>> {
        let mut answers = Vec::with_capacity(commands.len());
        if let Err(error) = self.begin().await {
            return commands.iter().map(|_| Err(again(&error))).collect();
        }
        loop {
            let window = self.server.window();
            let (mut told, unsent) = self.control.ask_until_lost(commands.clone(), window).await;
            // What was sent aside before them has its answer by now; the port is for the next transfer.
            self.keep_port();
            self.control.forget_noted();
            let known = told.iter().take_while(|answer| answer.is_ok()).count();
            let Some(Err(lost)) = told.get(known) else {
                answers.extend(told);
                return answers;
            };
            let lost = again(lost);
            let repeatable = commands[known..].iter().all(asks);
            let left = if repeatable { commands.len() - known } else { unsent };
            if known == 0 || left == 0 || self.reopen().await.is_err() {
                answers.extend(told);
                answers.extend((0..unsent).map(|_| Err(again(&lost))));
                return answers;
            }
            debug!("a connection was lost among many commands: {lost}");
            commands.drain(..commands.len() - left);
            if repeatable {
                told.truncate(known);
            }
            answers.extend(told);
        }
    }
}

/// Tells whether a command may be sent twice, since it changes nothing.
fn asks(command: &Command) -> bool {
    matches!(command, Command::Mdtm(_) | Command::Mlst(_) | Command::Size(_))
}

fn again(error: &Error) -> Error {
    Error::new(error.kind().clone(), error.to_string())
}

fn placeholder() -> Error {
    Error::new(crate::ErrorKind::Protocol, "no answer")
}
