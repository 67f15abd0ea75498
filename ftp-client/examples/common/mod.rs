//! What the examples are told: `ftp://HOST[:PORT][/PATH]` on the command line, and in the environment
//! `FTP_USER`, `FTP_PASSWORD` and `FTP_TLS`, a certificate to trust, which turns TLS on.

use std::env::{args, var, var_os};

use ftp_client::options::{TlsMode, TlsOptions};
use ftp_client::{Options, Pool};

pub(crate) type Result<T = (), E = Box<dyn std::error::Error + Send + Sync>> =
    std::result::Result<T, E>;

/// Returns the arguments, of which there must be as many as `usage` names.
pub(crate) fn arguments<const N: usize>(usage: &str) -> Result<[String; N]> {
    let given: Vec<String> = args().skip(1).collect();
    given.try_into().map_err(|_| format!("usage: {usage}").into())
}

/// Returns the server that a URL names, and the path there.
pub(crate) fn server(url: &str) -> Result<(Pool, Vec<u8>)> {
    let rest = url.strip_prefix("ftp://").ok_or("the URL has to begin with ftp://")?;
    let (place, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse()?),
        _ => (place, 21),
    };
    let certificate = var_os("FTP_TLS").map(Into::into);
    let options = Options {
        host: host.into(),
        port,
        user: var("FTP_USER").unwrap_or_default(),
        password: var("FTP_PASSWORD").unwrap_or_default().into(),
        tls: if certificate.is_some() { TlsMode::Explicit } else { TlsMode::None },
        tls_options: TlsOptions {
            extra_roots: certificate.into_iter().collect(),
            ..TlsOptions::default()
        },
        concurrency: 4,
        ..Options::default()
    };
    Ok((Pool::new(options)?, path.into()))
}
