//! From the settings of an FTP remote and the flags of the run to the options of the client.

use std::net::{IpAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use ftp_client::Options;
use ftp_client::ftp_proto::secret::Secret;
use ftp_client::options::{
    ClientIdentity, ListingMethod, Pipelining, Proxy, ProxyKind, TlsMode, TlsOptions, Verify,
};
use sync_core::encoding::Encoder;
use sync_core::remote::ftp::Ftp;

use crate::args::Network;
use crate::environment::Environment;
use crate::settings::Settings;
use crate::values::{self, Span};

/// Puts the client's options together. The password is `password`, which may have been asked for.
///
/// # Errors
/// When settings contradict each other or make no sense.
pub(crate) fn options(
    settings: &Settings,
    network: &Network,
    environment: &Environment,
    password: Secret,
) -> anyhow::Result<Options> {
    let network = overridden(network, settings)?;
    let host = host(settings.text("host"));
    if host.is_empty() {
        bail!("the remote has no host (set it with `rclone config`, `host=` or --ftp-host)");
    }
    Ok(Options {
        host: host.into(),
        port: u16::try_from(settings.number("port"))
            .map_err(|_| anyhow!("option port: {} is no port", settings.text("port")))?,
        user: user(settings, environment),
        password,
        account: settings.secret("account").context(
            "failed to read the account (`rclone obscure` makes one fit for the config)",
        )?,
        name_host: settings.is("name_host"),
        tls: tls_mode(settings)?,
        tls_options: tls_options(settings, &network)?,
        concurrency: narrower(
            usize::try_from(settings.number("concurrency"))?,
            network.max_connections,
        ),
        connect_timeout: never_if_zero(network.contimeout),
        idle_timeout: network.timeout.or_zero(),
        pool_idle_timeout: settings.duration("idle_timeout"),
        close_timeout: settings.duration("close_timeout"),
        shut_timeout: settings.duration("shut_timeout"),
        noop_interval: Options::default().noop_interval,
        round_trip: None,
        disable_epsv: settings.is("disable_epsv") || settings.is("trust_passive_address"),
        disable_mlsd: settings.is("disable_mlsd"),
        disable_utf8: settings.is("disable_utf8"),
        writing_mdtm: settings.is("writing_mdtm"),
        no_check_upload: settings.is("no_check_upload"),
        force_list_hidden: settings.is("force_list_hidden"),
        trust_passive_address: settings.is("trust_passive_address"),
        pipelining: pipelining(settings.text("pipelining"))?,
        listing: listing(settings.text("listing"))?,
        bind: network.bind.as_deref().map(bind).transpose()?,
        dscp: network.dscp.map(|dscp| dscp.0),
        proxy: proxy(settings)?,
    })
}

/// Returns the server of these options as a remote.
///
/// # Errors
/// When the client or the encoding refuses them.
pub(crate) fn remote(options: Options, settings: &Settings) -> anyhow::Result<Ftp> {
    Ok(Ftp::new(options, Encoder::parse(settings.text("encoding"))?)?)
}

/// Tells whether the settings ask for TLS.
pub(crate) fn is_encrypted(settings: &Settings) -> bool {
    settings.is("tls") || settings.is("explicit_tls")
}

/// Returns the host proper of what people paste: `ftp://host/`, `[::1]`.
fn host(text: &str) -> &str {
    let text = text.trim();
    let text = text.strip_prefix("ftp://").unwrap_or(text).trim_end_matches('/');
    text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text)
}

/// Returns the user given, or who is logged in here, as rclone does.
fn user(settings: &Settings, environment: &Environment) -> String {
    settings.given("user").or_else(|| environment.user()).unwrap_or("anonymous").into()
}

fn pipelining(text: &str) -> anyhow::Result<Pipelining> {
    Ok(match text {
        "auto" => Pipelining::Auto,
        "ahead" => Pipelining::Ahead,
        "overlap" => Pipelining::Overlap,
        "lockstep" => Pipelining::LockStep,
        _ => bail!("option pipelining: `{text}` is none of auto, ahead, overlap, lockstep"),
    })
}

fn listing(text: &str) -> anyhow::Result<ListingMethod> {
    Ok(match text {
        "auto" => ListingMethod::Auto,
        "mlsd" => ListingMethod::Mlsd,
        "list" => ListingMethod::List,
        "stat" => ListingMethod::Stat,
        _ => bail!("option listing: `{text}` is none of auto, mlsd, list, stat"),
    })
}

fn tls_mode(settings: &Settings) -> anyhow::Result<TlsMode> {
    match (settings.is("tls"), settings.is("explicit_tls")) {
        (true, true) => bail!(
            "implicit TLS and explicit TLS are mutually incompatible, please revise your config"
        ),
        (true, false) => Ok(TlsMode::Implicit),
        (false, true) => Ok(TlsMode::Explicit),
        (false, false) => Ok(TlsMode::None),
    }
}

