//! What a URL leads to, as a stream: an HTTP client under the same network flags as FTP.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::stream::{Stream, unfold};
use jiff::Timestamp;
use tokio::io::AsyncRead;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::spawn_blocking;
use tokio_util::io::StreamReader;
use ureq::tls::{PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};
use ureq::{Agent, ResponseExt as _};

use crate::args::Network;
use crate::resolve::Resolved;

/// The client.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    agent: Agent,
    /// The longest silence while a body comes; none for any.
    timeout: Option<Duration>,
}

/// A body under way, and what the headers told of it.
pub(crate) struct Download {
    pub(crate) body: Box<dyn AsyncRead + Send + Unpin>,
    pub(crate) size: Option<u64>,
    pub(crate) modified: Option<Timestamp>,
    /// The path of the URL, after redirections, decoded.
    pub(crate) path: String,
    /// The name that `Content-Disposition` gives.
    pub(crate) file_name: Option<String>,
}

impl Http {
    /// Returns a client as the network flags say.
    ///
    /// # Errors
    /// When a certificate cannot be read.
    pub(crate) fn new(resolved: &Resolved) -> anyhow::Result<Self> {
        let network = &resolved.globals.network;
        let longest =
            |span: crate::values::Span| Some(span.or_zero()).filter(|time| !time.is_zero());
        let timeout = longest(network.timeout);
        let agent = Agent::config_builder()
            .tls_config(tls(network)?)
            .timeout_connect(longest(network.contimeout))
            .timeout_recv_response(timeout)
            .user_agent(concat!("rclone/v", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Ok(Self { agent, timeout })
    }

    /// Asks for a URL.
    ///
    /// # Errors
    /// When there is no answer, or one that is not 2xx.
    pub(crate) async fn get(&self, url: &str) -> anyhow::Result<Download> {
        let (agent, asked) = (self.agent.clone(), url.to_owned());
        let response = spawn_blocking(move || agent.get(&asked).call()).await?;
        let response = response.with_context(|| format!("failed to fetch {url}"))?;
        let path = percent_encoding::percent_decode_str(response.get_uri().path());
        let path = path.decode_utf8_lossy().into_owned();
        let headers = response.headers();
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let modified = text("last-modified").and_then(date);
        let size = text("content-length").and_then(|size| size.parse().ok());
        let file_name = text("content-disposition").and_then(file_name);
        let (sender, receiver) = channel(4);
        let body = response.into_body();
        spawn_blocking(move || pump(body.into_reader(), &sender));
        let body = Box::new(StreamReader::new(Box::pin(pieces(receiver, self.timeout))));
        Ok(Download { body, size, modified, path, file_name })
    }
}

/// Tells whether a URL might be had another time: it is the line that failed, not the answer.
pub(crate) fn is_temporary(error: &anyhow::Error) -> bool {
    use ureq::Error::{ConnectionFailed, Io, Timeout};
    let line = |cause: &ureq::Error| matches!(cause, ConnectionFailed | Io(_) | Timeout(_));
    error.chain().any(|cause| cause.downcast_ref().is_some_and(line))
}

/// Returns what comes through a channel, until it ends or is silent for too long.
fn pieces(
    receiver: Receiver<io::Result<Bytes>>,
    timeout: Option<Duration>,
) -> impl Stream<Item = io::Result<Bytes>> {
    let timeout = timeout.unwrap_or(Duration::MAX);
    unfold(receiver, move |mut receiver| async move {
        let piece = match tokio::time::timeout(timeout, receiver.recv()).await {
            Ok(piece) => piece?,
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the server fell silent")),
        };
        Some((piece, receiver))
    })
}

/// Reads all of a body into a channel, or until nobody listens.
fn pump(mut body: impl Read, sender: &Sender<io::Result<Bytes>>) {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let piece = match body.read(&mut buffer) {
            Ok(0) => return,
            Ok(read) => Ok(Bytes::copy_from_slice(&buffer[..read])),
            Err(error) => Err(error),
        };
        let failed = piece.is_err();
        if sender.blocking_send(piece).is_err() || failed {
            return;
        }
    }
}

fn tls(network: &Network) -> anyhow::Result<TlsConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = Vec::new();
    for file in &network.ca_cert {
        let pem =
            std::fs::read(file).with_context(|| format!("failed to read {}", file.display()))?;
        for item in parse_pem(&pem) {
            let item = item.with_context(|| format!("{} is not PEM", file.display()))?;
            if let PemItem::Certificate(certificate) = item {
                roots.push(certificate);
            }
        }
    }
    let roots = match roots.is_empty() {
        true => RootCerts::PlatformVerifier,
        false => RootCerts::from(roots),
    };
    let config = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(provider)
        .root_certs(roots)
        .disable_verification(network.no_check_certificate);
    Ok(config.build())
}

/// Reads the date of a header ([RFC 9110 section 5.6.7]).
///
/// [RFC 9110 section 5.6.7]: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7
fn date(text: &str) -> Option<Timestamp> {
    Some(jiff::fmt::rfc2822::parse(text).ok()?.timestamp())
}

/// Returns the name in `Content-Disposition` ([RFC 6266]), without the directories a server may
/// put in front.
///
/// [RFC 6266]: https://www.rfc-editor.org/rfc/rfc6266
fn file_name(header: &str) -> Option<String> {
    let parameter = |wanted: &str| {
        header.split(';').skip(1).find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().trim_matches('"'))
        })
    };
    let extended = parameter("filename*").and_then(|value| value.rsplit_once("''"));
    let name = match extended {
        Some((_, coded)) => {
            percent_encoding::percent_decode_str(coded).decode_utf8_lossy().into_owned()
        }
        None => parameter("filename")?.to_owned(),
    };
    name.rsplit(['/', '\\']).next().filter(|name| !name.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;

    use super::*;

    #[test]
    fn a_header_names_the_file() {
        let check = |header, expected: Option<&str>| {
            assert_eq!(file_name(header).as_deref(), expected, "{header}");
        };
        check("attachment; filename=\"a b.txt\"", Some("a b.txt"));
        check("attachment; FileName=a.txt; size=3", Some("a.txt"));
        check("attachment; filename=x; filename*=UTF-8''%e2%82%ac.txt", Some("€.txt"));
        check("attachment; filename=\"../../etc/passwd\"", Some("passwd"));
        check("attachment", None);
        check("attachment; filename=\"\"", None);
    }

    #[test]
    fn a_header_tells_the_time() {
        let time = date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        assert_eq!(time.to_string(), "1994-11-06T08:49:37Z");
        assert_eq!(date("yesterday"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_an_error() {
        let (sender, receiver) = channel(1);
        let mut pieces = Box::pin(pieces(receiver, Some(Duration::from_secs(5))));
        sender.send(Ok(Bytes::from_static(b"x"))).await.unwrap();
        assert_eq!(pieces.next().await.unwrap().unwrap(), "x");
        assert_eq!(pieces.next().await.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
        drop(sender);
        assert!(pieces.next().await.is_none());
    }
}
