//! Asks before each change: `--interactive`.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Stderr, Stdin, Write};
use std::sync::{Mutex, PoisonError};

use sync_core::Path;
use sync_core::context::{Answer, Confirm};
use sync_core::progress::Deed;

use super::log::named;

/// Asks on one stream and reads answers from another.
#[derive(Debug)]
pub(crate) struct Prompt<R, W>(Mutex<State<R, W>>);

#[derive(Debug)]
struct State<R, W> {
    input: R,
    output: W,
    /// Answers that hold for all actions of a kind.
    settled: HashMap<&'static str, Answer>,
}

impl Prompt<BufReader<Stdin>, Stderr> {
    /// Asks on standard error and reads answers from standard input.
    pub(crate) fn on_terminal() -> Self {
        Self::new(BufReader::new(io::stdin()), io::stderr())
    }
}

impl<R: BufRead, W: Write> Prompt<R, W> {
    fn new(input: R, output: W) -> Self {
        Self(Mutex::new(State { input, output, settled: HashMap::new() }))
    }
}

impl<R: BufRead + Send, W: Write + Send> Confirm for Prompt<R, W> {
    fn confirm(&self, deed: Deed, path: &Path) -> Answer {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (action, _) = named(deed);
        match state.settled.get(action) {
            Some(&answer) => answer,
            // An answer nobody can give any more is no consent.
            None => super::instead_of_bars(|| state.ask(action, path)).unwrap_or(Answer::Quit),
        }
    }
}

impl<R: BufRead, W: Write> State<R, W> {
    fn ask(&mut self, action: &'static str, path: &Path) -> io::Result<Answer> {
        writeln!(
            self.output,
            "\nrclone: {action} \"{path}\"?\n\
             y) Yes, this is OK (default)\n\
             n) No, skip this\n\
             s) Skip all {action} operations with no more questions\n\
             !) Do all {action} operations with no more questions\n\
             q) Exit rclone now."
        )?;
        loop {
            write!(self.output, "y/n/s/!/q> ")?;
            self.output.flush()?;
            let mut line = String::new();
            if self.input.read_line(&mut line)? == 0 {
                return Ok(Answer::Quit);
            }
            let (answer, for_all) = match line.trim() {
                "" | "y" => (Answer::Yes, false),
                "n" => (Answer::No, false),
                "s" => (Answer::No, true),
                "!" => (Answer::Yes, true),
                "q" => (Answer::Quit, false),
                _ => continue,
            };
            if for_all {
                self.settled.insert(action, answer);
                let what = if answer == Answer::Yes { "Doing" } else { "Skipping" };
                tracing::warn!("{what} all {action} operations from now on without asking");
            }
            return Ok(answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::stats::tests::path;
    use super::*;

    /// Answers with `input` and returns what came of a copy, a copy and a deletion, and how often
    /// was asked.
    #[track_caller]
    fn check(input: &str, expected: [Answer; 3], prompts: usize) {
        let prompt = Prompt::new(input.as_bytes(), Vec::new());
        let deeds = [Deed::CopiedNew, Deed::CopiedOver, Deed::Deleted];
        assert_eq!(deeds.map(|deed| prompt.confirm(deed, &path("a"))), expected, "{input:?}");
        let output = String::from_utf8(prompt.0.into_inner().unwrap().output).unwrap();
        assert_eq!(output.matches("y/n/s/!/q> ").count(), prompts, "{input:?}");
    }

    #[test]
    fn answers_hold_for_one_action_or_all_of_its_kind() {
        use Answer::{No, Quit, Yes};
        check("y\nn\n\n", [Yes, No, Yes], 3);
        check("s\ny\n", [No, No, Yes], 2);
        check("!\nn\n", [Yes, Yes, No], 2);
        check("what?\ny\nq\nq\n", [Yes, Quit, Quit], 4);
        check("", [Quit, Quit, Quit], 3);
    }

    #[test]
    fn the_question_is_rclones() {
        let prompt = Prompt::new(&b"y\n"[..], Vec::new());
        prompt.confirm(Deed::Deleted, &path("d/x"));
        insta::assert_snapshot!(
            String::from_utf8(prompt.0.into_inner().unwrap().output).unwrap(), @r#"
        rclone: delete "d/x"?
        y) Yes, this is OK (default)
        n) No, skip this
        s) Skip all delete operations with no more questions
        !) Do all delete operations with no more questions
        q) Exit rclone now.
        y/n/s/!/q>
        "#);
    }
}
