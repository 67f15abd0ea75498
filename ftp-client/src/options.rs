//! Everything a caller chooses about one server: where it is, who logs in, how to go about it.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use ftp_proto::secret::Secret;

/// Everything a caller chooses about one server. The defaults are rclone's; an idle timeout of
/// zero is none.
#[derive(Clone, Debug)]
pub struct Options {
    /// Host name or address literal; an IPv6 one without brackets.
    pub host: String,
    /// Port of the control connection. Implicit TLS does not change it.
    pub port: u16,
    /// User to log in as.
    pub user: String,
    /// Password, sent only where the server asks for one; it may be empty.
    pub password: Secret,
    /// Account, sent only where the server asks for one besides user and password.
    pub account: Option<Secret>,
    /// Name the host with `HOST` before the login, for servers that serve several.
    pub name_host: bool,
    /// Whether and when TLS begins.
    pub tls: TlsMode,
    /// How TLS is done.
    pub tls_options: TlsOptions,
    /// How many sessions there may be at once; 0 leaves it to what the server allows.
    pub concurrency: usize,
    /// How long a connection may take to be made, control and data alike, its handshake included.
    pub connect_timeout: Duration,
    /// How long either connection may be silent while something is awaited from it.
    pub idle_timeout: Duration,
    /// After how long without use idle sessions are closed; zero keeps them.
    pub pool_idle_timeout: Duration,
    /// How long the end of a download is waited for.
    pub close_timeout: Duration,
    /// How long the final reply of an upload is waited for.
    pub shut_timeout: Duration,
    /// After how long a transfer the control connection is used, so that no router forgets it, on
    /// servers that bear it; zero never does.
    pub noop_interval: Duration,
    /// Never send `EPSV`.
    pub disable_epsv: bool,
    /// Never send `MLSD`, whatever `FEAT` says.
    pub disable_mlsd: bool,
    /// Never send `OPTS UTF8 ON`.
    pub disable_utf8: bool,
    /// Set times by `MDTM` where the server has no `MFMT`.
    pub writing_mdtm: bool,
    /// Do not ask for the size of an upload: for directories that can be written and not read.
    pub no_check_upload: bool,
    /// List by `LIST -a`, so that servers show their hidden files.
    pub force_list_hidden: bool,
    /// Connect to the address a `227` names instead of the control connection's peer.
    pub trust_passive_address: bool,
    /// How far commands may overlap.
    pub pipelining: Pipelining,
    /// How directories are listed.
    pub listing: ListingMethod,
    /// How long an answer takes, which decides what is worth asking for in advance; measured at each
    /// login where it is not given.
    pub round_trip: Option<Duration>,
    /// Local address of all connections.
    pub bind: Option<IpAddr>,
    /// Differentiated services code point of all connections, 0 to 63.
    pub dscp: Option<u8>,
    /// Proxy of all connections.
    pub proxy: Option<Proxy>,
}

impl Default for Options {
    fn default() -> Self {
        let minute = Duration::from_secs(60);
        Self {
            host: String::new(),
            port: 21,
            user: String::new(),
            password: Secret::default(),
            account: None,
            name_host: false,
            tls: TlsMode::None,
            tls_options: TlsOptions::default(),
            concurrency: 0,
            connect_timeout: minute,
            idle_timeout: minute * 5,
            pool_idle_timeout: minute,
            close_timeout: minute,
            shut_timeout: minute,
            noop_interval: minute,
            disable_epsv: false,
            disable_mlsd: false,
            disable_utf8: false,
            writing_mdtm: false,
            no_check_upload: false,
            force_list_hidden: false,
            trust_passive_address: false,
            pipelining: Pipelining::Auto,
            listing: ListingMethod::Auto,
            round_trip: None,
            bind: None,
            dscp: None,
            proxy: None,
        }
    }
}

/// Whether and when TLS begins.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TlsMode {
    /// `AUTH TLS` before the login (RFC 4217); a server that refuses it is left.
    Explicit,
    /// From the first byte.
    Implicit,
    /// Never.
    #[default]
    None,
}

/// How TLS is done.
#[derive(Clone, Debug)]
pub struct TlsOptions {
    /// Which certificates are good.
    pub verify: Verify,
    /// PEM files of certificate authorities, or of the server's own certificate, to trust besides
    /// the system's.
    pub extra_roots: Vec<PathBuf>,
    /// Who the client says it is, where the server asks.
    pub client_identity: Option<ClientIdentity>,
    /// Speak TLS 1.2 at most.
    pub disable_tls13: bool,
    /// Speak TLS 1.3 at least.
    pub disable_tls12: bool,
    /// How many sessions a control connection remembers for its data connections; 0 turns
    /// resumption off.
    pub session_cache_size: usize,
}

impl Default for TlsOptions {
    fn default() -> Self {
        Self {
            verify: Verify::System,
            extra_roots: Vec::new(),
            client_identity: None,
            disable_tls13: false,
            disable_tls12: false,
            session_cache_size: 32,
        }
    }
}

/// Which certificates are good.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Verify {
    /// Any at all. Whoever sits on the line can read and change everything.
    DangerAcceptAny,
    /// The one with this SHA-256 fingerprint, whoever signed it.
    Pinned([u8; 32]),
    /// Those the system and the extra roots vouch for.
    #[default]
    System,
}

/// A client certificate and its key, as PEM files.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClientIdentity {
    /// The certificate chain, own certificate first.
    pub certificate: PathBuf,
    /// Its private key, not encrypted.
    pub key: PathBuf,
}

/// How far commands may overlap.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Pipelining {
    /// As far as this server was seen to follow.
    #[default]
    Auto,
    /// One command, then its reply.
    LockStep,
    /// Commands without data queue; a transfer leaves together with its data connection.
    Overlap,
    /// The next data connection is asked for behind the running transfer.
    Ahead,
}

/// How directories are listed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ListingMethod {
    /// `MLSD` where the server has it, else `LIST`; `STAT` where it is as good and faster.
    #[default]
    Auto,
    /// `LIST`.
    List,
    /// `MLSD`.
    Mlsd,
    /// `STAT`, over the control connection, where the server shows all with it.
    Stat,
}

/// A proxy that control and data connections go through.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// What it speaks.
    pub kind: ProxyKind,
    /// Its host name or address literal.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// User and password, where it wants them.
    pub credentials: Option<(String, Secret)>,
}

/// What a proxy speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProxyKind {
    /// `CONNECT` of HTTP/1.1 (RFC 9110 section 9.3.6).
    Http,
    /// The same inside TLS.
    Https,
    /// SOCKS version 5 (RFC 1928).
    Socks5,
}
