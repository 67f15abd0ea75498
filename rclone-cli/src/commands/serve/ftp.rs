//! `rclone serve ftp`: libunftp over a local folder, and the server that `rclone demo` embeds.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use async_trait::async_trait;
use libunftp::ServerBuilder;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use unftp_core::auth::{AuthenticationError, Authenticator, Credentials, DefaultUser, Principal};

use super::files::Files;
use crate::args::{Foreign, OfServe};
use crate::exit::Usage;
use crate::resolve::Resolved;

/// Serve a local path by FTP
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// The local path to serve
    path: PathBuf,
    /// Where to listen: IP:port, host:port or :port
    #[arg(long, default_value = "localhost:2121")]
    addr: String,
    /// Name of the one user
    #[arg(long, default_value = "anonymous")]
    user: String,
    /// Password of the user; none lets every password in
    #[arg(long, default_value = "", hide_default_value = true)]
    pass: String,
    /// Ports for passive data connections
    #[arg(long, default_value = "30000-32000", value_parser = ports)]
    passive_port: RangeInclusive<u16>,
    /// Public IP address to tell passive clients
    #[arg(long, default_value = "", hide_default_value = true)]
    public_ip: String,
    /// Certificate chain in PEM, which offers explicit TLS
    #[arg(long, requires = "key")]
    cert: Option<PathBuf>,
    /// Private key in PEM
    #[arg(long, requires = "cert")]
    key: Option<PathBuf>,
    /// Change nothing
    #[arg(long)]
    read_only: bool,

    #[command(flatten)]
    foreign: Foreign<OfServe>,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    args.foreign.heed()?;
    let cancel = resolved.context().cancel;
    let address = args.addr.clone();
    let server = Server::bind(&address, options(args)?).await?;
    // A notice, as rclone words it.
    tracing::warn!("Serving FTP on {}", server.address());
    server.run(cancel).await;
    Ok(())
}

fn options(args: Args) -> anyhow::Result<Options> {
    if args.path.to_string_lossy().contains(':') && !args.path.exists() {
        let path = args.path.display();
        return Err(Usage(format!("{path} is a remote; serve ftp offers local paths only")).into());
    }
    Ok(Options {
        path: args.path,
        login: Login { user: args.user, password: args.pass },
        passive_ports: args.passive_port,
        public_address: Some(args.public_ip).filter(|address| !address.is_empty()),
        identity: args.cert.zip(args.key),
        read_only: args.read_only,
    })
}

/// Reads `30000-32000` or one port.
fn ports(text: &str) -> anyhow::Result<RangeInclusive<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.trim().parse()?, last.trim().parse()?);
    if first > last {
        bail!("the first port is above the last");
    }
    Ok(first..=last)
}

/// How to serve.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) path: PathBuf,
    pub(crate) login: Login,
    pub(crate) passive_ports: RangeInclusive<u16>,
    /// The IPv4 address or host name in PASV replies; the connection's own by default.
    pub(crate) public_address: Option<String>,
    /// Certificate chain and key.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
    pub(crate) read_only: bool,
}

/// Who may log in.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Login {
    pub(crate) user: String,
    /// Empty lets every password in.
    pub(crate) password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("user", &self.user).field("password", &"***").finish()
    }
}

#[async_trait]
impl Authenticator for Login {
    async fn authenticate(
        &self,
        user: &str,
        credentials: &Credentials,
    ) -> Result<Principal, AuthenticationError> {
        if user != self.user {
            return Err(AuthenticationError::BadUser);
        }
        let given = credentials.password.as_deref().unwrap_or_default();
        if !self.password.is_empty() && given != self.password {
            return Err(AuthenticationError::BadPassword);
        }
        Ok(Principal { username: user.to_owned() })
    }
}

/// An FTP server that listens.
#[derive(Debug)]
pub(crate) struct Server {
    listener: TcpListener,
    address: SocketAddr,
    files: Files,
    options: Options,
}

impl Server {
    /// Starts to listen; port 0 takes a free one.
    ///
    /// # Errors
    /// When there is nothing to serve, or the address is taken.
    pub(crate) async fn bind(address: &str, options: Options) -> anyhow::Result<Self> {
        let path = options.path.display();
        let files = Files::open(&options.path, options.read_only)
            .with_context(|| format!("failed to serve {path}"))?;
        build(files.clone(), &options)?;
        let everywhere = address.strip_prefix(':').map(|port| format!("0.0.0.0:{port}"));
        let listener = TcpListener::bind(everywhere.as_deref().unwrap_or(address))
            .await
            .with_context(|| format!("failed to listen on {address}"))?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, files, options })
    }

    /// Returns where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until cancelled, then ends all sessions.
    pub(crate) async fn run(self, cancel: CancellationToken) {
        let mut sessions = JoinSet::new();
        while let Some(accepted) = cancel.run_until_cancelled(self.listener.accept()).await {
            match accepted {
                Ok((stream, peer)) => {
                    tracing::info!("connection from {peer}");
                    self.serve(stream, &mut sessions);
                }
                Err(error) => tracing::error!("failed to accept a connection: {error}"),
            }
            while sessions.try_join_next().is_some() {}
        }
        sessions.shutdown().await;
    }

    fn serve(&self, stream: TcpStream, sessions: &mut JoinSet<()>) {
        // Replies are small and many are sent in a row.
        let _ = stream.set_nodelay(true);
        match build(self.files.clone(), &self.options) {
            Ok(session) => {
                sessions.spawn(async move {
                    if let Err(error) = session.service(stream).await {
                        tracing::info!("session ended: {error}");
                    }
                });
            }
            Err(error) => tracing::error!("{error:#}"),
        }
    }
}

/// Builds what serves one connection.
fn build(files: Files, options: &Options) -> anyhow::Result<libunftp::Server<Files, DefaultUser>> {
    let login = Arc::new(options.login.clone());
    let mut builder = ServerBuilder::with_authenticator(Box::new(move || files.clone()), login)
        // Clients that queue commands must know whom they talk to.
        .greeting("rclone serve ftp (libunftp)")
        .passive_ports(options.passive_ports.clone());
    if let Some(address) = &options.public_address {
        builder = builder.passive_host(address.as_str());
    }
    if let Some((certificate, key)) = &options.identity {
        builder = builder.ftps(certificate, key);
    }
    builder.build().context("failed to set up the server")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_a_range_or_one() {
        assert_eq!(ports("30000-32000").unwrap(), 30000..=32000);
        assert_eq!(ports("2122").unwrap(), 2122..=2122);
        assert!(ports("9-8").is_err() && ports("a").is_err() && ports("1-70000").is_err());
    }

    #[tokio::test]
    async fn the_password_is_checked_where_there_is_one() {
        let lets_in = async |login: &Login, user, given: &str| {
            login.authenticate(user, &Credentials::from(given)).await.is_ok()
        };
        let open = Login { user: "me".into(), password: String::new() };
        assert!(lets_in(&open, "me", "any").await && !lets_in(&open, "you", "any").await);
        let closed = Login { user: "me".into(), password: "right".into() };
        assert!(lets_in(&closed, "me", "right").await && !lets_in(&closed, "me", "wrong").await);
        assert!(!format!("{closed:?}").contains("right"));
    }
}
