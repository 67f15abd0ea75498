//! Questions to the user, on the terminal or over piped standard input.

#[cfg(unix)]
mod mute;

use std::io::{self, BufRead as _, IsTerminal as _};

use anyhow::bail;

/// Who is asked.
pub(crate) trait Prompt {
    /// Shows text as it is.
    ///
    /// # Errors
    /// When it cannot be shown.
    fn say(&mut self, text: &str) -> anyhow::Result<()>;

    /// Asks for a line.
    ///
    /// # Errors
    /// When nobody answers any more.
    fn line(&mut self, question: &str) -> anyhow::Result<String>;

    /// Asks for a line that must not be seen.
    ///
    /// # Errors
    /// When nobody answers any more.
    fn secret(&mut self, question: &str) -> anyhow::Result<String>;

    /// Tells whether somebody sits there who can choose, rather than a script.
    fn is_attended(&self) -> bool;
}

/// The user at the terminal, or a script at the other end of standard input.
#[derive(Debug)]
pub(crate) struct Terminal<W>(W);

impl Terminal<io::Stdout> {
    /// Asks on standard output, for commands that are a dialogue.
    pub(crate) fn dialogue() -> Self {
        Self(io::stdout())
    }
}

impl Terminal<io::Stderr> {
    /// Asks on standard error, for commands whose output is for others.
    pub(crate) fn aside() -> Self {
        Self(io::stderr())
    }
}

impl<W: io::Write> Terminal<W> {
    #[cfg(unix)]
    fn unseen(&mut self, question: &str) -> anyhow::Result<String> {
        let keyboard = mute::MuteKeyboard::new()?;
        self.say(question)?;
        let answer = keyboard.secret();
        self.say("\n")?;
        Ok(answer?)
    }

    #[cfg(not(unix))]
    fn unseen(&mut self, question: &str) -> anyhow::Result<String> {
        self.say(question)?;
        Ok(rpassword::read_password()?)
    }
}

impl<W: io::Write> Prompt for Terminal<W> {
    fn say(&mut self, text: &str) -> anyhow::Result<()> {
        self.0.write_all(text.as_bytes())?;
        Ok(self.0.flush()?)
    }

    fn line(&mut self, question: &str) -> anyhow::Result<String> {
        self.say(question)?;
        let mut line = String::new();
        if io::stdin().lock().read_line(&mut line)? == 0 {
            self.say("\n")?;
            bail!("the input ended before the question was answered");
        }
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }

    fn secret(&mut self, question: &str) -> anyhow::Result<String> {
        if !io::stdin().is_terminal() {
            return self.line(question);
        }
        self.unseen(question)
    }

    fn is_attended(&self) -> bool {
        io::stdin().is_terminal()
    }
}

#[cfg(test)]
pub(crate) mod script {
    use std::collections::VecDeque;

    use super::*;

    /// Answers from a script and keeps what was shown, the answers included, secrets excepted.
    #[derive(Debug, Default)]
    pub(crate) struct Script {
        answers: VecDeque<String>,
        pub(crate) shown: String,
        attended: bool,
    }

    impl Script {
        pub(crate) fn new(answers: &[&str]) -> Self {
            let answers = answers.iter().copied().map(str::to_owned).collect();
            Self { answers, ..Self::default() }
        }

        /// The same, as if somebody sat there.
        pub(crate) fn attended(answers: &[&str]) -> Self {
            Self { attended: true, ..Self::new(answers) }
        }

        /// Returns the answers nobody asked for.
        pub(crate) fn left(&self) -> usize {
            self.answers.len()
        }
    }

    impl Prompt for Script {
        fn say(&mut self, text: &str) -> anyhow::Result<()> {
            self.shown.push_str(text);
            Ok(())
        }

        fn line(&mut self, question: &str) -> anyhow::Result<String> {
            let answer = self.secret(question)?;
            self.shown.truncate(self.shown.len() - 1);
            self.say(&format!("{answer}\n"))?;
            Ok(answer)
        }

        fn secret(&mut self, question: &str) -> anyhow::Result<String> {
            self.say(question)?;
            self.say("\n")?;
            match self.answers.pop_front() {
                Some(answer) => Ok(answer),
                None => bail!("the script ended"),
            }
        }

        fn is_attended(&self) -> bool {
            self.attended
        }
    }
}
