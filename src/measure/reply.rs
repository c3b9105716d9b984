//! Replies as values. Every mistake is said in words that follow "there is".

/// The text between the brackets of the only line `m-<tag>-[…]`, or of all lines of that tag, in order.
pub fn tagged<'a>(lines: &'a [String], tag: &str) -> Result<Vec<&'a str>, String> {
    let prefix = format!("m-{tag}-[");
    lines
        .iter()
        .filter_map(|line| line.strip_prefix(prefix.as_str()))
        .map(|rest| rest.strip_suffix(']').ok_or_else(|| format!("a line `m-{tag}-[` without its `]`")))
        .collect()
}

/// The text of the one line of that tag.
pub fn one<'a>(lines: &'a [String], tag: &str) -> Result<&'a str, String> {
    match tagged(lines, tag)?.as_slice() {
        [text] => Ok(text),
        [] => Err(format!("no line `m-{tag}-[…]`")),
        more => Err(format!("the line `m-{tag}-[…]` {} times", more.len())),
    }
}

/// Decimal digits alone: `+1` and ` 1` are none.
pub fn number(text: &str) -> Result<u64, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let value = if digits { text.parse().ok() } else { None };
    value.ok_or_else(|| format!("`{}` where a number should be", start(text)))
}

/// Numbers separated by commas; nothing is an empty list.
pub fn numbers(text: &str) -> Result<Vec<u64>, String> {
    if text.is_empty() { Ok(Vec::new()) } else { text.split(',').map(number).collect() }
}

/// Pairs of hex digits.
pub fn hex(text: &str) -> Result<Vec<u8>, String> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|value| value as u8);
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    text.as_bytes().chunks(2).map(|c| pair(c).ok_or_else(|| format!("`{}` where hex should be", start(text)))).collect()
}

fn start(text: &str) -> String {
    let short: String = text.chars().take(24).collect();
    if short.len() < text.len() { short + "…" } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|t| t.to_string()).collect()
    }

    #[test]
    fn the_one_line_of_a_tag_is_found_among_others() {
        let lines = lines(&["m-lap-us-5", "m-hil-cycles-[1,2]", "m-hil-step-[0,a]"]);
        assert_eq!(one(&lines, "hil-cycles"), Ok("1,2"));
        assert_eq!(one(&lines, "hil-output"), Err("no line `m-hil-output-[…]`".into()));
        assert!(one(&[lines[1].clone(), lines[1].clone()], "hil-cycles").is_err());
        assert!(one(&["m-hil-cycles-[1,2".to_string()], "hil-cycles").is_err());
    }

    #[test]
    fn numbers_are_digits_alone() {
        assert_eq!(numbers("1,22,18446744073709551615"), Ok(vec![1, 22, u64::MAX]));
        assert_eq!(numbers(""), Ok(vec![]));
        for wrong in ["1,", ",1", "+1", " 1", "1 ", "-1", "0x1", "18446744073709551616", "1,,2"] {
            assert!(numbers(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn hex_is_whole_bytes() {
        assert_eq!(hex("00fF7a"), Ok(vec![0, 0xff, 0x7a]));
        assert_eq!(hex(""), Ok(vec![]));
        for wrong in ["0", "0g", "123", "+1", "é0"] {
            assert!(hex(wrong).is_err(), "{wrong}");
        }
    }
}
