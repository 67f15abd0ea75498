//! rclone for FTP.
fn main() {}
