//! What a server can do, found out by trying: in a directory of its own with temporary names, which is
//! gone afterwards, and on connections of its own.

mod connections;
mod files;

use ftp_client::Lease;
use ftp_client::ftp_proto::{Argument, Command, Reply};
use jiff::Timestamp;

use super::Ftp;
use super::error::{explain, explain_directory};
use crate::error::{Error, ErrorKind, Result};
use crate::path::{Name, Path};
use crate::remote::Remote;

/// Something that was found out, or why it could not be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// What was tried.
    pub name: &'static str,
    /// What came of it.
    pub value: String,
}

/// Takes note of what came of a try.
#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, name: &'static str, value: impl Into<String>) {
        self.0.push(Finding { name, value: value.into() });
    }

    /// Tries, and once more where the failure says nothing about the server, such as a line that broke.
    async fn tried(&mut self, name: &'static str, attempt: impl AsyncFn() -> Result<String>) {
        let mut outcome = attempt().await;
        if outcome.as_ref().is_err_and(Error::is_temporary) {
            outcome = attempt().await;
        }
        self.add(name, outcome.unwrap_or_else(|error| format!("not found out: {error}")));
    }
}

impl Ftp {
    /// Tries out what the server can do, within `directory`.
    ///
    /// # Errors
    /// When the directory cannot be listed. What cannot be found out is a finding that says why.
    pub async fn probe(&self, directory: &Path) -> Result<Vec<Finding>> {
        self.list(directory).await?;
        let mut findings = Findings::default();
        let name = format!(".rclone-probe-{:x}", Timestamp::now().as_nanosecond());
        let place = directory.child(&name.parse::<Name>().map_err(|error| {
            Error::new(ErrorKind::Other, format!("no name for a directory: {error}"))
        })?);
        match self.mkdir(&place).await {
            Err(error) => {
                findings.add("writing", format!("no: {error}"));
                findings.add("files", "not found out, since nothing can be written");
            }
            Ok(()) => {
                findings.add("writing", "yes");
                self.try_files(&place, &mut findings).await;
                findings.tried("clock", async || self.shows_its_clock(&place).await).await;
                self.clear(&place, &mut findings).await;
            }
        }
        self.try_connections(directory, &mut findings).await;
        let facts = self.personality().facts().into_iter();
        let facts = facts.map(|(name, value)| Finding { name, value });
        Ok(facts.chain(findings.0).collect())
    }

    /// Removes what was tried with: what is listed, and what may be there and not be listed.
    async fn clear(&self, place: &Path, findings: &mut Findings) {
        let cleared = async {
            let mut session = self.session(place).await?;
            let encoded = self.encode(place);
            let below = |name: &[u8]| [&*encoded, b"/", name].concat();
            let listed = session.list(&encoded).await;
            let listed = listed.map_err(|error| explain_directory(error, place))?;
            let hidden = std::iter::once(below(files::HIDDEN.as_bytes()));
            let names = listed.entries.iter().map(|entry| below(entry.name())).chain(hidden);
            let paths: std::collections::BTreeSet<_> = names.collect();
            let paths: Vec<_> = paths.into_iter().collect();
            // Whatever is still there keeps the directory, which tells.
            drop(session.remove_all(&paths).await);
            drop(session);
            self.rmdir(place).await
        };
        if let Err(error) = cleared.await {
            findings.add("left behind", error.to_string());
        }
    }

    /// Sends a command about a name in `place` and returns its reply, whatever it says.
    async fn ask(
        &self,
        session: &mut Lease,
        place: &Path,
        name: &str,
        command: fn(Argument) -> Command,
    ) -> Result<Reply> {
        let path = [&*self.encode(place), b"/", name.as_bytes()].concat();
        let asked = async {
            let argument = session.named(&path)?;
            session.command(command(argument)).await
        };
        asked.await.map_err(|error| explain(error, place))
    }
}

fn child(place: &Path, name: &str) -> Result<Path> {
    let name: Result<Name, _> = name.parse();
    let name = name.map_err(|error| Error::new(ErrorKind::Other, format!("{error}")))?;
    Ok(place.child(&name))
}
