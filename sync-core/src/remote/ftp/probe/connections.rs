//! What is tried with connections of its own: ways to a data connection, TLS without resumption, how
//! many there may be.

use ftp_client::options::{ListingMethod, TlsMode};
use ftp_client::{Lease, Options, Personality, Pool};

use super::super::Ftp;
use super::super::error::{explain, explain_directory};
use super::{Findings, child};
use crate::error::Result;
use crate::path::Path;
use crate::remote::Remote as _;

/// How many connections are tried.
const CONNECTIONS: usize = 16;

impl Ftp {
    pub(super) async fn try_connections(&self, directory: &Path, findings: &mut Findings) {
        findings.tried("EPSV", async || self.reaches_by_epsv(directory).await).await;
        findings.tried("PASV", async || self.reaches_by_pasv(directory).await).await;
        if self.pool.options().tls != TlsMode::None {
            findings.tried("TLS resumption", async || self.resumes(directory).await).await;
            let without = self.does_without_resumption(directory).await;
            findings.add("TLS without resumption", without);
        }
        findings.add("connections", self.connections().await);
    }

    async fn reaches_by_epsv(&self, directory: &Path) -> Result<String> {
        let learnt = self.lists_with(directory, |options| options.disable_epsv = false).await?;
        Ok(match learnt.extended_passive {
            Some(true) => "leads to data connections",
            Some(false) => "refused, or leads nowhere",
            None => "not found out: it was not used",
        }
        .into())
    }

    async fn reaches_by_pasv(&self, directory: &Path) -> Result<String> {
        self.lists_with(directory, |options| options.disable_epsv = true).await?;
        Ok("leads to data connections".into())
    }

    async fn resumes(&self, directory: &Path) -> Result<String> {
        let learnt = self.lists_with(directory, |_| ()).await?;
        Ok(match (learnt.resumes, learnt.needs_tls12) {
            (Some(true), false) => "yes",
            (_, true) => "with TLS 1.2 only",
            _ => "no",
        }
        .into())
    }

    async fn does_without_resumption(&self, directory: &Path) -> String {
        let without = |options: &mut Options| options.tls_options.session_cache_size = 0;
        match self.lists_with(directory, without).await {
            Ok(_) => "accepted".into(),
            Err(error) => format!("refused: {error}"),
        }
    }

    /// Lists a directory twice with other options, and returns what that taught.
    async fn lists_with(
        &self,
        directory: &Path,
        change: impl FnOnce(&mut Options),
    ) -> Result<Personality> {
        let pool = self.other(change)?;
        let listed = async {
            let mut session = pool.session().await?;
            session.list(&self.encode(directory)).await?;
            session.list(&self.encode(directory)).await
        };
        let listed = listed.await;
        pool.close().await;
        listed.map_err(|error| explain_directory(error, directory))?;
        Ok(pool.personality())
    }

    /// Returns a pool for the same server that shares nothing with ours.
    fn other(&self, change: impl FnOnce(&mut Options)) -> Result<Pool> {
        let mut options = self.pool.options().clone();
        change(&mut options);
        Pool::new(options).map_err(|error| explain(error, ""))
    }

    /// Opens connections until the server refuses one.
    async fn connections(&self) -> String {
        let mut open: Vec<Lease> = Vec::new();
        let mut refusal = None;
        while open.len() < CONNECTIONS && refusal.is_none() {
            match Pool::new(self.pool.options().clone()) {
                Ok(pool) => match pool.session().await {
                    Ok(session) => open.push(session),
                    Err(error) => refusal = Some(error),
                },
                Err(error) => refusal = Some(error),
            }
        }
        let count = open.len();
        for session in open {
            let pool = session.pool();
            drop(session);
            pool.close().await;
        }
        match refusal {
            None => format!("{count} and more"),
            Some(error) => format!("{} with this one, then: {error}", count + 1),
        }
    }

    /// Compares times in `LIST` with those in UTC, of a file of each season that is less than half a
    /// year old: those of older files are shown without their time of day.
    pub(super) async fn shows_its_clock(&self, place: &Path) -> Result<String> {
        if !self.personality().features.has("MDTM") {
            return Ok("not found out: the server tells no times in UTC (MDTM)".into());
        }
        for (number, modified) in super::super::clock::one_of_each_season().into_iter().enumerate()
        {
            let name = format!("season {number}");
            self.write(place, &name).await?;
            // Where times cannot be set, those of now tell about this season.
            drop(self.set_modified(&child(place, &name)?, modified).await);
        }
        let pool = self.other(|options| options.listing = ListingMethod::List)?;
        let listed = async { pool.session().await?.list(&self.encode(place)).await };
        let listed = listed.await;
        pool.close().await;
        let found = listed.map_err(|error| explain_directory(error, place))?;
        let unknown = || "not found out: LIST shows no times of day".into();
        Ok(self.clock(place, &found.entries).await?.shown().unwrap_or_else(unknown))
    }
}
