//! Real FTP servers on loopback, one process and one folder each, gone when dropped.
//!
//! No system user, no PAM service and no file outside the server's folder is needed. As root, all
//! but pyftpdlib serve as `nobody`; vsftpd then sees a `/etc/passwd` and a `/etc/pam.d` of its own.
//! Without root, vsftpd logs in `anonymous` only, who cannot set times, and Pure-FTPd is missing.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::net::TcpSocket;

use crate::certs::{Authority, Identity};

/// Which server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Software {
    /// ProFTPD with its modules for TLS, hashes and copies.
    Proftpd,
    /// Pure-FTPd.
    PureFtpd,
    /// pyftpdlib.
    Pyftpdlib,
    /// vsftpd.
    Vsftpd,
}

impl Software {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Proftpd, Self::PureFtpd, Self::Pyftpdlib, Self::Vsftpd];

    fn program(self) -> PathBuf {
        tools().join(match self {
            Self::Proftpd => "root/usr/sbin/proftpd",
            Self::PureFtpd => "root/usr/sbin/pure-ftpd",
            Self::Pyftpdlib => "venv/bin/python",
            Self::Vsftpd => "root/usr/sbin/vsftpd",
        })
    }

    /// Says why this server cannot be started here, if it cannot.
    pub fn missing(self) -> Option<String> {
        if !self.program().exists() {
            return Some(format!("{self:?} is not there; tests/run fetches it"));
        }
        (self == Self::PureFtpd && !is_root()).then(|| "PureFtpd runs as root only".into())
    }
}

/// Whether a server asks for TLS.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Security {
    /// No TLS at all.
    Plain,
    /// `AUTH TLS` required on both connections, and where the server knows how, session reuse too.
    Tls,
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    process: Child,
    software: Software,
    security: Security,
    at: SocketAddrV4,
    folder: TempDir,
}

/// The password of every user.
pub const PASSWORD: &str = "secret";
/// [`PASSWORD`] by SHA-256 crypt, which is quick to check.
const CRYPTED_PASSWORD: &str = "$5$rclone$9YLqVYffKlvtgx6kV2aua3Jt2t1slEWUGmJRVX9Ie04";
const START_LIMIT: Duration = Duration::from_secs(20);
const NOBODY: u32 = 65534;

impl Server {
    /// Starts a server over an empty folder, or says that it is missing.
    pub fn start(software: Software, security: Security) -> Option<Self> {
        Self::start_at(Ipv4Addr::LOCALHOST, software, security)
    }

    /// Starts a server that listens on this address. See [`Server::start`].
    pub fn start_at(host: Ipv4Addr, software: Software, security: Security) -> Option<Self> {
        if let Some(reason) = software.missing() {
            not_run(&reason);
            return None;
        }
        let authority = Authority::new();
        let identity = match host.is_loopback() {
            true => authority.identity(),
            false => authority.identity_at(host),
        };
        Some(Self::launch(host, software, security, &identity, "unlimited"))
    }

    /// Starts a server that cannot write files of more than so many bytes, as on a full disk.
    /// See [`Server::start`].
    pub fn start_limited(software: Software, security: Security, bytes: u64) -> Option<Self> {
        if let Some(reason) = software.missing() {
            not_run(&reason);
            return None;
        }
        let (host, identity) = (Ipv4Addr::LOCALHOST, Authority::new().identity());
        Some(Self::launch(host, software, security, &identity, &bytes.to_string()))
    }

    /// Starts a server that shows this certificate. See [`Server::start`].
    pub fn start_as(software: Software, security: Security, identity: &Identity) -> Self {
        Self::launch(Ipv4Addr::LOCALHOST, software, security, identity, "unlimited")
    }

