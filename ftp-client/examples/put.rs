//! Stores standard input under a temporary name, then renames it:
//! `cargo run --example put -- ftp://ftp.example.org/file < file`.

mod common;

use ftp_client::Finish;
use tokio::io::{copy, stdin};

#[tokio::main]
async fn main() -> common::Result {
    let [url] = common::arguments("put URL < FILE")?;
    let (pool, path) = common::server(&url)?;
    let partial = [&path, &b".partial"[..]].concat();
    let mut upload = pool.session().await?.store(&partial, 0).await?.into_writer();
    let size = copy(&mut stdin(), &mut upload).await?;
    let finish = Finish { size: Some(size), rename_to: Some(path), ..Finish::default() };
    upload.finish(finish).await?;
    pool.close().await;
    Ok(())
}
