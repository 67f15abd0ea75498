//! From what a user calls a place to a [`Tree`]: reads the config when it is first needed, and keeps
//! one remote a server, so that files can move within it.

use std::ffi::OsString;
use std::path::{self, Component, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::{Context as _, anyhow, bail};
use ftp_client::ftp_proto::secret::Secret;
use regex::Regex;
use sync_core::encoding::Encoder;
use sync_core::remote::ftp::Ftp;
use sync_core::remote::limit::Limit;
use sync_core::remote::links::{Links, Policy};
use sync_core::remote::local::Local;
use sync_core::remote::watch::Watched;
use sync_core::{Entry, Error, ErrorKind, Kind, Name, Path, Remote, Tree};

use crate::args::{Backend, Config, Copy, Globals, Network};
use crate::config::location::Location;
use crate::config::store::Store;
use crate::config::unlock::Passwords;
use crate::environment::Environment;
use crate::exit::Fatal;
use crate::ftp;
use crate::memory::Memory;
use crate::prompt::{Prompt as _, Terminal};
use crate::resolve;
use crate::settings::{Settings, Sources};
use crate::target::{Source, Target};
use crate::throttle::Throttle;

/// The remotes of a run.
pub(crate) struct Remotes {
    flags: Backend,
    network: Network,
    config: Config,
    environment: Environment,
    store: OnceLock<Store>,
    /// Whether the flags contradict each other about links.
    links_unclear: bool,
    /// What becomes of the links of servers.
    links: Option<Policy>,
    local: Arc<dyn Remote>,
    servers: Mutex<Vec<Known>>,
    throttle: Throttle,
    memory: Memory,
}

/// A server and the limits in front of it.
#[derive(Clone)]
struct Server {
    ftp: Arc<Ftp>,
    remote: Arc<dyn Remote>,
}

/// A server with the settings it was made from.
type Known = (Settings, Server);

impl Remotes {
    pub(crate) fn new(globals: &Globals, environment: Environment) -> Self {
        let copy = &globals.copy;
        let memory = Memory::new(resolve::cache(&globals.config, &environment));
        let throttle = Throttle::new(&globals.network);
        Self {
            memory,
            flags: globals.backend.clone(),
            network: globals.network.clone(),
            config: globals.config.clone(),
            environment,
            store: OnceLock::new(),
            links_unclear: copy.copy_links && (copy.links || copy.local_links),
            links: policy(copy, copy.links),
            local: with(
                policy(copy, copy.links || copy.local_links),
                limited(Arc::new(Local::new()), throttle.of_disk()),
            ),
            servers: Mutex::default(),
            throttle,
        }
    }

    /// Takes over what `other` read of the config file.
    pub(crate) fn with_store_of(self, other: Self) -> Self {
        Self { store: other.store, ..self }
    }

    /// Returns the flags that the `global.` keys of the remotes in a command line set. What cannot
    /// be read is told when the remote is used.
    pub(crate) fn global_flags(&self, line: &[OsString]) -> Vec<OsString> {
        let remotes = line.iter().skip(1).filter_map(|word| match word.to_str()?.parse() {
            Ok(Target::Remote(remote)) => Some(remote),
            _ => None,
        });
        let mut flags = Vec::new();
        for remote in remotes {
            let Ok(sources) = self.sources() else { break };
            for (key, value) in sources.global_keys(&remote.source, &remote.options) {
                flags.push(format!("--{}={value}", key.replace('_', "-")).into());
            }
        }
        flags
    }

    /// Returns the tree a user calls `text`.
    ///
    /// # Errors
    /// When it names none, its remote is not configured, or its settings make no sense.
    pub(crate) fn tree(&self, text: &str) -> anyhow::Result<Tree> {
        self.find(text).map_err(|error| no_file_system(text, error))
    }

    /// Returns the tree a user calls `text`; or, where a file stands there, the tree it stands in
    /// and its name.
    ///
    /// # Errors
    /// As [`Remotes::tree`], and when the remote cannot be asked.
    pub(crate) async fn tree_or_file(&self, text: &str) -> anyhow::Result<(Tree, Option<Name>)> {
        let tree = self.tree(text)?;
        let Some((parent, name)) = tree.root.split().filter(|_| !text.ends_with('/')) else {
            return Ok((tree, None));
        };
        let entry = entry_of(&tree).await;
        match entry.map_err(|error| no_file_system(text, error.into()))? {
            // A server may follow a link that it is asked for; here it would lead to nothing at all.
            Some(entry)
                if matches!(entry.kind, Kind::Symlink { .. }) && tree.remote.capability().local =>
            {
                let error = Error::new(ErrorKind::Link, "it is a symbolic link");
                let hint = "-L/--copy-links follows links, -l/--links copies them as such";
                Err(error.on(tree.root).hint(hint).into())
            }
            Some(entry) if !entry.is_directory() => {
                Ok((Tree::new(tree.remote, parent), Some(name)))
            }
            _ => Ok((tree, None)),
        }
    }

    fn find(&self, text: &str) -> anyhow::Result<Tree> {
        if self.links_unclear {
            bail!("can't use -l/--links with -L/--copy-links");
        }
        Ok(match self.place(text)? {
            Place::Local(tree) => tree,
            Place::Server(server, path) => Tree::new(server.remote, path),
        })
    }

    /// Returns the FTP server a user calls `text`, where it is one, and the directory on it.
    ///
    /// # Errors
    /// As [`Remotes::tree`].
    pub(crate) fn server_of(&self, text: &str) -> anyhow::Result<Option<(Arc<Ftp>, Path)>> {
        match self.place(text).map_err(|error| no_file_system(text, error))? {
            Place::Local(_) => Ok(None),
            Place::Server(server, path) => Ok(Some((server.ftp, path))),
        }
    }

    fn place(&self, text: &str) -> anyhow::Result<Place> {
        let remote = match text.parse()? {
            Target::Local(path) => return Ok(Place::Local(self.local(&path)?)),
            Target::Remote(remote) => remote,
        };
        let sources = self.sources()?;
        let (kind, unknown) = match &remote.source {
            Source::Backend(kind) => (kind.clone(), format!("didn't find backend called {kind:?}")),
            Source::Section(name) => {
                let kind = sources.kind(name);
                let kind = kind.ok_or_else(|| self.no_section(name))?;
                let unknown = format!("{name} is of type {kind}");
                (kind, unknown)
            }
        };
        match kind.as_str() {
            "ftp" => {
                let server = self.server(sources.settings(&remote.source, &remote.options)?)?;
                Ok(Place::Server(server, server_path(&remote.path)?))
            }
            "local" => Ok(Place::Local(self.local(&remote.path)?)),
            _ => bail!("{unknown}; this program knows ftp and local"),
        }
    }

    fn local(&self, path: &str) -> anyhow::Result<Tree> {
        let tree = Tree::new(Arc::clone(&self.local), local(path)?);
        let typed = path.trim_end_matches('/');
        Ok(if typed.is_empty() { tree } else { tree.called(typed) })
    }

    fn no_section(&self, name: &str) -> Error {
        let missing = self.store.get().filter(|store| !store.exists()).and_then(Store::path);
        if let Some(path) = missing {
            tracing::warn!("Config file {path:?} not found - using defaults");
        }
        let message = format!("didn't find section in config file ({name:?})");
        Error::new(ErrorKind::Usage, message)
            .hint("`rclone config` adds a remote, `rclone listremotes` shows those there are")
    }

    /// Returns where the options of remotes come from.
    ///
    /// # Errors
    /// When the config file cannot be read.
    pub(crate) fn sources(&self) -> anyhow::Result<Sources<'_>> {
        let store = match self.store.get() {
            Some(store) => store,
            None => {
                let store = self.open_store()?;
                self.store.get_or_init(|| store)
            }
        };
        let Self { flags, environment, .. } = self;
        Ok(Sources { flags, environment, file: store.file() })
    }

    /// Reads the config file, to be changed.
    ///
    /// # Errors
    /// When it cannot be read or unlocked.
    pub(crate) fn open_store(&self) -> anyhow::Result<Store> {
        Store::open(self.location(), &self.passwords())
    }

    /// Returns the user of a remote that has none.
    pub(crate) fn current_user(&self) -> String {
        self.environment.user().unwrap_or("anonymous").into()
    }

    /// Returns where the config file is.
    pub(crate) fn location(&self) -> Location {
        Location::find(self.config.config.as_deref(), &self.environment)
    }

    /// Returns where the config file's password comes from.
    pub(crate) fn passwords(&self) -> Passwords {
        Passwords {
            command: self.config.password_command.clone().filter(|command| !command.is_empty()),
            variable: self.environment.var("RCLONE_CONFIG_PASS").map(str::to_owned),
            ask: self.config.ask_password,
            ..Passwords::default()
        }
    }

    /// Returns the remote of these settings: the one there is already, if there is.
    fn server(&self, settings: Settings) -> anyhow::Result<Server> {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, server)) = servers.iter().find(|(known, _)| *known == settings) {
            return Ok(server.clone());
        }
        let ftp = Arc::new(self.connection(&settings)?);
        if let Some(personality) = self.memory.recall(&ftp.identity()) {
            ftp.recall(personality);
        }
        let limited = limited(Arc::clone(&ftp) as _, self.throttle.of_server());
        let server = Server { remote: with(self.links, limited), ftp };
        servers.push((settings, server.clone()));
        Ok(server)
    }

    /// Returns a server of its own.
    ///
    /// # Errors
    /// When the settings make no sense together.
    pub(crate) fn connection(&self, settings: &Settings) -> anyhow::Result<Ftp> {
        ftp::remote(self.options(settings)?, settings)
    }

    /// Returns what the client is told about a server.
    ///
    /// # Errors
    /// As [`Remotes::connection`].
    pub(crate) fn options(&self, settings: &Settings) -> anyhow::Result<ftp_client::Options> {
        let password = self.password(settings)?;
        ftp::options(settings, &self.network, &self.environment, password)
    }

    /// Returns what holds the remotes to their limits.
    pub(crate) fn throttle(&self) -> &Throttle {
        &self.throttle
    }

    pub(crate) fn flags(&self) -> &Backend {
        &self.flags
    }

    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    fn password(&self, settings: &Settings) -> anyhow::Result<Secret> {
        if settings.given("pass").is_none() && settings.is("ask_password") {
            let host = settings.text("host");
            return Ok(Terminal::aside()
                .secret(&format!("FTP password for {host}:\npassword:"))?
                .into());
        }
        settings.password()
    }

    /// Says goodbye to all servers, and keeps what was learnt about them.
    pub(crate) async fn shutdown(&self) {
        let servers =
            std::mem::take(&mut *self.servers.lock().unwrap_or_else(PoisonError::into_inner));
        for (_, Server { ftp, .. }) in servers {
            ftp.shutdown().await;
            self.memory.keep(&ftp.identity(), &ftp.personality());
        }
    }
}

