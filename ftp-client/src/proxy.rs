//! Asks a proxy for a connection: SOCKS 5 (RFC 1928) or HTTP `CONNECT` (RFC 9110 section 9.3.6).

use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_socks::tcp::Socks5Stream;

use crate::dial::place;
use crate::error::{Error, ErrorKind, Result};
use crate::options::{Proxy, ProxyKind};
use crate::stream::Transport;
use crate::tls;

/// How much a proxy may say before the tunnel begins.
const HEAD_LIMIT: usize = 16 * 1024;

/// Asks the proxy at the other end of `stream` for a connection to `host` and `port`.
pub(crate) async fn tunnel(
    proxy: &Proxy,
    stream: TcpStream,
    host: &str,
    port: u16,
) -> Result<Transport> {
    match proxy.kind {
        ProxyKind::Socks5 => socks5(proxy, stream, host, port).await.map(Transport::Tcp),
        ProxyKind::Http => {
            let mut stream = stream;
            http_connect(proxy, &mut stream, host, port).await?;
            Ok(Transport::Tcp(stream))
        }
        ProxyKind::Https => {
            let mut stream = Box::new(tls_to_proxy(proxy, stream).await?);
            http_connect(proxy, &mut *stream, host, port).await?;
            Ok(Transport::Tunnel(stream))
        }
    }
}

async fn socks5(proxy: &Proxy, stream: TcpStream, host: &str, port: u16) -> Result<TcpStream> {
    let target = (host, port);
    let connected = match &proxy.credentials {
        None => Socks5Stream::connect_with_socket(stream, target).await,
        Some((user, password)) => {
            let password = password.expose();
            Socks5Stream::connect_with_password_and_socket(stream, target, user, password).await
        }
    };
    connected
        .map(Socks5Stream::into_inner)
        .map_err(|source| refused(proxy, host, port, &source.to_string()).caused_by(source))
}

async fn tls_to_proxy(
    proxy: &Proxy,
    stream: TcpStream,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let failed = |why: &dyn std::fmt::Display| {
        let place = place(&proxy.host, proxy.port);
        Error::new(ErrorKind::Tls, format!("TLS handshake with the proxy {place}: {why}"))
    };
    let name = ServerName::try_from(proxy.host.clone()).map_err(|source| failed(&source))?;
    let config = ClientConfig::builder_with_provider(Arc::new(tls::provider()))
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(|source| failed(&source))?
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, stream).await.map_err(|source| failed(&source).caused_by(source))
}

async fn http_connect(
    proxy: &Proxy,
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    host: &str,
    port: u16,
) -> Result<()> {
    let target = place(host, port);
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    if let Some((user, password)) = &proxy.credentials {
        let token = BASE64_STANDARD.encode(format!("{user}:{}", password.expose()));
        request.push_str(&format!("Proxy-Authorization: Basic {token}\r\n"));
    }
    request.push_str("\r\n");
    let lost = |source| Error::io(format_args!("ask the proxy {}", proxy.host), source);
    stream.write_all(request.as_bytes()).await.map_err(lost)?;

    let mut head = Vec::new();
    // A byte at a time: what follows the head belongs to the tunnel already.
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == HEAD_LIMIT {
            return Err(refused(proxy, host, port, "its answer does not end"));
        }
        head.push(stream.read_u8().await.map_err(lost)?);
    }
    let status = String::from_utf8_lossy(&head);
    let status = status.lines().next().unwrap_or_default();
    let accepted = status.starts_with("HTTP/1.")
        && status.split(' ').nth(1).is_some_and(|code| code.len() == 3 && code.starts_with('2'));
    if accepted { Ok(()) } else { Err(refused(proxy, host, port, status)) }
}

fn refused(proxy: &Proxy, host: &str, port: u16, why: &str) -> Error {
    let (proxy, target) = (place(&proxy.host, proxy.port), place(host, port));
    Error::new(
        ErrorKind::Connection,
        format!("the proxy {proxy} does not connect to {target}: {why}"),
    )
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    fn proxy(credentials: Option<(&str, &str)>) -> Proxy {
        Proxy {
            kind: ProxyKind::Http,
            host: "proxy".into(),
            port: 3128,
            credentials: credentials.map(|(user, password)| (user.into(), password.into())),
        }
    }

    /// Plays a proxy that says `answer`, and returns what it was asked and what came of it.
    async fn ask(proxy: &Proxy, answer: &str) -> (String, Result<()>, Vec<u8>) {
        let (mut near, mut far) = duplex(HEAD_LIMIT * 2);
        far.write_all(answer.as_bytes()).await.unwrap();
        let result = http_connect(proxy, &mut near, "ftp.example.com", 2121).await;
        let mut left = vec![0; 64];
        let tunnel = tokio::time::timeout(std::time::Duration::ZERO, near.read(&mut left)).await;
        left.truncate(tunnel.map_or(0, |read| read.unwrap()));
        drop(near);
        let mut asked = String::new();
        far.read_to_string(&mut asked).await.unwrap();
        (asked, result, left)
    }

    #[tokio::test]
    async fn connect_leaves_the_tunnels_own_bytes_alone() {
        let answer = "HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n220 ready\r\n";
        let (asked, result, left) = ask(&proxy(None), answer).await;
        assert_eq!(
            asked,
            "CONNECT ftp.example.com:2121 HTTP/1.1\r\nHost: ftp.example.com:2121\r\n\r\n"
        );
        result.unwrap();
        assert_eq!(left, b"220 ready\r\n");
    }

    #[tokio::test]
    async fn a_refusal_shows_the_proxys_own_words_and_no_password() {
        let answer = "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
        let (asked, result, _) = ask(&proxy(Some(("me", "secret"))), answer).await;
        assert!(asked.contains("Proxy-Authorization: Basic bWU6c2VjcmV0\r\n"), "{asked}");
        let error = result.unwrap_err().to_string();
        assert!(error.ends_with("HTTP/1.1 407 Proxy Authentication Required"), "{error}");
        assert!(!error.contains("secret"));
    }

    #[tokio::test]
    async fn an_endless_answer_is_given_up() {
        let (_, result, _) = ask(&proxy(None), &"x".repeat(HEAD_LIMIT + 1)).await;
        assert!(result.unwrap_err().to_string().ends_with("its answer does not end"));
    }
}
