//! A server made of lines: what it says, what it expects to hear, word for word.
//!
//! For what no real server can be made to do. A script is lines of
//! - `S: text`, sent as it stands; `{port}` becomes a new data port, in EPSV or PASV spelling, and
//!   `{p1,p2}` one in PASV spelling without the address;
//! - `L: address`, where the next data port is;
//! - `C: text`, awaited; the text must match, `*` at its end matches any rest;
//! - `A`, the data connection accepted, for what is said before any data;
//! - `D~`, the data connection accepted and watched for a moment, in which nothing may come, no end either;
//! - `D: text`, sent on the data connection, which is then closed; `\n` is a line end;
//! - `D?`, all of the data connection read until the client ends it;
//! - `D!`, the data connection closed as it is;
//! - `T`, the control connection turned to TLS, and from then on data connections made with it: `D`
//!   and `D?` end them with the goodbye of TLS; `D!`, `D!: text` and `D?!` without;
//! - `W: ms`, nothing, for so long;
//! - `Z`, silence on the control connection, which stays open: from here the time is tokio's, so that
//!   whoever waits for more has waited at once;
//! - `X`, everything closed.

use std::net::IpAddr;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::certs::Authority;
use crate::wire::{self, Wire};

/// A peer that plays one script to each connection in turn.
#[derive(Debug)]
pub struct Script {
    port: u16,
    play: JoinHandle<Result<Open, String>>,
}

/// What stays open until the script is dropped.
type Open = (TcpListener, Vec<Control>);

impl Script {
    /// Starts playing: the first connection hears the first script, and so on.
    pub async fn start(scripts: &[&str]) -> Self {
        Self::start_at("127.0.0.1", scripts).await
    }

    /// The same at another address of this machine.
    pub async fn start_at(address: &str, scripts: &[&str]) -> Self {
        let scripts: Vec<String> = scripts.iter().map(|script| (*script).to_owned()).collect();
        let address: IpAddr = address.parse().expect("an address");
        let listener = TcpListener::bind((address, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let play = tokio::spawn(async move {
            let mut silent = Vec::new();
            for script in scripts {
                let (stream, _) = listener.accept().await.map_err(|error| error.to_string())?;
                silent.extend(play(stream, &script).await?);
            }
            Ok((listener, silent))
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
            assert_eq!(played.err(), None, "at {caller}");
        }
    }
}

/// Counts the flights of a script: how often the client has said all it can and waits for what comes
/// back. To accept a data connection is to answer it, and to be answered.
pub fn flights(script: &str) -> usize {
    let mut said = false;
    let mut flights = 0;
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let says = line.starts_with("C: ") || line == "D?";
        flights += usize::from(said && !says);
        said = says || line == "A";
    }
    flights
}

/// A control connection.
type Control = BufReader<Box<dyn Wire>>;

async fn secure(
    wire: impl Wire + 'static,
    tls: Option<&TlsAcceptor>,
) -> Result<Box<dyn Wire>, String> {
    wire::secure(wire, tls).await.map_err(|error| error.to_string())
}

/// How long what was said last may take to be heard.
const HEARD: std::time::Duration = std::time::Duration::from_millis(100);

/// Plays a script, and returns the connection where it ends in silence.
async fn play(stream: TcpStream, script: &str) -> Result<Option<Control>, String> {
    let address = stream.local_addr().map_err(|error| error.to_string())?.ip();
    // What is said in several lines is heard at once: time may stand still.
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let mut data = Data { address, listener: None, accepted: None, tls: None };
    let mut control = BufReader::new(secure(stream, None).await?);
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line == "X" {
            return Ok(None);
        } else if line == "T" {
            data.tls = Some(Authority::new().identity().acceptor());
            control = BufReader::new(secure(control.into_inner(), data.tls.as_ref()).await?);
        } else if line == "Z" {
            tokio::time::sleep(HEARD).await;
            tokio::time::pause();
            return Ok(Some(control));
        } else if let Some(text) = line.strip_prefix("S: ") {
            let text = data.announce(text).await;
            control.write_all(format!("{text}\r\n").as_bytes()).await.map_err(|e| e.to_string())?;
            control.flush().await.map_err(|error| error.to_string())?;
        } else if let Some(expected) = line.strip_prefix("C: ") {
            hear(&mut control, expected).await?;
        } else if let Some(time) = line.strip_prefix("W: ") {
            let time = time.parse().map_err(|_| format!("not a time: {time}"))?;
            tokio::time::sleep(std::time::Duration::from_millis(time)).await;
        } else if let Some(address) = line.strip_prefix("L: ") {
            data.address = address.parse().map_err(|_| format!("not an address: {address}"))?;
        } else if line == "A" {
            data.accepted = Some(data.accept().await?);
        } else if line == "D~" {
            data.stays_open().await?;
        } else if line.starts_with('D') {
            data.play(line).await?;
        } else {
            return Err(format!("not a line of a script: {line}"));
        }
    }
    Ok(None)
}

/// The data connection, from its port to its end.
struct Data {
    address: IpAddr,
    listener: Option<TcpListener>,
    accepted: Option<Box<dyn Wire>>,
    tls: Option<TlsAcceptor>,
}

impl Data {
    /// Opens a port where `text` names one.
    async fn announce(&mut self, text: &str) -> String {
        if !text.contains("{port}") && !text.contains("{p1,p2}") {
            return text.to_owned();
        }
        let bound = TcpListener::bind((self.address, 0)).await.expect("a free port");
        let port = bound.local_addr().expect("a bound socket has an address").port();
        self.listener = Some(bound);
        let halves = format!("{},{}", port >> 8, port & 0xff);
        match text.starts_with("229") {
            true => text.replace("{port}", &format!("|||{port}|")),
            false => text.replace("{port}", "127,0,0,1,{p1,p2}").replace("{p1,p2}", &halves),
        }
    }

