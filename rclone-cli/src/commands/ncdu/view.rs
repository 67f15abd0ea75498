//! Draws a [`Browser`]: a title, a line for each item, the totals. Without colours: reversed and
//! bold letters do.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Block, Clear, Paragraph, Wrap};

use super::browser::{Browser, Columns, Dialog};
use super::usage::{Item, Total};
use crate::shown;
use crate::units;

/// What is going on besides browsing.
#[derive(Clone, Debug, Default)]
pub(super) struct Status {
    /// What the tree is called.
    pub(super) tree: String,
    /// Which walk this is, from 1.
    pub(super) scan: u64,
    /// How many directories were read, while the walk goes on.
    pub(super) scanning: Option<u64>,
    /// How many things are being deleted.
    pub(super) deleting: usize,
    /// The last line of the log.
    pub(super) log: Option<String>,
}

const REVERSED: Style = Style::new().add_modifier(Modifier::REVERSED);
const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);

/// Draws all.
pub(super) fn draw(frame: &mut Frame<'_>, browser: &Browser, status: &Status) {
    let rows =
        [Constraint::Length(1), Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)];
    let [title, place, list, footer] = Layout::vertical(rows).areas(frame.area());
    let heading = concat!(
        " rclone ncdu v",
        env!("CARGO_PKG_VERSION"),
        " - arrow keys to move, ? for help, q to quit"
    );
    frame.render_widget(Paragraph::new(heading).style(REVERSED), title);
    frame.render_widget(Line::from(path_line(browser, status)), place);
    items(frame, list, browser);
    frame.render_widget(Paragraph::new(totals(browser, status)).style(REVERSED), footer);
    if let Some(dialog) = &browser.dialog {
        ask(frame, dialog);
    }
}

fn path_line(browser: &Browser, status: &Status) -> String {
    let tree = status.tree.trim_end_matches('/');
    match browser.at.is_root() {
        true => format!("-- {tree} --"),
        false => format!("-- {tree}/{} --", printed(browser.at.as_bytes())),
    }
}

fn items(frame: &mut Frame<'_>, area: Rect, browser: &Browser) {
    let lines = browser.lines();
    if lines.is_empty() {
        let text =
            if browser.usage.has(&browser.at) { "The directory is empty" } else { "Reading …" };
        let text = browser.usage.error(&browser.at).unwrap_or(text).to_owned();
        return frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: false }), area);
    }
    let height = usize::from(area.height).max(1);
    let first = (browser.cursor + 1).saturating_sub(height);
    let most = lines.iter().map(|(_, total)| total.bytes).max().unwrap_or(0);
    let shown = lines.iter().enumerate().skip(first).take(height).map(|(number, (item, total))| {
        let mut style = Style::new();
        if number == browser.cursor {
            style = style.patch(REVERSED);
        }
        let marked = browser.selected.contains(&item.name);
        if marked {
            style = style.patch(BOLD);
        }
        Line::styled(item_line(browser, item, *total, most, marked), style)
    });
    frame.render_widget(Paragraph::new(shown.collect::<Vec<_>>()), area);
}

fn item_line(browser: &Browser, item: &Item, total: Total, most: u64, marked: bool) -> String {
    let Columns { graph, counts, average, modified, human } = browser.columns;
    let (flag, remark) = flag(browser, item, total);
    let number = |value: u64| match human {
        true => format!("{:>10}", units::size(value)),
        false => format!("{value:>13}"),
    };
    let mut line = format!("{flag}{}", number(total.bytes));
    if counts {
        let files = if item.is_directory { total.files.to_string() } else { String::new() };
        line.push_str(&format!(" {files:>9}"));
    }
    if average {
        let mean = number(total.average());
        let mean = if item.is_directory { mean } else { " ".repeat(mean.len()) };
        line.push_str(&format!(" {mean}"));
    }
    if modified {
        line.push_str(&format!(" {:<19}", item.modified.map(time).unwrap_or_default()));
    }
    if graph {
        line.push_str(&format!(" [{:<10}]", "#".repeat(share(total.bytes, most))));
    }
    let (mark, slash) = (if marked { '*' } else { ' ' }, if item.is_directory { '/' } else { ' ' });
    format!("{line} {mark}{slash}{}{remark}", printed(item.name.as_bytes()))
}

/// Returns tenths of the biggest.
fn share(bytes: u64, most: u64) -> usize {
    let tenths = (u128::from(bytes) * 10).checked_div(u128::from(most)).unwrap_or(0);
    usize::try_from(tenths).unwrap_or(0)
}

/// Returns rclone's one-character flag, and what it means where that is worth words.
fn flag(browser: &Browser, item: &Item, total: Total) -> (char, String) {
    let path = browser.at.child(&item.name);
    if !item.is_directory {
        return (if total.sizeless > 0 { '~' } else { ' ' }, String::new());
    }
    match browser.usage.error(&path) {
        Some(error) => ('!', format!(" ({error})")),
        None if !browser.usage.has(&path) => (' ', " (reading …)".into()),
        None if total.failures > 0 => ('.', " (some of it could not be read)".into()),
        None if total.sizeless > 0 => ('~', " (some sizes are unknown)".into()),
        None if total.files == 0 => ('e', String::new()),
        None => (' ', String::new()),
    }
}

