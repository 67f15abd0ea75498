//! Which files and directories take part.

use crate::Path;

/// Decides which files and directories take part. The default lets everything through.
#[derive(Clone, Debug, Default)]
pub struct Filter {}

impl Filter {
    /// Tells whether a file takes part. `size` is in bytes.
    pub fn includes_file(
        &self,
        _path: &Path,
        _size: Option<u64>,
        _modified: Option<jiff::Timestamp>,
    ) -> bool {
        true
    }

    /// Tells whether anything below a directory can take part, so that it is worth listing.
    pub fn includes_directory(&self, _path: &Path) -> bool {
        true
    }
}
