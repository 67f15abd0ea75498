//! A line to a server that breaks: it cuts, stalls or garbles one connection after so many bytes.
//!
//! It relays control and data connections of a plain server and rewrites the ports in `229` and
//! `227` replies, so that data passes through it too. Under TLS it cannot read replies; then only
//! faults on the control connection make sense.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use futures_util::future::{BoxFuture, Either, select};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Which connection a fault strikes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Channel {
    /// Commands and replies.
    Control,
    /// Files and listings.
    Data,
}

/// What happens to it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Harm {
    /// It ends as if all were well, with a FIN both ways.
    Close,
    /// One bit of every byte that follows is flipped.
    Garble,
    /// It stays open and nothing passes any more.
    Stall,
}

/// A fault to come.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// On which connection.
    pub channel: Channel,
    /// After how many bytes of one connection, both ways counted together.
    pub after: u64,
    /// What happens.
    pub harm: Harm,
    /// How many connections are struck; later ones are sound.
    pub times: usize,
}

/// A relay in front of a server; it ends when dropped.
#[derive(Debug)]
pub struct Line {
    port: u16,
    faults: Arc<Faults>,
    _relays: JoinSet<()>,
}

impl Line {
    /// Starts relaying to the server on `port` of loopback.
    pub async fn start(port: u16, fault: Fault) -> Self {
        let faults = Arc::new(Faults { fault, struck: AtomicUsize::new(0) });
        let (listener, own_port) = listen().await;
        let mut relays = JoinSet::new();
        relays.spawn(accept(listener, port, Arc::clone(&faults)));
        Self { port: own_port, faults, _relays: relays }
    }

    /// Returns the port to connect to instead of the server's.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns how many connections have been struck.
    pub fn struck(&self) -> usize {
        self.faults.struck.load(Ordering::Relaxed).min(self.faults.fault.times)
    }
}

#[derive(Debug)]
struct Faults {
    fault: Fault,
    struck: AtomicUsize,
}

impl Faults {
    /// Takes one of the faults left, if any.
    fn strike(&self) -> Option<Harm> {
        let before = self.struck.fetch_add(1, Ordering::Relaxed);
        (before < self.fault.times).then_some(self.fault.harm)
    }
}

/// One connection and the bytes it has carried.
struct Connection {
    channel: Channel,
    carried: AtomicU64,
    struck: std::sync::OnceLock<Option<Harm>>,
    faults: Arc<Faults>,
}

impl Connection {
    /// Returns what strikes once `len` more bytes have come, and how many of them still pass.
    fn carry(&self, len: usize) -> (usize, Option<Harm>) {
        let fault = &self.faults.fault;
        let before = self.carried.fetch_add(len as u64, Ordering::Relaxed);
        if self.channel != fault.channel || before + (len as u64) < fault.after {
            return (len, None);
        }
        let harm = *self.struck.get_or_init(|| self.faults.strike());
        let sound = usize::try_from(fault.after.saturating_sub(before)).unwrap_or(len).min(len);
        (if harm.is_some() { sound } else { len }, harm)
    }
}

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let port = listener.local_addr().expect("a bound socket has an address").port();
    (listener, port)
}

async fn accept(listener: TcpListener, server: u16, faults: Arc<Faults>) {
    let mut sessions = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        sessions.spawn(relay(client, server, Channel::Control, Arc::clone(&faults)));
    }
}

/// Relays one connection. Boxed, because a control connection relays its data connections.
fn relay(
    client: TcpStream,
    server: u16,
    channel: Channel,
    faults: Arc<Faults>,
) -> BoxFuture<'static, ()> {
    Box::pin(carry(client, server, channel, faults))
}

