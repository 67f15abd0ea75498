//! `rclone demo`: a whole sync against an FTP server made for it, each step a command as typed.
//!
//! Every step runs this very program with the arguments it shows, in a temporary folder with a
//! configuration of its own; only the server lives in this process.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, bail};
use rand::RngCore as _;
use tempfile::TempDir;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use super::serve::ftp::{Login, Options, Server};
use crate::output;
use crate::resolve::Resolved;

/// Show a whole sync against a server made for it
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {}

const USER: &str = "demo";
const PASSWORD: &str = "demo";
const BIG_FILE: usize = 20 << 20;

pub(crate) async fn run(resolved: &Resolved, _args: Args) -> anyhow::Result<()> {
    let cancel = resolved.context().cancel;
    let folder = TempDir::with_prefix("rclone-demo-").context("failed to make a folder")?;
    let served = folder.path().join("server");
    fs::create_dir(&served)?;
    let server = Server::bind("127.0.0.1:0", options(served)).await?;
    let port = server.address().port();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(server.run(stop.clone()));

    let stage = Stage { folder: folder.path().to_owned(), cancel };
    let result = stage.play(port).await;

    stop.cancel();
    serving.await.context("the server failed")?;
    folder.close().context("failed to clean up")?;
    result
}

fn options(path: PathBuf) -> Options {
    Options {
        path,
        login: Login { user: USER.into(), password: PASSWORD.into() },
        passive_ports: 49152..=65535,
        public_address: None,
        identity: None,
        read_only: false,
    }
}

/// Where the demo happens.
struct Stage {
    folder: PathBuf,
    cancel: CancellationToken,
}

impl Stage {
    async fn play(&self, port: u16) -> anyhow::Result<()> {
        say(&format!(
            "An FTP server listens on 127.0.0.1:{port}, over an empty temporary folder."
        ))?;
        let (host, port) = ("host=127.0.0.1", format!("port={port}"));
        let (user, pass) = (format!("user={USER}"), format!("pass={PASSWORD}"));
        self.rclone(&["config", "create", "demo", "ftp", host, &port, &user, &pass]).await?;

        say("A folder with spaces, Unicode, an empty directory and a file of 20 MiB:")?;
        let album = self.folder.join("album");
        make(&album).context("failed to make the folder")?;
        self.sync(&["album", "demo:album"]).await?;

        say("Now five things change:")?;
        for change in change(&album).context("failed to change the folder")? {
            output::line(format!("  {change}"))?;
        }
        say("What would a sync do, and why?")?;
        self.sync(&["album", "demo:album", "--dry-run", "-v"]).await?;
        say("It does just that, and transfers nothing else:")?;
        self.sync(&["album", "demo:album"]).await?;

        say("And back down, to another folder:")?;
        self.sync(&["demo:album", "copy"]).await?;
        let compared = compare(&album, &self.folder.join("copy"))?;
        say(&format!("{compared} files came back the same, byte for byte."))
    }

    async fn sync(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let flags = ["--create-empty-src-dirs", "--progress"];
        self.rclone(&[&["sync"], arguments, &flags].concat()).await
    }

    /// Shows a command and runs it.
    async fn rclone(&self, arguments: &[&str]) -> anyhow::Result<()> {
        output::line(format!("\n$ rclone {}", arguments.join(" ")))?;
        let mut command = Command::new(std::env::current_exe()?);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("RCLONE_") {
                command.env_remove(name);
            }
        }
        let mut step = command
            .args(arguments)
            .env("RCLONE_CONFIG", self.folder.join("rclone.conf"))
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("failed to run this program")?;
        let Some(status) = self.cancel.run_until_cancelled(step.wait()).await else {
            bail!("interrupted");
        };
        let status = status?;
        if !status.success() {
            bail!("`rclone {}` ended with {status}", arguments.join(" "));
        }
        Ok(())
    }
}

fn say(text: &str) -> anyhow::Result<()> {
    Ok(output::line(format!("\n{text}"))?)
}

/// Makes the folder that is synced.
fn make(album: &Path) -> std::io::Result<()> {
    for directory in ["2024 Norway/fjörds", "2025 日本", "nothing in here"] {
        fs::create_dir_all(album.join(directory))?;
    }
    fs::write(album.join("read me.txt"), "Photos, as files of random bytes.\n")?;
    fs::write(album.join("2024 Norway/old notes.txt"), "rain\n")?;
    fs::write(album.join("2024 Norway/plan.txt"), "first Bergen, then Ålesund\n")?;
    for number in 1..=8 {
        photo(&album.join(format!("2024 Norway/fjörds/photo {number} (höch).jpg")), 40_000)?;
        photo(&album.join(format!("2025 日本/写真 {number}.jpg")), 60_000)?;
    }
    photo(&album.join("film.mp4"), BIG_FILE)
}

fn photo(path: &Path, size: usize) -> std::io::Result<()> {
    let mut bytes = vec![0; size];
    rand::rng().fill_bytes(&mut bytes);
    fs::write(path, bytes)
}

/// Changes five things and says which.
fn change(album: &Path) -> std::io::Result<[&'static str; 5]> {
    fs::write(album.join("read me.txt"), "Photos, as files of random bytes. Now with a film.\n")?;
    photo(&album.join("2025 日本/写真 9.jpg"), 60_000)?;
    fs::remove_file(album.join("2024 Norway/old notes.txt"))?;
    fs::rename(album.join("2024 Norway/plan.txt"), album.join("2024 Norway/plan – done.txt"))?;
    fs::create_dir(album.join("2026"))?;
    Ok([
        "`read me.txt` has grown",
        "`2025 日本/写真 9.jpg` is new",
        "`2024 Norway/old notes.txt` is gone",
        "`2024 Norway/plan.txt` has another name",
        "`2026` is a new, empty directory",
    ])
}

/// Compares two folders byte for byte and returns the number of files.
fn compare(left: &Path, right: &Path) -> anyhow::Result<usize> {
    let (left_names, right_names) = (names(left)?, names(right)?);
    if left_names != right_names {
        bail!("{} holds {left_names:?}, {} {right_names:?}", left.display(), right.display());
    }
    let mut files = 0;
    for name in left_names {
        let (left, right) = (left.join(&name), right.join(&name));
        if left.is_dir() {
            files += compare(&left, &right)?;
        } else if fs::read(&left)? == fs::read(&right)? {
            files += 1;
        } else {
            bail!("{} differs from {}", left.display(), right.display());
        }
    }
    Ok(files)
}

fn names(folder: &Path) -> std::io::Result<Vec<std::ffi::OsString>> {
    let mut names: Vec<_> = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.file_name()))
        .collect::<std::io::Result<_>>()?;
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_comparison_sees_bytes_names_and_directories() {
        let (left, right) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        for folder in [&left, &right] {
            fs::create_dir(folder.path().join("d")).unwrap();
            fs::write(folder.path().join("d/f"), "same").unwrap();
        }
        assert_eq!(compare(left.path(), right.path()).unwrap(), 1);
        fs::write(right.path().join("d/f"), "SAME").unwrap();
        assert!(compare(left.path(), right.path()).is_err());
        fs::write(right.path().join("d/f"), "same").unwrap();
        fs::create_dir(right.path().join("e")).unwrap();
        assert!(compare(left.path(), right.path()).is_err());
    }
}
