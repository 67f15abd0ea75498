//! Who is told what the engine does.

use std::sync::Arc;

use sync_core::Progress;
use sync_core::progress::Silent;

use crate::args::Logging;

/// Returns the listener the flags ask for.
pub(crate) fn listener(_flags: &Logging) -> Arc<dyn Progress> {
    Arc::new(Silent)
}
