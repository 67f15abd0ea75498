//! Downloads and uploads as the engine's readers and writers.

use async_trait::async_trait;
use bytes::Bytes;
use ftp_client::ftp_proto::hash::Algorithm;
use ftp_client::{Download, Finish, Upload};

use super::error::explain;
use crate::encoding::Encoder;
use crate::error::Result;
use crate::path::Path;
use crate::remote::{Commit, Committed, Committing, Reader, Writer};

/// A file being downloaded.
#[derive(Debug)]
pub(super) struct Incoming {
    path: Path,
    /// Gone once the end was confirmed or nobody wants more.
    download: Option<Download>,
    left: u64,
}

impl Incoming {
    pub(super) fn new(path: Path, download: Download, length: Option<u64>) -> Self {
        Self { path, download: Some(download), left: length.unwrap_or(u64::MAX) }
    }
}

#[async_trait]
impl Reader for Incoming {
    async fn read(&mut self) -> Result<Bytes> {
        let Some(mut download) = self.download.take() else { return Ok(Bytes::new()) };
        if self.left == 0 {
            download.stop().await;
            return Ok(Bytes::new());
        }
        let mut piece = download.read().await.map_err(|error| explain(error, &self.path))?;
        if piece.is_empty() {
            return Ok(piece);
        }
        piece.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= piece.len() as u64;
        self.download = Some(download);
        Ok(piece)
    }
}

/// A file being uploaded.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) path: Path,
    pub(super) encoder: Encoder,
    pub(super) upload: Upload,
}

#[async_trait]
impl Writer for Outgoing {
    async fn write(&mut self, data: Bytes) -> Result<()> {
        self.upload.write(data).await.map_err(|error| explain(error, &self.path))
    }

    async fn commit(self: Box<Self>, commit: Commit) -> Result<Committed> {
        self.begin_commit(commit).await?.await
    }

    async fn begin_commit(self: Box<Self>, commit: Commit) -> Result<Committing> {
        let Self { path, encoder, upload } = *self;
        let hash = commit.hash.and_then(|(name, value)| Some((Algorithm::named(name)?, value)));
        let finish = Finish {
            size: commit.size,
            modified: commit.modified,
            hash,
            rename_to: commit.rename_to.map(|to| encoder.to_server(to.as_bytes())),
        };
        let ending = upload.end(finish).await.map_err(|error| explain(error, &path))?;
        Ok(Box::pin(async move {
            let finished = ending.outcome().await.map_err(|error| explain(error, &path))?;
            let time_not_set = finished.time_not_set.map(|error| explain(error, &path));
            Ok(Committed { time_not_set })
        }))
    }
}
