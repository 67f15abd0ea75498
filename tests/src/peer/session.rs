//! One connection of a [`super::Peer`]: commands in order, data over `EPSV`.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::{State, Tree};
use crate::wire::{Wire, secure};

/// How long a data connection is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// How much data is sent between two chances to die.
const PIECE: usize = 16 * 1024;

pub(super) struct Session {
    control: Box<dyn Wire>,
    /// What was read and is not yet a whole line.
    received: Vec<u8>,
    state: Arc<State>,
    directory: String,
    passive: Option<TcpListener>,
    restart: usize,
    rename: Option<String>,
}

/// Why a session is over.
struct Over;

impl From<io::Error> for Over {
    fn from(_: io::Error) -> Self {
        Self
    }
}

type Result<T, E = Over> = std::result::Result<T, E>;

impl Session {
    /// Serves a connection until it ends.
    pub(super) async fn serve(stream: TcpStream, state: Arc<State>) {
        // The replies are short, and whoever waits for one waits for it alone.
        let _ = stream.set_nodelay(true);
        let Ok(control) = secure(stream, state.tls.as_ref()).await else { return };
        let _over = Self::new(control, state).converse().await;
    }

    fn new(control: Box<dyn Wire>, state: Arc<State>) -> Self {
        state.open.send_modify(|open| *open += 1);
        state.opened.fetch_add(1, Ordering::Relaxed);
        Self {
            control,
            received: Vec::new(),
            state,
            directory: "/".into(),
            passive: None,
            restart: 0,
            rename: None,
        }
    }

    async fn converse(&mut self) -> Result<()> {
        self.say("220 ready").await?;
        loop {
            let line = self.line().await?;
            self.dice()?;
            let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
            let reply = self.obey(&verb.to_ascii_uppercase(), argument).await?;
            self.dice()?;
            self.say(&reply).await?;
            if verb.eq_ignore_ascii_case("QUIT") {
                return Ok(());
            }
        }
    }

    async fn obey(&mut self, verb: &str, argument: &str) -> Result<String> {
        let path = self.absolute(argument);
        Ok(match verb {
            "USER" => "331 password, please".into(),
            "PASS" => "230 welcome".into(),
            "FEAT" => {
                "211-Features:\r\n MLST type*;size*;modify*;\r\n MDTM\r\n MFMT\r\n SIZE\r\n \
                 REST STREAM\r\n UTF8\r\n211 End"
            }
            .into(),
            "SYST" => "215 UNIX Type: L8".into(),
            "PWD" => format!("257 \"{}\"", self.directory),
            "EPSV" => self.listen().await?,
            "MLSD" => self.send(Self::listing).await?,
            "RETR" => {
                let Some(content) = self.state.tree().files.get(&path).cloned() else {
                    return Ok(missing());
                };
                let from = std::mem::take(&mut self.restart).min(content.len());
                let transfer = self.state.begin();
                let reply = self.send(|_| content[from..].to_vec()).await?;
                self.state.overlap(transfer).await;
                reply
            }
            "STOR" => {
                let transfer = self.state.begin();
                let reply = self.store(path).await?;
                self.state.overlap(transfer).await;
                reply
            }
            "REST" => {
                self.restart = argument.parse().unwrap_or_default();
                "350 noted".into()
            }
            "CWD" if !self.state.tree().directories.contains(&path) => missing(),
            "CWD" => {
                self.directory = path;
                "250 there".into()
            }
            "RNFR" => {
                let there = self.state.tree().has(&path);
                self.rename = Some(path).filter(|_| there);
                if there { "350 and?".into() } else { missing() }
            }
            "RNTO" => match self.rename.take() {
                Some(from) => self.state.tree().rename(&from, path),
                None => "503 RNFR first".into(),
            },
            "DELE" | "MKD" | "RMD" | "SIZE" | "MDTM" | "MFMT" | "MLST" => {
                self.state.tree().answer(verb, argument, &path)
            }
            "NOOP" | "OPTS" | "PBSZ" | "PROT" | "TYPE" => "200 ok".into(),
            "QUIT" => "221 bye".into(),
            _ => "502 What?".into(),
        })
    }

    fn absolute(&self, argument: &str) -> String {
        let path = match argument.strip_prefix('/') {
            Some(_) => argument.to_owned(),
            None => format!("{}/{argument}", self.directory.trim_end_matches('/')),
        };
        match path.trim_end_matches('/') {
            "" => "/".into(),
            path => path.into(),
        }
    }

