//! How a run ends: the last line of the log, the exit code, and the retries before that.
//!
//! The codes are rclone's, documented under "List of exit codes" in its manual.

use std::fmt;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use sync_core::ops::Failures;
use sync_core::{Error, ErrorKind, Limit};

use crate::resolve::Resolved;
use crate::stop;

/// All went well, or the one who reads our output has seen enough.
const SUCCESS: u8 = 0;
/// What has no code of its own.
const OTHER: u8 = 1;
/// The command line makes no sense.
const USAGE: u8 = 2;
const DIRECTORY_NOT_FOUND: u8 = 3;
const FILE_NOT_FOUND: u8 = 4;
/// Might go well when run again.
const TEMPORARY: u8 = 5;
/// Certain, and no reason to give up the rest.
const NO_RETRY: u8 = 6;
/// More runs would not help.
const FATAL: u8 = 7;
/// `--max-transfer` was reached.
const TRANSFER_LIMIT: u8 = 8;
/// `--max-duration` was reached.
const DURATION_LIMIT: u8 = 10;
/// Nothing was transferred, and `--error-on-no-transfer` was given.
const NOTHING_TRANSFERRED: u8 = 9;

/// A failure that ends the run before the command proper begins; its message stands alone.
#[derive(Debug)]
pub(crate) struct Fatal(pub(crate) String);

impl fmt::Display for Fatal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Fatal {}

/// A mistake in the command line that clap cannot see.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// Nothing was transferred, and that is an error.
#[derive(Debug)]
pub(crate) struct NothingTransferred;

impl fmt::Display for NothingTransferred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no files transferred - --error-on-no-transfer is set")
    }
}

impl std::error::Error for NothingTransferred {}

/// Tells what is wrong with a command line, or the help that was asked for.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // A closed standard output is no reason to fail.
    let _ = match (left_out(error), of_another_backend(error)) {
        (Some((name, instead)), _) => {
            writeln!(io::stderr(), "error: this program has no {name}: {instead}")
        }
        (None, Some(flag)) => writeln!(
            io::stderr(),
            "error: unknown flag: {flag}: FTP and local folders are the only backends here"
        ),
        (None, None) => error.print(),
    };
    match error.use_stderr() {
        true if left_out(error).is_some() => OTHER.into(),
        true => USAGE.into(),
        false => SUCCESS.into(),
    }
}

/// Shows the help to a line without a command.
pub(crate) fn no_command() -> ExitCode {
    let _ = io::stderr().write_all(crate::args::help().as_bytes());
    USAGE.into()
}

/// Commands of rclone that are missing on purpose, and what does their work.
const LEFT_OUT: [(&[&str], &str); 12] = [
    (&["archive"], "tar and zip make archives, rcat and cat carry them"),
    (&["authorize"], "FTP servers log in with a name and a password (`rclone config`)"),
    (&["bisync"], "sync in one direction, or use rclone itself"),
    (&["convmv"], "moveto gives one file or directory another name"),
    (&["cryptcheck", "cryptdecode"], "there are no encrypted remotes; check compares plain ones"),
    (&["dedupe", "settier", "link"], "FTP servers know nothing of it"),
    (&["gendocs"], "`rclone help` and the man pages say all there is"),
    (&["gitannex", "rc", "rcd", "gui"], "run commands instead of controlling a server"),
    (&["mount", "mount2", "nfsmount", "cmount"], "use curlftpfs, or rclone itself"),
    (
        &["dlna", "docker", "http", "nfs", "restic", "s3", "sftp", "webdav"],
        "`rclone serve ftp` is what serves here",
    ),
    (&["selfupdate"], "use what installed this program"),
    (&["test"], "`rclone backend probe REMOTE:` tries out what a server can do"),
];

/// Returns the command of rclone that was typed and is left out here.
fn left_out(error: &clap::Error) -> Option<(&str, &'static str)> {
    let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    Some((typed, instead_of(typed)?))
}

/// Returns what does the work of a command that is left out.
pub(crate) fn instead_of(command: &str) -> Option<&'static str> {
    let found = LEFT_OUT.iter().find(|(names, _)| names.contains(&command))?;
    Some(found.1)
}

/// What flags of rclone's other backends begin with.
const OTHER_BACKENDS: &str = "alias archive azureblob azurefiles b2 box cache chunker cloudinary \
    combine compress crypt doi drime drive dropbox fichier filefabric filelu filescom filen gcs \
    gofile gphotos hasher hdfs hidrive http huaweidrive iclouddrive imagekit internetarchive internxt jottacloud \
    koofr linkbox mailru mega memory netstorage onedrive oos opendrive pcloud pikpak pixeldrain \
    premiumizeme protondrive putio qingstor quatrix raid3 s3 seafile sftp shade sharefile sia smb \
    storj sugarsync swift tardigrade ulozto union uptobox webdav yandex zoho";

