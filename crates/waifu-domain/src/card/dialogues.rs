//! `mes_example`: dialogues in one text, each after a line that says `<START>`.

const START: &str = "<START>";

/// The dialogues of a text, without blank lines around them. [`join`] mostly gives the text back; where it doesn't,
/// the text is kept beside them.
pub(super) fn split(text: &str) -> Vec<String> {
    let mut dialogues = vec![String::new()];
    for line in text.split_inclusive('\n') {
        if line.trim().eq_ignore_ascii_case(START) {
            dialogues.push(String::new());
        } else if let Some(dialogue) = dialogues.last_mut() {
            dialogue.push_str(line);
        }
    }
    dialogues
        .iter()
        .filter(|dialogue| !dialogue.trim().is_empty())
        .map(|dialogue| dialogue.trim_matches(['\n', '\r']).to_owned())
        .collect()
}

pub(super) fn join(dialogues: &[String]) -> String {
    let parts: Vec<String> = dialogues
        .iter()
        .map(|dialogue| format!("{START}\n{dialogue}"))
        .collect();
    parts.join("\n")
}
