//! Questions to the user, on the terminal or over piped standard input.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

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
}

/// The user at the terminal, or a script at the other end of standard input.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Terminal;

impl Prompt for Terminal {
    fn say(&mut self, text: &str) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        Ok(out.flush()?)
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
        self.say(question)?;
        Ok(rpassword::read_password()?)
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
    }

    impl Script {
        pub(crate) fn new(answers: &[&str]) -> Self {
            let answers = answers.iter().copied().map(str::to_owned).collect();
            Self { answers, shown: String::new() }
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
    }
}
