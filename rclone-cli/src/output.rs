//! Standard output, the only place that writes to it. A reader that went away is no failure.

use std::io::{self, BufWriter, StdoutLock, Write};

use crate::progress::above_bars;

/// Buffered standard output. Once its reader is gone, what is written vanishes.
#[derive(Debug)]
pub(crate) struct Output {
    inner: BufWriter<StdoutLock<'static>>,
    gone: bool,
}

impl Output {
    pub(crate) fn new() -> Self {
        Self { inner: BufWriter::with_capacity(1 << 16, io::stdout().lock()), gone: false }
    }

    /// Tells whether nobody reads any more, so that work for more output is wasted.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone
    }

    fn settle<T>(&mut self, result: io::Result<T>, vanished: T) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.gone = true;
                Ok(vanished)
            }
            result => result,
        }
    }
}

impl Write for Output {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.gone {
            return Ok(data.len());
        }
        let written = self.inner.write(data);
        self.settle(written, data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.gone {
            return Ok(());
        }
        let flushed = self.inner.flush();
        self.settle(flushed, ())
    }
}

/// Prints a line.
///
/// # Errors
/// As [`write`].
pub(crate) fn line(text: impl std::fmt::Display) -> io::Result<()> {
    write(format!("{text}\n").as_bytes())
}

/// Writes all of `data` at once, above the bars where there are some.
///
/// # Errors
/// When it cannot be written, unless nobody reads.
pub(crate) fn write(data: &[u8]) -> io::Result<()> {
    above_bars(|| {
        let mut output = Output::new();
        output.write_all(data)?;
        output.flush()
    })
}
