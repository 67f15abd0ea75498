//! Cuts a listing into lines: bytes fed in pieces, a cap on length and number.
//!
//! A line ends at LF; one CR before it is taken off, no more: a name may end in CR.

use alloc::vec::Vec;

use super::{Caps, Reason, Unread};

#[derive(Debug)]
pub(super) struct Lines {
    buffer: Vec<u8>,
    /// Where the next line begins.
    start: usize,
    /// How far behind `start` there is known to be no LF.
    scanned: usize,
    /// The rest of a line that was too long is being dropped.
    dropping: bool,
    finished: bool,
    caps: Caps,
    count: u64,
    steps: u64,
}

impl Lines {
    pub(super) fn new(caps: Caps) -> Self {
        let caps = Caps { line: caps.line.clamp(1, Caps::MAX_LINE), ..caps };
        Self {
            buffer: Vec::new(),
            start: 0,
            scanned: 0,
            dropping: false,
            finished: false,
            caps,
            count: 0,
            steps: 0,
        }
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        if self.start > self.buffer.len() / 2 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        if self.count <= self.caps.lines {
            self.buffer.extend_from_slice(bytes);
        }
    }

    pub(super) fn finish(&mut self) {
        self.finished = true;
    }

    pub(super) fn is_finished(&self) -> bool {
        self.finished
    }

    pub(super) fn buffered(&self) -> usize {
        self.buffer.capacity()
    }

    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    /// Returns the next line without its end.
    pub(super) fn next(&mut self) -> Option<Result<&[u8], Unread>> {
        loop {
            let Some((start, end, next)) = self.cut() else { return self.overlong().map(Err) };
            self.start = next;
            self.scanned = 0;
            if core::mem::take(&mut self.dropping) {
                continue;
            }
            if !self.counted() {
                return self.past_the_cap().map(Err);
            }
            let line = &self.buffer[start..end];
            if line.len() > self.caps.line {
                let line = line[..self.caps.line].into();
                return Some(Err(Unread { line, reason: Reason::LineTooLong }));
            }
            return Some(Ok(line.strip_suffix(b"\r").unwrap_or(line)));
        }
    }

    /// Finds the next line: where it begins, where it ends, and where the one after it begins.
    fn cut(&mut self) -> Option<(usize, usize, usize)> {
        let unseen = self.start + self.scanned;
        let found = memchr::memchr(b'\n', &self.buffer[unseen..]);
        self.steps += found.map_or(self.buffer.len() - unseen, |at| at + 1) as u64;
        if let Some(at) = found {
            return Some((self.start, unseen + at, unseen + at + 1));
        }
        let (start, end) = (self.start, self.buffer.len());
        self.scanned = end - start;
        (self.finished && start < end).then_some((start, end, end))
    }

    /// Gives up on a line that is too long before its end has come, and drops what comes of it.
    fn overlong(&mut self) -> Option<Unread> {
        let rest = &self.buffer[self.start..];
        if self.dropping || rest.len() <= self.caps.line + 1 {
            if self.dropping {
                self.drop_all();
            }
            return None;
        }
        let line = rest[..self.caps.line].into();
        self.drop_all();
        self.dropping = true;
        if !self.counted() {
            return self.past_the_cap();
        }
        Some(Unread { line, reason: Reason::LineTooLong })
    }

    fn drop_all(&mut self) {
        self.start = self.buffer.len();
        self.scanned = 0;
    }

    fn counted(&mut self) -> bool {
        self.count += 1;
        self.count <= self.caps.lines
    }

    /// Says once that there are too many lines, and forgets all others.
    fn past_the_cap(&mut self) -> Option<Unread> {
        self.drop_all();
        let first = self.count == self.caps.lines + 1;
        first.then(|| Unread { line: [][..].into(), reason: Reason::ListingTooLong })
    }
}

#[cfg(test)]
mod tests {
    use alloc::{string::String, vec};

    use super::*;

    fn lines(input: &[u8], piece: usize, caps: Caps) -> Vec<String> {
        let mut lines = Lines::new(caps);
        let mut read = vec![];
        let mut take = |lines: &mut Lines| {
            while let Some(line) = lines.next() {
                read.push(match line {
                    Ok(line) => String::from_utf8_lossy(line).into_owned(),
                    Err(unread) => alloc::format!("{:?} {}", unread.reason, unread.line.len()),
                });
            }
        };
        for piece in input.chunks(piece) {
            lines.feed(piece);
            take(&mut lines);
        }
        lines.finish();
        take(&mut lines);
        read
    }

    #[track_caller]
    fn check(input: &[u8], caps: Caps, expected: &[&str]) {
        for piece in [1, 2, 3, 7, input.len().max(1)] {
            assert_eq!(lines(input, piece, caps), expected, "in pieces of {piece}");
        }
    }

    #[test]
    fn a_line_ends_at_lf_and_loses_one_cr() {
        check(b"a\r\nb\n\r\nIcon\r\r\nlast", Caps::default(), &["a", "b", "", "Icon\r", "last"]);
        check(b"", Caps::default(), &[]);
        check(b"\n", Caps::default(), &[""]);
    }

    #[test]
    fn a_line_too_long_is_cut_and_the_next_is_read() {
        let caps = Caps { line: 4, ..Caps::default() };
        check(
            b"1234\n12345\r\n1234567890\nok\n",
            caps,
            &["1234", "LineTooLong 4", "LineTooLong 4", "ok"],
        );
        check(b"12345678901234567890", caps, &["LineTooLong 4"]);
    }

    #[test]
    fn too_many_lines_are_told_once() {
        let caps = Caps { lines: 2, ..Caps::default() };
        check(b"a\nb\nc\nd\ne", caps, &["a", "b", "ListingTooLong 0"]);
    }

    #[test]
    fn each_byte_is_looked_at_once() {
        let mut lines = Lines::new(Caps::default());
        for _ in 0..50_000 {
            lines.feed(b"x");
            assert_eq!(lines.next(), None);
        }
        assert!(lines.steps() <= 50_000);
    }
}
