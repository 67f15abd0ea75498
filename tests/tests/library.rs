//! `ftp-client` as a library: its examples, run, and what a subscriber of tracing is told.

use std::ffi::OsStr;
use std::fmt::Debug;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ftp_client::{Options, Session};
use tests::certs::Authority;
use tests::script::Script;
use tests::tree::{self, Times};
use tests::{Output, Program, Served};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, Registry, Scope};

/// Returns the command that runs an example of the client as cargo builds it now.
fn example<S: AsRef<OsStr>>(name: &str, arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command
        // From here cargo takes what `cargo test` has built.
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .args(["run", "--quiet", "--locked", "--example", name, "--"])
        .args(arguments)
        .env("FTP_USER", "me")
        .env("FTP_PASSWORD", "secret")
        .stdin(Stdio::null());
    command
}

fn run(command: &mut Command) -> String {
    let output = Output::of(command);
    output.assert(0, &[]);
    output.stdout
}

#[test]
fn the_examples_do_what_they_say() {
    let rclone = Program::ours();
    let (there, here) = (rclone.home().join("there"), rclone.home().join("here"));
    fs::create_dir_all(there.join("sub/deeper")).unwrap();
    fs::write(there.join("sub/deeper/large"), tree::content(400_000, 7)).unwrap();
    fs::write(there.join("sub/deeper/empty"), "").unwrap();
    fs::write(there.join("hello"), "hello, world").unwrap();
    Authority::new().identity().write(rclone.home());
    let tls = ["--cert=cert.pem", "--key=key.pem"];
    let served = Served::start(&rclone, &there, &[&Served::LOGIN[..], &tls].concat());
    let url = |path: &str| format!("ftp://localhost:{}/{path}", served.port());

    let listed = run(&mut example("ls", [url("")]));
    let mut lines: Vec<_> = listed.lines().map(|line| line.split_whitespace()).collect();
    lines.sort_by_key(|line| line.clone().last());
    assert_eq!(lines.len(), 2, "{listed}");
    assert_eq!(lines[0].next(), Some("12"), "{listed}");
    assert_eq!(lines[1].next_back(), Some("sub"), "{listed}");

    let certificate = rclone.home().join("ca.pem");
    let got = run(example("get", [url("hello")]).env("FTP_TLS", &certificate));
    assert_eq!(got, "hello, world");
    Output::of(&mut example("get", [url("missing")])).assert(1, &["there is no such file"]);

    let source = File::open(there.join("sub/deeper/large")).unwrap();
    run(example("put", [url("sub/copy")]).env("FTP_TLS", &certificate).stdin(source));
    let copy = fs::read(there.join("sub/copy")).unwrap();
    assert!(copy == tree::content(400_000, 7), "{} bytes arrived", copy.len());

    let arguments = [url(""), here.to_str().unwrap().to_owned()];
    run(&mut example("mirror", &arguments));
    tree::assert_same(&there, &here, Times::Ignored);
    fs::write(there.join("hello"), "another size").unwrap();
    fs::write(here.join("hello"), "not that").unwrap();
    run(example("mirror", &arguments).env("FTP_TLS", &certificate));
    tree::assert_same(&there, &here, Times::Ignored);
}

/// What a subscriber was told: spans and events, each with the names of the spans it is in.
#[derive(Clone, Debug, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    fn note<S: Subscriber + for<'a> LookupSpan<'a>>(
        &self,
        what: &str,
        span: Option<&Id>,
        context: &Context<'_, S>,
    ) {
        let scope = span.and_then(|id| context.span_scope(id));
        let names: Vec<_> =
            scope.into_iter().flat_map(Scope::from_root).map(|it| it.name()).collect();
        self.0.lock().unwrap().push(format!("{}: {what}", names.join(" ")));
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Told {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        self.note(&format!("begins {}", fields.0), Some(id), &context);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let span = context.event_span(event).map(|span| span.id());
        self.note(&fields.0, span.as_ref(), &context);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        self.note("ends", Some(&id), &context);
    }
}

#[derive(Default)]
struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0 += &format!("{}={value:?} ", field.name());
    }
}

#[tokio::test]
async fn a_subscriber_is_told_the_dialogue_by_session_and_command_and_no_secret() {
    let script = Script::start(&["
        S: 220 ready
        C: USER me
        S: 331 password, please
        C: PASS hunter2
        S: 332 account, please
        C: ACCT petty cash
        S: 230 welcome
        C: FEAT
        C: TYPE I
        C: OPTS UTF8 ON
        C: PWD
        C: SYST
        S: 211-Features:
        S:  SIZE
        S: 211 End
        S: 200 binary
        S: 200 UTF-8
        S: 257 \"/\"
        S: 215 UNIX Type: L8
        C: SIZE /a
        S: 550 a: No such file"])
    .await;
    let told = Told::default();
    let _heard = tracing::subscriber::set_default(Registry::default().with(told.clone()));
    let options = Options {
        host: "127.0.0.1".into(),
        port: script.port(),
        user: "me".into(),
        password: "hunter2".into(),
        account: Some("petty cash".into()),
        // A machine with much to do would look like a long line.
        round_trip: Some(Duration::ZERO),
        ..Options::default()
    };
    let mut session = Session::connect(options).await.expect("a session");
    let error = session.size(b"a").await.expect_err("no such file");
    assert_eq!(error.command(), Some("SIZE /a"));
    script.finish().await;
    drop(session);

    let told = told.0.lock().unwrap().clone();
    let all = told.join("\n");
    assert!(!all.contains("hunter2") && !all.contains("petty"), "{all}");
    let at = |line: &str| {
        let found = told.iter().position(|told| told.starts_with(line));
        found.unwrap_or_else(|| panic!("`{line}` is not in:\n{all}"))
    };
    assert_eq!(at("session: begins host=\"127.0.0.1\" port="), 0);
    assert_eq!(at("session: message=FTP Rx: \"220 ready\""), 1);
    for line in [
        "session command: message=FTP Tx: \"PASS ***\"",
        "session command: message=FTP Rx: \"332 account, please\"",
        "session command: message=FTP Tx: \"ACCT ***\"",
        "session command: message=FTP Rx: \"211-Features:\\n SIZE\\n211 End\"",
    ] {
        at(line);
    }
    // Commands that are queued are in flight together.
    assert!(
        at("session command: begins verb=\"PWD\"") < at("session command: message=FTP Rx: \"211-")
    );
    let ends = at("session command: message=FTP Rx: \"550 a: No such file\"");
    assert_eq!(told[ends + 1], "session command: ends");
    assert_eq!(told.last().map(String::as_str), Some("session: ends"));
    let count = |line: &str| told.iter().filter(|told| told.starts_with(line)).count();
    assert_eq!(count("session command: begins"), 9);
    assert_eq!(count("session command: ends"), 9);
}
