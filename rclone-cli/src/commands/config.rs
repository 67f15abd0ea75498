//! `rclone config`: the wizard, and the same work for scripts.

mod edit;
mod encryption;
mod questions;
mod show;
mod string;

use crate::config::wizard::Wizard;
use crate::output;
use crate::prompt::Terminal;
use crate::resolve::Resolved;

/// Set up remotes, in a dialogue or from scripts
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Action {
    /// Add a remote: NAME TYPE and then KEY VALUE or KEY=VALUE
    Create(edit::Create),
    /// Delete a remote
    Delete(edit::Name),
    /// Print the config file as JSON
    Dump,
    /// Set up remotes in a dialogue
    Edit,
    /// Encrypt the config file, decrypt it, or check that it is encrypted
    Encryption(encryption::Args),
    /// Print the path of the config file
    File,
    /// Set passwords of a remote: NAME and then KEY VALUE or KEY=VALUE
    Password(edit::Password),
    /// Print the paths in use
    Paths,
    /// Print all backends and their options as JSON
    Providers,
    /// Print the config without what is private, to be shown in public
    Redacted(show::Which),
    /// Nothing to do: FTP servers log in with a password
    #[command(hide = true, visible_aliases = ["disconnect", "userinfo"])]
    Reconnect(edit::Account),
    /// Print the config, or one remote
    Show(show::Which),
    /// Print a remote as the connection string that says the same
    String(string::Remote),
    /// Make sure the config file exists
    Touch,
    /// Remove keys of a remote
    Unset(edit::Unset),
    /// Change a remote: NAME and then KEY VALUE or KEY=VALUE
    Update(edit::Update),
}

pub(crate) fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    match args.action.unwrap_or(Action::Edit) {
        Action::Create(args) => args.run(resolved),
        Action::Delete(args) => args.delete(resolved),
        Action::Dump => show::dump(resolved),
        Action::Edit => wizard(resolved),
        Action::Encryption(args) => args.run(resolved),
        Action::File => show::file(resolved),
        Action::Password(args) => args.run(resolved),
        Action::Paths => show::paths(resolved),
        Action::Providers => output::text(&show::providers()),
        Action::Redacted(args) => args.redacted(resolved),
        Action::Reconnect(args) => args.refuse(resolved),
        Action::Show(args) => args.show(resolved),
        Action::String(args) => args.run(resolved),
        Action::Touch => resolved.remotes.open_store()?.change(|_| {}),
        Action::Unset(args) => args.run(resolved),
        Action::Update(args) => args.run(resolved),
    }
}

fn wizard(resolved: &Resolved) -> anyhow::Result<()> {
    let mut store = resolved.remotes.open_store()?;
    let user = resolved.remotes.current_user();
    Wizard::new(&mut Terminal::dialogue(), &mut store, user, &resolved.remotes).run()
}
