//! A server made of lines: what it says, what it expects to hear, word for word.
//!
//! For what no real server can be made to do. A script is lines of
//! - `S: text`, sent as it stands; `{port}` becomes a new data port, in EPSV or PASV spelling;
//! - `C: text`, awaited; the text must match, `*` at its end matches any rest;
//! - `D: text`, sent on the data connection, which is then closed; `\n` is a line end;
//! - `D?`, all of the data connection read until the client ends it;
//! - `X`, everything closed.

use std::net::Ipv4Addr;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A peer that plays one script to each connection in turn.
#[derive(Debug)]
pub struct Script {
    port: u16,
    play: JoinHandle<Result<(), String>>,
}

impl Script {
    /// Starts playing: the first connection hears the first script, and so on.
    pub async fn start(scripts: &[&str]) -> Self {
        let scripts: Vec<String> = scripts.iter().map(|script| (*script).to_owned()).collect();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let play = tokio::spawn(async move {
            for script in scripts {
                let (stream, _) = listener.accept().await.map_err(|error| error.to_string())?;
                play(stream, &script).await?;
            }
            Ok(())
        });
        Self { port, play }
    }

    /// Returns the port to connect to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits until all was played.
    #[track_caller]
    pub fn finish(self) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let played = self.play.await.expect("the script does not panic");
            assert_eq!(played, Ok(()), "at {caller}");
        }
    }
}

async fn play(stream: TcpStream, script: &str) -> Result<(), String> {
    let mut control = BufReader::new(stream);
    let mut listener = None;
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line == "X" {
            return Ok(());
        } else if let Some(text) = line.strip_prefix("S: ") {
            let text = passive(text, &mut listener).await;
            control.write_all(format!("{text}\r\n").as_bytes()).await.map_err(|e| e.to_string())?;
        } else if let Some(expected) = line.strip_prefix("C: ") {
            hear(&mut control, expected).await?;
        } else if line == "D?" {
            data(&mut listener)
                .await?
                .read_to_end(&mut Vec::new())
                .await
                .map_err(|e| e.to_string())?;
        } else if let Some(text) = line.strip_prefix("D: ") {
            let bytes = text.replace("\\n", "\r\n");
            data(&mut listener)
                .await?
                .write_all(bytes.as_bytes())
                .await
                .map_err(|e| e.to_string())?;
        } else {
            return Err(format!("not a line of a script: {line}"));
        }
    }
    Ok(())
}

async fn passive(text: &str, listener: &mut Option<TcpListener>) -> String {
    if !text.contains("{port}") {
        return text.to_owned();
    }
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let port = bound.local_addr().expect("a bound socket has an address").port();
    *listener = Some(bound);
    match text.starts_with("229") {
        true => text.replace("{port}", &format!("|||{port}|")),
        false => text.replace("{port}", &format!("127,0,0,1,{},{}", port >> 8, port & 0xff)),
    }
}

async fn hear(control: &mut BufReader<TcpStream>, expected: &str) -> Result<(), String> {
    let mut line = String::new();
    control.read_line(&mut line).await.map_err(|error| error.to_string())?;
    let heard = line.trim_end_matches(['\r', '\n']);
    let matches = match expected.strip_suffix('*') {
        Some(start) => heard.starts_with(start),
        None => heard == expected,
    };
    if matches { Ok(()) } else { Err(format!("expected `{expected}`, heard `{heard}`")) }
}

async fn data(listener: &mut Option<TcpListener>) -> Result<TcpStream, String> {
    let listener = listener.take().ok_or("no data port was announced")?;
    Ok(listener.accept().await.map_err(|error| error.to_string())?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_script_says_its_lines_and_hears_its_cues() {
        let script = Script::start(&["S: 220 hi\nC: USER *\nS: 331 more\nX"]).await;
        let mut client = TcpStream::connect(("127.0.0.1", script.port())).await.unwrap();
        client.write_all(b"USER me\r\n").await.unwrap();
        let mut heard = String::new();
        client.read_to_string(&mut heard).await.unwrap();
        assert_eq!(heard, "220 hi\r\n331 more\r\n");
        script.finish().await;
    }

    #[tokio::test]
    async fn a_wrong_cue_is_told() {
        let script = Script::start(&["C: QUIT"]).await;
        let mut client = TcpStream::connect(("127.0.0.1", script.port())).await.unwrap();
        client.write_all(b"NOOP\r\n").await.unwrap();
        let told = script.play.await.unwrap();
        assert_eq!(told, Err("expected `QUIT`, heard `NOOP`".into()));
    }
}
