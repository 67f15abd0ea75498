//! Cuts a listing into lines: bytes that come in pieces, a cap on length and number.
//!
//! A line ends at LF; one CR before it is taken off, no more: a name may end in CR. A line that lies
//! in one piece is read where it lies, and only what a piece leaves over is copied.

use alloc::vec::Vec;

use super::{Caps, Reason, Unread};

#[derive(Debug)]
pub(super) struct Lines {
    /// What earlier pieces left over.
    kept: Vec<u8>,
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
            kept: Vec::new(),
            start: 0,
            scanned: 0,
            dropping: false,
            finished: false,
            caps,
            count: 0,
            steps: 0,
        }
    }

    /// Keeps bytes for later.
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        if self.start > self.kept.len() / 2 {
            self.kept.drain(..self.start);
            self.start = 0;
        }
        if self.count <= self.caps.lines {
            self.kept.extend_from_slice(bytes);
        }
    }

    pub(super) fn finish(&mut self) {
        self.finished = true;
    }

    pub(super) fn is_finished(&self) -> bool {
        self.finished
    }

    pub(super) fn buffered(&self) -> usize {
        self.kept.capacity()
    }

    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    /// Returns the next line without its end, and what follows it, where it lies in this piece and is
    /// within the caps.
    #[inline]
    pub(super) fn whole<'p>(&self, piece: &'p [u8]) -> Option<(&'p [u8], &'p [u8])> {
        if self.start < self.kept.len() || self.dropping || self.count >= self.caps.lines {
            return None;
        }
        let end = memchr::memchr(b'\n', piece).filter(|end| *end <= self.caps.line)?;
        let line = &piece[..end];
        Some((line.strip_suffix(b"\r").unwrap_or(line), &piece[end + 1..]))
    }

    /// Counts a line of so many bytes that was read where it lies.
    #[inline]
    pub(super) fn passed(&mut self, bytes: usize) {
        self.count += 1;
        self.steps += bytes as u64;
    }

    /// Returns the next line without its end, of what was kept, to which the piece adds what is
    /// missing.
    #[inline(never)]
    pub(super) fn next(&mut self, piece: &mut &[u8]) -> Option<Result<&[u8], Unread>> {
        loop {
            let Some((start, end, next)) = self.cut() else {
                if let Some(unread) = self.overlong() {
                    return Some(Err(unread));
                }
                let missing = memchr::memchr(b'\n', piece).map_or(piece.len(), |end| end + 1);
                let missing = piece.split_off(..missing).filter(|missing| !missing.is_empty())?;
                self.keep(missing);
                continue;
            };
            self.start = next;
            self.scanned = 0;
            if core::mem::take(&mut self.dropping) {
                continue;
            }
            if !self.counted() {
                return self.past_the_cap().map(Err);
            }
            let line = &self.kept[start..end];
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
        let found = memchr::memchr(b'\n', &self.kept[unseen..]);
        self.steps += found.map_or(self.kept.len() - unseen, |at| at + 1) as u64;
        if let Some(at) = found {
            return Some((self.start, unseen + at, unseen + at + 1));
        }
        let (start, end) = (self.start, self.kept.len());
        self.scanned = end - start;
        (self.finished && start < end).then_some((start, end, end))
    }

    /// Gives up on a line that is too long before its end has come, and drops what comes of it.
    fn overlong(&mut self) -> Option<Unread> {
        let rest = &self.kept[self.start..];
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
        self.start = self.kept.len();
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

    /// Reads lines as a reader does: where they lie, if they are whole.
    fn lines(input: &[u8], piece: usize, caps: Caps) -> Vec<String> {
        let mut lines = Lines::new(caps);
        let mut read = vec![];
        for mut piece in input.chunks(piece).chain([&b""[..]]) {
            if piece.is_empty() {
                lines.finish();
            }
            loop {
                let line = if let Some((line, rest)) = lines.whole(piece) {
                    lines.passed(piece.len() - rest.len());
                    piece = rest;
                    Ok(line)
                } else if let Some(line) = lines.next(&mut piece) {
                    line
                } else {
                    break;
                };
                read.push(match line {
                    Ok(line) => String::from_utf8_lossy(line).into_owned(),
                    Err(unread) => alloc::format!("{:?} {}", unread.reason, unread.line.len()),
                });
            }
        }
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
            assert_eq!(lines.next(&mut &b"x"[..]), None);
        }
        assert!(lines.steps() <= 50_000);
    }
}
