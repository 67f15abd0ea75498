//! Fetches a file to standard output: `cargo run --example get -- ftp.example.org FILE`.
//!
//! `FTP_USER`, `FTP_PASSWORD`, `FTP_PORT` and `FTP_TLS` (a certificate file) say the rest.

use std::env::{args, var};
use std::io::{Write as _, stdout};

use ftp_client::options::{TlsMode, TlsOptions};
use ftp_client::{Options, Pool};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = args().skip(1);
    let (Some(host), Some(file)) = (args.next(), args.next()) else {
        return Err("usage: get HOST FILE".into());
    };
    let pool = Pool::new(options(host)?)?;
    let session = pool.session().await?;
    let mut download = session.retrieve(file.as_bytes(), 0).await?;
    loop {
        let piece = download.read().await?;
        if piece.is_empty() {
            break;
        }
        stdout().write_all(&piece)?;
    }
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
