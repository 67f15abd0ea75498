//! The folder that is served: libunftp's file system, which may be told to change nothing.

use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use tokio::io::AsyncRead;
use unftp_core::auth::DefaultUser;
use unftp_core::storage::{Error, ErrorKind, Fileinfo, Metadata as _, Result, StorageBackend};
use unftp_sbe_fs::{Filesystem, Meta};

/// A folder of this machine, open.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    folder: Arc<Filesystem>,
    read_only: bool,
}

impl Files {
    /// Opens a folder.
    ///
    /// # Errors
    /// When there is none, or it may not be read.
    pub(crate) fn open(folder: &Path, read_only: bool) -> io::Result<Self> {
        Ok(Self { folder: Arc::new(Filesystem::new(folder)?), read_only })
    }

    fn writable(&self) -> Result<&Filesystem> {
        if self.read_only {
            return Err(Error::from(ErrorKind::PermissionDenied));
        }
        Ok(&self.folder)
    }
}

#[async_trait]
impl StorageBackend<DefaultUser> for Files {
    type Metadata = Meta;

    fn supported_features(&self) -> u32 {
        StorageBackend::<DefaultUser>::supported_features(&*self.folder)
    }

    async fn metadata<P>(&self, user: &DefaultUser, path: P) -> Result<Meta>
    where
        P: AsRef<Path> + Send + Debug,
    {
        self.folder.metadata(user, path).await
    }

    async fn list<P>(&self, user: &DefaultUser, path: P) -> Result<Vec<Fileinfo<PathBuf, Meta>>>
    where
        P: AsRef<Path> + Send + Debug,
    {
        self.folder.list(user, path).await
    }

    async fn get<P>(
        &self,
        user: &DefaultUser,
        path: P,
        start: u64,
    ) -> Result<Box<dyn AsyncRead + Send + Sync + Unpin>>
    where
        P: AsRef<Path> + Send + Debug,
    {
        self.folder.get(user, path, start).await
    }

    async fn put<P, R>(&self, user: &DefaultUser, bytes: R, path: P, start: u64) -> Result<u64>
    where
        P: AsRef<Path> + Send + Debug,
        R: AsyncRead + Send + Sync + Unpin + 'static,
    {
        self.writable()?.put(user, bytes, path, start).await
    }

    async fn del<P>(&self, user: &DefaultUser, path: P) -> Result<()>
    where
        P: AsRef<Path> + Send + Debug,
    {
        self.writable()?.del(user, path).await
    }

    async fn mkd<P>(&self, user: &DefaultUser, path: P) -> Result<()>
    where
        P: AsRef<Path> + Send + Debug,
    {
        self.writable()?.mkd(user, path).await
    }

    async fn rename<P>(&self, user: &DefaultUser, from: P, to: P) -> Result<()>
    where
        P: AsRef<Path> + Send + Debug,
    {
        self.writable()?.rename(user, from, to).await
    }

    async fn rmd<P>(&self, user: &DefaultUser, path: P) -> Result<()>
    where
        P: AsRef<Path> + Send + Debug,
    {
        self.writable()?.rmd(user, path).await
    }

    /// Looks at the directory alone; the file system would list all of it.
    async fn cwd<P>(&self, user: &DefaultUser, path: P) -> Result<()>
    where
        P: AsRef<Path> + Send + Debug,
    {
        if self.folder.metadata(user, path).await?.is_dir() {
            return Ok(());
        }
        Err(Error::from(ErrorKind::PermanentDirectoryNotAvailable))
    }
}
