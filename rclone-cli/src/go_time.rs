//! Times in Go's layouts, in which the reference time `Mon Jan 2 15:04:05 MST 2006` stands for the
//! time to show.

use jiff::Zoned;

/// Returns the layout rclone gives a name to; any other text is a layout itself.
pub(crate) fn named(name: &str) -> &str {
    match name {
        "ANSIC" => "Mon Jan _2 15:04:05 2006",
        "UnixDate" => "Mon Jan _2 15:04:05 MST 2006",
        "RubyDate" => "Mon Jan 02 15:04:05 -0700 2006",
        "RFC822" => "02 Jan 06 15:04 MST",
        "RFC822Z" => "02 Jan 06 15:04 -0700",
        "RFC850" => "Monday, 02-Jan-06 15:04:05 MST",
        "RFC1123" => "Mon, 02 Jan 2006 15:04:05 MST",
        "RFC1123Z" => "Mon, 02 Jan 2006 15:04:05 -0700",
        "RFC3339" => RFC3339,
        "RFC3339Nano" => "2006-01-02T15:04:05.999999999Z07:00",
        "Kitchen" => "3:04PM",
        "Stamp" => "Jan _2 15:04:05",
        "StampMilli" => "Jan _2 15:04:05.000",
        "StampMicro" => "Jan _2 15:04:05.000000",
        "StampNano" => "Jan _2 15:04:05.000000000",
        "DateTime" => "2006-01-02 15:04:05",
        "DateOnly" => "2006-01-02",
        "TimeOnly" => "15:04:05",
        "MacFriendlyTime" => "2006-01-02 0304PM -0700",
        layout => layout,
    }
}

/// The layout of RFC 3339 without a fraction.
pub(crate) const RFC3339: &str = "2006-01-02T15:04:05Z07:00";

/// What stands for what, longer ones before those they begin with. The second is jiff's way to say
/// it.
const ELEMENTS: [(&str, &str); 33] = [
    ("January", "%B"),
    ("Jan", "%b"),
    ("Monday", "%A"),
    ("Mon", "%a"),
    ("MST", "%Z"),
    ("2006", "%Y"),
    ("__2", "%_j"),
    ("_2", "%e"),
    ("002", "%j"),
    ("01", "%m"),
    ("02", "%d"),
    ("03", "%I"),
    ("04", "%M"),
    ("05", "%S"),
    ("06", "%y"),
    ("15", "%H"),
    ("PM", "%p"),
    ("pm", "%P"),
    ("-07:00:00", "%::z"),
    ("-070000", "%z"),
    ("-07:00", "%:z"),
    ("-0700", "%z"),
    ("-07", "%:::z"),
    ("Z07:00:00", "Z"),
    ("Z070000", "Z"),
    ("Z07:00", "Z"),
    ("Z0700", "Z"),
    ("Z07", "Z"),
    ("1", "%-m"),
    ("2", "%-d"),
    ("3", "%-I"),
    ("4", "%-M"),
    ("5", "%-S"),
];

/// Returns `time` in a layout.
pub(crate) fn format(layout: &str, time: &Zoned) -> String {
    let mut out = String::new();
    let mut rest = layout;
    while let Some(c) = rest.chars().next() {
        if let Some((text, after)) = fraction(rest, time) {
            out.push_str(&text);
            rest = after;
        } else if let Some((element, format)) =
            ELEMENTS.iter().find(|(element, _)| begins_with(rest, element))
        {
            out.push_str(&shown(element, format, time));
            rest = &rest[element.len()..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

/// Tells whether the layout begins with an element: `Jan` and `Mon` not within a longer word.
fn begins_with(layout: &str, element: &str) -> bool {
    let Some(after) = layout.strip_prefix(element) else { return false };
    let word = matches!(element, "Jan" | "Mon");
    !(word && after.starts_with(|c: char| c.is_ascii_lowercase()))
}

fn shown(element: &str, format: &str, time: &Zoned) -> String {
    match format {
        "Z" if time.offset().seconds() == 0 => "Z".into(),
        "Z" => shown(&element.replacen('Z', "-", 1), zone(element), time),
        _ => time.strftime(format).to_string(),
    }
}

fn zone(element: &str) -> &'static str {
    match element {
        "Z07:00" => "%:z",
        "Z07:00:00" => "%::z",
        "Z07" => "%:::z",
        _ => "%z",
    }
}

/// Reads `.000`, `,000`, `.999` and the like: digits of the second, zeros at the end kept or not.
fn fraction<'a>(layout: &'a str, time: &Zoned) -> Option<(String, &'a str)> {
    let point = layout.chars().next().filter(|c| matches!(c, '.' | ','))?;
    let digit = layout[1..].chars().next().filter(|c| matches!(c, '0' | '9'))?;
    let digits = layout[1..].chars().take_while(|&c| c == digit).count();
    let after = &layout[1 + digits..];
    if after.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let nanoseconds = format!("{:09}", time.subsec_nanosecond());
    let kept = &nanoseconds[..digits.min(9)];
    let kept = if digit == '9' { kept.trim_end_matches('0') } else { kept };
    Some((if kept.is_empty() { String::new() } else { format!("{point}{kept}") }, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(layout: &str, expected: &str) {
        let time: Zoned = "2021-06-07T08:09:10.123456700+02:00[Europe/Berlin]".parse().unwrap();
        assert_eq!(format(named(layout), &time), expected, "{layout}");
    }

    #[test]
    fn the_reference_time_stands_for_the_time() {
        check("2006-01-02 15:04:05", "2021-06-07 08:09:10");
        check("Mon Jan _2 3:04PM", "Mon Jun  7 8:09AM");
        check("Monday, 2 January 06", "Monday, 7 June 21");
        check("1/2 3:4:5 pm", "6/7 8:9:10 am");
        check("002", "158");
        check("literal Montag", "literal Montag");
    }

    #[test]
    fn fractions_keep_their_zeros_or_not() {
        check("05.000", "10.123");
        check("05.000000000", "10.123456700");
        check("05.999999999", "10.1234567");
        check("05,000", "10,123");
        check("v1.05", "v6.10");
    }

    #[test]
    fn zones_are_shown_their_way() {
        check("MST -0700 -07:00 Z07:00", "CEST +0200 +02:00 +02:00");
        check("RFC3339", "2021-06-07T08:09:10+02:00");
        check("RFC3339Nano", "2021-06-07T08:09:10.1234567+02:00");
        let utc: Zoned = "2021-06-07T08:09:10Z[UTC]".parse().unwrap();
        assert_eq!(format(RFC3339, &utc), "2021-06-07T08:09:10Z");
    }

    #[test]
    fn names_are_rclones() {
        check("ANSIC", "Mon Jun  7 08:09:10 2021");
        check("Kitchen", "8:09AM");
        check("DateOnly", "2021-06-07");
    }
}
