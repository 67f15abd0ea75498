//! Standard output, the only place that writes to it. A reader that went away is no failure.

use std::io::{self, BufWriter, IsTerminal as _, Write};

use crate::progress::above_bars;

/// Buffered standard output. Once its reader is gone, what is written vanishes.
#[derive(Debug)]
pub(crate) struct Output {
    inner: BufWriter<Screen>,
    /// Whether somebody watches, who wants each line at once.
    watched: bool,
}

impl Output {
    pub(crate) fn new() -> Self {
        let inner = BufWriter::with_capacity(1 << 16, Screen { gone: false });
        Self { inner, watched: io::stdout().is_terminal() }
    }

    /// Writes a line.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn row(&mut self, line: &[u8]) -> io::Result<()> {
        self.write_all(line)?;
        self.write_all(b"\n")?;
        if self.watched { self.flush() } else { Ok(()) }
    }
}

impl Write for Output {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.inner.write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Standard output, above the bars where there are some.
#[derive(Debug)]
struct Screen {
    /// Whether nobody reads any more.
    gone: bool,
}

impl Screen {
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

impl Write for Screen {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.gone {
            return Ok(data.len());
        }
        let written = above_bars(|| io::stdout().write_all(data)).map(|()| data.len());
        self.settle(written, data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = io::stdout().flush();
        self.settle(flushed, ())
    }
}

/// Tells whether standard output is a terminal.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Returns standard output for whole files.
pub(crate) fn stream() -> tokio::io::Stdout {
    tokio::io::stdout()
}

/// Tells whether something failed because nobody reads standard output any more.
pub(crate) fn nobody_reads(error: &sync_core::Error) -> bool {
    std::error::Error::source(error)
        .and_then(|source| source.downcast_ref::<io::Error>())
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Prints a line.
///
/// # Errors
/// As [`write()`].
pub(crate) fn line(text: impl std::fmt::Display) -> io::Result<()> {
    write(format!("{text}\n").as_bytes())
}

/// Prints a text that ends its own lines.
///
/// # Errors
/// When it cannot be written, unless nobody reads.
pub(crate) fn text(text: &str) -> anyhow::Result<()> {
    Ok(write(text.as_bytes())?)
}

/// Writes all of `data` at once, above the bars where there are some.
///
/// # Errors
/// When it cannot be written, unless nobody reads.
pub(crate) fn write(data: &[u8]) -> io::Result<()> {
    let mut output = Output::new();
    output.write_all(data)?;
    output.flush()
}