fn limited(remote: Arc<dyn Remote>, limit: Option<Limit>) -> Arc<dyn Remote> {
    match limit {
        Some(limit) => Arc::new(Watched::new(remote, limit)),
        None => remote,
    }
}

/// What a user means by a text.
enum Place {
    Local(Tree),
    Server(Server, Path),
}

/// Returns what becomes of links where those are translated or not.
fn policy(flags: &Copy, translated: bool) -> Option<Policy> {
    match flags {
        Copy { copy_links: true, .. } => Some(Policy::Follow),
        _ if translated => Some(Policy::Translate),
        Copy { skip_links: true, .. } => Some(Policy::Skip),
        _ => None,
    }
}

fn with(policy: Option<Policy>, remote: Arc<dyn Remote>) -> Arc<dyn Remote> {
    match policy {
        Some(policy) => Arc::new(Links::new(remote, policy)),
        None => remote,
    }
}

/// Returns what a tree begins at: a link to a directory is as good as one.
async fn entry_of(tree: &Tree) -> sync_core::Result<Option<Entry>> {
    let entry = tree.remote.stat(&tree.root).await?;
    if !matches!(&entry, Some(Entry { kind: Kind::Symlink { .. }, .. })) {
        return Ok(entry);
    }
    let followed = tree.remote.follow_all(std::slice::from_ref(&tree.root)).await.pop();
    let directory = followed.transpose()?.flatten().filter(Entry::is_directory);
    Ok(directory.or(entry))
}

