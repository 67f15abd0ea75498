//! The commands: one file each with its `Args`, whose doc comment is the help, and its `run`.

mod about;
mod backend;
mod cat;
mod check;
mod checksum;
mod cleanup;
mod complete;
mod completion;
mod config;
mod copy;
mod copyto;
mod copyurl;
mod delete;
mod deletefile;
mod demo;
mod gendocs;
mod hashsum;
mod help;
mod listing;
mod listremotes;
mod ls;
mod lsd;
mod lsf;
mod lsjson;
mod lsl;
mod md5sum;
mod mkdir;
mod r#move;
mod moveto;
mod ncdu;
mod obscure;
mod purge;
mod rcat;
mod reports;
mod reveal;
mod rmdir;
mod rmdirs;
mod serve;
mod sha1sum;
mod size;
mod sync;
mod touch;
mod transfer;
mod tree;
mod version;

use crate::resolve::Resolved;

/// What to do.
#[derive(Clone, Debug, clap::Subcommand)]
pub(crate) enum Command {
    About(about::Args),
    Backend(backend::Args),
    Cat(cat::Args),
    Check(check::Args),
    Checksum(checksum::Args),
    Cleanup(cleanup::Args),
    #[command(name = "__complete", hide = true)]
    Complete(complete::Args),
    #[command(alias = "genautocomplete")]
    Completion(completion::Args),
    Config(config::Args),
    Copy(copy::Args),
    #[command(name = "copyto")]
    CopyTo(copyto::Args),
    #[command(name = "copyurl")]
    CopyUrl(copyurl::Args),
    Delete(delete::Args),
    #[command(name = "deletefile")]
    DeleteFile(deletefile::Args),
    Demo(demo::Args),
    #[command(hide = true)]
    Gendocs(gendocs::Args),
    Hashsum(hashsum::Args),
    Help(help::Args),
    #[command(name = "listremotes")]
    ListRemotes(listremotes::Args),
    Ls(ls::Args),
    Lsd(lsd::Args),
    Lsf(lsf::Args),
    Lsjson(lsjson::Args),
    Lsl(lsl::Args),
    Md5sum(md5sum::Args),
    Mkdir(mkdir::Args),
    Move(r#move::Args),
    #[command(name = "moveto")]
    MoveTo(moveto::Args),
    Ncdu(ncdu::Args),
    Obscure(obscure::Args),
    Purge(purge::Args),
    Rcat(rcat::Args),
    #[command(hide = true)]
    Reveal(reveal::Args),
    Rmdir(rmdir::Args),
    Rmdirs(rmdirs::Args),
    Serve(serve::Args),
    Sha1sum(sha1sum::Args),
    Size(size::Args),
    Sync(sync::Args),
    Touch(touch::Args),
    Tree(tree::Args),
    Version(version::Args),
}

impl Command {
    /// Returns the command that prints the version.
    pub(crate) fn version() -> Self {
        Self::Version(version::Args::default())
    }

