//! Numbers as rclone shows them: sizes, rates, counts, shares, durations.

use std::time::Duration;

const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const DECIMAL: [&str; 7] = ["", "k", "M", "G", "T", "P", "E"];

/// Returns a size as `1.500Ki`.
pub(crate) fn size(bytes: u64) -> String {
    let (number, unit) = scaled(bytes as f64, 1024.0, &BINARY);
    number + unit
}

/// Returns a size as `1.500 KiB`.
pub(crate) fn bytes(bytes: u64) -> String {
    let (number, unit) = scaled(bytes as f64, 1024.0, &BINARY);
    format!("{number} {unit}B")
}

/// Returns a count as `1.235k`.
pub(crate) fn count(count: u64) -> String {
    let (number, unit) = scaled(count as f64, 1000.0, &DECIMAL);
    number + unit
}

/// Returns a rate as `1.500 MiB/s`, or as `12 Mibit/s` where bits are wanted.
pub(crate) fn rate(bytes_a_second: f64, in_bits: bool) -> String {
    let (factor, unit_name) = if in_bits { (8.0, "bit/s") } else { (1.0, "B/s") };
    let (number, unit) = scaled((bytes_a_second * factor).floor(), 1024.0, &BINARY);
    format!("{number} {unit}{unit_name}")
}

/// Scales a number down until it is below `base`; three decimals unless it is whole.
fn scaled(number: f64, base: f64, units: &[&'static str; 7]) -> (String, &'static str) {
    let (mut number, mut units) = (number, units.iter().copied().peekable());
    let mut unit = units.next().unwrap_or_default();
    while number >= base && units.peek().is_some() {
        number /= base;
        unit = units.next().unwrap_or_default();
    }
    let decimals = if number.fract() == 0.0 { 0 } else { 3 };
    (format!("{number:.decimals$}"), unit)
}

/// Returns a share of a whole as `12%`; `-` where there is no whole.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    match whole {
        0 => "-".into(),
        _ => format!("{:.0}%", (part as f64 * 100.0 / whole as f64 + 0.5).floor()),
    }
}

/// Returns how long `remaining` bytes take at this rate; nothing where nobody can tell.
pub(crate) fn eta(remaining: u64, bytes_a_second: f64) -> Option<Duration> {
    let seconds = remaining as f64 / bytes_a_second;
    seconds.is_finite().then(|| Duration::try_from_secs_f64(seconds.floor()).ok())?
}

/// Returns a duration as `1h2m3s`: its three greatest units; `-` where there is none.
pub(crate) fn duration(duration: Option<Duration>) -> String {
    const UNITS: [(&str, u64); 6] =
        [("y", 365 * 86_400), ("w", 7 * 86_400), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)];
    let Some(duration) = duration else { return "-".into() };
    let mut seconds = duration.as_secs();
    let mut parts = Vec::new();
    for (name, unit) in UNITS {
        if seconds >= unit && parts.len() < 3 {
            parts.push(format!("{}{name}", seconds / unit));
            seconds %= unit;
        }
    }
    if parts.is_empty() { "0s".into() } else { parts.concat() }
}

/// Returns how long a run took as `1m5.3s`.
pub(crate) fn elapsed(elapsed: Duration) -> String {
    let minutes = Duration::from_secs(elapsed.as_secs() / 60 * 60);
    let tenths = (elapsed - minutes).as_millis() / 100;
    let whole = if minutes.is_zero() { String::new() } else { duration(Some(minutes)) };
    format!("{whole}{}.{}s", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_decimals_unless_whole() {
        for (number, short, long) in [
            (0, "0", "0 B"),
            (1023, "1023", "1023 B"),
            (1024, "1Ki", "1 KiB"),
            (1536, "1.500Ki", "1.500 KiB"),
            (1_048_575, "1023.999Ki", "1023.999 KiB"),
            (1_610_614_272, "1.500Gi", "1.500 GiB"),
            (u64::MAX, "16Ei", "16 EiB"),
        ] {
            assert_eq!((size(number).as_str(), bytes(number).as_str()), (short, long));
        }
    }

    #[test]
    fn counts_go_by_thousands() {
        assert_eq!([999, 1000, 1235].map(count), ["999", "1k", "1.235k"]);
    }

    #[test]
    fn rates_are_in_bytes_or_bits() {
        assert_eq!(rate(0.0, false), "0 B/s");
        assert_eq!(rate(4.2 * 1024.0 * 1024.0, false), "4.200 MiB/s");
        assert_eq!(rate(1024.0, true), "8 Kibit/s");
    }

    #[test]
    fn a_share_needs_a_whole() {
        assert_eq!(percent(0, 0), "-");
        assert_eq!(percent(2, 3), "67%");
        assert_eq!(percent(3, 3), "100%");
    }

    #[test]
    fn durations_show_three_units() {
        let shown = |seconds| duration(Some(Duration::from_secs(seconds)));
        assert_eq!(shown(0), "0s");
        assert_eq!(shown(3723), "1h2m3s");
        assert_eq!(shown(3603), "1h3s");
        assert_eq!(shown(86_400 + 3723), "1d1h2m");
        assert_eq!(duration(None), "-");
        assert_eq!(duration(eta(100, 0.0)), "-");
        assert_eq!(duration(eta(100, 40.0)), "2s");
    }

    #[test]
    fn time_passed_has_tenths() {
        let shown = |millis| elapsed(Duration::from_millis(millis));
        assert_eq!([49, 12_345, 60_000].map(shown), ["0.0s", "12.3s", "1m0.0s"]);
        assert_eq!(shown(3_665_300), "1h1m5.3s");
    }
}
