//! One connection, plain or TLS, that is never waited for longer than its idle timeout.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Buf;
use futures_util::future::poll_fn;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep, timeout};
use tokio_rustls::client::TlsStream;

use crate::tls::Handshake;

/// What bytes travel on below FTP's own TLS.
#[derive(Debug)]
pub enum Transport {
    /// TCP to the server, or to a proxy that passes it on.
    Tcp(TcpStream),
    /// TLS to a proxy that passes it on.
    Tunnel(Box<TlsStream<TcpStream>>),
}

/// A control or data connection with a deadline on every read and write.
#[derive(Debug)]
pub struct Stream {
    layer: Layer,
    idle_timeout: Duration,
    /// How much longer silence may last, until the next command.
    allowance: Duration,
    /// How many bytes one write takes at most, and with TLS one record.
    piece: usize,
    reading: Deadline,
    writing: Deadline,
}

#[derive(Debug)]
enum Layer {
    Plain(Transport),
    Tls(Box<TlsStream<Transport>>),
}

impl Stream {
    /// Wraps a plain connection.
    pub fn plain(transport: Transport, idle_timeout: Duration) -> Self {
        Self::new(Layer::Plain(transport), idle_timeout)
    }

    /// Wraps a connection whose TLS handshake is done.
    pub fn tls(stream: TlsStream<Transport>, idle_timeout: Duration) -> Self {
        Self::new(Layer::Tls(Box::new(stream)), idle_timeout)
    }

    fn new(layer: Layer, idle_timeout: Duration) -> Self {
        let (reading, writing) = (Deadline::default(), Deadline::default());
        let allowance = Duration::ZERO;
        Self { layer, idle_timeout, allowance, piece: usize::MAX, reading, writing }
    }

    /// Lets one write, and with TLS one record, hold no more than `piece` bytes.
    #[must_use]
    pub fn in_pieces(self, piece: usize) -> Self {
        Self { piece, ..self }
    }

    /// Returns the plain connection, for TLS to begin on it; nothing where it has begun.
    pub fn into_plain(self) -> Option<Transport> {
        match self.layer {
            Layer::Plain(transport) => Some(transport),
            Layer::Tls(_) => None,
        }
    }

    /// Returns what came of the TLS handshake, where there was one.
    pub fn handshake(&self) -> Option<Handshake> {
        match &self.layer {
            Layer::Plain(_) => None,
            Layer::Tls(stream) => Some(Handshake::of(stream)),
        }
    }

    /// Writes all of `data`, reading meanwhile what the peer of an upload sends: its TLS 1.3
    /// tickets are gained that way, and left unread they would reset the connection at its close.
    pub async fn write_all_harvesting(&mut self, mut data: impl Buf) -> io::Result<()> {
        while data.has_remaining() {
            let written = poll_fn(|cx| {
                self.poll_harvest(cx)?;
                Pin::new(&mut *self).poll_write(cx, data.chunk())
            })
            .await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            data.advance(written);
        }
        Ok(())
    }

    /// Ends an upload: says that no more comes, then reads until the peer has closed too, for
    /// `patience` at most (some servers never close first).
    pub async fn finish_writing(&mut self, patience: Duration) -> io::Result<()> {
        self.shutdown().await?;
        let drain = async {
            let mut scratch = [0; 4096];
            while self.read(&mut scratch).await? != 0 {}
            io::Result::Ok(())
        };
        // The data has been sent and the server's reply decides: how it closes is no error.
        let _ = timeout(patience, drain).await;
        Ok(())
    }

    /// Has the system acknowledge what was received now rather than with what is sent next. A server
    /// that does not turn Nagle's algorithm off, such as vsftpd, keeps its `226` back until its
    /// `150` is acknowledged, which may take 40 ms.
    pub(crate) fn acknowledge(&self) {
        let tcp = self.tcp();
        #[cfg(any(target_os = "android", target_os = "linux"))]
        // Without it, all goes as well, and slower.
        let _ = socket2::SockRef::from(tcp).set_tcp_quickack(true);
        #[cfg(not(any(target_os = "android", target_os = "linux")))]
        let _ = tcp;
    }

    fn tcp(&self) -> &TcpStream {
        let transport = match &self.layer {
            Layer::Plain(transport) => transport,
            Layer::Tls(stream) => stream.get_ref().0,
        };
        match transport {
            Transport::Tcp(tcp) => tcp,
            Transport::Tunnel(stream) => stream.get_ref().0,
        }
    }

    /// Lets the idle timeouts begin anew, before the peer is expected to do something.
    pub(crate) fn restart_deadlines(&mut self) {
        self.allow(Duration::ZERO);
    }

