//! Plays a transcript on standard input through the decoder and the exchange: lines that begin
//! with `C: ` were sent, lines that begin with `S: ` were received. Prints what answers what.

use std::io::{self, BufRead as _, Write as _};

use bytes::BytesMut;
use ftp_proto::{Decoder, Exchange, exchange::Answer};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    let (mut decoder, mut buffer) = (Decoder::default(), BytesMut::new());
    let mut exchange = Exchange::default();
    exchange.sent(String::from("(greeting)"));
    for line in io::stdin().lock().lines() {
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
