//! TLS for one server: whom to trust, and sessions whose tickets are counted.
//!
//! Many servers accept a data connection only when it resumes the TLS session of its own control
//! connection (RFC 4217 section 10.2 leaves it open). So each control connection has one
//! [`TlsSession`], with its own store, and its data connections are made from it. TLS 1.3 tickets
//! are good for one connection each; [`TlsSession::tickets`] tells how many are left.

mod certificates;
mod tickets;

use std::sync::Arc;
use std::time::Duration;

use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, HandshakeKind, ProtocolVersion, SupportedProtocolVersion, version};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use self::certificates::Certificates;
use self::tickets::Tickets;
use crate::error::{Error, ErrorKind, Result};
use crate::options::TlsOptions;
use crate::stream::Transport;

/// What TLS needs to know of one server, for all its connections.
#[derive(Debug)]
pub struct Tls {
    config: ClientConfig,
    config_tls12: Option<ClientConfig>,
    certificates: Arc<Certificates>,
    name: ServerName<'static>,
    cache_size: usize,
    handshake_timeout: Duration,
}

impl Tls {
    /// Reads the certificates and keys that the options name, for connections to `host`.
    ///
    /// # Errors
    /// [`ErrorKind::Misuse`] for files that cannot be read and options that exclude each other.
    pub fn new(options: &TlsOptions, host: &str, handshake_timeout: Duration) -> Result<Self> {
        let name = ServerName::try_from(host.to_owned()).map_err(|source| {
            Error::new(ErrorKind::Misuse, format!("`{host}` is no host name")).caused_by(source)
        })?;
        let provider = Arc::new(provider());
        let certificates = Arc::new(Certificates::new(options, &provider)?);
        let identity = certificates::identity(options)?;
        let config = |versions: &[&'static SupportedProtocolVersion]| {
            let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
                .with_protocol_versions(versions)
                .map_err(|source| misuse("no TLS version is left", source))?
                .dangerous()
                .with_custom_certificate_verifier(Arc::clone(&certificates) as _);
            match &identity {
                None => Ok(builder.with_no_client_auth()),
                Some((chain, key)) => builder
                    .with_client_auth_cert(chain.clone(), key.clone_key())
                    .map_err(|source| misuse("the client certificate and its key", source)),
            }
        };
        let versions: &[_] = match (options.disable_tls12, options.disable_tls13) {
            (false, false) => &[&version::TLS13, &version::TLS12],
            (false, true) => &[&version::TLS12],
            (true, false) => &[&version::TLS13],
            (true, true) => {
                return Err(Error::new(ErrorKind::Misuse, "both TLS 1.2 and TLS 1.3 are disabled"));
            }
        };
        Ok(Self {
            config: config(versions)?,
            config_tls12: match options.disable_tls12 {
                true => None,
                false => Some(config(&[&version::TLS12])?),
            },
            certificates,
            name,
            cache_size: options.session_cache_size,
            handshake_timeout,
        })
    }

    /// Begins the TLS of one control connection and its data connections. With `tls12`, it speaks
    /// TLS 1.2, whose session resumes any number of times, unless the options exclude that.
    pub fn session(&self, tls12: bool) -> TlsSession {
        let tickets = Arc::new(Tickets::new(self.cache_size));
        let mut config = match &self.config_tls12 {
            Some(config) if tls12 => config.clone(),
            _ => self.config.clone(),
        };
        config.resumption = match self.cache_size {
            0 => Resumption::disabled(),
            _ => Resumption::store(Arc::clone(&tickets) as _),
        };
        TlsSession {
            config: Arc::new(config),
            tickets,
            certificates: Arc::clone(&self.certificates),
            name: self.name.clone(),
            handshake_timeout: self.handshake_timeout,
        }
    }
}

#[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
compile_error!("TLS needs the feature `aws-lc-rs` (the default) or `ring`");

#[cfg(feature = "aws-lc-rs")]
pub(crate) fn provider() -> CryptoProvider {
    rustls::crypto::aws_lc_rs::default_provider()
}

#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
pub(crate) fn provider() -> CryptoProvider {
    rustls::crypto::ring::default_provider()
}

