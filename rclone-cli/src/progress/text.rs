//! Statistics as rclone writes them: a block of text, one line, or JSON.

use std::fmt::Write as _;
use std::time::Instant;

use serde_json::json;

use super::Options;
use super::stats::{Stats, Transfer};
use crate::units;

/// Returns the statistics as text, on one line where that is wanted.
pub(crate) fn text(stats: &Stats, options: &Options, now: Instant) -> String {
    let total = total(stats, options, now);
    if options.one_line {
        format!("{total}{}", counts(stats))
    } else {
        block(stats, options, now, &total)
    }
}

fn total(stats: &Stats, options: &Options, now: Instant) -> String {
    let speed = stats.speed(now);
    let total = stats.total_bytes();
    let eta = if total == 0 { None } else { units::eta(stats.remaining_bytes(), speed) };
    format!(
        "{:>13} / {}, {}, {}, ETA {}",
        units::bytes(stats.bytes),
        units::bytes(total),
        units::percent(stats.bytes, total),
        units::rate(speed, options.in_bits),
        units::duration(eta),
    )
}

/// Returns ` (xfr#1/4, chk#2/9)` while there is something to come.
fn counts(stats: &Stats) -> String {
    let mut counts = Vec::new();
    if stats.transfers_queued > 0 {
        counts.push(format!("xfr#{}/{}", stats.transfers, stats.total_transfers()));
    }
    if stats.checks_queued > 0 {
        counts.push(format!("chk#{}/{}", stats.checks, stats.total_checks()));
    }
    if counts.is_empty() { String::new() } else { format!(" ({})", counts.join(", ")) }
}

fn block(stats: &Stats, options: &Options, now: Instant, total: &str) -> String {
    let mut out = format!("Transferred:   \t{total}\n");
    let mut line = |label: &str, text: String| {
        let _ = writeln!(out, "{:<15}{text}", format!("{label}:"));
    };
    if stats.errors > 0 {
        let advice = if stats.retry_may_help { "retrying may help" } else { "no need to retry" };
        line("Errors", format!("{:>10} ({advice})", stats.errors));
    }
    let (checks, all) = (stats.checks, stats.total_checks());
    if all > 0 || stats.listed > 0 {
        let percent = units::percent(checks, all);
        line("Checks", format!("{checks:>10} / {all}, {percent}, Listed {}", stats.listed));
    }
    let (files, directories) = (stats.deleted_files, stats.deleted_directories);
    if files > 0 || directories > 0 {
        let freed = units::bytes(stats.freed);
        line("Deleted", format!("{files:>10} (files), {directories} (dirs), {freed} (freed)"));
    }
    if stats.renamed > 0 {
        line("Renamed", format!("{:>10}", stats.renamed));
    }
    let (transfers, all) = (stats.transfers, stats.total_transfers());
    if all > 0 {
        line("Transferred", format!("{transfers:>10} / {all}, {}", units::percent(transfers, all)));
    }
    if stats.moved > 0 {
        let moved = units::bytes(stats.moved_bytes);
        line("Server Side Moves", format!(" {:>6} @ {moved}", stats.moved));
    }
    line("Elapsed time", format!("{:>11}", units::elapsed(stats.elapsed(now))));
    if !stats.active.is_empty() {
        out.push_str("Transferring:\n");
        for transfer in stats.active.values() {
            let _ = writeln!(out, " * {}", active(transfer, options, now));
        }
    }
    out
}

fn active(transfer: &Transfer, options: &Options, now: Instant) -> String {
    let width = options.name_length;
    let speed = transfer.speed(now);
    format!(
        "{:>width$}:{:>3}% / {}, {}, {}",
        shortened(&transfer.name, width),
        transfer.percent(),
        transfer.size.map_or_else(|| "off".into(), units::bytes),
        units::rate(speed, options.in_bits),
        units::duration(transfer.size.and_then(|_| units::eta(transfer.remaining(), speed))),
    )
}

/// Returns a name of at most `length` characters, with an ellipsis where its middle is missing; 0
/// is any length.
fn shortened(name: &str, length: usize) -> String {
    let count = name.chars().count();
    if length == 0 || count <= length {
        return name.into();
    }
    let kept = length - 1;
    let tail = kept / 2;
    let head: String = name.chars().take(kept - tail).collect();
    let tail: String = name.chars().skip(count - tail).collect();
    format!("{head}…{tail}")
}