/// Returns the flag of another backend that was typed.
fn of_another_backend(error: &clap::Error) -> Option<&str> {
    if error.kind() != clap::error::ErrorKind::UnknownArgument {
        return None;
    }
    let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidArg) else { return None };
    let (backend, _) = typed.strip_prefix("--")?.split_once('-')?;
    OTHER_BACKENDS.split_whitespace().any(|other| other == backend).then_some(typed)
}

/// Logs how `command` ended and returns the exit code.
pub(crate) fn finish(command: &str, result: &anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else { return SUCCESS.into() };
    let code = stop::exit_code().unwrap_or_else(|| code(error));
    if code == SUCCESS {
        return code.into();
    }
    let told = Told::of(error);
    let (rest, what) = (told.rest(), told.what);
    let what = match error.downcast_ref::<Failures>() {
        _ if error.is::<Fatal>() => what,
        Some(Failures { count, last }) if *count > 1 => {
            let last = last.headline();
            format!("Failed to {command} with {count} errors: last error was: {last}")
        }
        _ => format!("Failed to {command}: {what}"),
    };
    match error.is::<Fatal>() {
        true => tracing::error!(critical = true, "{what}{rest}"),
        false => tracing::warn!("{what}{rest}"),
    }
    code.into()
}

/// What there is to say of an error and its causes.
#[derive(Debug, Eq, PartialEq)]
struct Told<'a> {
    /// What failed, each message once.
    what: String,
    /// Why, in the server's own words.
    words: Option<&'a str>,
    /// What the user can do.
    way_out: Option<&'a str>,
}

impl<'a> Told<'a> {
    /// Below the engine's errors, which are whole sentences, nothing is worth reading.
    fn of(error: &'a anyhow::Error) -> Self {
        let mut told = Self { what: String::new(), words: None, way_out: None };
        for cause in error.chain() {
            let engine = match cause.downcast_ref::<Failures>() {
                Some(failures) => Some(&failures.last),
                None => cause.downcast_ref::<Error>(),
            };
            match engine {
                Some(engine) => {
                    told.add(&engine.headline());
                    return Self { words: engine.words(), way_out: engine.advice(), ..told };
                }
                None => told.add(&cause.to_string()),
            }
        }
        told
    }

    /// Returns why and what to do, a line each, with the line's break in front.
    fn rest(&self) -> String {
        let line = |label: &str, text: Option<&str>| {
            text.map(|text| format!("\n  {label}: {text}")).unwrap_or_default()
        };
        line("the server said", self.words) + &line("what to do", self.way_out)
    }

    fn add(&mut self, message: &str) {
        match self.what.is_empty() {
            true => self.what = message.to_owned(),
            false if self.what.contains(message) => {}
            false => self.what = format!("{}: {message}", self.what),
        }
    }
}

/// Returns what failed, why, and what to do, a line each.
pub(crate) fn lines(error: &anyhow::Error) -> String {
    let told = Told::of(error);
    let rest = told.rest();
    told.what + &rest
}

/// Returns the messages of an error and its causes on one line.
pub(crate) fn chain(error: &anyhow::Error) -> String {
    let Told { what, words, way_out } = Told::of(error);
    let words = words.map(|words| format!(": {words}")).unwrap_or_default();
    let way_out = way_out.map(|way| format!(" ({way})")).unwrap_or_default();
    what + &words + &way_out
}

fn code(error: &anyhow::Error) -> u8 {
    if error.is::<Fatal>() {
        return OTHER;
    }
    for cause in error.chain() {
        if cause.is::<Usage>() {
            return USAGE;
        }
        if cause.is::<NothingTransferred>() {
            return NOTHING_TRANSFERRED;
        }
        if let Some(Failures { last, .. }) = cause.downcast_ref() {
            // What the engine refuses to begin with, no other run can do.
            return if last.kind() == ErrorKind::Usage { FATAL } else { code_of(last) };
        }
        if let Some(error) = cause.downcast_ref::<Error>() {
            return code_of(error);
        }
        if cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
        {
            return SUCCESS;
        }
    }
    OTHER
}

fn code_of(error: &Error) -> u8 {
    match error.kind() {
        ErrorKind::DirectoryNotFound => DIRECTORY_NOT_FOUND,
        ErrorKind::NotFound => FILE_NOT_FOUND,
        ErrorKind::AlreadyExists | ErrorKind::Link => NO_RETRY,
        ErrorKind::Limit(Limit::Transfer) => TRANSFER_LIMIT,
        ErrorKind::Limit(Limit::Duration) => DURATION_LIMIT,
        ErrorKind::Limit(Limit::Deletions) => FATAL,
        _ if error.is_temporary() => TEMPORARY,
        _ => OTHER,
    }
}

