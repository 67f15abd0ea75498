//! Lists a directory: `cargo run --example ls -- ftp.example.org [DIRECTORY]`.
//!
//! `FTP_USER`, `FTP_PASSWORD`, `FTP_PORT` and `FTP_TLS` (a certificate file) say the rest.

use std::env::{args, var};

use ftp_client::options::{TlsMode, TlsOptions};
use ftp_client::{Options, Pool};

#[expect(clippy::print_stdout, reason = "this is what it is for")]
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = args().skip(1);
    let host = args.next().ok_or("usage: ls HOST [DIRECTORY]")?;
    let directory = args.next().unwrap_or_default();
    let pool = Pool::new(options(host)?)?;
    let mut session = pool.session().await?;
    let listing = session.list(directory.as_bytes()).await?;
    for entry in &listing.entries {
        let size = entry.size.map_or_else(|| "-".to_owned(), |size| size.to_string());
        let time =
            entry.modified.map_or_else(|| "-".to_owned(), |modified| modified.at.to_string());
        println!("{size:>12} {time:19} {}", entry.name_lossy());
    }
    for unread in &listing.unread {
        println!("{unread}");
    }
    drop(session);
    pool.close().await;
    Ok(())
}

fn options(host: String) -> Result<Options, Box<dyn std::error::Error>> {
    let mut options = Options {
        host,
        user: var("FTP_USER").unwrap_or_default(),
        password: var("FTP_PASSWORD").unwrap_or_default().into(),
        ..Options::default()
    };
    if let Ok(port) = var("FTP_PORT") {
        options.port = port.parse()?;
    }
    if let Ok(certificate) = var("FTP_TLS") {
        options.tls = TlsMode::Explicit;
        options.tls_options =
            TlsOptions { extra_roots: vec![certificate.into()], ..TlsOptions::default() };
    }
    Ok(options)
}
