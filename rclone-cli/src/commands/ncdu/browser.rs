//! Where the user is and what the keys do; drawing and deleting are done elsewhere.

use std::collections::{BTreeSet, HashMap};

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use sync_core::{Name, Path};

use super::usage::{Item, Total, Usage};

/// The user's view of a tree.
#[derive(Debug)]
pub(super) struct Browser {
    pub(super) usage: Usage,
    /// The directory that is shown.
    pub(super) at: Path,
    /// The line under the cursor.
    pub(super) cursor: usize,
    /// The lines left behind in directories above.
    left: HashMap<Path, usize>,
    /// What is marked in this directory.
    pub(super) selected: BTreeSet<Name>,
    /// Whether moving marks what it passes.
    pub(super) visual: bool,
    pub(super) columns: Columns,
    pub(super) order: Order,
    reversed: bool,
    pub(super) dialog: Option<Dialog>,
}

/// Which columns are shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns {
    pub(super) graph: bool,
    pub(super) counts: bool,
    pub(super) average: bool,
    pub(super) modified: bool,
    pub(super) human: bool,
}

/// By what the lines are sorted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Order {
    Average,
    Count,
    Modified,
    Name,
    Size,
}

/// What is asked or told in the middle of the screen.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Dialog {
    /// Whether to delete these.
    Delete(Vec<Doomed>),
    Help,
    Tell(String),
}

/// Something to delete.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Doomed {
    pub(super) path: Path,
    pub(super) is_directory: bool,
}

/// What a key asks of others.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Wish {
    Delete(Vec<Doomed>),
    Nothing,
    Quit,
    /// Draw everything anew.
    Redraw,
    /// Walk everything anew.
    Rescan,
}

impl Browser {
    pub(super) fn new() -> Self {
        Self {
            usage: Usage::default(),
            at: Path::root(),
            cursor: 0,
            left: HashMap::new(),
            selected: BTreeSet::new(),
            visual: false,
            columns: Columns {
                graph: true,
                counts: false,
                average: false,
                modified: false,
                human: true,
            },
            order: Order::Size,
            reversed: false,
            dialog: None,
        }
    }

    /// Returns the lines of the directory in the order they are shown.
    pub(super) fn lines(&self) -> Vec<(&Item, Total)> {
        let items = self.usage.items(&self.at).iter();
        let mut lines: Vec<_> =
            items.map(|item| (item, self.usage.total(&self.at, item))).collect();
        lines.sort_by(|(a, in_a), (b, in_b)| {
            let order = match self.order {
                Order::Average => in_b.average().cmp(&in_a.average()),
                Order::Count => in_b.files.cmp(&in_a.files),
                Order::Modified => b.modified.cmp(&a.modified),
                Order::Name => std::cmp::Ordering::Equal,
                Order::Size => in_b.bytes.cmp(&in_a.bytes),
            };
            let order = order.then_with(|| a.name.cmp(&b.name));
            if self.reversed { order.reverse() } else { order }
        });
        lines
    }