    /// Does it.
    pub(crate) async fn run(self, resolved: &Resolved) -> anyhow::Result<()> {
        match self {
            Self::About(args) => Box::pin(about::run(resolved, args)).await,
            Self::Backend(args) => Box::pin(backend::run(resolved, args)).await,
            Self::Cat(args) => Box::pin(cat::run(resolved, args)).await,
            Self::Check(args) => Box::pin(check::run(resolved, args)).await,
            Self::Checksum(args) => Box::pin(checksum::run(resolved, args)).await,
            Self::Cleanup(args) => Box::pin(cleanup::run(resolved, args)).await,
            Self::Complete(args) => Box::pin(complete::run(resolved, args)).await,
            Self::Completion(args) => completion::run(resolved, &args),
            Self::Config(args) => config::run(resolved, args),
            Self::Copy(args) => Box::pin(copy::run(resolved, args)).await,
            Self::CopyTo(args) => Box::pin(copyto::run(resolved, args)).await,
            Self::CopyUrl(args) => Box::pin(copyurl::run(resolved, args)).await,
            Self::Delete(args) => Box::pin(delete::run(resolved, args)).await,
            Self::DeleteFile(args) => Box::pin(deletefile::run(resolved, args)).await,
            Self::Demo(args) => Box::pin(demo::run(resolved, args)).await,
            Self::Gendocs(args) => gendocs::run(resolved, &args),
            Self::Hashsum(args) => Box::pin(hashsum::run(resolved, args)).await,
            Self::Help(args) => help::run(resolved, &args),
            Self::ListRemotes(args) => listremotes::run(resolved, &args),
            Self::Ls(args) => Box::pin(ls::run(resolved, args)).await,
            Self::Lsd(args) => Box::pin(lsd::run(resolved, args)).await,
            Self::Lsf(args) => Box::pin(lsf::run(resolved, args)).await,
            Self::Lsjson(args) => Box::pin(lsjson::run(resolved, args)).await,
            Self::Lsl(args) => Box::pin(lsl::run(resolved, args)).await,
            Self::Md5sum(args) => Box::pin(md5sum::run(resolved, args)).await,
            Self::Mkdir(args) => Box::pin(mkdir::run(resolved, args)).await,
            Self::Move(args) => Box::pin(r#move::run(resolved, args)).await,
            Self::MoveTo(args) => Box::pin(moveto::run(resolved, args)).await,
            Self::Ncdu(args) => Box::pin(ncdu::run(resolved, args)).await,
            Self::Obscure(args) => obscure::run(resolved, &args),
            Self::Purge(args) => Box::pin(purge::run(resolved, args)).await,
            Self::Rcat(args) => Box::pin(rcat::run(resolved, args)).await,
            Self::Reveal(args) => reveal::run(resolved, &args),
            Self::Rmdir(args) => Box::pin(rmdir::run(resolved, args)).await,
            Self::Rmdirs(args) => Box::pin(rmdirs::run(resolved, args)).await,
            Self::Serve(args) => Box::pin(serve::run(resolved, args)).await,
            Self::Sha1sum(args) => Box::pin(sha1sum::run(resolved, args)).await,
            Self::Size(args) => Box::pin(size::run(resolved, args)).await,
            Self::Sync(args) => Box::pin(sync::run(resolved, args)).await,
            Self::Touch(args) => Box::pin(touch::run(resolved, args)).await,
            Self::Tree(args) => Box::pin(tree::run(resolved, args)).await,
            Self::Version(args) => version::run(resolved, &args),
        }
    }

    /// Tells whether the statistics of a run are worth a look when it is over.
    pub(crate) fn ends_with_statistics(&self) -> bool {
        matches!(
            self,
            Self::Check(_)
                | Self::Checksum(_)
                | Self::Copy(_)
                | Self::CopyTo(_)
                | Self::CopyUrl(_)
                | Self::Move(_)
                | Self::MoveTo(_)
                | Self::Sync(_)
        )
    }

    /// Returns the name as typed.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::About(_) => "about",
            Self::Backend(_) => "backend",
            Self::Cat(_) => "cat",
            Self::Check(_) => "check",
            Self::Checksum(_) => "checksum",
            Self::Cleanup(_) => "cleanup",
            Self::Complete(_) => "__complete",
            Self::Completion(_) => "completion",
            Self::Config(_) => "config",
            Self::Copy(_) => "copy",
            Self::CopyTo(_) => "copyto",
            Self::CopyUrl(_) => "copyurl",
            Self::Delete(_) => "delete",
            Self::DeleteFile(_) => "deletefile",
            Self::Demo(_) => "demo",
            Self::Gendocs(_) => "gendocs",
            Self::Hashsum(_) => "hashsum",
            Self::Help(_) => "help",
            Self::ListRemotes(_) => "listremotes",
            Self::Ls(_) => "ls",
            Self::Lsd(_) => "lsd",
            Self::Lsf(_) => "lsf",
            Self::Lsjson(_) => "lsjson",
            Self::Lsl(_) => "lsl",
            Self::Md5sum(_) => "md5sum",
            Self::Mkdir(_) => "mkdir",
            Self::Move(_) => "move",
            Self::MoveTo(_) => "moveto",
            Self::Ncdu(_) => "ncdu",
            Self::Obscure(_) => "obscure",
            Self::Purge(_) => "purge",
            Self::Rcat(_) => "rcat",
            Self::Reveal(_) => "reveal",
            Self::Rmdir(_) => "rmdir",
            Self::Rmdirs(_) => "rmdirs",
            Self::Serve(_) => "serve",
            Self::Sha1sum(_) => "sha1sum",
            Self::Size(_) => "size",
            Self::Sync(_) => "sync",
            Self::Touch(_) => "touch",
            Self::Tree(_) => "tree",
            Self::Version(_) => "version",
        }
    }
}
