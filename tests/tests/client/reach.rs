//! How a server is reached: through proxies, over IPv6, at the address it names or not.

use ftp_client::options::{Proxy as Settings, ProxyKind};
use tests::proxy::{FORBIDDEN, Proxy, Speaks};

use super::*;

/// One listing, which takes a control and a data connection.
const LISTING: &str = "
    C: EPSV
    S: 229 ({port})
    C: MLSD
    S: 150 here
    D: type=file; a\\n
    S: 226 done";

const USER: (&str, &str) = ("who", "knows");

fn through(proxy: &Proxy, speaks: Speaks, credentials: Option<(&str, &str)>) -> Option<Settings> {
    let kind = if speaks == Speaks::Socks { ProxyKind::Socks5 } else { ProxyKind::Http };
    let credentials = credentials.map(|(user, password)| (user.into(), password.into()));
    Some(Settings { kind, host: "127.0.0.1".into(), port: proxy.port(), credentials })
}

async fn list_with(options: Options) -> ftp_client::Result<usize> {
    let mut session = Pool::new(options)?.session().await?;
    Ok(session.list(b"").await?.entries.len())
}

#[tokio::test]
async fn control_and_data_go_through_the_proxy_by_the_servers_name() {
    for speaks in [Speaks::Http, Speaks::Socks] {
        for credentials in [None, Some(USER)] {
            let script = Script::start(&[&with_login(LISTING)]).await;
            let proxy = Proxy::start(speaks, credentials).await;
            let options = Options {
                host: "ftp.nowhere.example".into(),
                proxy: through(&proxy, speaks, credentials),
                ..options(script.port())
            };
            assert_eq!(list_with(options).await.expect("a listing"), 1);
            let asked = proxy.asked();
            assert_eq!(asked.len(), 2, "{asked:?}");
            assert_eq!(asked[0], format!("ftp.nowhere.example:{}", script.port()));
            assert!(asked[1].starts_with("ftp.nowhere.example:") && asked[0] != asked[1]);
            script.finish().await;
        }
    }
}

#[tokio::test]
async fn the_address_in_a_227_means_the_server_behind_the_proxy() {
    let script = Script::start(&[&with_login(
        "C: PASV
         S: 227 Entering (10,255,255,254,{p1,p2})
         C: MLSD
         S: 150 here
         D: type=file; a\\n
         S: 226 done",
    )])
    .await;
    let proxy = Proxy::start(Speaks::Socks, None).await;
    let options = Options {
        host: "ftp.nowhere.example".into(),
        disable_epsv: true,
        proxy: through(&proxy, Speaks::Socks, None),
        ..options(script.port())
    };
    assert_eq!(list_with(options).await.expect("a listing"), 1);
    assert!(proxy.asked().iter().all(|place| place.starts_with("ftp.nowhere.example:")));
    script.finish().await;
}

#[track_caller]
fn told(result: ftp_client::Result<usize>, kind: &ErrorKind, words: &str) {
    let error = result.expect_err("no way through");
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(words), "{error}");
    assert!(!error.to_string().contains("wrong"), "a password in {error}");
}

#[tokio::test]
async fn a_proxy_that_refuses_is_quoted() {
    for (speaks, unknown, forbidden) in [
        (Speaks::Http, "407 Proxy Authentication Required", "403 Forbidden"),
        (Speaks::Socks, "auth", "not allowed"),
    ] {
        let proxy = Proxy::start(speaks, Some(USER)).await;
        let shown = |credentials| Options {
            host: FORBIDDEN.into(),
            proxy: through(&proxy, speaks, credentials),
            ..options(21)
        };
        let place = format!("the proxy 127.0.0.1:{} does not connect", proxy.port());
        for wrong in [None, Some(("who", "wrong"))] {
            let refused = list_with(shown(wrong)).await;
            told(refused, &ErrorKind::Connection, &place);
            told(list_with(shown(wrong)).await, &ErrorKind::Connection, unknown);
        }
        let refused = list_with(shown(Some(USER))).await;
        told(refused, &ErrorKind::Connection, &format!("{place} to {FORBIDDEN}:21"));
        told(list_with(shown(Some(USER))).await, &ErrorKind::Connection, forbidden);
    }
}

#[tokio::test]
async fn a_silent_proxy_is_given_up_at_the_connect_timeout() {
    for speaks in [Speaks::Http, Speaks::Socks] {
        let proxy = Proxy::start(Speaks::Nothing, None).await;
        let options = Options {
            host: "ftp.nowhere.example".into(),
            connect_timeout: Duration::from_millis(50),
            proxy: through(&proxy, speaks, None),
            ..options(21)
        };
        told(list_with(options).await, &ErrorKind::Timeout, "no answer within 50ms");
    }
}

fn at_ipv6(script: &Script) -> Options {
    // `PASV` knows no such address, so the option cannot ask for it.
    Options { host: "::1".into(), disable_epsv: true, ..options(script.port()) }
}

#[tokio::test]
async fn an_ipv6_server_is_asked_for_a_port() {
    let script = Script::start_at("::1", &[&with_login(LISTING)]).await;
    assert_eq!(list_with(at_ipv6(&script)).await.expect("a listing"), 1);
    script.finish().await;
}

#[tokio::test]
async fn an_ipv6_server_without_epsv_is_not_asked_for_an_address() {
    let script = Script::start_at(
        "::1",
        &[&with_login(
            "C: EPSV
             S: 500 What?
             C: SIZE /a
             S: 213 3",
        )],
    )
    .await;
    let pool = Pool::new(at_ipv6(&script)).expect("options that make sense");
    let session = pool.session().await.expect("a session");
    let error = session.retrieve(b"a", 0).await.expect_err("no data connection");
    assert_eq!(error.command(), Some("EPSV"));
    let mut session = pool.session().await.expect("a session");
    assert_eq!(session.size(b"a").await.expect("in step"), 3);
    script.finish().await;
}

#[tokio::test]
async fn a_foreign_address_in_a_227_is_not_gone_to() {
    let script = Script::start(&[&with_login(
        "C: PASV
         S: 227 Entering (10,255,255,254,{p1,p2})
         C: MLSD
         S: 150 here
         D: type=file; a\\n
         S: 226 done",
    )])
    .await;
    let options = Options { disable_epsv: true, ..options(script.port()) };
    assert_eq!(list_with(options).await.expect("a listing"), 1);
    script.finish().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_foreign_address_in_a_227_is_gone_to_where_asked() {
    let script = Script::start(&[&with_login(
        "C: PASV
         L: 127.0.0.2
         S: 227 Entering (127,0,0,2,{p1,p2})
         C: MLSD
         S: 150 here
         D: type=file; a\\n
         S: 226 done",
    )])
    .await;
    let options =
        Options { disable_epsv: true, trust_passive_address: true, ..options(script.port()) };
    assert_eq!(list_with(options).await.expect("a listing"), 1);
    script.finish().await;
}
