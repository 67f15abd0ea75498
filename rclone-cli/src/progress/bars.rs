//! Progress on a terminal: a line for each transfer and one for all of them, as wide as there is
//! room.

use std::time::Instant;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::stats::{Stats, Transfer};
use crate::shown::printable;
use crate::units;

/// Lines at the bottom of a terminal that are drawn over and over.
#[derive(Debug)]
pub(crate) struct Bars {
    multi: MultiProgress,
    lines: Vec<ProgressBar>,
}

impl Bars {
    /// Takes the bottom of the terminal that standard output is; draws nothing where it is none.
    pub(crate) fn new() -> Self {
        Self::on(target())
    }

    fn on(target: ProgressDrawTarget) -> Self {
        Self { multi: MultiProgress::with_draw_target(target), lines: Vec::new() }
    }

    /// Returns what lets others write above the lines.
    pub(crate) fn handle(&self) -> MultiProgress {
        self.multi.clone()
    }

    /// Shows the statistics as they are.
    pub(crate) fn draw(&mut self, stats: &Stats, in_bits: bool, now: Instant) {
        let (height, width) = console::Term::stdout().size();
        self.show(lines(stats, width.into(), height.into(), in_bits, now));
    }

    fn show(&mut self, lines: Vec<String>) {
        while self.lines.len() > lines.len() {
            if let Some(line) = self.lines.pop() {
                line.finish_and_clear();
                self.multi.remove(&line);
            }
        }
        while self.lines.len() < lines.len() {
            let style = ProgressStyle::with_template("{msg}").expect("a constant");
            let line = ProgressBar::no_length().with_style(style);
            self.lines.push(self.multi.add(line));
        }
        for (line, text) in self.lines.iter().zip(lines) {
            line.set_message(text);
        }
    }

    /// Wipes the lines away.
    pub(crate) fn clear(&mut self) {
        for line in self.lines.drain(..) {
            line.finish_and_clear();
        }
        // Nothing is left to draw on a terminal that is gone.
        let _ = self.multi.clear();
    }
}

/// Returns where bars are drawn.
pub(super) fn target() -> ProgressDrawTarget {
    ProgressDrawTarget::stdout_with_hz(10)
}

/// Returns the lines to show, none wider than `width`.
fn lines(stats: &Stats, width: usize, height: usize, in_bits: bool, now: Instant) -> Vec<String> {
    let room = height.saturating_sub(3).max(1);
    let hidden = stats.active.len().saturating_sub(room);
    let mut lines: Vec<String> =
        stats.active.values().take(room).map(|one| transfer(one, width, in_bits, now)).collect();
    if hidden > 0 {
        lines.push(format!("… and {hidden} more"));
    }
    lines.push(total(stats, width, in_bits, now));
    lines.into_iter().map(|line| clipped(&line, width.saturating_sub(1))).collect()
}

fn transfer(one: &Transfer, width: usize, in_bits: bool, now: Instant) -> String {
    let speed = one.speed(now);
    let eta = units::duration(one.size.and_then(|_| units::eta(one.remaining(), speed)));
    let percent = one.percent();
    let rate = units::rate(speed, in_bits);
    let (bar_width, tail) = match width {
        ..50 => (0, format!("{percent:>3}% {eta:>6}")),
        50..80 => (10, format!("{percent:>3}% {rate:>14} {eta:>6}")),
        80.. => {
            let size = one.size.map_or_else(|| "?".into(), units::bytes);
            (20, format!("{percent:>3}% of {size:>12} {rate:>14} {eta:>8}"))
        }
    };
    let bar = if bar_width > 0 { format!(" {}", bar(percent, bar_width)) } else { String::new() };
    let name_width = width.saturating_sub(bar.width() + tail.width() + 2).max(1);
    format!("{}{bar} {tail}", padded(&one.name, name_width))
}

fn bar(percent: u64, width: usize) -> String {
    let filled = usize::try_from(percent).unwrap_or(100).min(100) * width / 100;
    format!("{}{}", "━".repeat(filled), "─".repeat(width - filled))
}

