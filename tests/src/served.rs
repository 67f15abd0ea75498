//! A running `rclone serve ftp`: the fifth server, which needs nothing but our own program.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};

use crate::program::Program;
use crate::servers::OBSCURED_PASSWORD;

/// A running `rclone serve ftp`. It ends when dropped.
#[derive(Debug)]
pub struct Served {
    child: Child,
    port: u16,
}

impl Served {
    /// The flags of a server that lets `me` in with the password of [`Self::remote`].
    pub const LOGIN: [&str; 2] = ["--user=me", "--pass=secret"];

    /// Serves a folder, and waits until it does.
    pub fn start(rclone: &Program, folder: &Path, flags: &[&str]) -> Self {
        let folder = folder.to_str().expect("a path of text");
        let arguments = [&["serve", "ftp", folder, "--addr=127.0.0.1:0"], flags].concat();
        let command = &mut rclone.command(arguments);
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the program starts");
        let lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let port = lines
            .map_while(Result::ok)
            .find_map(|line| line.split_once("Serving FTP on 127.0.0.1:")?.1.parse().ok());
        Self { child, port: port.expect("it says where it listens") }
    }

    /// Returns the port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns the start of a path on it, with more `options` behind a comma.
    pub fn remote(&self, options: &str) -> String {
        let pass = OBSCURED_PASSWORD;
        format!(":ftp,host=127.0.0.1,port={},user=me,pass={pass}{options}:", self.port)
    }

    /// Waits until it ends by itself.
    pub fn wait(mut self) -> ExitStatus {
        self.child.wait().expect("a child can be waited for")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
