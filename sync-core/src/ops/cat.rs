//! Streams one file out of a remote, or into one.

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::context::Context;
use crate::entry::{Entry, Kind, Modified};
use crate::error::{Error, ErrorKind, Result};
use crate::execute::target::Target;
use crate::partial::Partials;
use crate::path::Path;
use crate::progress::Deed;
use crate::remote::{Commit, Tree, Writer};
use crate::retry::{retry, until_cancelled};
use crate::run::{Change, Failures, Run};

/// Writes a file of a tree to `output`, from `offset` on and at most `length` bytes. A transfer
/// that is cut goes on where it was.
///
/// # Errors
/// When the file cannot be read or `output` cannot be written to.
pub async fn cat(
    ctx: &Context,
    tree: &Tree,
    path: &Path,
    offset: u64,
    length: Option<u64>,
    output: &mut (dyn AsyncWrite + Unpin + Send),
) -> Result<(), Failures> {
    let output = tokio::sync::Mutex::new((output, 0));
    let at = tree.path(path);
    retry(ctx, path, async || {
        let (output, written) = &mut *output.lock().await;
        let left = length.map(|length| length - *written);
        let mut reader = tree.remote.open(&at, offset + *written, left).await?;
        loop {
            let piece = reader.read().await?;
            if piece.is_empty() {
                return output.flush().await.map_err(cannot_write);
            }
            output.write_all(&piece).await.map_err(cannot_write)?;
            *written += piece.len() as u64;
        }
    })
    .await?;
    Ok(())
}

/// Writes all of `input` to a file of a tree: under a temporary name first, and no half file under
/// the final one. What was read cannot be read again, so nothing is retried.
///
/// # Errors
/// When `input` cannot be read, is not `size` bytes long, or the file cannot be written.
pub async fn rcat(
    ctx: &Context,
    tree: &Tree,
    path: &Path,
    input: &mut (dyn AsyncRead + Unpin + Send),
    size: Option<u64>,
    modified: Option<jiff::Timestamp>,
) -> Result<(), Failures> {
    let run = Run::new(ctx);
    let change = Change::new(Deed::CopiedNew, path, "asked for").sized(size);
    if run.may(change).await {
        let result = write(ctx, tree, path, input, size, modified).await;
        run.settle(change, result);
    }
    run.finish()
}

async fn write(
    ctx: &Context,
    tree: &Tree,
    path: &Path,
    input: &mut (dyn AsyncRead + Unpin + Send),
    size: Option<u64>,
    modified: Option<jiff::Timestamp>,
) -> Result<()> {
    let to = tree.path(path);
    if let Some(parent) = to.parent().filter(|parent| !parent.is_root()) {
        retry(ctx, path, || tree.remote.mkdir(&parent)).await?;
    }
    let known = Entry {
        kind: Kind::File,
        size,
        modified: modified.map(|at| Modified { at, precision: std::time::Duration::ZERO }),
        ..Entry::root()
    };
    let partials = Partials::new(&ctx.options.partial_suffix, None, jiff::Timestamp::now());
    let target = Target::new(tree, path, &known, &partials, &ctx.options)?;
    let writer = until_cancelled(ctx, target.create(0)).await?;
    let result = until_cancelled(ctx, async {
        let (writer, written) = pour(input, writer).await?;
        if let Some(expected) = size.filter(|&size| size != written) {
            return Err(not_as_announced(written, expected).on(path));
        }
        let commit = Commit { size: Some(written), modified, ..Commit::default() };
        target.begin_commit(writer, commit).await?.await
    })
    .await;
    if result.is_err() {
        target.clean_up().await;
    }
    result.map(drop)
}

/// The error for input of another size than was said; what comes in once cannot be asked for again.
fn not_as_announced(written: u64, expected: u64) -> Error {
    let message = format!(
        "corrupted on transfer: sizes differ: {expected} bytes were announced, {written} came"
    );
    Error::new(ErrorKind::Other, message).hint("leave the size out where it is not certain")
}

async fn pour(
    input: &mut (dyn AsyncRead + Unpin + Send),
    mut writer: Box<dyn Writer>,
) -> Result<(Box<dyn Writer>, u64)> {
    let mut written = 0;
    let mut buffer = vec![0; PIECE];
    loop {
        let read = input.read(&mut buffer).await.map_err(|error| {
            Error::new(ErrorKind::Other, format!("cannot read the input: {error}")).caused_by(error)
        })?;
        if read == 0 {
            return Ok((writer, written));
        }
        writer.write(Bytes::copy_from_slice(&buffer[..read])).await?;
        written += read as u64;
    }
}

fn cannot_write(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Other, format!("cannot write the output: {error}")).caused_by(error)
}

const PIECE: usize = 64 * 1024;
