//! Brings a tree into a folder: `cargo run --example mirror -- ftp://ftp.example.org/pub FOLDER`.
//!
//! Files that have the right size already stay. Files come four at a time, as the pool has sessions.

mod common;

use std::path::PathBuf;

use ftp_client::Pool;
use ftp_client::ftp_proto::listing::{Entry, Kind};
use tokio::fs::{self, File};
use tokio::io::copy;
use tokio::task::JoinSet;

#[tokio::main]
async fn main() -> common::Result {
    let [url, folder] = common::arguments("mirror URL FOLDER")?;
    let (pool, root) = common::server(&url)?;
    let mut directories = vec![(root, PathBuf::from(folder))];
    let mut files = JoinSet::new();
    while let Some((from, to)) = directories.pop() {
        fs::create_dir_all(&to).await?;
        let listing = pool.session().await?.list(&from).await?;
        if let Some(line) = listing.unread.first() {
            return Err(format!("{}: {line}", from.escape_ascii()).into());
        }
        for entry in listing.entries {
            let to = to.join(name(&entry)?);
            let slash: &[u8] = if from.is_empty() || from.ends_with(b"/") { b"" } else { b"/" };
            let from = [&from, slash, entry.name()].concat();
            match entry.kind {
                Kind::Directory => directories.push((from, to)),
                Kind::File => drop(files.spawn(fetch(pool.clone(), from, to, entry.size))),
                _ => {}
            }
        }
    }
    files.join_all().await.into_iter().collect::<common::Result>()?;
    pool.close().await;
    Ok(())
}

/// Returns the name of an entry where it stays within its directory: servers are not to be trusted.
fn name(entry: &Entry) -> common::Result<&str> {
    let name = std::str::from_utf8(entry.name())?;
    let leaves = name.is_empty() || name.contains(['/', '\\', '\0']) || matches!(name, "." | "..");
    if leaves { Err(format!("{name:?} is no name for a file").into()) } else { Ok(name) }
}

async fn fetch(pool: Pool, from: Vec<u8>, to: PathBuf, size: Option<u64>) -> common::Result {
    let here = fs::metadata(&to).await.ok().map(|file| file.len());
    if here.is_some() && here == size {
        return Ok(());
    }
    let mut partial = to.clone().into_os_string();
    partial.push(".partial");
    let mut file = pool.session().await?.retrieve(&from, 0).await?.into_reader();
    copy(&mut file, &mut File::create(&partial).await?).await?;
    Ok(fs::rename(partial, to).await?)
}
