//! A proxy that speaks SOCKS 5 (RFC 1928, RFC 1929) or `CONNECT` of HTTP/1.1 (RFC 9110 9.3.6).
//!
//! It takes every name for loopback, names that no resolver knows included, and remembers where it
//! was asked to go. It lets nobody through to [`FORBIDDEN`].

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

/// The host that is not let through to.
pub const FORBIDDEN: &str = "forbidden.example";

/// What a proxy speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Speaks {
    /// `CONNECT`.
    Http,
    /// Nothing: it accepts connections and is silent.
    Nothing,
    /// SOCKS 5.
    Socks,
}

/// A running proxy. It ends, with all its connections, when dropped.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    _accept: AbortOnDropHandle<()>,
}

#[derive(Clone)]
struct Door {
    speaks: Speaks,
    credentials: Option<(&'static str, &'static str)>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Starts a proxy, for everybody or for those with these credentials.
    pub async fn start(speaks: Speaks, credentials: Option<(&'static str, &'static str)>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let asked = Arc::default();
        let door = Door { speaks, credentials, asked: Arc::clone(&asked) };
        let accept = tokio::spawn(async move {
            let mut tunnels = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                tunnels.spawn(door.clone().pass(stream));
            }
        });
        Self { port, asked, _accept: AbortOnDropHandle::new(accept) }
    }

    /// Returns the port to connect to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the places it was asked for, as `host:port`, in order.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Door {
    async fn pass(self, stream: TcpStream) -> io::Result<()> {
        let mut client = BufReader::new(stream);
        match self.speaks {
            Speaks::Http => self.http(&mut client).await,
            Speaks::Nothing => std::future::pending().await,
            Speaks::Socks => self.socks(&mut client).await,
        }
    }

    async fn http(&self, client: &mut BufReader<TcpStream>) -> io::Result<()> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if client.read_line(&mut head).await? == 0 {
                return Ok(());
            }
        }
        let target = head.split(' ').nth(1).ok_or(ErrorKind::InvalidData)?;
        let (host, port) = target.rsplit_once(':').ok_or(ErrorKind::InvalidData)?;
        let token = |(user, password)| BASE64_STANDARD.encode(format!("{user}:{password}"));
        let known = self.credentials.map(token).is_none_or(|token| {
            head.contains(&format!("\r\nProxy-Authorization: Basic {token}\r\n"))
        });
        let opened = match known {
            false => Err("407 Proxy Authentication Required"),
            true => self.open(host, port.parse().unwrap_or_default()).await,
        };
        let status = opened.as_ref().map_or_else(|why| *why, |_| "200 Connection established");
        client.write_all(format!("HTTP/1.1 {status}\r\n\r\n").as_bytes()).await?;
        if let Ok(mut server) = opened {
            copy_bidirectional(client, &mut server).await?;
        }
        Ok(())
    }

    async fn socks(&self, client: &mut BufReader<TcpStream>) -> io::Result<()> {
        let (_version, count) = (client.read_u8().await?, client.read_u8().await?);
        let mut methods = vec![0; count.into()];
        client.read_exact(&mut methods).await?;
        let method = if self.credentials.is_some() { 2 } else { 0 };
        if !methods.contains(&method) {
            return client.write_all(&[5, 0xFF]).await;
        }
        client.write_all(&[5, method]).await?;
        if let Some((user, password)) = self.credentials {
            let _version = client.read_u8().await?;
            let shown = (short_text(client).await?, short_text(client).await?);
            let known = shown == (user.into(), password.into());
            client.write_all(&[1, u8::from(!known)]).await?;
            if !known {
                return Ok(());
            }
        }
        client.read_exact(&mut [0; 3]).await?;
        let host = match client.read_u8().await? {
            1 => IpAddr::from(client.read_u32().await?.to_be_bytes()).to_string(),
            4 => IpAddr::from(client.read_u128().await?.to_be_bytes()).to_string(),
            _ => short_text(client).await?,
        };
        let port = client.read_u16().await?;
        let opened = self.open(&host, port).await;
        let code = if opened.is_ok() { 0 } else { 2 };
        client.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
        if let Ok(mut server) = opened {
            copy_bidirectional(client, &mut server).await?;
        }
        Ok(())
    }

    async fn open(&self, host: &str, port: u16) -> Result<TcpStream, &'static str> {
        let place = format!("{host}:{port}");
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(place);
        if host == FORBIDDEN {
            return Err("403 Forbidden");
        }
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.map_err(|_| "502 Bad Gateway")
    }
}

/// Reads a text with its length before it.
async fn short_text(client: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut text = vec![0; client.read_u8().await?.into()];
    client.read_exact(&mut text).await?;
    String::from_utf8(text).map_err(io::Error::other)
}
