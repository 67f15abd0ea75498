//! The forms a question takes: a menu of letters, a choice by number or value, a password.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngCore as _;

use crate::prompt::Prompt;

/// Asks for one of the letters; an empty answer is the default, where there is one.
pub(super) fn menu(
    prompt: &mut dyn Prompt,
    choices: &[(char, &str)],
    default: Option<char>,
) -> anyhow::Result<char> {
    for (letter, meaning) in choices {
        let mark = if default == Some(*letter) { " (default)" } else { "" };
        prompt.say(&format!("{letter}) {meaning}{mark}\n"))?;
    }
    let letters = |separator: &str| {
        let letters: Vec<String> = choices.iter().map(|(letter, _)| letter.to_string()).collect();
        letters.join(separator)
    };
    loop {
        let answer = prompt.line(&format!("{}> ", letters("/")))?.trim().to_lowercase();
        if let Some(default) = default.filter(|_| answer.is_empty()) {
            return Ok(default);
        }
        if let Some((letter, _)) = choices.iter().find(|(letter, _)| answer == letter.to_string()) {
            return Ok(*letter);
        }
        let letters = letters(", ");
        prompt.say(&format!("This value must be one of the following characters: {letters}.\n"))?;
    }
}

/// Asks for a value, which may be given by the number of an example.
pub(super) fn choose(
    prompt: &mut dyn Prompt,
    examples: &[(&str, &str)],
    question: &str,
) -> anyhow::Result<String> {
    if !examples.is_empty() {
        prompt.say("Choose a number from below, or type in your own value\n")?;
    }
    for (index, (value, meaning)) in examples.iter().enumerate() {
        prompt.say(&format!("{:2} / {meaning}\n   \\ \"{value}\"\n", index + 1))?;
    }
    let answer = prompt.line(question)?.trim().to_owned();
    let numbered = answer.parse::<usize>().ok().and_then(|n| examples.get(n.checked_sub(1)?));
    Ok(numbered.map_or(answer, |(value, _)| (*value).to_owned()))
}

/// Asks for a password twice, until both are the same and there is one.
pub(super) fn password(prompt: &mut dyn Prompt, what: &str) -> anyhow::Result<String> {
    loop {
        let password = prompt.secret(&format!("Enter {what}:\npassword:"))?;
        if password.is_empty() {
            prompt.say("Password is empty, type one in.\n")?;
            continue;
        }
        if prompt.secret(&format!("Confirm {what}:\npassword:"))? == password {
            return Ok(password);
        }
        prompt.say("Passwords do not match!\n")?;
    }
}

/// Makes a password of the strength the user wants and shows it until it pleases.
pub(super) fn generated(prompt: &mut dyn Prompt) -> anyhow::Result<String> {
    prompt.say(
        "Password strength in bits.\n64 is just about memorable\n128 is secure\n1024 is the \
         maximum\n",
    )?;
    let bits = loop {
        match prompt.line("Bits> ")?.trim().parse::<usize>() {
            Ok(bits @ 64..=1024) => break bits,
            _ => prompt.say("This value must be a number from 64 to 1024.\n")?,
        }
    };
    loop {
        let mut bytes = vec![0; bits.div_ceil(8)];
        rand::rng().fill_bytes(&mut bytes);
        let password = URL_SAFE_NO_PAD.encode(bytes);
        prompt.say(&format!(
            "Your password is: {password}\nUse this password? An obscured version of it is stored, \
             so keep it in a safe place.\n"
        ))?;
        if menu(prompt, &[('y', "Yes"), ('n', "No")], Some('y'))? == 'y' {
            return Ok(password);
        }
    }
}
