//! The mode of a line of `ls -l`: its letter, its permission bits, and marks of ACLs behind them.

use super::super::fields::{Line, is_blank, is_number};

/// Reads the permission bits of a mode such as `-rwsr-xr-T`, in ten letters with its type or nine
/// without.
pub fn mode(text: &[u8]) -> Option<u16> {
    let letters = if text.len() == 10 { &text[1..] } else { text };
    (letters.len() == 9).then(|| bits(letters))?
}

/// Sums up the bits of `rwxr-x---`, where there are no others.
fn plain_bits([a, b, c, d, e, f, g, h, i]: [u8; 9]) -> Option<u16> {
    Some(plain_rights([a, b, c])? << 6 | plain_rights([d, e, f])? << 3 | plain_rights([g, h, i])?)
}

fn plain_rights(group: [u8; 3]) -> Option<u16> {
    Some(match &group {
        b"---" => 0,
        b"--x" => 1,
        b"-w-" => 2,
        b"-wx" => 3,
        b"r--" => 4,
        b"r-x" => 5,
        b"rw-" => 6,
        b"rwx" => 7,
        _ => return None,
    })
}

/// Sums up the bits of up to three groups `rwx`.
fn bits(letters: &[u8]) -> Option<u16> {
    let (mut bits, mut bit, mut special) = (0, 0o400, 0o4000);
    for group in letters.chunks(3) {
        for (letter, right) in group.iter().zip(b"rwx") {
            bits |= match letter {
                b'-' => 0,
                _ if letter == right => bit,
                b's' | b't' if *right == b'x' => bit | special,
                b'S' | b'T' | b'l' | b'L' if *right == b'x' => special,
                _ => return None,
            };
            bit >>= 1;
        }
        special >>= 1;
    }
    Some(bits)
}

/// Reads the mode that begins at `start`: its letter, its bits, and where it ends.
#[inline]
pub(in super::super) fn mode_column(line: &[u8], start: usize) -> Option<(u8, Option<u16>, usize)> {
    let (letter, rest) = line[start..].split_first()?;
    if !b"-dlbcpsDCMPnmw?".contains(letter) {
        return None;
    }
    // Most are nine letters and a blank.
    if let Some((nine, [b' ', ..])) = rest.split_first_chunk()
        && let Some(bits) = plain_bits(*nine).or_else(|| bits(nine))
    {
        return Some((*letter, Some(bits), start + 10));
    }
    let is_right = |b: &&u8| {
        matches!(b, b'-' | b'r' | b'w' | b'x' | b's' | b'S' | b't' | b'T' | b'l' | b'L' | b'?')
    };
    let len = rest.iter().take(9).take_while(is_right).count();
    let end = rest.iter().skip(len).take_while(|b| matches!(b, b'+' | b'.' | b'@')).count() + len;
    let closed = rest.get(end).is_none_or(|b| is_blank(*b) || b.is_ascii_digit());
    // Six letters and eight were seen too.
    let known = closed && matches!(len, 6 | 8 | 9);
    let bits = bits(&rest[..len]);
    let readable = bits.is_some() || rest[..len].contains(&b'?');
    (known && readable).then(|| (*letter, bits.filter(|_| len != 8), start + 1 + end))
}

/// `ls -s` and `ls -i` put a number before the mode, `ls -is` two.
pub(super) fn behind_a_count(line: &[u8], start: usize) -> Option<(u8, Option<u16>, usize)> {
    let text = Line::new(line);
    let count = |at| text.column(at).filter(|(start, end)| is_number(&line[*start..*end]));
    let (_, end) = count(start)?;
    let end = count(end).map_or(end, |(_, end)| end);
    mode_column(line, text.column(end)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_become_bits() {
        for (text, bits) in [
            ("-rwxr-xr-x", 0o755),
            ("-rwsrwSr-T", 0o7764),
            ("drwxrwxrwt", 0o1777),
            ("------L--x", 0o2001),
            ("drwx--l---", 0o2700),
            ("rw-r--r--", 0o644),
        ] {
            assert_eq!(mode(text.as_bytes()), Some(bits), "{text}");
        }
        assert_eq!(mode(b"-rwxr-xr-q"), None);
        assert_eq!(mode(b"rwx"), None);
    }
}
