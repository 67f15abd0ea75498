//! The order of transfers, `size,descending` and the like, what happens at their limits, and what
//! saves them.

use std::fmt;
use std::str::FromStr;

use sync_core::context::{Cutoff, Direction, Order, OrderBy, Tracking};

/// The value of `--order-by`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Ordering(pub(crate) Order);

impl FromStr for Ordering {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not an order: use size, name or modtime, then asc, desc or mixed,50"
            )
        };
        let lower = text.to_ascii_lowercase();
        let mut words = lower.split(',').map(str::trim);
        let by = match words.next() {
            Some("size") => OrderBy::Size,
            Some("name") => OrderBy::Name,
            Some("modtime") => OrderBy::Modified,
            _ => return Err(wrong()),
        };
        let direction = match (words.next(), words.next()) {
            (None | Some("asc" | "ascending"), None) => Direction::Ascending,
            (Some("desc" | "descending"), None) => Direction::Descending,
            (Some("mixed"), percent) => {
                let percent = percent.unwrap_or("50").parse().map_err(|_| wrong())?;
                Direction::Mixed(Some(percent).filter(|&percent| percent <= 100).ok_or_else(wrong)?)
            }
            _ => return Err(wrong()),
        };
        if words.next().is_some() {
            return Err(wrong());
        }
        Ok(Self(Order { by, direction }))
    }
}

impl fmt::Display for Ordering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0.by {
            OrderBy::Modified => "modtime",
            OrderBy::Name => "name",
            OrderBy::Size => "size",
        })?;
        match self.0.direction {
            Direction::Ascending => f.write_str(",ascending"),
            Direction::Descending => f.write_str(",descending"),
            Direction::Mixed(percent) => write!(f, ",mixed,{percent}"),
        }
    }
}

/// The value of `--cutoff-mode`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum CutoffMode {
    Hard,
    Soft,
    Cautious,
}

impl From<CutoffMode> for Cutoff {
    fn from(mode: CutoffMode) -> Self {
        match mode {
            CutoffMode::Hard => Self::Hard,
            CutoffMode::Soft => Self::Soft,
            CutoffMode::Cautious => Self::Cautious,
        }
    }
}

/// The value of `--track-renames-strategy`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Strategy(pub(crate) Tracking);

impl FromStr for Strategy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut tracking = Tracking::default();
        for word in text.split(',') {
            match word.trim() {
                "hash" => tracking.hash = true,
                "leaf" => tracking.leaf = true,
                "modtime" => tracking.modified = true,
                // The size always counts.
                "size" | "" => {}
                word => return Err(format!("`{word}` is not a strategy: use hash, modtime, leaf")),
            }
        }
        Ok(Self(tracking))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_rclones() {
        for (text, want) in [
            ("size", "size,ascending"),
            ("name,desc", "name,descending"),
            ("modtime,ascending", "modtime,ascending"),
            ("size,mixed", "size,mixed,50"),
            ("Size,Mixed,75", "size,mixed,75"),
        ] {
            let order: Ordering = text.parse().unwrap();
            assert_eq!(order.to_string(), want);
        }
        for text in ["", "colour", "size,up", "size,asc,5", "size,mixed,x", "size,mixed,101"] {
            assert!(text.parse::<Ordering>().is_err(), "{text}");
        }
    }

    #[test]
    fn strategies_add_up() {
        let tracking = |text: &str| text.parse::<Strategy>().unwrap().0;
        assert_eq!(tracking("modtime,leaf"), Tracking { leaf: true, modified: true, hash: false });
        assert_eq!(tracking("size"), Tracking::default());
        assert!("colour".parse::<Strategy>().is_err());
    }
}