fn totals(browser: &Browser, status: &Status) -> String {
    let total = browser.usage.total_of(&browser.at);
    let mut text = format!(" {} in {} files", units::bytes(total.bytes), total.files);
    if let Some(directories) = status.scanning {
        text.push_str(&format!(" · reading, {directories} directories so far"));
    }
    if status.deleting > 0 {
        text.push_str(&format!(" · deleting {}", status.deleting));
    }
    if browser.visual {
        text.push_str(" · selecting");
    }
    match &status.log {
        Some(log) => format!("{text} · {}", log.trim_end()),
        None => text,
    }
}

/// Shows a question or what was asked for in the middle.
fn ask(frame: &mut Frame<'_>, dialog: &Dialog) {
    let (title, text) = match dialog {
        Dialog::Help => (" Keys ", HELP.trim_end().to_owned()),
        Dialog::Tell(text) => (" ", format!("{text}\n\nAny key goes on.")),
        Dialog::Delete(doomed) => {
            let mut lines: Vec<String> = doomed
                .iter()
                .take(MOST_NAMED)
                .map(|one| {
                    let slash = if one.is_directory { "/ and all in it" } else { "" };
                    format!("{}{slash}", printed(one.path.as_bytes()))
                })
                .collect();
            if doomed.len() > MOST_NAMED {
                lines.push(format!("… and {} more", doomed.len() - MOST_NAMED));
            }
            (" Delete? ", format!("{}\n\ny deletes, n does not", lines.join("\n")))
        }
    };
    let widest = text.lines().map(unicode_width::UnicodeWidthStr::width).max().unwrap_or(0);
    let width = u16::try_from(widest + 4).unwrap_or(u16::MAX).min(frame.area().width);
    let height =
        u16::try_from(text.lines().count() + 2).unwrap_or(u16::MAX).min(frame.area().height);
    let area = Rect {
        x: (frame.area().width - width) / 2,
        y: (frame.area().height - height) / 2,
        width,
        height,
    };
    frame.render_widget(Clear, area);
    let block = Block::bordered().title(title);
    frame.render_widget(Paragraph::new(text).block(block).wrap(Wrap { trim: false }), area);
}

/// How many names a question spells out.
const MOST_NAMED: usize = 5;

fn time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Returns a name without what would move the cursor.
fn printed(name: &[u8]) -> String {
    shown::printable(&String::from_utf8_lossy(name))
}

const HELP: &str = "\
↑,↓ or k,j   move
→ or l       enter a directory
← or h       go back
g            show or hide the graph
c            show or hide counts
a            show or hide average sizes
m            show or hide times
u            sizes with suffixes or whole
n s C A M    sort by name, size, count, average, time
d            delete what is under the cursor
v            select it
V            select while moving
D            delete what is selected
Y            show the path
^L           draw the screen anew
r            read everything anew
q or ^C      quit
";

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
    use sync_core::walk::Side;
    use sync_core::{Error, ErrorKind};

    use super::super::usage::tests::{pair, pair_of};
    use super::*;

    fn browser() -> Browser {
        let mut browser = Browser::new();
        browser.usage.take(pair("", &["pictures/", "notes.txt=2048", "文件=?", "later/", "no/"]));
        browser.usage.take(pair("pictures", &["a.jpg=1500000", "b\x1b[2J.jpg=750000", "none/"]));
        browser.usage.take(pair("pictures/none", &[]));
        let denied = Error::new(ErrorKind::PermissionDenied, "550 Permission denied");
        browser.usage.take(pair_of("no", Side::Failed(denied)));
        browser
    }

    fn status() -> Status {
        Status { tree: "ftp://nas/home".into(), scanning: Some(4), ..Status::default() }
    }

    fn screen(browser: &Browser, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a screen");
        terminal.draw(|frame| draw(frame, browser, &status())).expect("it is drawn");
        let screen = terminal.backend().to_string();
        screen.replace(env!("CARGO_PKG_VERSION"), "0.0.0")
    }

    fn press(browser: &mut Browser, keys: &str) {
        for key in keys.chars() {
            browser.key(KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE));
        }
    }

    #[test]
    fn the_first_screen_shows_what_is_big_and_what_is_missing() {
        assert_snapshot!(screen(&browser(), 72, 10));
    }

    #[test]
    fn columns_can_be_added() {
        let mut browser = browser();
        press(&mut browser, "lcaug");
        assert_snapshot!(screen(&browser, 72, 8));
    }

    #[test]
    fn a_question_stands_in_the_middle() {
        let mut browser = browser();
        press(&mut browser, "VjjVD");
        assert_snapshot!(screen(&browser, 60, 12));
    }

    #[test]
    fn help_fits_a_common_terminal() {
        let mut browser = browser();
        press(&mut browser, "?");
        assert_snapshot!(screen(&browser, 80, 24));
    }

    #[test]
    fn no_screen_is_too_small() {
        let mut browser = browser();
        for keys in ["", "?", "qd"] {
            press(&mut browser, keys);
            for size in 1..9 {
                screen(&browser, size, size);
            }
        }
    }

    #[test]
    fn the_cursor_stays_in_sight() {
        let mut browser = Browser::new();
        let names: Vec<String> = (0..50).map(|number| format!("f{number:02}=1")).collect();
        browser.usage.take(pair("", &names.iter().map(String::as_str).collect::<Vec<_>>()));
        for _ in 0..49 {
            press(&mut browser, "j");
        }
        let screen = screen(&browser, 40, 8);
        assert!(screen.contains("f49") && !screen.contains("f00"), "{screen}");
    }
}