/// Returns the statistics as the `stats` field of rclone's JSON log.
pub(crate) fn json(stats: &Stats, now: Instant) -> serde_json::Value {
    let speed = stats.speed(now);
    let mut value = json!({
        "bytes": stats.bytes,
        "checks": stats.checks,
        "deletedDirs": stats.deleted_directories,
        "deletes": stats.deleted_files,
        "elapsedTime": stats.elapsed(now).as_secs_f64(),
        "errors": stats.errors,
        "eta": units::eta(stats.remaining_bytes(), speed).map(|eta| eta.as_secs()),
        "fatalError": false,
        "listed": stats.listed,
        "renames": stats.renamed,
        "retryError": stats.retry_may_help,
        "serverSideCopies": 0,
        "serverSideCopyBytes": 0,
        "serverSideMoveBytes": stats.moved_bytes,
        "serverSideMoves": stats.moved,
        "speed": speed,
        "totalBytes": stats.total_bytes(),
        "totalChecks": stats.total_checks(),
        "totalTransfers": stats.total_transfers(),
        "transferTime": stats.elapsed(now).as_secs_f64(),
        "transfers": stats.transfers,
    });
    if let Some(error) = &stats.last_error {
        value["lastError"] = json!(error);
    }
    if !stats.active.is_empty() {
        value["transferring"] = stats.active.values().map(|one| transferring(one, now)).collect();
    }
    value
}

fn transferring(transfer: &Transfer, now: Instant) -> serde_json::Value {
    let speed = transfer.speed(now);
    json!({
        "bytes": transfer.done,
        "eta": units::eta(transfer.remaining(), speed).map(|eta| eta.as_secs()),
        "group": "global_stats",
        "name": transfer.name,
        "percentage": transfer.percent(),
        "size": transfer.size,
        "speed": speed,
        "speedAvg": speed,
    })
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use sync_core::progress::{Cause, Deed};
    use sync_core::{Error, ErrorKind, Event};

    use super::super::stats::tests::{half_way, path};
    use super::*;

    #[test]
    fn a_block_in_the_middle() {
        let (stats, now) = half_way(Instant::now());
        assert_snapshot!(text(&stats, &Options::default(), now), @r"
        Transferred:   	        3 MiB / 8 MiB, 38%, 1.500 MiB/s, ETA 3s
        Checks:                 1 / 2, 50%, Listed 5
        Transferred:            1 / 3, 33%
        Elapsed time:         2.0s
        Transferring:
         *                                       big.bin: 50% / 4 MiB, 1 MiB/s, 2s
        ");
    }

    #[test]
    fn a_block_at_the_end() {
        let start = Instant::now();
        let mut stats = Stats::new(start);
        let path = path("a");
        let error = Error::new(ErrorKind::PermissionDenied, "denied");
        stats.take(&Event::Failed { path: &path, error: &error }, start);
        for deed in [Deed::Deleted, Deed::RemovedDirectory, Deed::Moved] {
            stats.take(
                &Event::Done {
                    deed,
                    path: &path,
                    size: Some(6),
                    cause: Cause::Request,
                    reason: "",
                },
                start,
            );
        }
        assert_snapshot!(text(&stats, &Options::default(), start), @r"
        Transferred:   	          6 B / 6 B, 100%, 0 B/s, ETA -
        Errors:                 1 (no need to retry)
        Checks:                 1 / 1, 100%, Listed 0
        Deleted:                1 (files), 1 (dirs), 6 B (freed)
        Renamed:                1
        Transferred:            1 / 1, 100%
        Server Side Moves:      1 @ 6 B
        Elapsed time:         0.0s
        ");
    }

    #[test]
    fn one_line_tells_what_is_to_come() {
        let (stats, now) = half_way(Instant::now());
        let options = Options { one_line: true, in_bits: true, ..Options::default() };
        assert_snapshot!(
            text(&stats, &options, now),
            @"        3 MiB / 8 MiB, 38%, 12 Mibit/s, ETA 3s (xfr#1/3, chk#1/2)"
        );
    }

    #[test]
    fn long_names_lose_their_middle() {
        assert_eq!(shortened("abcdefgh", 8), "abcdefgh");
        assert_eq!(shortened("abcdefghi", 8), "abcd…ghi");
        assert_eq!(shortened("éééééé", 3), "é…é");
        assert_eq!(shortened("abcdefghi", 0), "abcdefghi");
        assert_eq!(shortened("ab", 1), "…");
    }

    #[test]
    fn json_has_rclones_fields() {
        let (stats, now) = half_way(Instant::now());
        let value = json(&stats, now);
        assert_eq!(value["totalBytes"], 8 << 20);
        assert_eq!(value["eta"], 3);
        assert_eq!(value["transferring"][0]["name"], "big.bin");
        assert!(value.get("lastError").is_none());
    }
}