    fn launch(
        host: Ipv4Addr,
        software: Software,
        security: Security,
        identity: &Identity,
        file_limit: &str,
    ) -> Self {
        let folder = TempDir::with_prefix("ftp-").expect("a temporary folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("mode");
        let root = folder.path().join("root");
        fs::create_dir(&root).expect("the served folder");
        own(&root);
        identity.write(folder.path());
        // Another process may take the port between asking for a free one and listening on it.
        for _ in 0..5 {
            let at = SocketAddrV4::new(host, free_port(host));
            let mut process = spawn(software, security, at, folder.path(), file_limit);
            if greets(&mut process, at) {
                return Self { process, software, security, at, folder };
            }
            end(&mut process);
        }
        let log = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        panic!("{software:?} does not start: {log}");
    }

    /// Returns which server it is.
    pub fn software(&self) -> Software {
        self.software
    }

    /// Returns the address it listens on.
    pub fn host(&self) -> Ipv4Addr {
        *self.at.ip()
    }

    /// Returns its port, on `127.0.0.1` unless it was started elsewhere.
    pub fn port(&self) -> u16 {
        self.at.port()
    }

    /// Returns the user to log in as, with [`PASSWORD`].
    pub fn user(&self) -> &'static str {
        match self.software {
            Software::Vsftpd if !is_root() => "anonymous",
            _ => "ftptest",
        }
    }

    /// Returns the folder where a session starts.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    /// Returns the certificate of the authority that vouches for the server.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Returns the section of an `rclone.conf` that leads here through `port`.
    pub fn section(&self, name: &str, port: u16) -> String {
        let (user, host) = (self.user(), self.at.ip());
        let mut text = format!(
            "[{name}]\ntype = ftp\nhost = {host}\nport = {port}\nuser = {user}\npass = {OBSCURED_PASSWORD}\n"
        );
        if self.security == Security::Tls {
            text.push_str("explicit_tls = true\n");
        }
        match self.software {
            Software::Vsftpd => text.push_str("writing_mdtm = true\n"),
            Software::PureFtpd => text.push_str(&format!("encoding = {PURE_FTPD_ENCODING}\n")),
            Software::Proftpd => text.push_str(&format!("encoding = {PROFTPD_ENCODING}\n")),
            Software::Pyftpdlib => {}
        }
        text
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}

/// What ProFTPD takes for a pattern, in the words of `encoding`.
pub const PROFTPD_ENCODING: &str = "Asterisk,Ctl,Del,Dot,RightSpace,Slash";
/// What Pure-FTPd refuses or rewrites, in the words of `encoding`.
pub const PURE_FTPD_ENCODING: &str = "BackSlash,Ctl,Del,Dot,LeftSpace,RightSpace,Slash";
/// [`PASSWORD`] as an `rclone.conf` spells it.
pub const OBSCURED_PASSWORD: &str = "lzRRuDospb-jOVcDsnz2l-py7aJhNg";

/// Returns where `tests/run` puts what the tests need.
pub fn tools() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools");
    std::env::var_os("RCLONE_TEST_TOOLS").map_or_else(default, PathBuf::from)
}

/// Notes that a test did not run; a failure where `CI=true`.
pub fn not_run(reason: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "cannot run: {reason}");
    let mut note = std::io::stderr().lock();
    let _ = writeln!(note, "not run: {reason}");
    if let Some(file) = std::env::var_os("RCLONE_TEST_NOT_RUN") {
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        let file = fs::File::options().append(true).create(true).open(file);
        let _ = file.and_then(|mut file| writeln!(file, "{test}: {reason}"));
    }
}

/// Gives a file or directory that a test made to the user the servers write as.
pub fn own(path: &Path) {
    if is_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).expect("root may give files away");
    }
}

/// Tells whether the tests run as root.
pub fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// Returns a port of `127.0.0.1` that refuses connections; nobody else gets it as long as the socket lives.
pub fn closed_port() -> (u16, TcpSocket) {
    let bound = TcpSocket::new_v4().expect("a socket");
    bound.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port");
    let port = bound.local_addr().expect("a bound socket has an address").port();
    (port, bound)
}