/// Runs a verb until it succeeds, at most as often as `--retries` says.
///
/// # Errors
/// The failures of the last run.
pub(crate) async fn retried(
    resolved: &Resolved,
    mut run: impl AsyncFnMut() -> Result<(), Failures>,
) -> anyhow::Result<()> {
    let config = &resolved.globals.config;
    let tries = config.retries.max(1);
    let mut attempt = 1;
    loop {
        let Err(failures) = run().await else {
            if attempt > 1 {
                tracing::error!("Attempt {attempt}/{tries} succeeded");
            }
            return Ok(());
        };
        if !worth_another_run(&failures) {
            return Err(failures.into());
        }
        let Failures { count, last } = &failures;
        tracing::error!("Attempt {attempt}/{tries} failed with {count} errors and: {last}");
        if attempt == tries {
            return Err(failures.into());
        }
        resolved.reporter().forget_errors();
        tokio::time::sleep(config.retries_sleep.or_zero()).await;
        attempt += 1;
    }
}

/// Tells whether another run can help: not when the one failure there was is certain.
fn worth_another_run(failures: &Failures) -> bool {
    match failures.last.kind() {
        ErrorKind::Cancelled | ErrorKind::Limit(_) | ErrorKind::Usage => false,
        _ => failures.count > 1 || failures.last.is_temporary(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(error: impl Into<anyhow::Error>, want: u8) {
        assert_eq!(code(&error.into()), want);
    }

    #[test]
    fn codes_are_rclones() {
        let error = |kind| Error::new(kind, "x");
        check(error(ErrorKind::DirectoryNotFound), 3);
        check(error(ErrorKind::NotFound), 4);
        check(error(ErrorKind::Timeout), 5);
        check(error(ErrorKind::AlreadyExists), 6);
        check(error(ErrorKind::Login), 1);
        check(Error::new(ErrorKind::Limit(Limit::Deletions), "--max-delete threshold reached"), 7);
        check(Error::new(ErrorKind::Limit(Limit::Transfer), "the limit is reached"), 8);
        check(Error::new(ErrorKind::Limit(Limit::Duration), "the limit is reached"), 10);
        check(Failures { count: 2, last: error(ErrorKind::NotFound) }, 4);
        check(Failures::from(error(ErrorKind::Usage)), 7);
        check(Usage("x".into()), 2);
        check(NothingTransferred, 9);
        check(anyhow::anyhow!("x"), 1);
    }

    #[test]
    fn what_is_left_out_names_another_way() {
        let parse = |word: &str| {
            let line = ["rclone", word].map(std::ffi::OsString::from);
            crate::args::parse(line, &crate::environment::Environment::default()).unwrap_err()
        };
        assert!(left_out(&parse("mount")).unwrap().1.contains("curlftpfs"));
        assert!(left_out(&parse("lss")).is_none());
    }

    #[test]
    fn a_flag_of_another_backend_is_told_from_a_typo() {
        let told = |flag: &str| {
            let line = ["rclone", "ls", flag, "x"].map(std::ffi::OsString::from);
            let error = crate::args::parse(line, &crate::environment::Environment::default());
            of_another_backend(&error.unwrap_err()).map(str::to_owned)
        };
        assert_eq!(told("--s3-endpoint").as_deref(), Some("--s3-endpoint"));
        assert_eq!(told("--drive-shared-with-me=true").as_deref(), Some("--drive-shared-with-me"));
        assert_eq!(
            (told("--s4-endpoint"), told("--http-nope-x")),
            (None, Some("--http-nope-x".into()))
        );
        assert_eq!(told("--trnasfers"), None);
    }

    #[test]
    fn a_reader_that_went_away_is_a_success() {
        check(anyhow::Error::new(io::Error::from(io::ErrorKind::BrokenPipe)).context("print"), 0);
    }

    #[test]
    fn causes_are_told_once() {
        let error = anyhow::anyhow!("no such host").context("failed to connect: no such host");
        assert_eq!(chain(&error), "failed to connect: no such host");
        assert_eq!(chain(&anyhow::anyhow!("b").context("a")), "a: b");
        let engine = Error::new(ErrorKind::Tls, "no").caused_by("Other(Inner)");
        assert_eq!(chain(&anyhow::Error::from(engine).context("a")), "a: no");
    }

    #[test]
    fn what_why_and_what_to_do_stand_apart() {
        let engine = || Error::new(ErrorKind::Login, "refused").said("`530 no`").hint("look");
        let error = anyhow::Error::from(engine()).context(Fatal("no file system".into()));
        let what = "no file system: refused".to_owned();
        let (words, way_out) = (Some("`530 no`"), Some("look"));
        assert_eq!(Told::of(&error), Told { what, words, way_out });
        assert_eq!(chain(&error), "no file system: refused: `530 no` (look)");
        assert_eq!(code(&error), OTHER, "the program has not begun");
        let failures = anyhow::Error::from(Failures { count: 2, last: engine() });
        assert_eq!(Told::of(&failures).words, Some("`530 no`"));
    }

    #[test]
    fn a_certain_failure_is_not_tried_again() {
        let failures = |kind, count| Failures { count, last: Error::new(kind, "x") };
        assert!(worth_another_run(&failures(ErrorKind::Connection, 1)));
        assert!(worth_another_run(&failures(ErrorKind::NotFound, 2)));
        assert!(!worth_another_run(&failures(ErrorKind::NotFound, 1)));
        assert!(!worth_another_run(&failures(ErrorKind::Cancelled, 5)));
    }
}
