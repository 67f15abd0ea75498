//! Directory listings as servers really send them: some 25 dialects, one file each.
//!
//! A [`Reader`] reads the bytes of a `LIST`, `MLSD` or `STAT` answer in any pieces and gives one
//! [`Item`] for each line: an entry, recognised noise, or an error with the line and the reason.
//! It finds out the dialect by itself, over the lines it sees. Nothing here knows a clock: `now` is
//! an argument, and a time without a year says that its year was inferred.
//!
//! RFC 959 (section 4.1.3, `LIST`) leaves the form to the server; RFC 3659 (section 7) defines
//! `MLST` and `MLSD`. Names are bytes and are not decoded. Not here: `NLST`, whose lines are names.

mod classic_mac;
mod connect_enterprise;
mod date;
mod dialect;
mod dls;
mod dos;
mod entry;
mod eplf;
mod fields;
mod form;
mod hp_nonstop;
mod lines;
mod mlsx;
mod months;
mod mvs;
mod netware;
mod noise;
mod nortel;
mod numeric_unix;
mod os2;
mod os400;
mod os9;
mod reader;
#[cfg(any(test, feature = "proptest"))]
pub mod strategy;
mod supertcp;
#[cfg(test)]
mod tests;
mod time;
mod unix;
mod vm;
mod vms;
mod vshell;
mod wrapped;

use alloc::vec::Vec;

pub use dialect::Dialect;
pub use entry::{Device, Entry, Kind, Permissions, Version};
pub use form::write;
pub use mlsx::entry as mlst_entry;
pub use reader::{Caps, Item, Items, Options, Reader, Reason, Unread};
pub use time::{Modified, Precision, Year, Zone};
pub use unix::mode;

/// Reads a whole listing at once.
pub fn read(listing: &[u8], options: Options) -> Vec<Item> {
    let mut reader = Reader::new(options);
    let mut items: Vec<_> = reader.read(listing).collect();
    items.extend(reader.finish());
    items
}
