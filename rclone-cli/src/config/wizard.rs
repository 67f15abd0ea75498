//! The dialogue of `rclone config`: menus, and one new or changed remote at a time, which is written
//! only once the user says it is right.

mod ask;
mod encryption;
mod remote;
mod trial;

use super::TYPES;
use super::file::File;
use super::store::Store;
use crate::exit::chain;
use crate::prompt::Prompt;
use crate::target::is_name;

use ask::{choose, menu};
pub(crate) use encryption::new_key;
use remote::Draft;
pub(crate) use trial::{Findings, Offer, Probe};

/// The dialogue over one config file.
pub(crate) struct Wizard<'a> {
    prompt: &'a mut dyn Prompt,
    store: &'a mut Store,
    /// Who is logged in here: the user of a remote that has none.
    user: String,
    probe: &'a dyn Probe,
}

const FIRST: [(char, &str); 5] = [
    ('n', "New remote"),
    ('r', "Rename remote"),
    ('c', "Copy remote"),
    ('s', "Set configuration password"),
    ('q', "Quit config"),
];
const MAIN: [(char, &str); 7] = [
    ('e', "Edit existing remote"),
    ('n', "New remote"),
    ('d', "Delete remote"),
    ('r', "Rename remote"),
    ('c', "Copy remote"),
    ('s', "Set configuration password"),
    ('q', "Quit config"),
];
const KEEP: [(char, &str); 5] = [
    ('y', "Yes this is OK"),
    ('e', "Edit this remote"),
    ('d', "Delete this remote"),
    ('a', "Edit advanced config? (TLS, timeouts, ...)"),
    ('t', "Test this remote now"),
];
const FAILED: [(char, &str); 5] = [
    ('e', "Edit this remote"),
    ('a', "Edit advanced config? (TLS, timeouts, ...)"),
    ('t', "Test this remote again"),
    ('s', "Save it as it is"),
    ('d', "Drop what was typed"),
];

impl<'a> Wizard<'a> {
    pub(crate) fn new(
        prompt: &'a mut dyn Prompt,
        store: &'a mut Store,
        user: String,
        probe: &'a dyn Probe,
    ) -> Self {
        Self { prompt, store, user, probe }
    }

    /// Shows the main menu until the user quits.
    ///
    /// # Errors
    /// When the input ends or the config file cannot be written.
    pub(crate) fn run(&mut self) -> anyhow::Result<()> {
        loop {
            let choices: &[_] = if self.show_remotes()? { &MAIN } else { &FIRST };
            match menu(self.prompt, choices, None)? {
                'e' => self.edit()?,
                'n' => self.add()?,
                'd' => self.delete()?,
                'r' => self.rename()?,
                'c' => self.copy()?,
                's' => encryption::set_password(self.prompt, self.store)?,
                _ => return Ok(()),
            }
        }
    }

    /// Lists the remotes and tells whether there are any.
    fn show_remotes(&mut self) -> anyhow::Result<bool> {
        let names = sorted(self.store.file());
        if names.is_empty() {
            self.prompt.say("No remotes found - make a new one\n")?;
            return Ok(false);
        }
        let mut text = format!("Current remotes:\n\n{:<20} Type\n{:<20} ====\n", "Name", "====");
        for name in names {
            let kind = self.store.file().get(&name, "type").unwrap_or_default();
            text.push_str(&format!("{name:<20} {kind}\n"));
        }
        self.prompt.say(&(text + "\n"))?;
        Ok(true)
    }

    fn add(&mut self) -> anyhow::Result<()> {
        let name = self.free_name("name> ")?;
        let kind = self.storage()?;
        let mut draft = Draft::new(&name, &kind);
        draft.ask(self.prompt, &self.user)?;
        self.keep(draft, None)
    }

    fn edit(&mut self) -> anyhow::Result<()> {
        let Some(name) = self.existing()? else { return Ok(()) };
        let mut draft = Draft::of(self.store.file(), &name);
        draft.ask(self.prompt, &self.user)?;
        self.keep(draft, Some(&name))
    }