    /// Does what a key asks for, and returns what others must do.
    pub(super) fn key(&mut self, key: KeyEvent) -> Wish {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c') if control => return Wish::Quit,
            KeyCode::Char('l') if control => return Wish::Redraw,
            _ => {}
        }
        if let Some(dialog) = self.dialog.take() {
            return self.answer(dialog, key.code);
        }
        match key.code {
            KeyCode::Char('q') | KeyCode::Esc => return Wish::Quit,
            KeyCode::Char('r') => {
                self.usage = Usage::default();
                self.enter(Path::root(), 0);
                return Wish::Rescan;
            }
            KeyCode::Char('?') => self.dialog = Some(Dialog::Help),
            KeyCode::Char('Y') => self.dialog = Some(Dialog::Tell(self.at.to_string())),
            KeyCode::Char('d') => self.ask_to_delete(self.under_cursor()),
            KeyCode::Char('D') => self.ask_to_delete(self.marked()),
            KeyCode::Char('v') => self.toggle_mark(),
            KeyCode::Char('V') => {
                self.visual = !self.visual;
                self.mark();
            }
            KeyCode::Char(letter) => self.letter(letter),
            code => self.travel(code),
        }
        Wish::Nothing
    }

    fn letter(&mut self, letter: char) {
        match letter {
            'g' => self.columns.graph ^= true,
            'c' => self.columns.counts ^= true,
            'a' => self.columns.average ^= true,
            'm' => self.columns.modified ^= true,
            'u' => self.columns.human ^= true,
            'n' => self.sort(Order::Name),
            's' => self.sort(Order::Size),
            'C' => self.sort(Order::Count),
            'A' => self.sort(Order::Average),
            'M' => self.sort(Order::Modified),
            'k' => self.travel(KeyCode::Up),
            'j' => self.travel(KeyCode::Down),
            'l' => self.travel(KeyCode::Right),
            'h' => self.travel(KeyCode::Left),
            _ => {}
        }
    }

    /// Sorts anew; by the same once more turns the order around.
    fn sort(&mut self, order: Order) {
        self.reversed = self.order == order && !self.reversed;
        self.order = order;
    }

    fn travel(&mut self, code: KeyCode) {
        let last = self.usage.items(&self.at).len().saturating_sub(1);
        match code {
            KeyCode::Up => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Down => self.cursor = (self.cursor + 1).min(last),
            KeyCode::PageUp => self.cursor = self.cursor.saturating_sub(PAGE),
            KeyCode::PageDown => self.cursor = (self.cursor + PAGE).min(last),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = last,
            KeyCode::Right | KeyCode::Enter => return self.descend(),
            KeyCode::Left | KeyCode::Backspace => return self.ascend(),
            _ => return,
        }
        self.mark();
    }

    fn descend(&mut self) {
        let Some((item, _)) = self.lines().get(self.cursor).copied() else { return };
        let below = self.at.child(&item.name);
        if item.is_directory && self.usage.has(&below) {
            let at = std::mem::take(&mut self.at);
            self.left.insert(at, self.cursor);
            self.enter(below, 0);
        }
    }

    fn ascend(&mut self) {
        if let Some(above) = self.at.parent() {
            let cursor = self.left.remove(&above).unwrap_or(0);
            self.enter(above, cursor);
        }
    }

    fn enter(&mut self, directory: Path, cursor: usize) {
        (self.at, self.cursor, self.visual) = (directory, cursor, false);
        self.selected.clear();
    }

    fn under_cursor(&self) -> Vec<Doomed> {
        self.lines().get(self.cursor).map(|(item, _)| self.doomed(item)).into_iter().collect()
    }

    fn marked(&self) -> Vec<Doomed> {
        let lines = self.lines();
        let marked = lines.iter().filter(|(item, _)| self.selected.contains(&item.name));
        marked.map(|(item, _)| self.doomed(item)).collect()
    }

    fn doomed(&self, item: &Item) -> Doomed {
        Doomed { path: self.at.child(&item.name), is_directory: item.is_directory }
    }

    fn ask_to_delete(&mut self, doomed: Vec<Doomed>) {
        self.dialog = Some(match doomed.is_empty() {
            true => Dialog::Tell("Nothing is selected: v selects.".into()),
            false => Dialog::Delete(doomed),
        });
    }

    fn toggle_mark(&mut self) {
        let Some(name) = self.lines().get(self.cursor).map(|(item, _)| item.name.clone()) else {
            return;
        };
        if !self.selected.remove(&name) {
            self.selected.insert(name);
        }
    }

    /// Marks the line under the cursor while moving marks.
    fn mark(&mut self) {
        let line = self.lines().get(self.cursor).map(|(item, _)| item.name.clone());
        self.selected.extend(line.filter(|_| self.visual));
    }

    /// Takes the answer to a dialog, which is closed by now.
    fn answer(&mut self, dialog: Dialog, code: KeyCode) -> Wish {
        match (dialog, code) {
            (Dialog::Delete(doomed), KeyCode::Char('y')) => Wish::Delete(doomed),
            (Dialog::Delete(_), KeyCode::Char('n' | 'q') | KeyCode::Esc) => Wish::Nothing,
            (dialog @ Dialog::Delete(_), _) => {
                self.dialog = Some(dialog);
                Wish::Nothing
            }
            _ => Wish::Nothing,
        }
    }

    /// Forgets what was deleted.
    pub(super) fn deleted(&mut self, path: &Path) {
        self.usage.remove(path);
        if self.at.is_within(path) {
            self.enter(path.parent().unwrap_or_default(), 0);
        }
        if let Some((parent, name)) = path.split().filter(|(parent, _)| *parent == self.at) {
            self.selected.remove(&name);
            self.cursor = self.cursor.min(self.usage.items(&parent).len().saturating_sub(1));
        }
    }
}