fn no_file_system(text: &str, error: anyhow::Error) -> anyhow::Error {
    let text = without_passwords(text);
    error.context(Fatal(format!("Failed to create file system for {text:?}")))
}

/// Hides the passwords of a connection string, which may not even be a good one.
fn without_passwords(text: &str) -> String {
    let password = Regex::new(r#"(,pass=)("[^"]*"?|'[^']*'?|[^,:]*)"#).expect("a sound pattern");
    password.replace_all(text, "${1}***").into_owned()
}

/// Returns a path on this machine, absolute and without `..`.
fn local(text: &str) -> anyhow::Result<Path> {
    let path = path::absolute(if text.is_empty() { "." } else { text })
        .with_context(|| format!("failed to make {text} absolute"))?;
    let path = if path.components().any(|part| part == Component::ParentDir) {
        without_parents(&path)
    } else {
        path
    };
    printed(text, path.as_os_str().as_encoded_bytes())
}

/// Takes `..` out of an absolute path: as the file system sees it as far as the path exists.
fn without_parents(path: &path::Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                clean = clean.canonicalize().unwrap_or(clean);
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    clean
}

/// Returns a path on a server; `..` is taken out by the text alone, as rclone does.
fn server_path(text: &str) -> anyhow::Result<Path> {
    let mut names: Vec<&str> = Vec::new();
    for name in text.split('/').filter(|name| !name.is_empty() && *name != ".") {
        match name {
            ".." if names.pop().is_none() && !text.starts_with('/') => {
                bail!("{text} leads out of the directory where the server starts");
            }
            ".." => {}
            name => names.push(name),
        }
    }
    let start = if text.starts_with('/') { "/" } else { "" };
    printed(text, format!("{start}{}", names.join("/")).as_bytes())
}

/// Returns a path written as listings print it: the look-alikes of control characters mean these.
fn printed(text: &str, path: &[u8]) -> anyhow::Result<Path> {
    let path = Encoder::display().from_server(path);
    Path::new(&path).map_err(|error| anyhow!("{text}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::tests::parse;

    fn remotes(variables: &[(&str, &str)]) -> Remotes {
        let globals = parse("--config notfound ls x");
        Remotes::new(&globals, variables.iter().copied().collect())
    }

    #[track_caller]
    fn refused(text: &str, message: &str) {
        let error = remotes(&[("RCLONE_CONFIG_S_TYPE", "s3")]).tree(text).unwrap_err();
        assert!(error.is::<Fatal>());
        let want = format!("Failed to create file system for {text:?}: {message}");
        assert!(crate::exit::chain(&error).starts_with(&want), "{error:#}");
    }

    #[test]
    fn what_is_no_tree_is_refused_as_rclone_does() {
        refused("", "can't use empty string as a path");
        refused("nope:", "didn't find section in config file (\"nope\")");
        refused(":s3:", "didn't find backend called \"s3\"; this program knows ftp and local");
        refused("s:", "s is of type s3; this program knows ftp and local");
        refused(":ftp,port=x,host=h:", "option port: `x` is not a whole number");
    }

    #[test]
    fn global_keys_are_flags() {
        let remotes = remotes(&[("RCLONE_CONFIG_NAS_TYPE", "ftp")]);
        let line = ["rclone", "-v", "ls", "nas,global.max_depth=2,port=1:a", "b:c"];
        let flags = remotes.global_flags(&line.map(OsString::from));
        assert_eq!(flags, ["--max-depth=2"]);
        assert!(remotes.global_flags(&["rclone", "ls", "nas:"].map(OsString::from)).is_empty());
    }

    #[test]
    fn passwords_are_not_repeated_in_errors() {
        let hidden = |text: &str| assert_eq!(without_passwords(text), "x,pass=***,port=1:p");
        hidden("x,pass=hunter2,port=1:p");
        hidden("x,pass='a,b',port=1:p");
        hidden("x,pass=\"a:b\",port=1:p");
        assert_eq!(without_passwords("x,pass='open"), "x,pass=***");
    }

    #[test]
    fn two_places_on_one_server_share_it() {
        let remotes = remotes(&[("RCLONE_CONFIG_NAS_TYPE", "ftp"), ("RCLONE_FTP_HOST", "h")]);
        let [a, b] = ["nas:a", "nas:/b"].map(|text| remotes.tree(text).unwrap());
        assert!(a.same_remote(&b));
        assert_eq!((a.root.to_string(), b.root.to_string()), ("a".into(), "/b".into()));
        assert!(!a.same_remote(&remotes.tree("nas,port=2121:a").unwrap()));
        assert!(!a.same_remote(&remotes.tree("a").unwrap()));
    }

    #[test]
    fn local_paths_are_absolute_and_clean() {
        let remotes = remotes(&[("RCLONE_CONFIG_L_TYPE", "local")]);
        let here = std::env::current_dir().unwrap();
        let root = |text: &str| remotes.tree(text).unwrap().root.to_string();
        assert_eq!(root("a/./b/"), here.join("a/b").display().to_string());
        assert_eq!(root("/no/such/../b"), "/no/b");
        assert_eq!(root("l:/x"), "/x");
        assert_eq!(root(":local:"), here.display().to_string());
        assert!(remotes.tree("a").unwrap().same_remote(&remotes.tree("l:b").unwrap()));
    }

    #[test]
    fn server_paths_stay_inside() {
        let path = |text: &str| server_path(text).map(|path| path.to_string());
        assert_eq!(path("a//b/../c/").unwrap(), "a/c");
        assert_eq!(path("/../a").unwrap(), "/a");
        assert_eq!(path("").unwrap(), "");
        assert_eq!(path("a␁/b␊‛␊").unwrap(), "a\u{1}/b\n␊");
        assert!(path("../a").is_err());
        assert!(path("a/../../b").is_err());
    }

    #[tokio::test]
    async fn a_file_is_told_from_a_directory() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("f"), "x").unwrap();
        let remotes = remotes(&[]);
        let at = |below: &str| format!("{}{below}", dir.path().display());
        let (tree, file) = remotes.tree_or_file(&at("/f")).await.unwrap();
        assert_eq!(
            (tree.root.to_string(), file.unwrap().to_text().into_owned()),
            (at(""), "f".into())
        );
        for text in [at(""), at("/"), at("/none")] {
            assert_eq!(remotes.tree_or_file(&text).await.unwrap().1, None, "{text}");
        }
    }
}