/// Returns the line for all transfers: what matters most first, whole words as far as they fit.
fn total(stats: &Stats, width: usize, in_bits: bool, now: Instant) -> String {
    let speed = stats.speed(now);
    let whole = stats.total_bytes();
    let eta = if whole == 0 { None } else { units::eta(stats.remaining_bytes(), speed) };
    let mut parts = vec![
        units::percent(stats.bytes, whole),
        units::rate(speed, in_bits),
        units::duration(eta),
        format!("{}/{} files", stats.transfers, stats.total_transfers()),
    ];
    if width >= 60 {
        parts.insert(0, format!("{} of {}", units::bytes(stats.bytes), units::bytes(whole)));
    }
    for (count, what) in [
        (stats.errors, "errors"),
        (stats.retries, "retries"),
        (stats.checks, "checked"),
        (stats.deleted_files, "deleted"),
        (stats.listed, "listed"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    if let Some(limit) = stats.limit {
        parts.push(format!("at most {limit} connections"));
    }
    let mut line = parts.remove(0);
    for part in parts {
        if line.width() + part.width() + 3 < width {
            line = format!("{line} · {part}");
        }
    }
    line
}

/// Returns the text as wide as `width`, with an ellipsis in front where it is too long: the end of
/// a path tells more.
fn padded(text: &str, width: usize) -> String {
    let shown = printable(text);
    let total = shown.width();
    if total <= width {
        return shown + &" ".repeat(width - total);
    }
    let mut tail: Vec<char> = Vec::new();
    let mut room = width.saturating_sub(1);
    for c in shown.chars().rev() {
        let Some(left) = room.checked_sub(c.width().unwrap_or(0)) else { break };
        room = left;
        tail.push(c);
    }
    format!("…{}{}", tail.iter().rev().collect::<String>(), " ".repeat(room))
}

/// Returns the text cut to `width` columns.
fn clipped(text: &str, width: usize) -> String {
    let mut room = width;
    text.chars()
        .take_while(|c| {
            let fits = c.width().unwrap_or(0) <= room;
            room = room.saturating_sub(c.width().unwrap_or(0));
            fits
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use indicatif::{InMemoryTerm, TermLike as _};
    use insta::assert_snapshot;

    use super::super::stats::tests::{half_way, path};
    use super::*;

    fn drawn(width: usize, height: usize) -> String {
        let start = Instant::now();
        let (mut stats, now) = half_way(start);
        stats.limit = Some(3);
        let name = path("a/very/long/way/to/a/文件名 with a name that does not end.tar.gz");
        let event =
            sync_core::Event::TransferStarted { transfer: 3, path: &name, size: Some(3 << 20) };
        stats.take(&event, start);
        let lines = lines(&stats, width, height, false, now);
        for line in &lines {
            assert!(line.width() < width.max(1), "{line:?} is wider than {width}");
        }
        lines.join("\n")
    }

    #[test]
    fn a_wide_terminal_shows_all() {
        assert_snapshot!(drawn(120, 24), @r"
        big.bin                                               ━━━━━━━━━━──────────  50% of        4 MiB        1 MiB/s       2s
        …way/to/a/文件名 with a name that does not end.tar.gz ────────────────────   0% of        3 MiB          0 B/s        -
        3 MiB of 8 MiB · 38% · 1.500 MiB/s · 3s · 1/3 files · 1 checked · 5 listed · at most 3 connections
        ");
    }

    #[test]
    fn a_narrow_terminal_shows_what_matters() {
        assert_snapshot!(drawn(40, 24), @r"
        big.bin                      50%     2s
        …e that does not end.tar.gz   0%      -
        38% · 1.500 MiB/s · 3s · 1/3 files
        ");
        assert_snapshot!(drawn(60, 24), @r"
        big.bin               ━━━━━─────  50%        1 MiB/s     2s
        … does not end.tar.gz ──────────   0%          0 B/s      -
        3 MiB of 8 MiB · 38% · 1.500 MiB/s · 3s · 1/3 files
        ");
    }

    #[test]
    fn a_low_terminal_hides_transfers() {
        assert_snapshot!(drawn(60, 4), @r"
        big.bin               ━━━━━─────  50%        1 MiB/s     2s
        … and 1 more
        3 MiB of 8 MiB · 38% · 1.500 MiB/s · 3s · 1/3 files
        ");
    }

    #[test]
    fn no_width_is_too_small() {
        for width in 0..20 {
            drawn(width, 0);
        }
    }

    #[test]
    fn the_log_stays_above_the_lines() {
        let terminal = InMemoryTerm::new(10, 40);
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        let mut bars = Bars::on(target);
        bars.show(vec!["a 10%".into(), "b 20%".into(), "all 15%".into()]);
        bars.handle().suspend(|| terminal.write_line("INFO: c: Copied (new)").unwrap());
        bars.show(vec!["b 90%".into(), "all 95%".into()]);
        bars.handle().suspend(|| terminal.write_line("INFO: a: Copied (new)").unwrap());
        let log = "INFO: c: Copied (new)\nINFO: a: Copied (new)";
        assert_eq!(terminal.contents(), format!("{log}\nb 90%\nall 95%"));
        bars.clear();
        assert_eq!(terminal.contents(), log);
    }

    #[test]
    fn names_cannot_move_the_cursor() {
        assert_eq!(padded("a\x1b[2Jb", 7), "a\u{fffd}[2Jb ");
    }
}
