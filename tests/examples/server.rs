//! Starts one of the servers for a look by hand: `cargo run -p tests --example server -- vsftpd tls`.
//!
//! Prints the section for an `rclone.conf`; the server ends with the input.

#![expect(clippy::print_stdout, reason = "the section is what is asked for")]

use tests::{Security, Server, Software};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let name = words.first().map_or("vsftpd", String::as_str);
    let software = Software::ALL
        .into_iter()
        .find(|software| format!("{software:?}").eq_ignore_ascii_case(name))
        .expect("proftpd, pureftpd, pyftpdlib or vsftpd");
    let tls = words.iter().any(|word| word == "tls");
    let security = if tls { Security::Tls } else { Security::Plain };
    let Some(server) = Server::start(software, security) else { return };
    println!("{}", server.section("server", server.port()));
    println!("# {} is served; --ca-cert {}", server.root().display(), server.authority().display());
    let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
}
