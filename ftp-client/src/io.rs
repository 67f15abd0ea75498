//! Transfers as tokio's streams: a [`Download`] to read from, an [`Upload`] to write to.
//!
//! Both hand the transfer to one turn of work at a time and take it back with what came of it, so
//! they can be given up at any await: the session of a transfer that is dropped half-way is
//! discarded, and the next operation gets another one.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use futures_util::future::poll_fn;
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};

use crate::ending::{Finish, Finished};
use crate::error::{Error, ErrorKind, Result};
use crate::read::Download;
use crate::write::Upload;

/// How much a turn of writing takes at most.
const PIECE: usize = 128 * 1024;

/// A [`Download`] as [`AsyncRead`] and [`AsyncBufRead`].
///
/// The end is told only once the server has confirmed it: a file that was cut short ends with an
/// error instead. Dropping it before gives the transfer up, and its session.
#[derive(Debug)]
pub struct Reader {
    transfer: Transfer<Download, Bytes>,
    piece: Bytes,
}

impl Download {
    /// Turns into what tokio reads from.
    pub fn into_reader(self) -> Reader {
        Reader { transfer: Transfer::Idle(self), piece: Bytes::new() }
    }
}

impl Reader {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes>> {
        self.transfer.begin(|mut download| async move {
            let piece = download.read().await;
            (download, piece)
        })?;
        self.transfer.poll(cx).map_ok(Option::unwrap_or_default)
    }
}

impl AsyncBufRead for Reader {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        if this.piece.is_empty() {
            this.piece = ready!(this.poll_piece(cx))?;
        }
        Poll::Ready(Ok(&this.piece))
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        self.get_mut().piece.advance(amount);
    }
}

impl AsyncRead for Reader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let piece = ready!(self.as_mut().poll_fill_buf(cx))?;
        let count = piece.len().min(buf.remaining());
        buf.put_slice(&piece[..count]);
        self.consume(count);
        Poll::Ready(Ok(()))
    }
}

/// An [`Upload`] as [`AsyncWrite`].
///
/// Only [`Writer::finish`] makes a file of what was written: neither flushing nor shutting down
/// ends the data, since a server takes any end for the end of the file. So a copy that failed and
/// was dropped is never confirmed, and its session is discarded.
#[derive(Debug)]
pub struct Writer(Transfer<Upload, ()>);

impl Upload {
    /// Turns into what tokio writes to.
    pub fn into_writer(self) -> Writer {
        Writer(Transfer::Idle(self))
    }
}

impl Writer {
    /// Ends the transfer as [`Upload::finish`] does, once all that was written has been sent.
    ///
    /// # Errors
    /// As [`Upload::finish`], and [`ErrorKind::Misuse`] when writing has failed before.
    pub async fn finish(mut self, finish: Finish) -> Result<Finished> {
        poll_fn(|cx| self.0.poll(cx)).await?;
        self.0.take()?.finish(finish).await
    }
}

impl AsyncWrite for Writer {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Self(transfer) = self.get_mut();
        ready!(transfer.poll(cx))?;
        let piece = Bytes::copy_from_slice(&data[..data.len().min(PIECE)]);
        let count = piece.len();
        transfer.begin(|mut upload| async move {
            let written = upload.write(piece).await;
            (upload, written)
        })?;
        // Whether it is through or not, the piece is taken: the next call waits for it.
        match transfer.poll(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error.into())),
            _ => Poll::Ready(Ok(count)),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.get_mut().0.poll(cx))?;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

/// Work on a transfer, which comes back with what came of it.
type Turn<T, R> = Pin<Box<dyn Future<Output = (T, Result<R>)> + Send>>;

/// A transfer between or within turns of work.
enum Transfer<T, R> {
    Busy(Turn<T, R>),
    Idle(T),
    /// It has failed and was given up.
    Over,
}

impl<T, R> Transfer<T, R> {
    /// Begins a turn, unless there is one.
    fn begin<F>(&mut self, turn: impl FnOnce(T) -> F) -> Result<()>
    where
        F: Future<Output = (T, Result<R>)> + Send + 'static,
    {
        if !matches!(self, Self::Busy(_)) {
            *self = Self::Busy(Box::pin(turn(self.take()?)));
        }
        Ok(())
    }

    /// Waits for the end of the turn, where there is one.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<R>>> {
        let Self::Busy(turn) = self else { return Poll::Ready(Ok(None)) };
        let (transfer, outcome) = ready!(turn.as_mut().poll(cx));
        *self = match outcome {
            Ok(_) => Self::Idle(transfer),
            Err(_) => Self::Over,
        };
        Poll::Ready(outcome.map(Some))
    }

    /// Takes the transfer out from between two turns.
    fn take(&mut self) -> Result<T> {
        match std::mem::replace(self, Self::Over) {
            Self::Idle(transfer) => Ok(transfer),
            Self::Busy(_) | Self::Over => {
                Err(Error::new(ErrorKind::Misuse, "the transfer has failed before"))
            }
        }
    }
}

impl<T: fmt::Debug, R> fmt::Debug for Transfer<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy(_) => f.write_str("Busy"),
            Self::Idle(transfer) => transfer.fmt(f),
            Self::Over => f.write_str("Over"),
        }
    }
}
