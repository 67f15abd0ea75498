//! Reads case files (one JSON object a line) and prints what the crate makes of each case, one
//! JSON object a line: `corpus FILE.jsonl.. | python3 score.py - FILE.jsonl..`

use std::{
    env, fs,
    io::{self, Write},
};

use corpus::Case;

#[path = "../tests/support/corpus.rs"]
mod corpus;

fn main() -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for file in env::args_os().skip(1) {
        answers(&fs::read_to_string(file)?, &mut out)?;
    }
    out.flush()
}

/// Answers the cases of one file.
pub(crate) fn answers(cases: &str, mut out: impl Write) -> io::Result<()> {
    for case in cases.lines() {
        writeln!(out, "{}", Case(serde_json::from_str(case)?).answer())?;
    }
    Ok(())
}
