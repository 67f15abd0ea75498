//! Makes TCP connections: to any address of a host, through a proxy, from a chosen local address,
//! within a deadline.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::{sleep, timeout};

use crate::error::{Error, ErrorKind, Result};
use crate::options::{Options, Proxy};
use crate::proxy;
use crate::stream::Transport;

/// How long one address is waited for alone before the next one is tried beside it (RFC 8305
/// section 5 recommends 250 ms).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// How long a connection may be idle before the system asks whether the peer is still there.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Makes the connections of one server.
#[derive(Clone, Debug)]
pub struct Dialer {
    bind: Option<IpAddr>,
    dscp: Option<u8>,
    proxy: Option<Proxy>,
    connect_timeout: Duration,
}

impl Dialer {
    /// Takes what concerns connecting out of the options.
    pub fn new(options: &Options) -> Self {
        Self {
            bind: options.bind,
            dscp: options.dscp,
            proxy: options.proxy.clone(),
            connect_timeout: options.connect_timeout,
        }
    }

    /// Connects to `host`, through the proxy where there is one, and tells where data connections
    /// must go.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownHost`], [`ErrorKind::Connection`], [`ErrorKind::Timeout`].
    pub async fn control(&self, host: &str, port: u16) -> Result<(Transport, Peer)> {
        self.within(host, port, async {
            match &self.proxy {
                Some(proxy) => {
                    let transport = self.through(proxy, host, port).await?;
                    Ok((transport, Peer::Behind(host.to_owned())))
                }
                None => {
                    let stream = self.direct(host, port).await?;
                    let peer = stream.peer_addr().map_err(|e| unreachable(host, port, e))?.ip();
                    Ok((Transport::Tcp(stream), Peer::Direct(peer)))
                }
            }
        })
        .await
    }

    /// Connects to a data port of the server that `peer` is the other end of.
    ///
    /// # Errors
    /// [`ErrorKind::DataPort`]; [`ErrorKind::UnknownHost`] where the proxy's host is unknown.
    pub async fn data(&self, peer: &Peer, port: u16) -> Result<Transport> {
        let host = peer.to_string();
        let made = self.within(&host, port, async {
            match (peer, &self.proxy) {
                (Peer::Direct(address), _) => {
                    let stream = self.attempt(SocketAddr::new(*address, port)).await;
                    stream.map(Transport::Tcp).map_err(|e| unreachable(&host, port, e))
                }
                (Peer::Behind(host), Some(proxy)) => self.through(proxy, host, port).await,
                (Peer::Behind(host), None) => self.direct(host, port).await.map(Transport::Tcp),
            }
        });
        made.await.map_err(|error| match error.kind() {
            ErrorKind::Connection | ErrorKind::Timeout => {
                let message = format!("no data connection comes about: {error}");
                error.known_as(ErrorKind::DataPort, message)
            }
            _ => error,
        })
    }

    async fn within<T>(
        &self,
        host: &str,
        port: u16,
        connecting: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let Ok(result) = timeout(self.connect_timeout, connecting).await else {
            let message = format!(
                "connect to {}: no answer within {:?}",
                place(host, port),
                self.connect_timeout
            );
            return Err(Error::new(ErrorKind::Timeout, message));
        };
        result
    }

    async fn through(&self, proxy: &Proxy, host: &str, port: u16) -> Result<Transport> {
        let stream = self.direct(&proxy.host, proxy.port).await?;
        proxy::tunnel(proxy, stream, host, port).await
    }

    async fn direct(&self, host: &str, port: u16) -> Result<TcpStream> {
        let addresses = self.resolve(host, port).await?;
        self.race(addresses).await.map_err(|source| unreachable(host, port, source))
    }

