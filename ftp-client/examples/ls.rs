//! Lists a directory: `cargo run --example ls -- ftp://ftp.example.org/pub`.

mod common;

#[expect(clippy::print_stdout, reason = "this is what it is for")]
#[tokio::main]
async fn main() -> common::Result {
    let [url] = common::arguments("ls URL")?;
    let (pool, directory) = common::server(&url)?;
    let listing = pool.session().await?.list(&directory).await?;
    for entry in &listing.entries {
        let size = entry.size.map_or_else(|| "-".to_owned(), |size| size.to_string());
        let time =
            entry.modified.map_or_else(|| "-".to_owned(), |modified| modified.at.to_string());
        println!("{size:>12} {time:19} {}", entry.name_lossy());
    }
    for unread in &listing.unread {
        println!("{unread}");
    }
    pool.close().await;
    Ok(())
}
