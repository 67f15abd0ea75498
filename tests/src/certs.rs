//! Certificates for the servers: an authority of our own, and identities good and bad.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

const NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

/// A certificate authority that nobody trusts unless told to.
#[derive(Debug)]
pub struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

/// A server's certificate and key, in PEM.
#[derive(Clone, Debug)]
pub struct Identity {
    certificate: String,
    key: String,
    authority: String,
}

impl Authority {
    /// Makes a new authority.
    #[expect(clippy::new_without_default, reason = "each call makes a different one")]
    pub fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "tests of rclone for FTP");
        let certificate = params.self_signed(&key).expect("a certificate");
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    /// Returns an identity for loopback that holds.
    pub fn identity(&self) -> Identity {
        self.sign(&loopback())
    }

    /// Returns an identity for another address that holds.
    pub fn identity_at(&self, host: Ipv4Addr) -> Identity {
        self.sign(&CertificateParams::new([host.to_string()]).expect("an address"))
    }

    /// Returns an identity for loopback that expired long ago.
    pub fn expired(&self) -> Identity {
        let mut params = loopback();
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(2002, 1, 1);
        self.sign(&params)
    }

    /// Returns an identity for another host.
    pub fn misnamed(&self) -> Identity {
        self.sign(&CertificateParams::new([String::from("elsewhere.example")]).expect("a name"))
    }

    fn sign(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Identity {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            authority: self.certificate.pem(),
        }
    }
}

impl Identity {
    /// Returns an identity that vouches for itself alone.
    pub fn self_signed() -> Self {
        let key = KeyPair::generate().expect("a key");
        let certificate = loopback().self_signed(&key).expect("a certificate").pem();
        Self { authority: certificate.clone(), certificate, key: key.serialize_pem() }
    }

    /// Returns the server's part of TLS with this identity.
    pub fn acceptor(&self) -> TlsAcceptor {
        let chain = CertificateDer::from_pem_slice(self.certificate.as_bytes());
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes());
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has them")
            .with_no_client_auth()
            .with_single_cert(vec![chain.expect("a certificate")], key.expect("a key"));
        TlsAcceptor::from(Arc::new(config.expect("the key fits")))
    }

    /// Writes `cert.pem` and `ca.pem`, and `key.pem` for the owner alone.
    pub fn write(&self, folder: &Path) {
        use std::os::unix::fs::PermissionsExt;
        fs::write(folder.join("ca.pem"), &self.authority).expect("ca.pem");
        fs::write(folder.join("cert.pem"), &self.certificate).expect("cert.pem");
        let key = folder.join("key.pem");
        fs::write(&key, &self.key).expect("key.pem");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("mode");
    }
}

fn loopback() -> CertificateParams {
    let mut params = CertificateParams::new(NAMES.map(String::from)).expect("two names");
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params
}