    /// Tries addresses one after another, each a little later than the one before, and keeps the
    /// first connection that stands (RFC 8305).
    async fn race(&self, addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
        let mut addresses = addresses.into_iter();
        let mut attempts = FuturesUnordered::new();
        let mut failure = None;
        loop {
            let next = addresses.next();
            let more = next.is_some();
            attempts.extend(next.map(|address| self.attempt(address)));
            tokio::select! {
                Some(result) = attempts.next() => match result {
                    Ok(stream) => return Ok(stream),
                    Err(error) => failure = Some(error),
                },
                () = sleep(ATTEMPT_DELAY), if more => {}
                else => break,
            }
        }
        Err(failure.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into()))
    }

    async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>> {
        let found = lookup_host((host, port)).await.map_err(|source| {
            Error::new(ErrorKind::UnknownHost, format!("find the host `{host}`: {source}"))
                .caused_by(source)
        })?;
        let addresses: Vec<_> = found
            .filter(|address| self.bind.is_none_or(|bind| bind.is_ipv4() == address.is_ipv4()))
            .collect();
        if addresses.is_empty() {
            let message = format!("the host `{host}` has no address that can be reached");
            return Err(Error::new(ErrorKind::UnknownHost, message));
        }
        Ok(alternate(addresses))
    }

    async fn attempt(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        if let Some(bind) = self.bind {
            socket.bind(SocketAddr::new(bind, 0))?;
        }
        let raw = SockRef::from(&socket);
        raw.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE))?;
        raw.set_tcp_nodelay(true)?;
        if let Some(dscp) = self.dscp {
            let class = u32::from(dscp) << 2;
            match address {
                SocketAddr::V4(_) => raw.set_tos_v4(class)?,
                SocketAddr::V6(_) => raw.set_tclass_v6(class)?,
            }
        }
        socket.connect(address).await
    }
}

/// The other end of a control connection: where its data connections go.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Peer {
    /// A host that only the proxy reaches, by the name the control connection used.
    Behind(String),
    /// An address.
    Direct(IpAddr),
}

impl std::fmt::Display for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Behind(host) => f.write_str(host),
            Self::Direct(address) => write!(f, "{address}"),
        }
    }
}

/// Puts the two families in turns, keeping the resolver's order within each (RFC 8305 section 4).
fn alternate(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut ordered = Vec::new();
    loop {
        let before = ordered.len();
        ordered.extend(first.next());
        ordered.extend(second.next());
        if ordered.len() == before {
            return ordered;
        }
    }
}

fn unreachable(host: &str, port: u16, source: io::Error) -> Error {
    Error::io(format_args!("connect to {}", place(host, port)), source)
}

