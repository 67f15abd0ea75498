//! Plays transcripts of real servers, recorded on their control connections, through the example.

#[path = "../examples/session.rs"]
#[expect(dead_code, reason = "its main reads standard input")]
mod session;

const PYFTPDLIB: &str = include_str!("transcripts/pyftpdlib.txt");
const VSFTPD: &str = include_str!("transcripts/vsftpd.txt");

fn play(transcript: &str) -> Result<String, std::io::Error> {
    let mut out = Vec::new();
    session::play(transcript.as_bytes(), &mut out)?;
    Ok(String::from_utf8(out).expect("text"))
}

#[track_caller]
fn check(transcript: &str, answers: &[&str]) {
    let told = play(transcript).expect("in step");
    let of_interest: Vec<&str> = told.lines().filter(|line| !is_wordy(line)).collect();
    assert_eq!(of_interest, answers);
}

/// What holds a list: its form is the subject of other tests.
fn is_wordy(line: &str) -> bool {
    line.starts_with("FEAT") || line.starts_with("STAT")
}

#[test]
fn vsftpd_answers_queued_commands_in_order() {
    check(
        VSFTPD,
        &[
            "(greeting) <- 220 (vsFTPd 3.0.3)",
            "USER anonymous <- 331 Please specify the password.",
            "PASS *** <- 230 Login successful.",
            "TYPE I <- 200 Switching to Binary mode.",
            "OPTS UTF8 ON <- 200 Always in UTF8 mode.",
            "PWD <- 257 \"/srv/ftp\" is the current directory",
            "SYST <- 215 UNIX Type: L8",
            "EPSV <- 229 Entering Extended Passive Mode (|||22113|)",
            "RETR a.txt <- 150 Opening BINARY mode data connection for a.txt (6 bytes). (more will follow)",
            "RETR a.txt <- 226 Transfer complete.",
            "SIZE a.txt <- 213 6",
            "MDTM a.txt <- 213 20261122200353",
            "DELE missing <- 550 Permission denied.",
            "QUIT <- 221 Goodbye.",
            "0 answers are owed",
        ],
    );
}

#[test]
fn pyftpdlib_answers_queued_commands_in_order() {
    check(
        PYFTPDLIB,
        &[
            "(greeting) <- 220 pyftpdlib 2.2.0 ready.",
            "USER anonymous <- 331 Username ok, send password.",
            "PASS *** <- 230 Login successful.",
            "TYPE I <- 200 Type set to: Binary.",
            "OPTS UTF8 ON <- 200 Always in UTF8 mode.",
            "PWD <- 257 \"/\" is the current directory.",
            "SYST <- 215 UNIX Type: L8",
            "EPSV <- 229 Entering extended passive mode (|||57041|).",
            "RETR a.txt <- 150 File status okay. About to open data connection. (more will follow)",
            "RETR a.txt <- 226 Transfer complete.",
            "SIZE a.txt <- 213 6",
            "MDTM a.txt <- 213 20261122200353",
            "DELE missing <- 550 Not enough privileges.",
            "QUIT <- 221 Goodbye.",
            "0 answers are owed",
        ],
    );
}

#[test]
fn a_transcript_that_breaks_off_owes_answers() {
    let (begun, _) = VSFTPD.split_once("S: 226").expect("a transfer");
    assert!(play(begun).expect("in step").ends_with("\n1 answers are owed\n"));
}

#[test]
fn an_answer_too_many_is_an_error() {
    let doubled =
        VSFTPD.replace("S: 226 Transfer complete.", "S: 425 x\nS: 226 Transfer complete.");
    let error = play(&doubled).expect_err("out of step");
    assert!(error.to_string().contains("nobody asked for: `226 Transfer complete.`"), "{error}");
}
