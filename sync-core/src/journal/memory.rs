//! A database's storage in memory. The one that comes with `redb` makes room a byte at a time, which
//! takes longer than all else that a small journal does.

use std::io;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use redb::StorageBackend;

#[derive(Debug, Default)]
pub(super) struct InMemory(RwLock<Vec<u8>>);

impl InMemory {
    /// Returns a storage that holds this already.
    pub(super) fn holding(bytes: Vec<u8>) -> Self {
        Self(RwLock::new(bytes))
    }

    fn bytes(&self) -> RwLockReadGuard<'_, Vec<u8>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn bytes_mut(&self) -> RwLockWriteGuard<'_, Vec<u8>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StorageBackend for InMemory {
    fn len(&self) -> io::Result<u64> {
        Ok(self.bytes().len() as u64)
    }

    fn read(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let bytes = self.bytes();
        let found = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)?.get(..len));
        found.map(<[u8]>::to_vec).ok_or_else(beyond)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let len = usize::try_from(len).map_err(|_| beyond())?;
        let mut bytes = self.bytes_mut();
        if len <= bytes.len() {
            bytes.truncate(len);
            return Ok(());
        }
        // What the system hands out is zero already.
        let mut longer = vec![0; len];
        longer[..bytes.len()].copy_from_slice(&bytes);
        *bytes = longer;
        Ok(())
    }

    fn sync_data(&self, _eventual: bool) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut bytes = self.bytes_mut();
        let place = usize::try_from(offset)
            .ok()
            .and_then(|offset| bytes.get_mut(offset..)?.get_mut(..data.len()));
        place.map(|place| place.copy_from_slice(data)).ok_or_else(beyond)
    }
}

fn beyond() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "beyond the end")
}
