//! `rclone backend features`: rclone's own JSON, with what was learnt about a server behind it.

use std::collections::BTreeMap;

use serde::Serialize;
use sync_core::Remote as _;
use sync_core::remote::Capability;

use crate::output;
use crate::resolve::Resolved;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Features {
    name: String,
    root: String,
    string: String,
    /// In nanoseconds; a hundred years where times cannot be kept.
    precision: u64,
    hashes: Vec<&'static str>,
    features: BTreeMap<&'static str, bool>,
    metadata_info: Option<()>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    personality: BTreeMap<&'static str, String>,
}

pub(super) async fn run(resolved: &Resolved, text: &str) -> anyhow::Result<()> {
    let tree = resolved.tree(text)?;
    tree.remote.connect().await?;
    let capability = tree.remote.capability();
    let server = resolved.remotes.server_of(text)?;
    let name = match &server {
        Some(_) => text.split([':', ',']).find(|part| !part.is_empty()).unwrap_or_default(),
        None => "local",
    };
    let root = tree.root.to_string();
    let string = match &server {
        Some((server, _)) => {
            let identity = server.identity();
            let place = identity.rsplit('@').next().unwrap_or_default();
            let slash = if root.is_empty() { "" } else { "/" };
            format!("ftp://{place}{slash}{}", root.trim_start_matches('/'))
        }
        None => format!("Local file system at {root}"),
    };
    let facts = server.map(|(server, _)| server.personality().facts()).unwrap_or_default();
    let told = Features {
        name: name.into(),
        root,
        string,
        precision: precision(&capability),
        hashes: capability.hashes.clone(),
        features: features(&capability),
        metadata_info: None,
        personality: facts.into_iter().collect(),
    };
    Ok(output::line(indented(&told)?)?)
}

/// Returns the JSON as rclone indents it.
pub(super) fn indented(value: &impl Serialize) -> anyhow::Result<String> {
    let mut text = Vec::new();
    let tabs = serde_json::ser::PrettyFormatter::with_indent(b"\t");
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut text, tabs))?;
    Ok(String::from_utf8(text)?)
}

fn precision(capability: &Capability) -> u64 {
    const NEVER: u64 = 3_153_600_000_000_000_000;
    let precision = capability.write_precision.map(|precision| precision.as_nanos());
    precision.map_or(NEVER, |nanoseconds| u64::try_from(nanoseconds).unwrap_or(NEVER))
}

fn features(capability: &Capability) -> BTreeMap<&'static str, bool> {
    let local = capability.local;
    let is = [
        ("About", local),
        ("CanHaveEmptyDirectories", true),
        ("CaseInsensitive", !capability.case_sensitive),
        // Disks copy for --copy-dest alone.
        ("Copy", capability.copy && !capability.local),
        ("DirMove", capability.rename),
        ("DirSetModTime", capability.set_directory_modified),
        ("IsLocal", local),
        ("Move", capability.rename),
        ("PartialUploads", capability.rename),
        ("PutStream", true),
        ("Shutdown", !local),
        ("SlowHash", !capability.hashes.is_empty()),
        ("SlowModTime", capability.asked_precision.is_some()),
    ];
    NAMES.into_iter().map(|name| (name, is.contains(&(name, true)))).collect()
}

const NAMES: [&str; 52] = [
    "About",
    "BucketBased",
    "BucketBasedRootOK",
    "CanHaveEmptyDirectories",
    "CaseInsensitive",
    "ChangeNotify",
    "ChunkWriterDoesntSeek",
    "CleanUp",
    "Command",
    "Copy",
    "DirCacheFlush",
    "DirModTimeUpdatesOnWrite",
    "DirMove",
    "DirSetModTime",
    "Disconnect",
    "DoubleSlash",
    "DuplicateFiles",
    "FilterAware",
    "GetTier",
    "IsLocal",
    "ListP",
    "ListR",
    "MergeDirs",
    "MkdirMetadata",
    "Move",
    "NoMultiThreading",
    "OpenChunkWriter",
    "OpenWriterAt",
    "Overlay",
    "PartialUploads",
    "PublicLink",
    "Purge",
    "PutStream",
    "PutUnchecked",
    "ReadDirMetadata",
    "ReadMetadata",
    "ReadMimeType",
    "ServerSideAcrossConfigs",
    "SetTier",
    "SetWrapper",
    "Shutdown",
    "SlowHash",
    "SlowModTime",
    "UnWrap",
    "UserDirMetadata",
    "UserInfo",
    "UserMetadata",
    "WrapFs",
    "WriteDirMetadata",
    "WriteDirSetModTime",
    "WriteMetadata",
    "WriteMimeType",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_precision_of_a_server_without_times_is_a_century() {
        assert_eq!(precision(&Capability::default()), 3_153_600_000_000_000_000);
        let second = Some(std::time::Duration::from_secs(1));
        let capability = Capability { write_precision: second, ..Capability::default() };
        assert_eq!(precision(&capability), 1_000_000_000);
    }
}