async fn carry(client: TcpStream, server: u16, channel: Channel, faults: Arc<Faults>) {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, server));
    let Ok(server) = TcpStream::connect(address).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let connection =
        Connection { channel, carried: AtomicU64::new(0), struck: Default::default(), faults };
    let mut data = JoinSet::new();
    let up = pump(from_client, to_server, &connection, None);
    let down = pump(from_server, to_client, &connection, Some(&mut data));
    // A half that ended lets the other run on, unless a fault ended it.
    let (up, down) = (std::pin::pin!(up), std::pin::pin!(down));
    match select(up, down).await {
        Either::Left((Ended::Normally, down)) => drop(down.await),
        Either::Right((Ended::Normally, up)) => drop(up.await),
        _ => {}
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ended {
    Normally,
    Struck,
}

/// Carries one direction; with `data`, replies are looked at for the ports of data connections.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    connection: &Connection,
    mut data: Option<&mut JoinSet<()>>,
) -> Ended {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let Ok(len @ 1..) = from.read(&mut buffer).await else {
            let _ = to.shutdown().await;
            return Ended::Normally;
        };
        let (sound, harm) = connection.carry(len);
        let mut bytes = buffer[..len].to_vec();
        match harm {
            Some(Harm::Garble) => bytes[sound..].iter_mut().for_each(|byte| *byte ^= 0x10),
            Some(_) => bytes.truncate(sound),
            None => {}
        }
        if let (Channel::Control, Some(data)) = (connection.channel, data.as_deref_mut()) {
            bytes = redirect(bytes, data, &connection.faults).await;
        }
        if to.write_all(&bytes).await.is_err() {
            return Ended::Normally;
        }
        match harm {
            Some(Harm::Close) => return Ended::Struck,
            Some(Harm::Stall) => std::future::pending().await,
            _ => {}
        }
    }
}

/// Puts a port of ours into a `229` or `227` reply and relays what connects to it.
async fn redirect(bytes: Vec<u8>, data: &mut JoinSet<()>, faults: &Arc<Faults>) -> Vec<u8> {
    let text = String::from_utf8_lossy(&bytes);
    let Some((server, open, close)) = passive_port(&text) else { return bytes };
    let (listener, port) = listen().await;
    let faults = Arc::clone(faults);
    data.spawn(async move {
        if let Ok((client, _)) = listener.accept().await {
            relay(client, server, Channel::Data, faults).await;
        }
    });
    let ours = match text[open..close].starts_with('|') {
        true => format!("|||{port}|"),
        false => format!("127,0,0,1,{},{}", port >> 8, port & 0xff),
    };
    format!("{}{ours}{}", &text[..open], &text[close..]).into_bytes()
}

/// Returns the port a passive reply names, and where in the text.
fn passive_port(text: &str) -> Option<(u16, usize, usize)> {
    let start = text.find("229 ").or_else(|| text.find("227 "))?;
    let open = start + text[start..].find('(')? + 1;
    let close = open + text[open..].find(')')?;
    let inner = &text[open..close];
    if let Some(port) = inner.strip_prefix("|||") {
        return Some((port.strip_suffix('|')?.parse().ok()?, open, close));
    }
    let mut numbers = inner.split(',').rev().map(|number| number.trim().parse::<u16>());
    let (low, high) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    Some((high.checked_mul(256)?.checked_add(low)?, open, close))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_of_a_passive_reply_is_found() {
        let epsv = "229 Entering Extended Passive Mode (|||4660|)\r\n";
        assert_eq!(passive_port(epsv).map(|found| found.0), Some(4660));
        let pasv = "227 Entering Passive Mode (127,0,0,1,18,52).\r\n";
        assert_eq!(passive_port(pasv).map(|found| found.0), Some(4660));
        assert_eq!(passive_port("226 Done (229).\r\n"), None);
    }

    #[tokio::test]
    async fn a_line_passes_so_many_bytes_and_closes() {
        let (server, port) = listen().await;
        let fault = Fault { channel: Channel::Control, after: 6, harm: Harm::Close, times: 1 };
        let line = Line::start(port, fault).await;
        let mut client = TcpStream::connect(("127.0.0.1", line.port())).await.unwrap();
        let (mut peer, _) = server.accept().await.unwrap();
        peer.write_all(b"220 hello\r\n").await.unwrap();
        let mut seen = Vec::new();
        client.read_to_end(&mut seen).await.unwrap();
        assert_eq!((&*seen, line.struck()), (&b"220 he"[..], 1));
    }

    #[tokio::test]
    async fn once_spent_a_fault_leaves_the_line_sound() {
        let (server, port) = listen().await;
        let fault = Fault { channel: Channel::Control, after: 0, harm: Harm::Garble, times: 1 };
        let line = Line::start(port, fault).await;
        for expected in [b"bA", b"rQ"] {
            let mut client = TcpStream::connect(("127.0.0.1", line.port())).await.unwrap();
            let (mut peer, _) = server.accept().await.unwrap();
            peer.write_all(b"rQ").await.unwrap();
            drop(peer);
            let mut seen = Vec::new();
            client.read_to_end(&mut seen).await.unwrap();
            assert_eq!(seen, expected);
        }
    }
}
