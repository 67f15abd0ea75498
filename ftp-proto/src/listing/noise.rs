//! Lines that are no entries and mean no harm: headers, totals, rules, `STAT` wrapping.
//!
//! What is not listed here is not noise: it is told as unread, because a line that nobody knows may
//! be an entry, or the server's word that it could not look.

use super::{
    Dialect, Item,
    fields::{Columns, is_blank},
};

/// Recognises noise in a line that is no entry.
pub(super) fn item(line: &[u8]) -> Option<Item> {
    let text = line.trim_ascii();
    if let Some(path) = section(text) {
        return Some(Item::Section(path.into()));
    }
    (is_total(text) || is_rule(text) || is_header(text)).then_some(Item::Noise)
}

/// Returns the dialect that a line of column heads announces.
pub(super) fn heads(line: &[u8]) -> Option<Dialect> {
    let text = line.trim_ascii();
    text.starts_with(b"Name ").then_some(Dialect::MvsPds)
}

/// Splits `213-text` into its separator and text; codes that carry listings only.
pub(super) fn reply_text(line: &[u8]) -> Option<(u8, &[u8])> {
    let (code, text) = line.split_at_checked(3)?;
    let separator = *text.first().filter(|b| matches!(b, b' ' | b'-'))?;
    matches!(code, b"200" | b"211" | b"212" | b"213" | b"250").then_some((separator, &text[1..]))
}

/// `./sub/dir:` of `ls -R`. A drive of one letter is none.
fn section(text: &[u8]) -> Option<&[u8]> {
    let path = text.strip_suffix(b":")?;
    let marked = path.contains(&b'/') || path == b"." || !path.contains(&b' ');
    (path.len() != 1 || path == b"." || path == b"/").then_some(())?;
    (marked && !path.is_empty() && !path.contains(&b':')).then_some(path)
}

/// What stands before the number of blocks, in many languages.
const TOTALS: &[&str] = &[
    "celkem",
    "celkom",
    "entute",
    "gesamt",
    "guztira",
    "i alt",
    "insgesamt",
    "iomlán",
    "itogo",
    "jumlah",
    "kokku",
    "kopā",
    "razem",
    "samtals",
    "skupaj",
    "skupno",
    "spolu",
    "suma",
    "toplam",
    "totaal",
    "total",
    "totale",
    "totalt",
    "tổng cộng",
    "tổng",
    "ukupno",
    "viso",
    "yhteensä",
    "összesen",
    "σύνολο",
    "агулам",
    "всього",
    "загалом",
    "итого",
    "общо",
    "укупно",
    "合計",
    "合计",
    "总用量",
    "总计",
    "總用量",
    "總計",
    "합계",
];

/// `total 14`, in the words of other languages too; a unit may follow.
fn is_total(text: &[u8]) -> bool {
    let Some(blank) = text.iter().rposition(|b| is_blank(*b)) else { return false };
    let (word, count) = (text[..blank].trim_ascii_end(), &text[blank + 1..]);
    let unit = count.last().is_some_and(|b| b"BKMGTP".contains(&b.to_ascii_uppercase()));
    let digits = if unit { &count[..count.len() - 1] } else { count };
    let counts = digits.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b','));
    counts
        && digits.first().is_some_and(u8::is_ascii_digit)
        && TOTALS.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}

/// A rule under the heads of columns.
fn is_rule(text: &[u8]) -> bool {
    text.len() >= 4 && text.iter().all(|b| matches!(b, b'-' | b'=' | b' ' | b'\t' | b'+'))
}

/// How headers and summaries begin, without case.
const HEADERS: &[&str] = &[
    "%DIRECT-W-NOFILES",
    "Directory ",
    "Directory of ",
    "File         Code",
    "File Name ",
    "Filename FileType ",
    "Grand total of ",
    "JOBNAME ",
    "Name      Size     TTR",
    "Name     VV.MM",
    "Name     VV MM",
    "No jobs found",
    "Owner    Last modified",
    "Total number of batches",
    "Total number of mailboxes",
    "Total of ",
    "Volume - drive ",
    "Volume Serial Number is ",
    "Volume Unit ",
    "Volume in drive ",
    "size          date ",
    "value = ",
];

fn is_header(text: &[u8]) -> bool {
    let begins = |words: &&str| {
        text.get(..words.len()).is_some_and(|t| t.eq_ignore_ascii_case(words.as_bytes()))
    };
    HEADERS.iter().any(begins) || is_vms_directory(text) || is_count(text) || is_empty_vms(text)
}

/// `*.*;  <%RMS-E-FNF, file not found>`
fn is_empty_vms(text: &[u8]) -> bool {
    text.starts_with(b"*.*;") && text.ends_with(b"<%RMS-E-FNF, file not found>")
}

/// `DISK$ANONFTP:[ANONYMOUS]`
fn is_vms_directory(text: &[u8]) -> bool {
    let bracket = memchr::memmem::find(text, b":[").is_some_and(|at| at > 0);
    bracket && text.ends_with(b"]") && !text.contains(&b' ')
}

/// `   3 File(s)   1,234 bytes`, `12 Dir(s)`, `1234 bytes - Total size`
fn is_count(text: &[u8]) -> bool {
    let mut columns = Columns::new(text);
    let (Some(count), Some(word)) = (columns.next(), columns.next()) else { return false };
    let counts = count.iter().all(|b| b.is_ascii_digit() || *b == b',');
    let what = [&b"File(s)"[..], b"Dir(s)"].iter().any(|w| word.eq_ignore_ascii_case(w));
    counts && (what || (word == b"bytes" && columns.next() == Some(b"-")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_in_the_words_of_many_languages() {
        for line in [
            "total 0",
            " insgesamt 12",
            "总用量 8",
            "i alt 4,0K",
            "tổng cộng 3",
            "Total 1.5M",
            "spolu 8",
        ] {
            assert_eq!(item(line.as_bytes()), Some(Item::Noise), "{line}");
        }
        for line in ["total", "total x", "totally 3", "8", "alt 8", "ls: ./x: Permission denied"] {
            assert_eq!(item(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn headers_and_words_for_nothing() {
        for line in [
            "Filename FileType  Fm Format Lrecl  Records Blocks Date      Time",
            "No jobs found on JES queue",
            "Total number of Mailboxes = 3",
            "value = 0 = 0x0",
            "*.*;               <%RMS-E-FNF, file not found>",
        ] {
            assert_eq!(item(line.as_bytes()), Some(Item::Noise), "{line}");
        }
        assert_eq!(item(b"A.B;1  <%RMS-E-FNF, file not found>"), None);
    }
}