/// Returns a port of this address that nobody listens on, for now.
fn free_port(host: Ipv4Addr) -> u16 {
    let listener = TcpListener::bind((host, 0)).expect("a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

fn spawn(
    software: Software,
    security: Security,
    at: SocketAddrV4,
    folder: &Path,
    file_limit: &str,
) -> Child {
    let mut arguments = match software {
        Software::Proftpd => proftpd(security, at, folder),
        Software::PureFtpd => pure_ftpd(security, at, folder),
        Software::Pyftpdlib => pyftpdlib(security, at, folder),
        Software::Vsftpd => vsftpd(security, at, folder),
    };
    arguments.insert(0, software.program().display().to_string());
    if software == Software::Vsftpd && is_root() {
        arguments.splice(0..0, with_own_users(folder));
    }
    // Sessions of vsftpd leave the process group; nothing leaves a PID namespace.
    if is_root() {
        // Its first process is a shell, which takes the orphans: vsftpd ends when one is given to it.
        let script = "\"$@\" & wait";
        let alone = ["unshare", "--pid", "--fork", "--kill-child", "sh", "-c", script, "sh"];
        arguments.splice(0..0, alone.map(String::from));
    }
    let log = fs::File::create(folder.join("log")).expect("a log");
    // Writing beyond the limit on files is an error to report, not a signal to die by; the kernel
    // ends the server should the test process die without dropping it.
    Command::new("env")
        .args(["--ignore-signal=XFSZ", "prlimit", &format!("--fsize={file_limit}")])
        .args(["setpriv", "--pdeathsig", "KILL"])
        .args(arguments)
        .env("LD_LIBRARY_PATH", libraries())
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a second handle"))
        .stderr(log)
        .process_group(0)
        .spawn()
        .expect("env of coreutils starts")
}

fn libraries() -> String {
    let root = tools().join("root");
    let architecture = format!("{}-linux-gnu", std::env::consts::ARCH);
    format!("{0}/usr/lib/{architecture}:{0}/lib/{architecture}", root.display())
}

/// Waits for the greeting; tells whether it came before the server or our patience ended.
fn greets(process: &mut Child, at: SocketAddrV4) -> bool {
    let start = Instant::now();
    while start.elapsed() < START_LIMIT {
        if let Ok(stream) = TcpStream::connect(at) {
            let _ = stream.set_read_timeout(Some(START_LIMIT));
            let mut line = String::new();
            let _ = BufReader::new(stream).read_line(&mut line);
            return line.starts_with("220") && process.try_wait().is_ok_and(|end| end.is_none());
        }
        if process.try_wait().is_ok_and(|end| end.is_some()) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

/// Ends the server and the sessions it forked.
fn end(process: &mut Child) {
    let id = process.id();
    // `unshare` returns when the first process of its namespace, and so all, are gone.
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    let first = children.split_whitespace().next().filter(|_| is_root());
    let whom = first.map_or_else(|| format!("-{id}"), String::from);
    let _ = Command::new("kill").args(["-KILL", "--", &whom]).stderr(Stdio::null()).status();
    let _ = process.wait();
}

fn vsftpd(security: Security, at: SocketAddrV4, folder: &Path) -> Vec<String> {
    let folder = folder.display();
    let mut text = format!(
        "listen=YES\nlisten_address={}\nlisten_port={}\nbackground=NO\nwrite_enable=YES\n\
         anon_umask=022\nlocal_umask=022\nmdtm_write=YES\nuse_localtime=NO\nseccomp_sandbox=NO\n\
         xferlog_enable=NO\nmax_clients=200\nmax_per_ip=200\n",
        at.ip(),
        at.port()
    );
    text.push_str(&if is_root() {
        format!(
            "anonymous_enable=NO\nlocal_enable=YES\nchroot_local_user=YES\n\
             allow_writeable_chroot=YES\nsecure_chroot_dir={folder}/empty\npam_service_name=ftp\n"
        )
    } else {
        format!(
            "run_as_launching_user=YES\nftp_username={}\nanon_root={folder}/root\n\
             anonymous_enable=YES\nlocal_enable=NO\nanon_upload_enable=YES\n\
             anon_mkdir_write_enable=YES\nanon_other_write_enable=YES\n\
             anon_world_readable_only=NO\n",
            id("-un")
        )
    });
    if security == Security::Tls {
        text.push_str(&format!(
            "ssl_enable=YES\nallow_anon_ssl=YES\nforce_anon_logins_ssl=YES\n\
             force_anon_data_ssl=YES\nforce_local_logins_ssl=YES\nforce_local_data_ssl=YES\n\
             require_ssl_reuse=YES\nssl_ciphers=HIGH\n\
             rsa_cert_file={folder}/cert.pem\nrsa_private_key_file={folder}/key.pem\n"
        ));
    }
    vec![write(format!("{folder}/vsftpd.conf"), &text)]
}

/// Returns what vsftpd runs under to know a user that the system does not: a mount namespace with
/// a `/etc/passwd` and a `/etc/pam.d` of its own, gone with the server.
fn with_own_users(folder: &Path) -> Vec<String> {
    let (empty, pam) = (folder.join("empty"), folder.join("pam.d"));
    for directory in [&empty, &pam] {
        fs::create_dir_all(directory).expect("a directory");
    }
    let rules = ["auth required pam_unix.so", "account required pam_permit.so", ""];
    fs::write(pam.join("ftp"), rules.join("\n")).expect("a PAM service");
    let user = user_line(NOBODY, NOBODY, folder);
    let users =
        format!("root:*:0:0::/:/bin/false\nnobody:*:{NOBODY}:{NOBODY}::/:/bin/false\n{user}");
    let users = write(folder.join("users").display().to_string(), &users);
    let script = format!(
        "mount --bind {users} /etc/passwd && mount --bind {} /etc/pam.d && exec \"$@\"",
        pam.display()
    );
    ["unshare", "--mount", "sh", "-c", &script, "sh"].map(String::from).to_vec()
}

/// Returns the user as a line of `/etc/passwd`.
fn user_line(user: u32, group: u32, folder: &Path) -> String {
    format!("ftptest:{CRYPTED_PASSWORD}:{user}:{group}::{}/root:/bin/sh\n", folder.display())
}

fn proftpd(security: Security, at: SocketAddrV4, folder: &Path) -> Vec<String> {
    let (user, group) = if is_root() { (NOBODY, NOBODY) } else { ids(folder) };
    let (user_name, group_name) = match is_root() {
        true => ("nobody".into(), "nogroup".into()),
        false => (id("-un"), id("-gn")),
    };
    let root = tools().join("root");
    let users = user_line(user, group, folder);
    let (host, port) = (at.ip(), at.port());
    let (folder, root) = (folder.display(), root.display());
    let users = write(format!("{folder}/users"), &users);
    fs::set_permissions(&users, fs::Permissions::from_mode(0o600)).expect("mode");
    let mut text = format!(
        "ServerType standalone\nPort {port}\nDefaultAddress {host}\nSocketBindTight on\n\
         ModulePath {root}/usr/lib/proftpd\nUser {user_name}\nGroup {group_name}\nUseReverseDNS off\n\
         PidFile {folder}/pid\nScoreboardFile {folder}/scoreboard\nSystemLog {folder}/log\n\
         TransferLog none\nWtmpLog off\nAuthOrder mod_auth_file.c\nAuthUserFile {users}\n\
         RequireValidShell off\nMaxInstances 200\nTimesGMT on\nAllowOverwrite on\n\
         AllowStoreRestart on\nListOptions \"-a\"\n\
         <IfModule mod_delay.c>\nDelayEngine off\n</IfModule>\n\
         <IfModule mod_ctrls.c>\nControlsEngine off\n</IfModule>\n\
         LoadModule mod_digest.c\nDigestEngine on\nLoadModule mod_deflate.c\nDeflateEngine on\n\
         LoadModule mod_site_misc.c\nLoadModule mod_copy.c\n"
    );
    if is_root() {
        text.push_str("DefaultRoot ~\n");
    }
    if security == Security::Tls {
        text.push_str(&format!(
            "LoadModule mod_tls.c\nTLSEngine on\nTLSRequired on\nTLSLog {folder}/tls.log\n\
             TLSECCertificateFile {folder}/cert.pem\nTLSECCertificateKeyFile {folder}/key.pem\n"
        ));
    }
    let configuration = write(format!("{folder}/proftpd.conf"), &text);
    ["-n", "-q", "-c", &configuration].map(String::from).to_vec()
}

fn id(option: &str) -> String {
    let output = Command::new("id").arg(option).output().expect("id of coreutils starts");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn ids(folder: &Path) -> (u32, u32) {
    let owner = fs::metadata(folder).expect("the folder is there");
    (owner.uid(), owner.gid())
}

fn pure_ftpd(security: Security, at: SocketAddrV4, folder: &Path) -> Vec<String> {
    let (folder, host, port) = (folder.display(), at.ip(), at.port());
    let users =
        format!("ftptest:{CRYPTED_PASSWORD}:{NOBODY}:{NOBODY}::{folder}/root/./::::::::::::\n");
    let users = write(format!("{folder}/users"), &users);
    let made = Command::new(tools().join("root/usr/bin/pure-pw"))
        .args(["mkdb", &format!("{users}.pdb"), "-f", &users])
        .env("LD_LIBRARY_PATH", libraries())
        .status();
    assert!(made.is_ok_and(|status| status.success()), "pure-pw makes a database");

    let mut arguments = format!(
        "-S {host},{port} -l puredb:{folder}/users.pdb -g {folder}/pid -E -A -H -c 200 -C 200 \
         -u 1 -U 022:022 -L 2000000:64"
    );
    arguments.push_str(&match security {
        Security::Plain => " -Y 0".into(),
        Security::Tls => format!(" -Y 2 -2 {folder}/cert.pem,{folder}/key.pem"),
    });
    arguments.split_whitespace().map(String::from).collect()
}

fn pyftpdlib(security: Security, at: SocketAddrV4, folder: &Path) -> Vec<String> {
    let security = if security == Security::Tls { "tls" } else { "plain" };
    let script = include_str!("pyftpdlib.py").into();
    let (at, folder) = (at.to_string(), folder.display().to_string());
    vec!["-c".into(), script, at, folder, security.into()]
}

fn write(path: String, text: &str) -> String {
    fs::write(&path, text).expect("the folder takes a configuration");
    path
}

/// Makes a test of each server, plain and over TLS, from a function that takes both.
#[macro_export]
macro_rules! on_every_server {
    ($($test:ident)*) => {$(
        mod $test {
            use $crate::{Security::*, Software::*};

            #[test]
            fn proftpd() {
                super::$test(Proftpd, Plain);
            }

            #[test]
            fn proftpd_tls() {
                super::$test(Proftpd, Tls);
            }

            #[test]
            fn pure_ftpd() {
                super::$test(PureFtpd, Plain);
            }

            #[test]
            fn pure_ftpd_tls() {
                super::$test(PureFtpd, Tls);
            }

            #[test]
            fn pyftpdlib() {
                super::$test(Pyftpdlib, Plain);
            }

            #[test]
            fn pyftpdlib_tls() {
                super::$test(Pyftpdlib, Tls);
            }

            #[test]
            fn vsftpd() {
                super::$test(Vsftpd, Plain);
            }

            #[test]
            fn vsftpd_tls() {
                super::$test(Vsftpd, Tls);
            }
        }
    )*};
}
