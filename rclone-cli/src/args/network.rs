//! Flags for connections, certificates and bandwidth.

use std::path::PathBuf;

use crate::values::{Dscp, Span, Timetable};

/// Networking.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Networking")]
pub(crate) struct Network {
    /// Longest time to connect, on control and data connections alike
    #[arg(long, value_name = "DURATION", default_value = "1m0s")]
    pub(crate) contimeout: Span,

    /// Longest silence of the server
    #[arg(long, value_name = "DURATION", default_value = "5m0s")]
    pub(crate) timeout: Span,

    /// Bandwidth limit in KiB/s or with B, K, M, G; UP:DOWN; or a timetable
    #[arg(long, value_name = "RATE", default_value = "off")]
    pub(crate) bwlimit: Timetable,

    /// The same for each file
    #[arg(long, value_name = "RATE", default_value = "off")]
    pub(crate) bwlimit_file: Timetable,

    /// Most transactions a second with servers; 0 for any number
    #[arg(long, value_name = "N", default_value_t = 0.0)]
    pub(crate) tpslimit: f64,

    /// Most of them at once
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) tpslimit_burst: usize,

    /// Local address or name to connect from
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) bind: Option<String>,

    /// Most connections to each server at once; 0 for as many as it allows
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) max_connections: usize,

    /// Service class of all connections: a code point or its name, such as LE or AF21
    #[arg(long, value_name = "CODE")]
    pub(crate) dscp: Option<Dscp>,

    /// Trust the certificates of this PEM file; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_cert: Vec<PathBuf>,

    /// Do not verify the server's certificate (insecure)
    #[arg(long)]
    pub(crate) no_check_certificate: bool,

    /// Certificate to show to the server (PEM)
    #[arg(long, value_name = "FILE", requires = "client_key")]
    pub(crate) client_cert: Option<PathBuf>,

    /// Private key of that certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    pub(crate) client_key: Option<PathBuf>,

    /// Password of that private key, obscured
    #[arg(long, value_name = "PASSWORD")]
    pub(crate) client_pass: Option<String>,
}

#[cfg(test)]
mod tests {
    use crate::args::tests::{parse, refused};

    #[test]
    fn connections_are_bounded() {
        assert_eq!(parse("ls x --max-connections 3").network.max_connections, 3);
    }

    #[test]
    fn waits_have_rclones_defaults() {
        let network = parse("ls x").network;
        assert_eq!(network.contimeout.to_string(), "1m0s");
        assert_eq!(network.timeout.to_string(), "5m0s");
        assert_eq!(parse("ls x --contimeout 5 --timeout=0").network.timeout.to_string(), "0s");
        refused("ls x --timeout soon", "not a duration");
    }

    #[test]
    fn bandwidth_is_a_rate_or_a_timetable() {
        let now = "2024-01-02T12:00".parse().unwrap();
        let rate = |line: &str| parse(line).network.bwlimit.at(now).to_string();
        assert_eq!(rate("ls x --bwlimit 1M:2M"), "1Mi:2Mi");
        assert_eq!(rate("ls x"), "off");
        refused("ls x --bwlimit fast", "not a size");
        let network = parse("ls x --bwlimit-file 5M --tpslimit 2.5 --tpslimit-burst 3").network;
        assert_eq!(network.bwlimit_file.at(now).to_string(), "5Mi");
        assert_eq!((network.tpslimit, network.tpslimit_burst), (2.5, 3));
    }

    #[test]
    fn certificates_are_files() {
        let network = parse("ls x --ca-cert a.pem --ca-cert b.pem --no-check-certificate").network;
        assert_eq!(network.ca_cert, ["a.pem", "b.pem"].map(std::path::PathBuf::from));
        assert!(network.no_check_certificate);
        let network = parse("ls x --client-cert c --client-key k --client-pass p").network;
        assert!(network.client_cert.is_some() && network.client_key.is_some());
        assert_eq!(network.client_pass.as_deref(), Some("p"));
        refused("ls x --client-cert c", "--client-key");
    }

    #[test]
    fn bind_names_an_address() {
        assert_eq!(parse("--bind 192.0.2.1 ls x").network.bind.as_deref(), Some("192.0.2.1"));
    }
}
