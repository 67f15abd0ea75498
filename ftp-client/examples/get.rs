//! Fetches a file to standard output: `cargo run --example get -- ftp://ftp.example.org/file`.

mod common;

use tokio::io::{AsyncWriteExt as _, copy, stdout};

#[tokio::main]
async fn main() -> common::Result {
    let [url] = common::arguments("get URL > FILE")?;
    let (pool, path) = common::server(&url)?;
    let mut file = pool.session().await?.retrieve(&path, 0).await?.into_reader();
    let mut output = stdout();
    copy(&mut file, &mut output).await?;
    output.flush().await?;
    pool.close().await;
    Ok(())
}
