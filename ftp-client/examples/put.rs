//! Stores standard input under a temporary name and then renames it:
//! `cargo run --example put -- ftp.example.org FILE < SOURCE`.
//!
//! `FTP_USER`, `FTP_PASSWORD`, `FTP_PORT` and `FTP_TLS` (a certificate file) say the rest.

use std::env::{args, var};
use std::io::{Read as _, stdin};

use bytes::Bytes;
use ftp_client::options::{TlsMode, TlsOptions};
use ftp_client::{Finish, Options, Pool};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = args().skip(1);
    let (Some(host), Some(file)) = (args.next(), args.next()) else {
        return Err("usage: put HOST FILE < SOURCE".into());
    };
    let pool = Pool::new(options(host)?)?;
    let session = pool.session().await?;
    let mut upload = session.store(format!("{file}.partial").as_bytes(), 0).await?;
    let mut piece = vec![0; 128 * 1024];
    loop {
        let count = stdin().read(&mut piece)?;
        if count == 0 {
            break;
        }
        upload.write(Bytes::copy_from_slice(&piece[..count])).await?;
    }
    let finish = Finish { rename_to: Some(file.into_bytes()), ..Finish::default() };
    upload.finish(finish).await?;
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