    /// Plays a line that begins with `D`.
    async fn play(&mut self, line: &str) -> Result<(), String> {
        let mut wire = self.take().await?;
        let (what, text) = line.split_once(": ").unwrap_or((line, ""));
        let carried = match what {
            "D" | "D!" => wire.write_all(text.replace("\\n", "\r\n").as_bytes()).await,
            "D?" | "D?!" => wire.read_to_end(&mut Vec::new()).await.map(drop),
            _ => return Err(format!("not a line of a script: {line}")),
        };
        carried.map_err(|error| error.to_string())?;
        if what.ends_with('!') {
            return wire.flush().await.map_err(|error| error.to_string());
        }
        // Whoever has all the data may be gone by now.
        let _ = wire.shutdown().await;
        Ok(())
    }

    /// Sees that the client neither sends nor ends.
    async fn stays_open(&mut self) -> Result<(), String> {
        let mut wire = self.take().await?;
        if let Ok(read) = tokio::time::timeout(HEARD, wire.read(&mut [0])).await {
            return Err(format!("the data connection did not stay open: {read:?}"));
        }
        self.accepted = Some(wire);
        Ok(())
    }

    async fn accept(&mut self) -> Result<Box<dyn Wire>, String> {
        let listener = self.listener.take().ok_or("no data port was announced")?;
        let (stream, _) = listener.accept().await.map_err(|error| error.to_string())?;
        secure(stream, self.tls.as_ref()).await
    }

    async fn take(&mut self) -> Result<Box<dyn Wire>, String> {
        match self.accepted.take() {
            Some(accepted) => Ok(accepted),
            None => self.accept().await,
        }
    }
}

async fn hear(control: &mut Control, expected: &str) -> Result<(), String> {
    let mut line = String::new();
    control.read_line(&mut line).await.map_err(|error| error.to_string())?;
    let heard = line.trim_end_matches(['\r', '\n']);
    let matches = match expected.strip_suffix('*') {
        Some(start) => heard.starts_with(start),
        None => heard == expected,
    };
    if matches { Ok(()) } else { Err(format!("expected `{expected}`, heard `{heard}`")) }
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

    #[test]
    fn a_flight_is_what_goes_before_the_client_has_to_wait() {
        assert_eq!(flights("C: a\nC: b\nS: a\nS: b"), 1);
        assert_eq!(flights("C: a\nS: a\nC: b\nS: b\nC: c"), 2);
        assert_eq!(flights("C: STOR\nA\nD?\nS: 150\nS: 226"), 2);
        assert_eq!(flights("C: RETR\nA\nS: 150\nD: x\nS: 226\nS: 229"), 2);
    }

    #[tokio::test]
    async fn a_wrong_cue_is_told() {
        let script = Script::start(&["C: QUIT"]).await;
        let mut client = TcpStream::connect(("127.0.0.1", script.port())).await.unwrap();
        client.write_all(b"NOOP\r\n").await.unwrap();
        let told = script.play.await.unwrap();
        assert_eq!(told.err().as_deref(), Some("expected `QUIT`, heard `NOOP`"));
    }
}