fn tls_options(settings: &Settings, network: &Network) -> anyhow::Result<TlsOptions> {
    if network.client_pass.is_some() {
        bail!(
            "--client-pass is not supported (write the key without password, with `openssl rsa`)"
        );
    }
    let any = settings.is("no_check_certificate") || network.no_check_certificate;
    let identity = network.client_cert.clone().zip(network.client_key.clone());
    Ok(TlsOptions {
        verify: match settings.given("tls_fingerprint") {
            _ if any => Verify::DangerAcceptAny,
            Some(text) => Verify::Pinned(fingerprint(text)?),
            None => Verify::System,
        },
        extra_roots: network.ca_cert.clone(),
        client_identity: identity.map(|(certificate, key)| ClientIdentity { certificate, key }),
        disable_tls13: settings.is("disable_tls13"),
        disable_tls12: tls13_only(settings)?,
        session_cache_size: usize::try_from(settings.number("tls_cache_size"))?,
    })
}

fn tls13_only(settings: &Settings) -> anyhow::Result<bool> {
    match settings.text("tls_min_version") {
        "1.2" => Ok(false),
        "1.3" if settings.is("disable_tls13") => {
            bail!("option tls_min_version: 1.3 is asked for and turned off by disable_tls13")
        }
        "1.3" => Ok(true),
        text => bail!("option tls_min_version: `{text}` is none of 1.2, 1.3"),
    }
}

/// Reads a SHA-256 fingerprint: 64 hexadecimal digits, with colons between or without.
fn fingerprint(text: &str) -> anyhow::Result<[u8; 32]> {
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | ' ')).collect();
    let byte = |at: usize| digits.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
    let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .with_context(|| format!("option tls_fingerprint: `{text}` is not 64 hexadecimal digits"))
}

/// Applies the `override.` and `global.` keys of a remote.
fn overridden(network: &Network, settings: &Settings) -> anyhow::Result<Network> {
    let mut network = network.clone();
    let given = |flag: &str| settings.instead_of_flag(flag);
    let wrong = |flag: &str, error: String| anyhow!("option override.{flag}: {error}");
    let path = |flag: &str| given(flag).map(PathBuf::from);
    if let Some(text) = given("contimeout") {
        network.contimeout = text.parse().map_err(|error| wrong("contimeout", error))?;
    }
    if let Some(text) = given("timeout") {
        network.timeout = text.parse().map_err(|error| wrong("timeout", error))?;
    }
    if let Some(text) = given("no_check_certificate") {
        network.no_check_certificate =
            values::boolean(text).map_err(|error| wrong("no_check_certificate", error))?;
    }
    if let Some(text) = given("ca_cert") {
        network.ca_cert = values::csv(text).into_iter().map(PathBuf::from).collect();
    }
    if let Some(text) = given("dscp") {
        network.dscp = Some(text.parse().map_err(|error| wrong("dscp", error))?);
    }
    network.bind = given("bind").map(str::to_owned).or(network.bind);
    network.client_cert = path("client_cert").or(network.client_cert);
    network.client_key = path("client_key").or(network.client_key);
    Ok(network)
}

/// Returns the smaller of two limits, of which 0 is none.
fn narrower(one: usize, other: usize) -> usize {
    [one, other].into_iter().filter(|&limit| limit > 0).min().unwrap_or(0)
}

fn never_if_zero(span: Span) -> Duration {
    Some(span.or_zero()).filter(|time| !time.is_zero()).unwrap_or(Duration::MAX)
}

/// Returns the address a name stands for; the local machine's own names resolve at once.
fn bind(text: &str) -> anyhow::Result<IpAddr> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let mut addresses =
        (text, 0).to_socket_addrs().with_context(|| format!("failed to look up --bind {text}"))?;
    let address = addresses.next().with_context(|| format!("--bind {text} has no address"))?;
    Ok(address.ip())
}

fn proxy(settings: &Settings) -> anyhow::Result<Option<Proxy>> {
    match (settings.given("socks_proxy"), settings.given("http_proxy")) {
        (Some(_), Some(_)) => bail!("socks_proxy and http_proxy cannot both be used"),
        (Some(text), None) => socks_proxy(text).map(Some),
        (None, Some(text)) => http_proxy(text).map(Some),
        (None, None) => Ok(None),
    }
}

