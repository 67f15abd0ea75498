//! A keyboard whose keys are not shown: the echo is off before the question is, and on again
//! whatever ends the answer.

use std::io;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// What Ctrl-C sends where it raises no signal.
const INTERRUPT: u8 = 3;

/// Standard input, a terminal, without echo.
pub(super) struct MuteKeyboard {
    before: Termios,
}

impl MuteKeyboard {
    /// Turns the echo off; each key counts at once, Ctrl-C included.
    pub(super) fn new() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut mute = before.clone();
        let shown = LocalModes::ECHO | LocalModes::ECHONL;
        mute.local_modes.remove(shown | LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(io::stdin(), OptionalActions::Now, &mute)?;
        Ok(Self { before })
    }

    /// Reads a line; Ctrl-C sends the process its signal.
    pub(super) fn secret(self) -> io::Result<String> {
        let config = rpassword::ConfigBuilder::new().input_reader(self).output_discard();
        rpassword::read_password_with_config(config.build())
    }

    fn restore(&self) {
        // A terminal that is gone needs nothing.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

impl io::Read for MuteKeyboard {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = io::Read::read(&mut io::stdin().lock(), buffer)?;
        // The signal that follows may end the process, and nothing is dropped then.
        if buffer[..read].contains(&INTERRUPT) {
            self.restore();
        }
        Ok(read)
    }
}

impl Drop for MuteKeyboard {
    fn drop(&mut self) {
        self.restore();
    }
}
