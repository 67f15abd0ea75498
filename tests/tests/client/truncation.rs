//! Data over TLS whose end lacks TLS's own goodbye: somebody on the line may have cut it, and some
//! servers never say it. The size decides.

use ftp_client::options::{TlsOptions, Verify};

use super::*;

/// A login with TLS, over a certificate nobody vouches for.
fn with_tls_login(rest: &str) -> String {
    let login = LOGIN
        .replace("C: USER me", "C: AUTH TLS\nS: 234 go\nT\nC: USER me")
        .replace("C: TYPE I", "C: TYPE I\nC: PBSZ 0\nC: PROT P")
        .replace("S: 200 binary", "S: 200 binary\nS: 200 none\nS: 200 private");
    format!("{login}{rest}")
}

fn tls_pool(script: &Script) -> Pool {
    let tls_options = TlsOptions { verify: Verify::DangerAcceptAny, ..TlsOptions::default() };
    let options = Options { tls: TlsMode::Explicit, tls_options, ..options(script.port()) };
    Pool::new(options).expect("options that make sense")
}

/// Downloads with this dialogue after the port, and expects `hello` or the error of a cut.
#[track_caller]
fn check(dialogue: &str, complete: bool) -> impl Future<Output = Pool> {
    let caller = std::panic::Location::caller();
    let retrieval = format!("C: EPSV\nS: 229 ({{port}})\nC: RETR /f\n{dialogue}");
    async move {
        let script = Script::start(&[&with_tls_login(&retrieval)]).await;
        let pool = tls_pool(&script);
        match fetch(&pool, b"f").await {
            Ok(content) => assert!(complete && content == b"hello", "{content:?} at {caller}"),
            Err(error) => {
                assert!(!complete, "{error} at {caller}");
                assert_eq!(*error.kind(), ErrorKind::Truncated, "{error} at {caller}");
            }
        }
        script.finish().await;
        pool
    }
}

#[tokio::test]
async fn a_download_without_goodbye_is_complete_by_the_size_that_was_mentioned() {
    let pool = check("S: 150 here (5 bytes)\nD!: hello\nS: 226 done", true).await;
    assert_eq!(pool.personality().ends_abruptly, Some(true));
    check("S: 150 here (6 bytes)\nD!: hello\nS: 226 done", false).await;
}

#[tokio::test]
async fn a_download_without_goodbye_is_complete_by_the_size_that_is_asked_for() {
    let dialogue = |size| {
        format!(
            "S: 150 here\nD!: hello\nC: EPSV\nS: 226 done\nS: 229 ({{port}})\nC: SIZE /f\nS: 213 {size}"
        )
    };
    check(&dialogue(5), true).await;
    check(&dialogue(6), false).await;
}

#[tokio::test]
async fn a_download_with_goodbye_needs_no_size() {
    let pool = check("S: 150 here\nD: hello\nC: EPSV\nS: 226 done", true).await;
    assert_eq!(pool.personality().ends_abruptly, None);
}

#[tokio::test]
async fn an_upload_counts_when_the_server_has_all_of_it_however_it_closes() {
    for (end, size, complete) in [("D?", 5, true), ("D?!", 5, true), ("D!", 0, false)] {
        let script = Script::start(&[&with_tls_login(&format!(
            "C: EPSV
             S: 229 ({{port}})
             C: STOR /f
             S: 150 go
             {end}
             S: 226 done
             C: SIZE /f
             S: 213 {size}"
        ))])
        .await;
        let pool = tls_pool(&script);
        let stored = async {
            let mut upload = pool.session().await?.store(b"f", 0).await?;
            upload.write(Bytes::from_static(b"hello")).await?;
            upload.finish(Finish { size: Some(5), ..Finish::default() }).await
        };
        match stored.await {
            Ok(_) => assert!(complete, "{end}"),
            Err(error) => {
                assert!(!complete, "{end}: {error}");
                assert_eq!(*error.kind(), ErrorKind::Truncated, "{end}: {error}");
            }
        }
        script.finish().await;
    }
}