    /// Lets silence last so much longer than the idle timeout, until the deadlines begin anew.
    pub(crate) fn allow(&mut self, allowance: Duration) {
        self.allowance = allowance;
        self.reading = Deadline::default();
        self.writing = Deadline::default();
    }

    /// Returns how long silence may last; zero is for ever.
    fn patience(&self) -> Duration {
        match self.idle_timeout.is_zero() {
            true => Duration::ZERO,
            false => self.idle_timeout.saturating_add(self.allowance),
        }
    }

    /// Waits until the peer has closed the connection, unless it has sent something that is not read
    /// yet.
    pub(crate) async fn closed(&self) {
        if matches!(self.tcp().peek(&mut [0]).await, Ok(1..)) {
            std::future::pending::<()>().await;
        }
    }

    fn poll_harvest(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let Layer::Tls(stream) = &mut self.layer else { return Ok(()) };
        let mut scratch = [0; 256];
        let mut buf = ReadBuf::new(&mut scratch);
        match Pin::new(&mut **stream).poll_read(cx, &mut buf) {
            Poll::Ready(Err(error)) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
            _ => Ok(()),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let poll = match &mut this.layer {
            Layer::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Layer::Tls(stream) => Pin::new(&mut **stream).poll_read(cx, buf),
        };
        this.reading.watch(poll, cx, this.patience())
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let data = &data[..data.len().min(this.piece)];
        let poll = match &mut this.layer {
            Layer::Plain(stream) => Pin::new(stream).poll_write(cx, data),
            Layer::Tls(stream) => Pin::new(&mut **stream).poll_write(cx, data),
        };
        this.writing.watch(poll, cx, this.patience())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let poll = match &mut this.layer {
            Layer::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Layer::Tls(stream) => Pin::new(&mut **stream).poll_flush(cx),
        };
        this.writing.watch(poll, cx, this.patience())
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let poll = match &mut this.layer {
            Layer::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Layer::Tls(stream) => Pin::new(&mut **stream).poll_shutdown(cx),
        };
        this.writing.watch(poll, cx, this.patience())
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tunnel(stream) => Pin::new(&mut **stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, data),
            Self::Tunnel(stream) => Pin::new(&mut **stream).poll_write(cx, data),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tunnel(stream) => Pin::new(&mut **stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tunnel(stream) => Pin::new(&mut **stream).poll_shutdown(cx),
        }
    }
}

/// When waiting for the next byte ends. It starts with the first poll that has to wait and is gone
/// with every byte.
#[derive(Debug, Default)]
struct Deadline(Option<Pin<Box<Sleep>>>);

impl Deadline {
    fn watch<T>(
        &mut self,
        poll: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
        idle_timeout: Duration,
    ) -> Poll<io::Result<T>> {
        if poll.is_ready() || idle_timeout.is_zero() {
            self.0 = None;
            return poll;
        }
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep(idle_timeout)));
        ready!(sleep.as_mut().poll(cx));
        self.0 = None;
        let silence = format!("the other side was silent for {idle_timeout:?}");
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, silence)))
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn pair(idle_timeout: Duration) -> (Stream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let near = TcpStream::connect(address).await.expect("a connection");
        let (far, _) = listener.accept().await.expect("a connection");
        (Stream::plain(Transport::Tcp(near), idle_timeout), far)
    }

    #[tokio::test]
    async fn a_write_is_no_larger_than_a_piece() {
        let (near, _far) = pair(Duration::ZERO).await;
        let mut near = near.in_pieces(10);
        assert_eq!(near.write(&[7; 25]).await.expect("room"), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn silence_has_an_end() {
        let (mut near, _far) = pair(Duration::from_secs(30)).await;
        let begun = tokio::time::Instant::now();
        let error = near.read_u8().await.expect_err("nothing was sent");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(begun.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn silence_may_be_allowed_once() {
        let (mut near, _far) = pair(Duration::from_secs(30)).await;
        near.allow(Duration::from_secs(70));
        let begun = tokio::time::Instant::now();
        near.read_u8().await.expect_err("nothing was sent");
        assert_eq!(begun.elapsed().as_secs(), 100);
        near.restart_deadlines();
        near.read_u8().await.expect_err("nothing was sent");
        assert_eq!(begun.elapsed().as_secs(), 130);
    }

    #[tokio::test]
    async fn a_timeout_without_end_waits() {
        let (mut stream, mut far) = pair(Duration::MAX).await;
        let read = tokio::spawn(async move { stream.read(&mut [0]).await });
        tokio::task::yield_now().await;
        far.write_all(b"x").await.unwrap();
        assert_eq!(read.await.unwrap().unwrap(), 1);
    }
}