/// Reads `[user[:password]@]host:port`.
fn socks_proxy(text: &str) -> anyhow::Result<Proxy> {
    let (login, place) = text.rsplit_once('@').map_or((None, text), |(l, p)| (Some(l), p));
    let (host, port) = host_and_port(place, None)
        .with_context(|| format!("option socks_proxy: {place} is not host:port"))?;
    let credentials = login.map(|login| {
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        (user.into(), Secret::new(password))
    });
    Ok(Proxy { kind: ProxyKind::Socks5, host, port, credentials })
}

/// Reads `http[s]://[user[:password]@]host[:port]`.
fn http_proxy(text: &str) -> anyhow::Result<Proxy> {
    let wrong = || anyhow!("option http_proxy: it is not http://host:port");
    let (kind, default, rest) = match text.split_once("://").ok_or_else(wrong)? {
        ("http", rest) => (ProxyKind::Http, 80, rest),
        ("https", rest) => (ProxyKind::Https, 443, rest),
        _ => return Err(wrong()),
    };
    let rest = rest.split('/').next().unwrap_or(rest);
    let (login, place) = rest.rsplit_once('@').map_or((None, rest), |(l, p)| (Some(l), p));
    let (host, port) = host_and_port(place, Some(default)).ok_or_else(wrong)?;
    let credentials = login.map(|login| {
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        (unescaped(user), Secret::new(unescaped(password)))
    });
    Ok(Proxy { kind, host, port, credentials })
}

fn host_and_port(text: &str, default: Option<u16>) -> Option<(String, u16)> {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()?),
        _ => (text, default?),
    };
    (!name.is_empty()).then(|| (host(name).into(), port))
}

