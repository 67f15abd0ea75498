//! How much a user has stored and may store, where a server counts it.
//!
//! ProFTPD's mod_quotatab answers `SITE QUOTA`:
//! ```text
//! 200-The current quota for this session are [current/limit]:
//!  Name: ann
//!    Uploaded Mb:    12.50/976.56
//!    Downloaded Mb:  unlimited
//! 200 Please contact root@host if these entries are inaccurate
//! ```
//! Pure-FTPd tells it with the `230` of a login: `345 Kbytes used (3%) - authorized: 10240 Kb`.

use core::str;

use crate::reply::Reply;

/// How much is stored and may be stored, in bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Quota {
    /// Stored.
    pub used: u64,
    /// All that may be.
    pub limit: u64,
}

/// Finds the quota in a reply; none where there is no limit.
pub fn quota(reply: &Reply) -> Option<Quota> {
    let mut texts = reply.texts().filter_map(|text| str::from_utf8(text).ok()).map(str::trim);
    texts.find_map(|text| uploaded(text).or_else(|| authorized(text)))
}

/// Reads `Uploaded Mb: 12.50/976.56`.
fn uploaded(text: &str) -> Option<Quota> {
    let (unit, amounts) = text.strip_prefix("Uploaded ")?.split_once(':')?;
    let unit = match unit.trim() {
        "bytes" => 1,
        "Kb" => 1 << 10,
        "Mb" => 1 << 20,
        "Gb" => 1 << 30,
        _ => return None,
    };
    let (used, limit) = amounts.split_once('/')?;
    Some(Quota { used: bytes(used, unit)?, limit: bytes(limit, unit)? })
}

/// Reads `345 Kbytes used (3%) - authorized: 10240 Kb`.
fn authorized(text: &str) -> Option<Quota> {
    let (used, rest) = text.split_once(" Kbytes used")?;
    let (_, limit) = rest.split_once("authorized:")?;
    let limit = limit.trim().strip_suffix("Kb")?;
    Some(Quota { used: bytes(used, 1 << 10)?, limit: bytes(limit, 1 << 10)? })
}

/// Reads a number with up to two places, of so many bytes each.
fn bytes(number: &str, unit: u64) -> Option<u64> {
    let number = number.trim();
    let (whole, places) = number.split_once('.').unwrap_or((number, "0"));
    let hundredths = match places.len() {
        1 => places.parse::<u64>().ok()?.checked_mul(10)?,
        2 => places.parse().ok()?,
        _ => return None,
    };
    let part = hundredths.checked_mul(unit)? / 100;
    whole.parse::<u64>().ok()?.checked_mul(unit)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<(u64, u64)>) {
        let text = format!("200-The current quota for this session are:\r\n {line}\r\n200 End\r\n");
        let found = quota(&Reply::parse(text.as_bytes()).expect("a reply"));
        assert_eq!(found.map(|found| (found.used, found.limit)), expected, "{line}");
    }

    #[test]
    fn proftpd_counts_in_any_unit() {
        check("  Uploaded bytes:\t1024.00/2048.00", Some((1024, 2048)));
        check("  Uploaded Kb:\t\t0.50/100.00", Some((512, 102_400)));
        check("Uploaded Mb: 0.00/976.56", Some((0, 1_023_997_378)));
        check("  Uploaded Gb:\t\t1.25/4.00", Some((5 << 28, 4 << 30)));
    }

    #[test]
    fn pure_ftpd_counts_in_kilobytes() {
        check("345 Kbytes used (3%) - authorized: 10240 Kb", Some((345 << 10, 10_240 << 10)));
    }

    #[test]
    fn what_has_no_limit_has_no_quota() {
        check("  Uploaded Mb:\tunlimited", None);
        check("  Transferred Mb:\t0.00/1953.12", None);
        check("  Uploaded files:\t0/10", None);
        check("12 files used (1%) - authorized: 1000 files", None);
    }

    #[test]
    fn nonsense_is_no_quota() {
        check("  Uploaded Mb:\t-1.00/10.00", None);
        check("  Uploaded Mb:\t1.000/10.00", None);
        check("  Uploaded Gb:\t1.00/18446744073709551615.00", None);
        check(" Kbytes used authorized: Kb", None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(of in crate::strategy::quota()) {
            let text = format!("200-Quota\r\n Uploaded bytes: {}.00/{}.00\r\n200 End\r\n", of.used, of.limit);
            prop_assert_eq!(quota(&Reply::parse(text.as_bytes()).expect("a reply")), Some(of));
        }
    }
}
