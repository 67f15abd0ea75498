//! Standard output, the only place that writes to it. A reader that went away is no failure: a
//! listing ends there, and what changes files goes on.

use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::time::{Duration, Instant};

use crate::progress::above_bars;

/// How long a row may wait for the next one before both are written.
const STALE: Duration = Duration::from_millis(100);

/// Buffered standard output, whose writers end with [`io::ErrorKind::BrokenPipe`] once nobody reads.
#[derive(Debug)]
pub(crate) struct Output {
    inner: BufWriter<Screen>,
    /// Whether somebody watches, who wants each line at once.
    watched: bool,
    /// When rows were last written.
    written: Option<Instant>,
}

impl Output {
    pub(crate) fn new() -> Self {
        let inner = BufWriter::with_capacity(1 << 16, Screen);
        Self { inner, watched: io::stdout().is_terminal(), written: None }
    }

    /// Writes a line.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn row(&mut self, line: &[u8]) -> io::Result<()> {
        self.write_all(line)?;
        self.write_all(b"\n")?;
        if self.watched || self.written.is_none_or(|at| at.elapsed() > STALE) {
            self.written = Some(Instant::now());
            return self.flush();
        }
        Ok(())
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
struct Screen;

impl Write for Screen {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        above_bars(|| io::stdout().write_all(data)).map(|()| data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}

/// Buffered standard output of what goes on without a reader: what is written then vanishes.
#[derive(Debug)]
pub(crate) struct Report(Output);

impl Report {
    pub(crate) fn new() -> Self {
        Self(Output::new())
    }
}

impl Write for Report {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        unread(self.0.write(data), data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        unread(self.0.flush(), ())
    }
}

/// Takes what nobody reads for written.
fn unread<T>(result: io::Result<T>, vanished: T) -> io::Result<T> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(vanished),
        result => result,
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
    let mut output = Report::new();
    output.write_all(data)?;
    output.flush()
}