    /// Shows what came of the questions, has it tried, and writes it, asks again or forgets it.
    fn keep(&mut self, mut draft: Draft, edited: Option<&str>) -> anyhow::Result<()> {
        // Whether the draft works as it is now, where that was tried.
        let mut works = None;
        loop {
            self.prompt.say(&draft.summary())?;
            let (choices, usual): (&[_], _) = match works {
                Some(false) => (&FAILED, Some('e')),
                _ => (&KEEP, None),
            };
            match menu(self.prompt, choices, usual)? {
                'y' if works.is_none() && self.wants_test(&draft)? => {
                    works = Some(self.test(&mut draft)?);
                    if works == Some(true) && self.save(&draft)? {
                        return Ok(());
                    }
                }
                'y' | 's' => {
                    if self.save(&draft)? {
                        return Ok(());
                    }
                }
                't' => works = Some(self.test(&mut draft)?),
                'e' => {
                    draft.ask(self.prompt, &self.user)?;
                    works = None;
                }
                'a' => {
                    draft.ask_advanced(self.prompt)?;
                    works = None;
                }
                _ => {
                    return match edited.filter(|_| works != Some(false)) {
                        Some(name) => self.store.change(|file| {
                            file.remove_section(name);
                        }),
                        None => Ok(()),
                    };
                }
            }
        }
    }

    /// Asks whether a remote shall be tried before it is saved. A script that answers what older
    /// versions asked is not asked more.
    fn wants_test(&mut self, draft: &Draft) -> anyhow::Result<bool> {
        let possible = draft.can_be_tried() && self.prompt.is_attended();
        Ok(possible && self.agrees("Test this remote now?", 'y')?)
    }

    /// Writes a draft and tells whether that went well: where somebody can choose again, a file that
    /// cannot be written costs nothing that was typed.
    fn save(&mut self, draft: &Draft) -> anyhow::Result<bool> {
        match self.store.change(|file| draft.write(file)) {
            Err(error) if self.prompt.is_attended() => {
                self.prompt.say(&format!("It is not saved: {}\n", chain(&error)))?;
                Ok(false)
            }
            result => result.map(|()| true),
        }
    }

    fn delete(&mut self) -> anyhow::Result<()> {
        let Some(name) = self.existing()? else { return Ok(()) };
        self.store.change(|file| {
            file.remove_section(&name);
        })
    }

    fn rename(&mut self) -> anyhow::Result<()> {
        let Some(from) = self.existing()? else { return Ok(()) };
        self.prompt.say(&format!("Enter new name for {from:?} remote.\n"))?;
        let to = self.free_name("name> ")?;
        self.store.change(|file| file.rename_section(&from, &to))
    }

    fn copy(&mut self) -> anyhow::Result<()> {
        let Some(from) = self.existing()? else { return Ok(()) };
        self.prompt.say(&format!("Enter name for copy of {from:?} remote.\n"))?;
        let to = self.free_name("name> ")?;
        self.store.change(|file| file.copy_section(&from, &to))
    }

    /// Asks which type a new remote has.
    fn storage(&mut self) -> anyhow::Result<String> {
        self.prompt.say("Type of storage to configure.\n")?;
        let examples = TYPES.map(|(kind, description)| (kind, description));
        loop {
            let answer = choose(self.prompt, &examples, "Storage> ")?;
            if TYPES.iter().any(|(kind, _)| *kind == answer) {
                return Ok(answer);
            }
            self.prompt
                .say(&format!("{answer:?} is not known here, there are ftp and local.\n"))?;
        }
    }

    /// Asks for a name that no remote has yet.
    fn free_name(&mut self, question: &str) -> anyhow::Result<String> {
        loop {
            let name = self.prompt.line(question)?.trim().to_owned();
            let why_not = if name.is_empty() {
                "Can't use an empty name.".to_owned()
            } else if !is_name(&name) {
                format!("Can't use {name:?}: {}.", crate::target::NoTarget::Name)
            } else if self.store.file().has_section(&name) {
                format!("Remote {name:?} already exists.")
            } else {
                return Ok(name);
            };
            self.prompt.say(&(why_not + "\n"))?;
        }
    }

    /// Asks for one of the remotes, by number or name; none where there are none.
    fn existing(&mut self) -> anyhow::Result<Option<String>> {
        let names = sorted(self.store.file());
        if names.is_empty() {
            self.prompt.say("No remotes found.\n")?;
            return Ok(None);
        }
        let mut text = "Choose a number from below, or type in an existing value\n".to_owned();
        for (index, name) in names.iter().enumerate() {
            text.push_str(&format!("{:2} > {name}\n", index + 1));
        }
        self.prompt.say(&text)?;
        loop {
            let answer = self.prompt.line("remote> ")?;
            let answer = answer.trim().trim_end_matches(':');
            let numbered = answer.parse::<usize>().ok().and_then(|n| names.get(n.checked_sub(1)?));
            if let Some(name) = names.iter().find(|name| *name == answer).or(numbered) {
                return Ok(Some(name.clone()));
            }
            self.prompt.say("This value must be one of the remotes above.\n")?;
        }
    }
}

fn sorted(file: &File) -> Vec<String> {
    let mut names: Vec<String> = file.sections().into_iter().map(str::to_owned).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests;
