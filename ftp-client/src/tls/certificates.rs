//! Which certificates are good: those the system vouches for, those named by file, one pinned by
//! fingerprint, or any.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};
use rustls_platform_verifier::Verifier;
use sha2::{Digest, Sha256};

use crate::error::{Error, ErrorKind, Result};
use crate::options::{TlsOptions, Verify};

/// Judges the server's certificate, and remembers the fingerprint of the one it refused.
#[derive(Debug)]
pub(super) struct Certificates {
    verify: Verify,
    /// None where the machine has no roots at all: then nothing unknown is trusted.
    system: Option<Verifier>,
    extra: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
    refused: Mutex<[u8; 32]>,
}

impl Certificates {
    pub(super) fn new(options: &TlsOptions, provider: &Arc<CryptoProvider>) -> Result<Self> {
        let mut extra = Vec::new();
        for path in &options.extra_roots {
            extra.extend(read_certificates(path)?);
        }
        let system = match options.verify {
            Verify::System => {
                Verifier::new_with_extra_roots(extra.clone(), Arc::clone(provider)).ok()
            }
            Verify::DangerAcceptAny | Verify::Pinned(_) => None,
        };
        Ok(Self {
            verify: options.verify,
            system,
            extra,
            provider: Arc::clone(provider),
            refused: Mutex::default(),
        })
    }

    /// Returns the error that tells a user why the certificate of `host` was refused.
    pub(super) fn refusal(&self, host: &str, reason: &CertificateError) -> Error {
        let fingerprint = *self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let why = match reason {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "it has expired".into()
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "it is not valid yet: is this machine's clock right?".into()
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!("it is not made out for `{host}`")
            }
            CertificateError::UnknownIssuer | CertificateError::Other(_) => {
                "it is signed by itself or by an authority this machine does not know".into()
            }
            CertificateError::ApplicationVerificationFailure => {
                "its fingerprint is not the pinned one".into()
            }
            other => other.to_string(),
        };
        let message = format!("the server's certificate is refused: {why}");
        Error::new(ErrorKind::Certificate { fingerprint }, message)
    }

    fn judge(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        match self.verify {
            Verify::DangerAcceptAny => Ok(()),
            Verify::Pinned(pin) if fingerprint(certificate) == pin => Ok(()),
            Verify::Pinned(_) => Err(CertificateError::ApplicationVerificationFailure.into()),
            Verify::System => {
                let Some(system) = &self.system else {
                    return Err(CertificateError::UnknownIssuer.into());
                };
                match system.verify_server_cert(certificate, chain, name, ocsp, now) {
                    Ok(_) => Ok(()),
                    // A self-signed certificate made by `openssl req -x509` calls itself an
                    // authority, which no server certificate may be. Where the user named that very
                    // certificate as trusted, only the name is left to check.
                    Err(rustls::Error::InvalidCertificate(CertificateError::Other(_)))
                        if self.extra.iter().any(|own| own == certificate) =>
                    {
                        verify_server_name(&ParsedCertificate::try_from(certificate)?, name)
                    }
                    Err(error) => Err(error),
                }
            }
        }
    }
}

impl ServerCertVerifier for Certificates {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.judge(certificate, chain, name, ocsp, now)
            .map(|()| ServerCertVerified::assertion())
            .inspect_err(|_| {
                *self.refused.lock().unwrap_or_else(PoisonError::into_inner) =
                    fingerprint(certificate);
            })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Reads the client's certificate chain and key, where the options name them.
pub(super) fn identity(
    options: &TlsOptions,
) -> Result<Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>> {
    let Some(identity) = &options.client_identity else { return Ok(None) };
    let key = PrivateKeyDer::from_pem_file(&identity.key)
        .map_err(|source| unreadable("the client key", &identity.key, source))?;
    Ok(Some((read_certificates(&identity.certificate)?, key)))
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|source| unreadable("the certificates", path, source))?;
    if certificates.is_empty() {
        let message = format!("there is no PEM certificate in `{}`", path.display());
        return Err(Error::new(ErrorKind::Misuse, message));
    }
    Ok(certificates)
}

fn unreadable(what: &str, path: &Path, source: rustls::pki_types::pem::Error) -> Error {
    let message = format!("cannot read {what} in `{}`: {source}", path.display());
    Error::new(ErrorKind::Misuse, message).caused_by(source)
}

fn fingerprint(certificate: &CertificateDer<'_>) -> [u8; 32] {
    Sha256::digest(certificate.as_ref()).into()
}
