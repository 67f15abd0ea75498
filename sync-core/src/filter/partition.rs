//! One part out of N of all files, by a hash of the name: `--hash-filter`.

use std::str::FromStr;

use md5::{Digest as _, Md5};
use unicode_normalization::UnicodeNormalization as _;

use crate::error::{Error, ErrorKind};
use crate::path::Path;

/// Part `index` of `count` parts, which hold about the same number of files each.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Partition {
    index: u64,
    count: u64,
}

impl Partition {
    /// Tells whether a file belongs to this part. Names that some remote may take for the same
    /// (composed or not, whatever their case) belong to the same part.
    pub(super) fn holds(&self, path: &Path) -> bool {
        let name = path.to_text().nfc().collect::<String>().to_lowercase();
        let [a, b, c, d, e, f, g, h, ..] = <[u8; 16]>::from(Md5::digest(name));
        u64::from_le_bytes([a, b, c, d, e, f, g, h]) % self.count == self.index
    }
}

impl FromStr for Partition {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = || {
            Error::new(ErrorKind::Usage, format!("bad --hash-filter {text:?}"))
                .hint("write K/N, or @/N for a part picked at random")
        };
        let (index, count) = text.split_once('/').ok_or_else(bad)?;
        let count = count.parse().ok().filter(|&count| count > 0).ok_or_else(bad)?;
        let index = match index {
            "@" => rand::random_range(0..count),
            _ => index.parse::<u64>().map_err(|_| bad())? % count,
        };
        Ok(Self { index, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_in_the_part_rclone_puts_it_in() {
        for (name, index) in [("a", 0), ("b", 1), ("c.txt", 0), ("É.txt", 2)] {
            let path = name.parse().unwrap();
            let parts = (0..3).filter(|&index| Partition { index, count: 3 }.holds(&path));
            assert_eq!(parts.collect::<Vec<_>>(), [index], "{name}");
        }
    }

    #[test]
    fn names_alike_are_in_the_same_part() {
        let part: Partition = "0/1000".parse().unwrap();
        let which = |name: &str| {
            let path: Path = name.parse().unwrap();
            (0..1000).find(|&index| Partition { index, ..part }.holds(&path))
        };
        assert_eq!(which("É.txt"), which("e\u{301}.TXT"));
    }

    #[test]
    fn what_is_not_a_part_is_refused() {
        for text in ["", "1", "1/0", "x/2", "-1/2", "1/x"] {
            assert!(text.parse::<Partition>().is_err(), "{text}");
        }
        assert_eq!("5/3".parse::<Partition>().unwrap().index, 2);
        assert!("@/3".parse::<Partition>().unwrap().index < 3);
    }
}