fn misuse(what: &str, source: rustls::Error) -> Error {
    Error::new(ErrorKind::Misuse, format!("{what}: {source}")).caused_by(source)
}

/// The TLS of one control connection and its data connections.
#[derive(Clone, Debug)]
pub struct TlsSession {
    config: Arc<ClientConfig>,
    tickets: Arc<Tickets>,
    certificates: Arc<Certificates>,
    name: ServerName<'static>,
    handshake_timeout: Duration,
}

impl TlsSession {
    /// Does the handshake over `transport`, resuming an earlier one of this session where it can.
    ///
    /// # Errors
    /// [`ErrorKind::Certificate`] with the fingerprint of a certificate that is not trusted,
    /// [`ErrorKind::Tls`], [`ErrorKind::Timeout`].
    pub async fn handshake(&self, transport: Transport) -> Result<TlsStream<Transport>> {
        let connector = TlsConnector::from(Arc::clone(&self.config));
        let connecting = connector.connect(self.name.clone(), transport);
        let Ok(result) = timeout(self.handshake_timeout, connecting).await else {
            let silence = format!("no TLS handshake within {:?}", self.handshake_timeout);
            return Err(Error::new(ErrorKind::Timeout, silence));
        };
        result.map_err(|source| self.handshake_error(source))
    }

    /// Does the handshake of a data connection whose server is known to resume the session of the
    /// control connection: where it does not, somebody else may have taken its port.
    ///
    /// # Errors
    /// As [`Self::handshake`]; [`ErrorKind::Protocol`] where a ticket was at hand and not taken.
    pub async fn resume(&self, transport: Transport) -> Result<TlsStream<Transport>> {
        let could = self.tickets() > 0;
        let stream = self.handshake(transport).await?;
        if could && !Handshake::of(&stream).resumed {
            let message = "the data connection does not resume the TLS session of its control \
                           connection, as it did before: another may have taken its port";
            return Err(Error::new(ErrorKind::Protocol, message));
        }
        Ok(stream)
    }

    /// Tells how many further connections can resume: any number with TLS 1.2.
    pub fn tickets(&self) -> usize {
        self.tickets.count()
    }

    fn handshake_error(&self, source: std::io::Error) -> Error {
        let cause = source.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match cause {
            Some(rustls::Error::InvalidCertificate(reason)) => {
                self.certificates.refusal(&self.name.to_str(), reason)
            }
            Some(error) => {
                let kind = match shares_nothing(error) {
                    true => ErrorKind::TlsVersion,
                    false => ErrorKind::Tls,
                };
                Error::new(kind, format!("TLS handshake: {source}")).caused_by(source)
            }
            None => Error::io("TLS handshake", source),
        }
    }
}

/// Tells whether the two sides have no version or cipher in common. The alert `handshake_failure` does not
/// say so: it is also that of a server which misses a client certificate.
fn shares_nothing(error: &rustls::Error) -> bool {
    use rustls::{AlertDescription as Alert, Error, PeerIncompatible as Peer};
    matches!(
        error,
        Error::AlertReceived(Alert::ProtocolVersion | Alert::InsufficientSecurity)
            | Error::PeerIncompatible(
                Peer::NoCipherSuitesInCommon
                    | Peer::NoKxGroupsInCommon
                    | Peer::ServerDoesNotSupportTls12Or13
                    | Peer::ServerTlsVersionIsDisabledByOurConfig
            )
    )
}

/// What came of a handshake.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Handshake {
    /// Whether it resumed an earlier session.
    pub resumed: bool,
    /// Whether it speaks TLS 1.3, whose tickets are used up.
    pub tls13: bool,
}

impl Handshake {
    /// Returns what came of the handshake of `stream`.
    pub fn of(stream: &TlsStream<Transport>) -> Self {
        let (_, connection) = stream.get_ref();
        Self {
            resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
            tls13: connection.protocol_version() == Some(ProtocolVersion::TLSv1_3),
        }
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedKey, IsCa, KeyPair};
    use rustls::pki_types::PrivateKeyDer;
    use rustls::server::WebPkiClientVerifier;
    use rustls::{RootCertStore, ServerConfig};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio_rustls::TlsAcceptor;

