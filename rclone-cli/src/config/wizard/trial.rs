//! A remote that is tried before it is kept: what a try found, and what it offers.

use super::Wizard;
use super::ask::menu;
use super::remote::Draft;

/// Tries a remote out.
pub(crate) trait Probe {
    /// Connects with these settings and returns what there is to say.
    fn probe(&self, values: &[(String, String)]) -> Findings;
}

/// What came of a try.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    /// Whether the remote can be used as it is.
    pub(crate) works: bool,
    /// What to tell the user.
    pub(crate) text: String,
    /// What could be set to make it better.
    pub(crate) offers: Vec<Offer>,
}

/// Settings that would help, if the user agrees.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Offer {
    pub(crate) question: String,
    pub(crate) set: Vec<(&'static str, String)>,
    /// Whether agreeing gives nothing away, so that Enter may mean yes.
    pub(crate) harmless: bool,
}

impl Wizard<'_> {
    /// Tries a draft, sets what the user agrees to, and tries again with that. What was typed stays.
    ///
    /// # Errors
    /// When the input ends.
    pub(super) fn test(&mut self, draft: &mut Draft) -> anyhow::Result<bool> {
        if !draft.can_be_tried() {
            self.prompt.say("There is nothing to test.\n")?;
            return Ok(true);
        }
        loop {
            self.prompt.say("Connecting ... (Ctrl-C ends the try and nothing else)\n")?;
            let Findings { works, text, offers } = self.probe.probe(draft.values());
            self.prompt.say(&text)?;
            let mut changed = false;
            for Offer { question, set, harmless } in offers {
                let usual = if harmless { 'y' } else { 'n' };
                if self.agrees(&question, usual)? {
                    set.into_iter().for_each(|(key, value)| draft.agree(key, value));
                    changed = true;
                }
            }
            if !changed {
                return Ok(works);
            }
        }
    }

    /// Asks a question that Enter answers with `usual`.
    pub(super) fn agrees(&mut self, question: &str, usual: char) -> anyhow::Result<bool> {
        self.prompt.say(&format!("{question}\n"))?;
        Ok(menu(self.prompt, &[('y', "Yes"), ('n', "No")], Some(usual))? == 'y')
    }
}