/// How far a page leaps.
const PAGE: usize = 10;

#[cfg(test)]
mod tests {
    use super::super::usage::tests::{pair, path};
    use super::*;

    fn browser() -> Browser {
        let mut browser = Browser::new();
        browser.usage.take(pair("", &["big/", "small=3", "tiny=1", "empty/"]));
        browser.usage.take(pair("big", &["a=100", "b=50"]));
        browser.usage.take(pair("empty", &[]));
        browser
    }

    fn press(browser: &mut Browser, keys: &str) -> Wish {
        let press = |key| browser.key(KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE));
        keys.chars().map(press).last().unwrap_or(Wish::Nothing)
    }

    fn names(browser: &Browser) -> String {
        let lines = browser.lines();
        let names = lines.iter().map(|(item, _)| item.name.to_text().into_owned());
        names.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_biggest_is_first_until_told_otherwise() {
        let mut browser = browser();
        assert_eq!(names(&browser), "big small tiny empty");
        press(&mut browser, "n");
        assert_eq!(names(&browser), "big empty small tiny");
        press(&mut browser, "n");
        assert_eq!(names(&browser), "tiny small empty big");
        press(&mut browser, "C");
        assert_eq!(names(&browser), "big small tiny empty");
        press(&mut browser, "A");
        assert_eq!(names(&browser), "big small tiny empty");
    }

    #[test]
    fn the_way_back_leads_to_the_same_line() {
        let mut browser = browser();
        press(&mut browser, "njjjjj");
        assert_eq!(browser.cursor, 3, "there is no line below the last");
        press(&mut browser, "kkl");
        assert_eq!((browser.at.to_string(), browser.cursor), ("empty".into(), 0));
        press(&mut browser, "h");
        assert_eq!((browser.at.clone(), browser.cursor), (Path::root(), 1));
        press(&mut browser, "hjl");
        assert_eq!(browser.at, Path::root(), "a file is not entered");
    }

    #[test]
    fn deletion_is_asked_for_and_can_be_declined() {
        let mut browser = browser();
        let big = Doomed { path: path("big"), is_directory: true };
        assert_eq!(press(&mut browser, "d"), Wish::Nothing);
        assert_eq!(browser.dialog, Some(Dialog::Delete(vec![big.clone()])));
        assert_eq!(press(&mut browser, "x"), Wish::Nothing);
        assert!(browser.dialog.is_some(), "only an answer closes the question");
        assert_eq!(press(&mut browser, "n"), Wish::Nothing);
        assert!(browser.dialog.is_none());
        assert_eq!(press(&mut browser, "dy"), Wish::Delete(vec![big]));
    }

    #[test]
    fn what_is_marked_is_deleted_together() {
        let mut browser = browser();
        press(&mut browser, "D");
        assert!(matches!(browser.dialog, Some(Dialog::Tell(_))));
        press(&mut browser, " jVjV");
        assert_eq!(browser.selected.len(), 2);
        let Wish::Delete(doomed) = press(&mut browser, "Dy") else { panic!("a wish to delete") };
        let paths: Vec<_> = doomed.iter().map(|doomed| doomed.path.to_string()).collect();
        assert_eq!(paths, ["small", "tiny"]);
        doomed.iter().for_each(|doomed| browser.deleted(&doomed.path));
        assert_eq!((names(&browser), browser.selected.len()), ("big empty".into(), 0));
        press(&mut browser, "v");
        assert_eq!(browser.selected.len(), 1);
        press(&mut browser, "v");
        assert!(browser.selected.is_empty());
    }

    #[test]
    fn deleting_where_one_stands_leads_up() {
        let mut browser = browser();
        press(&mut browser, "l");
        browser.deleted(&path("big"));
        assert_eq!(browser.at, Path::root());
    }

    #[test]
    fn quitting_and_scanning_are_for_others_to_do() {
        let mut browser = browser();
        assert_eq!(press(&mut browser, "?q"), Wish::Nothing);
        assert_eq!(press(&mut browser, "q"), Wish::Quit);
        assert_eq!(press(&mut browser, "dr"), Wish::Nothing);
        assert_eq!(press(&mut browser, "nr"), Wish::Rescan);
        assert_eq!(names(&browser), "");
        let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(browser.key(interrupt), Wish::Quit);
    }
}