/// Writes host and port so that an IPv6 literal stays readable.
pub(crate) fn place(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn families_take_turns() {
        let parse = |texts: &[&str]| -> Vec<SocketAddr> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        let given = parse(&["[::1]:1", "[::2]:1", "[::3]:1", "10.0.0.1:1"]);
        let ordered = parse(&["[::1]:1", "10.0.0.1:1", "[::2]:1", "[::3]:1"]);
        assert_eq!(alternate(given), ordered);
    }

    #[test]
    fn an_ipv6_literal_is_bracketed() {
        assert_eq!(place("::1", 21), "[::1]:21");
        assert_eq!(place("ftp.example.com", 21), "ftp.example.com:21");
    }

    #[tokio::test]
    async fn a_refused_port_names_the_place() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let error = Dialer::new(&Options::default()).control("127.0.0.1", port).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Connection);
        assert!(error.to_string().starts_with(&format!("connect to 127.0.0.1:{port}: ")));
    }

    /// A port that refuses, and that nobody else gets as long as the socket lives.
    fn closed() -> (SocketAddr, TcpSocket) {
        let bound = TcpSocket::new_v4().unwrap();
        bound.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        (bound.local_addr().unwrap(), bound)
    }

    /// A port that neither accepts nor refuses: its queue of connections is full.
    async fn dead() -> (TcpListener, Vec<TcpStream>) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        while let Ok(stream) =
            timeout(Duration::from_millis(100), TcpStream::connect(address)).await
        {
            waiting.push(stream.unwrap());
        }
        (listener, waiting)
    }

    #[tokio::test]
    async fn a_dead_address_does_not_cost_the_connect_timeout() {
        let (dead, _waiting) = dead().await;
        let live = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addresses = vec![dead.local_addr().unwrap(), live.local_addr().unwrap()];
        let dialer = Dialer::new(&Options::default());
        let raced = timeout(dialer.connect_timeout / 2, dialer.race(addresses)).await;
        let stream = raced.expect("well before the timeout").unwrap();
        assert_eq!(stream.peer_addr().unwrap(), live.local_addr().unwrap());
    }

    #[tokio::test]
    async fn a_refused_address_is_passed_over() {
        let (gone, _bound) = closed();
        let live = TcpListener::bind("[::1]:0").await.unwrap();
        let addresses = vec![gone, live.local_addr().unwrap()];
        let dialer = Dialer::new(&Options::default());
        assert!(dialer.race(addresses).await.unwrap().peer_addr().unwrap().is_ipv6());
        assert_eq!(
            dialer.race(vec![gone]).await.unwrap_err().kind(),
            io::ErrorKind::ConnectionRefused
        );
    }

    #[tokio::test]
    async fn silence_ends_at_the_connect_timeout() {
        let (dead, _waiting) = dead().await;
        let port = dead.local_addr().unwrap().port();
        let connect_timeout = Duration::from_millis(50);
        let dialer = Dialer::new(&Options { connect_timeout, ..Options::default() });
        let error = dialer.control("127.0.0.1", port).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Timeout);
        let expected = format!("connect to 127.0.0.1:{port}: no answer within 50ms");
        assert_eq!(error.to_string(), expected);
    }

    /// Connects as control and data connections are, and returns both as the server sees them.
    async fn both(options: &Options, host: &str) -> [(Transport, SocketAddr); 2] {
        let listener = TcpListener::bind((host, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let dialer = Dialer::new(options);
        let (control, peer) = dialer.control(host, port).await.unwrap();
        let (_, client) = listener.accept().await.unwrap();
        let data = dialer.data(&peer, port).await.unwrap();
        [(control, client), (data, listener.accept().await.unwrap().1)]
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn both_connections_come_from_the_chosen_address() {
        let bind = "127.0.0.9".parse().ok();
        for (_, client) in both(&Options { bind, ..Options::default() }, "127.0.0.1").await {
            assert_eq!(Some(client.ip()), bind);
        }
        let four_only = Dialer::new(&Options { bind, ..Options::default() });
        let error = four_only.control("::1", 21).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::UnknownHost);
    }

    #[tokio::test]
    async fn both_connections_are_marked_kept_alive_and_never_delayed() {
        let options = Options { dscp: Some(10), ..Options::default() };
        for host in ["127.0.0.1", "::1"] {
            for (transport, _) in both(&options, host).await {
                let Transport::Tcp(stream) = transport else { panic!("no proxy") };
                let socket = SockRef::from(&stream);
                assert!(socket.keepalive().unwrap() && stream.nodelay().unwrap());
                assert_eq!(socket.tcp_keepalive_time().unwrap(), KEEPALIVE);
                let class = match stream.peer_addr().unwrap() {
                    SocketAddr::V4(_) => socket.tos_v4().unwrap(),
                    SocketAddr::V6(_) => socket.tclass_v6().unwrap(),
                };
                assert_eq!(class, 10 << 2, "{host}");
            }
        }
    }

    #[tokio::test]
    async fn a_closed_data_port_is_told_from_a_closed_server() {
        let (gone, _bound) = closed();
        let dialer = Dialer::new(&Options::default());
        let error = dialer.data(&Peer::Direct(gone.ip()), gone.port()).await.unwrap_err();
        assert_eq!((error.kind(), error.is_temporary()), (&ErrorKind::DataPort, true));
        let expected = format!("no data connection comes about: connect to {gone}: ");
        assert!(error.to_string().starts_with(&expected), "{error}");
    }

    #[tokio::test]
    async fn data_goes_to_the_peer_of_the_control_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let dialer = Dialer::new(&Options::default());
        let (_, peer) = dialer.control("localhost", port).await.unwrap();
        assert_eq!(peer, Peer::Direct("127.0.0.1".parse().unwrap()));
        dialer.data(&peer, port).await.unwrap();
    }
}
