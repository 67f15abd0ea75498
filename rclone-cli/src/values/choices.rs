//! Values that are sets of names, such as `headers,bodies`, and what each name stands for.

/// Names with what they stand for.
pub(super) type Choices<T> = Vec<(&'static str, T)>;

/// Reads names with commas between them, in upper or lower case.
///
/// # Errors
/// When one is not known, with those that are.
pub(super) fn parse<T: Copy>(
    text: &str,
    known: &[(&'static str, T)],
) -> Result<Choices<T>, String> {
    let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
    let choice = |name: &str| {
        let found = known.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.copied().ok_or_else(|| format!("invalid choice {name:?} from: {}", list(known, ", ")))
    };
    names.map(choice).collect()
}

/// Returns the names, as they are typed where `between` is a comma.
pub(super) fn list<T>(choices: &[(&'static str, T)], between: &str) -> String {
    choices.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(between)
}
