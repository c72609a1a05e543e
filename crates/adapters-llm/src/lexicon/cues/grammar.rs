//! What turns the sense of other words, or takes their force.

/// Take the force out of thanks.
pub(crate) const NO_THANKS: &[&str] = &["no thanks", "no thank you"];

/// Words that VADER has a number for and that say nothing of a mood in a chat.
pub(crate) const WEAK: &[&str] = &[
    "yes",
    "yeah",
    "yep",
    "yup",
    "ok",
    "okay",
    "sure",
    "please",
    "want",
    "wants",
    "wanted",
    "help",
    "like",
    "likes",
    "liked",
    "well",
    "play",
    "playing",
    "played",
    "no",
    "agree",
    "interesting",
    "interest",
    "interested",
    "true",
    "lol",
    "haha",
    "party",
    "gift",
    "free",
    "top",
    "easy",
    "clear",
    "ready",
    "hello",
    "hi",
    "hey",
    "hand",
    "share",
    "special",
    "credit",
    "matter",
    "solution",
    "certainly",
    "definitely",
    "important",
    "won",
    "big",
    "feeling",
    "greetings",
    "accept",
    "fine",
    "best",
    "save",
    "game",
];

/// "good" and one of these is a greeting.
pub(crate) const TIMES_OF_DAY: &[&str] =
    &["morning", "afternoon", "evening", "night", "day", "bye"];

pub(crate) const NEGATIONS: &[&str] = &[
    "not", "never", "no", "nobody", "hardly", "neither", "nor", "without", "used",
];

/// Where a clause turns from "you" to something else.
pub(crate) const TURNS: &[&str] = &[
    "i", "me", "my", "myself", "he", "him", "his", "she", "her", "they", "them", "their", "we",
    "us", "it", "this", "that", "who", "which", "when", "if", "how", "what", "about", "in", "on",
    "at", "from", "with", "for", "to", "by", "than",
];

/// May stand between "you" and a form of "be".
pub(crate) const BETWEEN: &[&str] = &[
    "will", "would", "can", "could", "must", "might", "should", "may", "do", "did", "not", "never",
    "really", "so", "just", "always", "also", "still", "even", "all", "both", "only", "truly",
    "actually", "have", "been", "honestly", "guys",
];
pub(crate) const BEING: &[&str] = &["are", "were", "be", "been", "being", "have", "act", "is"];
pub(crate) const SEEMING: &[&str] = &[
    "look", "looked", "looking", "sound", "sounded", "seem", "seemed", "smell",
];

/// What "your beautiful" or "your stupid" must go on with to be said of her.
pub(crate) const PARTS_OF_HER: &[&str] = &[
    "eyes", "smile", "voice", "face", "hair", "laugh", "hands", "heart", "soul", "mind", "lips",
    "body", "head", "ass", "mouth",
];
