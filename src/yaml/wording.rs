//! Messages that name what was meant.

/// The name of `known` that is most like `name`, where one is alike at all.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let likeness = |candidate: &str| strsim::jaro_winkler(&candidate.to_lowercase(), &name.to_lowercase());
    let best = known.iter().copied().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(best) > 0.75).then_some(best)
}

/// `unknown <what> `x`; did you mean `y`? (known: …)`.
pub fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    let hint = nearest(name, known).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    let known = if known.is_empty() { "none".into() } else { known.join(", ") };
    format!("unknown {what} `{}`{hint} (known: {known})", shortened(name))
}

/// A name from the file, at a length that leaves the message readable.
fn shortened(name: &str) -> String {
    let plain = name.chars().map(|c| if c.is_control() { ' ' } else { c });
    if name.chars().count() <= 60 { plain.collect() } else { plain.take(60).chain(['…']).collect() }
}

/// Words serde's message anew where it lists what it would have accepted.
pub fn reworded(message: &str) -> String {
    for (mark, what) in [("unknown field `", "key"), ("unknown variant `", "value")] {
        let Some((path, rest)) = message.split_once(mark) else { continue };
        // The name is the user's and may hold anything; what serde accepts follows the last `, expected`.
        let Some((name, expected)) = rest.rsplit_once("`, expected ") else { continue };
        let known: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
        return format!("{path}{}", unknown(what, name, &known));
    }
    message.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_and_a_stranger_is_not() {
        let known = ["resolution", "repeats", "width"];
        assert_eq!(nearest("resolutoin", &known), Some("resolution"));
        assert_eq!(nearest("Width", &known), Some("width"));
        assert_eq!(nearest("zzz", &known), None);
        assert_eq!(nearest("x", &[]), None);
    }

    #[test]
    fn a_message_of_serde_is_worded_anew() {
        let message = "measure: unknown field `repeat`, expected one of `inputs`, `repeats`, `warmup`";
        let expected = "measure: unknown key `repeat`; did you mean `repeats`? (known: inputs, repeats, warmup)";
        assert_eq!(reworded(message), expected);
        assert_eq!(reworded("invalid type"), "invalid type");
    }
}