/// Replaces the `%xx` of a URL.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = tail.get(..2).filter(|_| first == b'%');
        let byte = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::tests::parse;
    use crate::config::file::File;
    use crate::settings::Sources;
    use crate::target::Source;

    fn made(line: &str, typed: &[(&str, &str)]) -> anyhow::Result<Options> {
        let globals = parse(line);
        let environment = Environment::from_iter([("USER", "ncw")]);
        let file = File::default();
        let sources = Sources { flags: &globals.backend, environment: &environment, file: &file };
        let typed: Vec<_> = typed.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        let settings = sources.settings(&Source::Backend("ftp".into()), &typed)?;
        options(&settings, &globals.network, &environment, Secret::new("p"))
    }

    #[track_caller]
    fn refused(typed: &[(&str, &str)], message: &str) {
        let error = format!("{:#}", made("ls x", typed).unwrap_err());
        assert!(error.contains(message), "{error}");
    }

    #[test]
    fn little_is_enough() {
        let options = made("ls x", &[("host", "h")]).unwrap();
        assert_eq!((options.host.as_str(), options.port, options.user.as_str()), ("h", 21, "ncw"));
        assert_eq!(options.idle_timeout, Duration::from_secs(300));
        let plain = Options { host: "h".into(), user: "ncw".into(), ..Options::default() };
        assert_eq!(format!("{options:?}"), format!("{plain:?}"));
    }

    #[test]
    fn every_option_arrives() {
        let line = "ls x --contimeout 0 --timeout 9s --bind 192.0.2.1 --dscp LE --ca-cert c \
                    --max-connections 5";
        let account = crate::config::obscure::obscure("petty cash");
        let typed = [
            ("host", "ftp://h/"),
            ("port", "990"),
            ("user", "u"),
            ("tls", "true"),
            ("concurrency", "3"),
            ("no_check_certificate", "1"),
            ("disable_epsv", "true"),
            ("disable_mlsd", "true"),
            ("disable_utf8", "true"),
            ("writing_mdtm", "true"),
            ("no_check_upload", "true"),
            ("account", &account),
            ("name_host", "true"),
            ("force_list_hidden", "true"),
            ("pipelining", "overlap"),
            ("listing", "stat"),
            ("idle_timeout", "0"),
            ("close_timeout", "2s"),
            ("shut_timeout", "3s"),
            ("tls_cache_size", "0"),
            ("disable_tls13", "true"),
        ];
        let options = made(line, &typed).unwrap();
        let mut want =
            Options { host: "h".into(), port: 990, user: "u".into(), ..Options::default() };
        want.tls = TlsMode::Implicit;
        want.concurrency = 3;
        want.connect_timeout = Duration::MAX;
        want.idle_timeout = Duration::from_secs(9);
        want.pool_idle_timeout = Duration::ZERO;
        want.close_timeout = Duration::from_secs(2);
        want.shut_timeout = Duration::from_secs(3);
        (want.disable_epsv, want.disable_mlsd, want.disable_utf8) = (true, true, true);
        (want.writing_mdtm, want.force_list_hidden) = (true, true);
        (want.no_check_upload, want.name_host) = (true, true);
        want.account = Some("petty cash".into());
        (want.pipelining, want.listing) = (Pipelining::Overlap, ListingMethod::Stat);
        want.bind = Some("192.0.2.1".parse().unwrap());
        want.dscp = Some(1);
        want.tls_options.verify = Verify::DangerAcceptAny;
        want.tls_options.extra_roots = vec!["c".into()];
        want.tls_options.session_cache_size = 0;
        want.tls_options.disable_tls13 = true;
        assert_eq!(format!("{options:?}"), format!("{want:?}"));
        assert_eq!(options.account.as_ref().map(Secret::expose), Some("petty cash"));
        refused(&[("host", "h"), ("account", "petty cash")], "failed to read the account");
    }

    #[test]
    fn the_oldest_tls_version_is_read() {
        for (text, only13) in [("1.2", false), ("1.3", true)] {
            let options = made("ls x", &[("host", "h"), ("tls_min_version", text)]).unwrap();
            assert_eq!(options.tls_options.disable_tls12, only13);
        }
        refused(&[("host", "h"), ("tls_min_version", "1.1")], "`1.1` is none of 1.2, 1.3");
        let both = [("host", "h"), ("tls_min_version", "1.3"), ("disable_tls13", "true")];
        refused(&both, "turned off by disable_tls13");
    }

    #[test]
    fn a_certificate_is_pinned_by_its_fingerprint() {
        for text in ["ab".repeat(32), vec!["AB"; 32].join(":")] {
            let options = made("ls x", &[("host", "h"), ("tls_fingerprint", &text)]).unwrap();
            assert_eq!(options.tls_options.verify, Verify::Pinned([0xab; 32]));
        }
        for text in ["ab", &"g".repeat(64), &"ab".repeat(33), &"é".repeat(32)] {
            refused(&[("host", "h"), ("tls_fingerprint", text)], "64 hexadecimal digits");
        }
    }

    #[test]
    fn a_remote_overrides_flags_of_the_run() {
        let typed = [
            ("host", "h"),
            ("override.timeout", "7s"),
            ("override.contimeout", "8s"),
            ("override.ca_cert", "a,b"),
            ("global.no_check_certificate", "true"),
            ("override.bind", "::1"),
            ("override.dscp", "cs1"),
        ];
        let options = made("ls x --timeout 1s --ca-cert z", &typed).unwrap();
        assert_eq!(options.idle_timeout, Duration::from_secs(7));
        assert_eq!(options.connect_timeout, Duration::from_secs(8));
        assert_eq!(options.tls_options.extra_roots, [PathBuf::from("a"), PathBuf::from("b")]);
        assert_eq!(options.tls_options.verify, Verify::DangerAcceptAny);
        assert_eq!((options.bind, options.dscp), (Some("::1".parse().unwrap()), Some(8)));
        refused(&[("host", "h"), ("override.timeout", "soon")], "override.timeout");
    }

    #[test]
    fn contradictions_are_named() {
        refused(&[], "no host");
        refused(&[("host", "h"), ("tls", "true"), ("explicit_tls", "true")], "incompatible");
        refused(&[("host", "h"), ("port", "70000")], "option port: 70000 is no port");
        refused(&[("host", "h"), ("socks_proxy", "a:1"), ("http_proxy", "http://b")], "both");
    }

    #[track_caller]
    fn proxied(key: &str, text: &str, want: (ProxyKind, &str, u16), login: Option<(&str, &str)>) {
        let proxy = made("ls x", &[("host", "h"), (key, text)]).unwrap().proxy.unwrap();
        assert_eq!((proxy.kind, proxy.host.as_str(), proxy.port), want);
        let credentials = proxy.credentials.as_ref();
        assert_eq!(credentials.map(|(user, password)| (user.as_str(), password.expose())), login);
    }

    #[test]
    fn proxies_are_read() {
        use ProxyKind::{Http, Https, Socks5};
        proxied("socks_proxy", "p:1080", (Socks5, "p", 1080), None);
        proxied("socks_proxy", "u:a@b@[::1]:9", (Socks5, "::1", 9), Some(("u", "a@b")));
        proxied("socks_proxy", "u@p:9", (Socks5, "p", 9), Some(("u", "")));
        proxied("http_proxy", "http://p", (Http, "p", 80), None);
        proxied("http_proxy", "https://u:p%40ss@p/", (Https, "p", 443), Some(("u", "p@ss")));
        proxied("http_proxy", "http://[::1]", (Http, "::1", 80), None);
        for (key, text) in [
            ("socks_proxy", "p"),
            ("socks_proxy", ":1"),
            ("http_proxy", "p:1"),
            ("http_proxy", "ftp://p"),
        ] {
            refused(&[("host", "h"), (key, text)], key);
        }
    }
}