    async fn listen(&mut self) -> Result<String> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        self.passive = Some(listener);
        Ok(format!("229 Entering Extended Passive Mode (|||{port}|)"))
    }

    fn listing(&self) -> Vec<u8> {
        let tree = self.state.tree();
        let below = |path: &str| {
            let name = path.strip_prefix(&*self.directory)?.trim_start_matches('/');
            (!name.is_empty() && !name.contains('/')).then(|| name.to_owned())
        };
        let files = tree.files.iter().filter_map(|(path, content)| {
            let (name, size) = (below(path)?, content.len());
            Some(format!("type=file;size={size};modify=20200101000000; {name}\r\n"))
        });
        let directories = tree.directories.iter().filter_map(|path| below(path));
        let directories = directories.map(|name| format!("type=dir; {name}\r\n"));
        files.chain(directories).collect::<String>().into_bytes()
    }

    /// Waits for the data connection, as long as the client is there.
    async fn data(&mut self) -> Result<Option<Box<dyn Wire>>> {
        let Some(passive) = self.passive.take() else { return Ok(None) };
        let accepted = async {
            loop {
                tokio::select! {
                    accepted = passive.accept() => return Ok(accepted?.0),
                    read = self.control.read_buf(&mut self.received) => {
                        if read? == 0 {
                            return Err(Over);
                        }
                    }
                }
            }
        };
        let Ok(accepted) = timeout(PATIENCE, accepted).await else { return Ok(None) };
        self.say("150 here").await?;
        Ok(secure(accepted?, self.state.tls.as_ref()).await.ok())
    }

    async fn send(&mut self, content: impl FnOnce(&Self) -> Vec<u8>) -> Result<String> {
        let Some(mut data) = self.data().await? else { return Ok(no_data()) };
        for piece in content(self).chunks(PIECE) {
            self.dice()?;
            if data.write_all(piece).await.is_err() {
                return Ok("426 the data connection broke".into());
            }
        }
        // Whoever has all the data may be gone by now.
        let _ = data.shutdown().await;
        Ok("226 done".into())
    }

    async fn store(&mut self, path: String) -> Result<String> {
        let from = std::mem::take(&mut self.restart);
        let Some(mut data) = self.data().await? else { return Ok(no_data()) };
        let mut content = self.state.tree().files.get(&path).cloned().unwrap_or_default();
        content.truncate(from);
        self.state.tree().files.insert(path.clone(), content.clone());
        loop {
            let read = data.read_buf(&mut content).await;
            // What has arrived stays there, whatever comes of the rest.
            self.state.tree().files.insert(path.clone(), content.clone());
            self.dice()?;
            match read {
                Ok(0) => return Ok("226 done".into()),
                Ok(_) => {}
                Err(_) => return Ok("426 the data connection broke".into()),
            }
        }
    }

    async fn line(&mut self) -> Result<String> {
        loop {
            if let Some(end) = self.received.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.received.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            if self.control.read_buf(&mut self.received).await? == 0 {
                return Err(Over);
            }
        }
    }

    /// Says a reply, or dies in the middle of it.
    async fn say(&mut self, text: &str) -> Result<()> {
        let line = format!("{text}\r\n");
        if self.state.strikes() {
            self.control.write_all(&line.as_bytes()[..line.len() / 2]).await?;
            return Err(Over);
        }
        Ok(self.control.write_all(line.as_bytes()).await?)
    }

    fn dice(&self) -> Result<()> {
        if self.state.strikes() { Err(Over) } else { Ok(()) }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.state.open.send_modify(|open| *open -= 1);
    }
}

impl Tree {
    fn has(&self, path: &str) -> bool {
        self.files.contains_key(path) || self.directories.contains(path)
    }

    fn answer(&mut self, verb: &str, argument: &str, path: &str) -> String {
        match verb {
            "DELE" => match self.files.remove(path) {
                Some(_) => "250 gone".into(),
                None => missing(),
            },
            "MKD" if self.has(path) => "550 File exists".into(),
            "MKD" => {
                self.directories.insert(path.to_owned());
                format!("257 \"{path}\" made")
            }
            "RMD" if self.directories.remove(path) => "250 gone".into(),
            "SIZE" => match self.files.get(path) {
                Some(content) => format!("213 {}", content.len()),
                None => missing(),
            },
            "MDTM" if self.has(path) => "213 20200101000000".into(),
            "MFMT" => match argument.split_once(' ') {
                Some((_, name)) if self.has(name) => "213 dated".into(),
                _ => missing(),
            },
            "MLST" => match self.files.get(path) {
                Some(content) => {
                    let size = content.len();
                    format!("250-Listing\r\n type=file;size={size}; {path}\r\n250 End")
                }
                None if self.directories.contains(path) => {
                    format!("250-Listing\r\n type=dir; {path}\r\n250 End")
                }
                None => missing(),
            },
            _ => missing(),
        }
    }

    fn rename(&mut self, from: &str, to: String) -> String {
        match self.files.remove(from) {
            Some(content) => {
                self.files.insert(to, content);
                "250 renamed".into()
            }
            None => missing(),
        }
    }
}

fn missing() -> String {
    "550 No such file or directory".into()
}

fn no_data() -> String {
    "425 no data connection".into()
}