    use super::*;
    use crate::options::{ClientIdentity, Verify};
    use crate::stream::Stream;

    const PATIENCE: Duration = Duration::from_secs(10);

    /// A certificate as `openssl req -x509` makes it: signed by itself, and called an authority.
    fn self_signed(name: &str) -> CertifiedKey<KeyPair> {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let signing_key = KeyPair::generate().unwrap();
        CertifiedKey { cert: params.self_signed(&signing_key).unwrap(), signing_key }
    }

    /// Serves `certificate`: each connection gets one byte after its handshake. Returns the port.
    async fn serve(certificate: &CertifiedKey<KeyPair>) -> u16 {
        serve_some(certificate, rustls::DEFAULT_VERSIONS, None).await
    }

    /// The same with some versions of TLS, and to clients alone that `client` has vouched for.
    async fn serve_some(
        certificate: &CertifiedKey<KeyPair>,
        versions: &[&'static SupportedProtocolVersion],
        client: Option<&CertifiedKey<KeyPair>>,
    ) -> u16 {
        let key = PrivateKeyDer::try_from(certificate.signing_key.serialize_der()).unwrap();
        let builder = ServerConfig::builder_with_provider(Arc::new(provider()))
            .with_protocol_versions(versions)
            .unwrap();
        let builder = match client {
            None => builder.with_no_client_auth(),
            Some(client) => {
                let mut roots = RootCertStore::empty();
                roots.add(client.cert.der().clone()).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(
                    Arc::new(roots),
                    Arc::new(provider()),
                );
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let config = builder.with_single_cert(vec![certificate.cert.der().clone()], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    if let Ok(mut stream) = acceptor.accept(stream).await {
                        let _ = stream.write_all(b"x").await;
                        let _ = stream.read(&mut [0]).await;
                    }
                });
            }
        });
        port
    }

    async fn connect(session: &TlsSession, port: u16) -> Result<Handshake> {
        let transport = Transport::Tcp(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
        let stream = session.handshake(transport).await?;
        let mut stream = Stream::tls(stream, PATIENCE);
        stream.read_exact(&mut [0]).await.map_err(|source| Error::io("read", source))?;
        Ok(stream.handshake().unwrap())
    }

    async fn resume(session: &TlsSession, port: u16) -> Result<Handshake> {
        let transport = Transport::Tcp(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
        session.resume(transport).await.map(|stream| Handshake::of(&stream))
    }

    fn tls(options: &TlsOptions) -> Tls {
        Tls::new(options, "localhost", PATIENCE).unwrap()
    }

    #[tokio::test]
    async fn a_ticket_resumes_one_connection_and_brings_more() {
        let port = serve(&self_signed("localhost")).await;
        let tls = tls(&TlsOptions { verify: Verify::DangerAcceptAny, ..TlsOptions::default() });
        let session = tls.session(false);
        assert_eq!(session.tickets(), 0);
        let first = connect(&session, port).await.unwrap();
        assert_eq!(first, Handshake { resumed: false, tls13: true });
        let brought = session.tickets();
        assert!(brought > 0);
        assert!(connect(&session, port).await.unwrap().resumed);
        // Another control connection has its own store.
        assert!(!connect(&tls.session(false), port).await.unwrap().resumed);
    }

    #[tokio::test]
    async fn a_stolen_port_does_not_resume() {
        let certificate = self_signed("localhost");
        let (own, stolen) = (serve(&certificate).await, serve(&certificate).await);
        let tls = tls(&TlsOptions { verify: Verify::DangerAcceptAny, ..TlsOptions::default() });
        for tls12 in [false, true] {
            let session = tls.session(tls12);
            // Without a ticket nothing can be told.
            assert!(!resume(&session, own).await.unwrap().resumed);
            connect(&session, own).await.unwrap();
            assert!(resume(&session, own).await.unwrap().resumed);
            connect(&session, own).await.unwrap();
            let error = resume(&session, stolen).await.unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::Protocol);
            assert!(error.to_string().contains("another may have taken its port"), "{error}");
        }
    }

    #[tokio::test]
    async fn versions_have_bounds() {
        let certificate = self_signed("localhost");
        let old = serve_some(&certificate, &[&version::TLS12], None).await;
        let both = serve(&certificate).await;
        let any = TlsOptions { verify: Verify::DangerAcceptAny, ..TlsOptions::default() };
        let new_only = TlsOptions { disable_tls12: true, ..any.clone() };
        let old_only = TlsOptions { disable_tls13: true, ..any.clone() };
        let speaks_13 = async |options, port| {
            connect(&tls(options).session(false), port).await.map(|handshake| handshake.tls13)
        };
        assert!(!speaks_13(&any, old).await.unwrap());
        assert!(speaks_13(&any, both).await.unwrap());
        assert!(!speaks_13(&old_only, both).await.unwrap());
        assert!(speaks_13(&new_only, both).await.unwrap());
        assert_eq!(*speaks_13(&new_only, old).await.unwrap_err().kind(), ErrorKind::TlsVersion);
        let neither = TlsOptions { disable_tls12: true, ..old_only };
        let error = Tls::new(&neither, "localhost", PATIENCE).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Misuse);
    }

    #[tokio::test]
    async fn a_client_shows_its_certificate_where_the_server_asks() {
        let client = rcgen::generate_simple_self_signed([String::from("client.example")]).unwrap();
        let server = self_signed("localhost");
        let port = serve_some(&server, rustls::DEFAULT_VERSIONS, Some(&client)).await;
        let folder = tempfile::tempdir().unwrap();
        let identity = ClientIdentity {
            certificate: folder.path().join("client.pem"),
            key: folder.path().join("client.key"),
        };
        std::fs::write(&identity.certificate, client.cert.pem()).unwrap();
        std::fs::write(&identity.key, client.signing_key.serialize_pem()).unwrap();
        let any = TlsOptions { verify: Verify::DangerAcceptAny, ..TlsOptions::default() };
        assert!(connect(&tls(&any).session(false), port).await.is_err());
        let known = TlsOptions { client_identity: Some(identity), ..any };
        connect(&tls(&known).session(false), port).await.unwrap();
    }

    #[tokio::test]
    async fn tls12_resumes_any_number_of_times() {
        let port = serve(&self_signed("localhost")).await;
        let tls = tls(&TlsOptions { verify: Verify::DangerAcceptAny, ..TlsOptions::default() });
        let session = tls.session(true);
        connect(&session, port).await.unwrap();
        assert_eq!(session.tickets(), usize::MAX);
        for _ in 0..4 {
            let again = connect(&session, port).await.unwrap();
            assert_eq!(again, Handshake { resumed: true, tls13: false });
        }
    }

    #[tokio::test]
    async fn a_self_signed_certificate_is_refused_with_the_fingerprint_that_pins_it() {
        let port = serve(&self_signed("localhost")).await;
        let error = connect(&tls(&TlsOptions::default()).session(false), port).await.unwrap_err();
        let ErrorKind::Certificate { fingerprint } = *error.kind() else { panic!("{error:?}") };
        let pinned = TlsOptions { verify: Verify::Pinned(fingerprint), ..TlsOptions::default() };
        connect(&tls(&pinned).session(false), port).await.unwrap();
        let other = TlsOptions { verify: Verify::Pinned([7; 32]), ..TlsOptions::default() };
        let error = connect(&tls(&other).session(false), port).await.unwrap_err();
        assert!(error.to_string().contains("not the pinned one"), "{error}");
    }

    #[tokio::test]
    async fn a_self_signed_certificate_named_by_file_is_trusted_for_its_name_only() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("server.pem");
        for (name, trusted) in [("localhost", true), ("elsewhere.example", false)] {
            let certificate = self_signed(name);
            std::fs::write(&file, certificate.cert.pem()).unwrap();
            let port = serve(&certificate).await;
            let named = TlsOptions { extra_roots: vec![file.clone()], ..TlsOptions::default() };
            let result = connect(&tls(&named).session(false), port).await;
            assert_eq!(result.is_ok(), trusted, "{name}: {result:?}");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let missing = TlsOptions { extra_roots: vec!["/no/such.pem".into()], ..Default::default() };
        let error = Tls::new(&missing, "localhost", PATIENCE).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Misuse);
        assert!(error.to_string().contains("/no/such.pem"), "{error}");
    }
}
