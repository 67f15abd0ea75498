//! Plays a transcript on standard input through the decoder and the exchange: lines that begin
//! with `C: ` were sent, lines that begin with `S: ` were received. Prints what answers what.
//!
//! ```sh
//! cargo run -p ftp-proto --example session < ftp-proto/tests/transcripts/vsftpd.txt
//! ```

use std::io::{self, BufRead, Write};

use bytes::BytesMut;
use ftp_proto::{Decoder, Exchange, exchange::Answer};

fn main() -> io::Result<()> {
    play(io::stdin().lock(), io::stdout().lock())
}

pub(crate) fn play(transcript: impl BufRead, mut out: impl Write) -> io::Result<()> {
    let (mut decoder, mut buffer) = (Decoder::default(), BytesMut::new());
    let mut exchange = Exchange::default();
    exchange.sent(String::from("(greeting)"));
    for line in transcript.lines() {
        let line = line?;
        if let Some(command) = line.strip_prefix("C: ") {
            exchange.sent(command.to_owned());
            continue;
        }
        let Some(text) = line.strip_prefix("S: ") else { continue };
        buffer.extend_from_slice(text.as_bytes());
        buffer.extend_from_slice(b"\r\n");
        while let Some(reply) = decoder.decode(&mut buffer).map_err(io::Error::other)? {
            match exchange.received(reply).map_err(io::Error::other)? {
                Answer::Abandoned(reply) => writeln!(out, "(nobody waits)  <- {reply}")?,
                Answer::Closing(reply) => writeln!(out, "(server closes) <- {reply}")?,
                Answer::Final(command, reply) => writeln!(out, "{command} <- {reply}")?,
                Answer::Preliminary(reply) => {
                    let command = exchange.oldest().map_or("", String::as_str);
                    writeln!(out, "{command} <- {reply} (more will follow)")?;
                }
            }
        }
    }
    writeln!(out, "{} answers are owed", exchange.owed())
}
