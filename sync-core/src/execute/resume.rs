//! Continues a copy where an earlier attempt or run has left it, once the end of what is there was
//! compared with the source.

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};

use crate::error::{Error, ErrorKind, Result};
use crate::partial::TAIL;
use crate::path::Path;
use crate::remote::{Reader, Remote, Writer};

use super::target::Target;

/// A copy ready to go on.
pub(crate) struct Opened {
    pub(crate) reader: Box<dyn Reader>,
    pub(crate) writer: Box<dyn Writer>,
    /// Where both are.
    pub(crate) offset: u64,
}

/// Opens a copy at its beginning.
pub(crate) async fn from_the_start(
    source: &dyn Remote,
    from: &Path,
    target: &Target<'_>,
) -> Result<Opened> {
    let reader = source.open(from, 0, None).await?;
    let writer = target.create(0).await?;
    Ok(Opened { reader, writer, offset: 0 })
}

/// Opens a copy of which `length` bytes are there; none where they are not those of the source.
///
/// What is compared of the source and what follows it are one download.
pub(crate) async fn from_where_it_stopped(
    source: &dyn Remote,
    from: &Path,
    target: &Target<'_>,
    length: u64,
) -> Result<Option<Opened>> {
    let start = length.saturating_sub(TAIL);
    let there = target.remote().open(target.written(), start, None).await?;
    let (there, mut beyond) = take(there, length - start).await?;
    if there.len() as u64 != length - start || !beyond.is_at_end().await? {
        return Ok(None);
    }
    let (here, rest) = take(source.open(from, start, None).await?, length - start).await?;
    if here != there {
        return Ok(None);
    }
    let writer = target.create(length).await?;
    Ok(Some(Opened { reader: Box::new(rest), writer, offset: length }))
}

/// Tells whether a failure says that a file cannot be continued there, rather than that the line is
/// bad.
pub(crate) fn is_refusal(error: &Error) -> bool {
    let of_the_line = matches!(
        error.kind(),
        ErrorKind::Cancelled | ErrorKind::Connection | ErrorKind::Timeout | ErrorKind::Tls
    );
    !of_the_line
}

/// Tells whether a failure has cut a copy short that may as well go on later.
pub(crate) fn is_interruption(error: &Error) -> bool {
    let stopped =
        matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::Limit(_) | ErrorKind::Tls);
    stopped || (error.is_temporary() && error.kind() != ErrorKind::Corrupted)
}

/// What is left of a reader, with what was read of it too early.
struct Rest {
    first: Bytes,
    reader: Box<dyn Reader>,
}

impl Rest {
    async fn is_at_end(&mut self) -> Result<bool> {
        Ok(self.read().await?.is_empty())
    }
}

#[async_trait]
impl Reader for Rest {
    async fn read(&mut self) -> Result<Bytes> {
        if self.first.is_empty() {
            self.reader.read().await
        } else {
            Ok(std::mem::take(&mut self.first))
        }
    }
}

/// Reads `length` bytes, or fewer at the end.
async fn take(mut reader: Box<dyn Reader>, length: u64) -> Result<(Bytes, Rest)> {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let mut taken = BytesMut::new();
    while taken.len() < length {
        let piece = reader.read().await?;
        if piece.is_empty() {
            break;
        }
        taken.extend_from_slice(&piece);
    }
    let first = taken.split_off(taken.len().min(length)).freeze();
    Ok((taken.freeze(), Rest { first, reader }))
}
