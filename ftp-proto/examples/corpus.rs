//! Reads case files (one JSON object a line) and prints what the crate makes of each case, one
//! JSON object a line: `corpus FILE.jsonl.. | python3 score.py - FILE.jsonl..`

use std::{
    env,
    error::Error,
    fs,
    io::{self, Write as _},
};

use corpus::Case;

#[path = "../tests/support/corpus.rs"]
mod corpus;

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for file in env::args_os().skip(1) {
        for line in fs::read_to_string(file)?.lines() {
            writeln!(out, "{}", Case(serde_json::from_str(line)?).answer())?;
        }
    }
    Ok(out.flush()?)
}
