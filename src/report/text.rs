//! Numbers and names as text.

/// `1234567` as `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Milliseconds with three decimals; more where that would round a latency to nothing.
pub fn ms(value: f64) -> String {
    if value < 0.001 { format!("{value:.6}") } else { format!("{value:.3}") }
}

/// Bytes in KiB, with one decimal.
pub fn kib(bytes: u64) -> String {
    format!("{:.1} KiB", bytes as f64 / 1024.0)
}

/// Bytes as printed where they matter one by one.
pub fn bytes(count: u64) -> String {
    if count == 1 { "1 byte".into() } else { format!("{} bytes", grouped(count)) }
}

/// A clock in MHz.
pub fn mhz(hz: u64) -> String {
    format!("{} MHz", hz as f64 / 1e6)
}

/// On one line: a name or a reason may hold anything.
pub fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// At most `width` characters, the middle left out: names differ at their ends.
pub fn shortened(text: &str, width: usize) -> String {
    let text = one_line(text);
    let length = text.chars().count();
    if length <= width || width < 3 {
        return text.chars().take(width).collect();
    }
    let tail = (width - 1) / 2;
    let head = width - 1 - tail;
    text.chars().take(head).chain(['…']).chain(text.chars().skip(length - tail)).collect()
}

/// `text` in lines of at most `width` characters, all but the first indented.
pub fn wrapped(text: &str, width: usize, indent: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in one_line(text).split_whitespace() {
        let mut word = word.to_string();
        let length = |s: &str| s.chars().count();
        if length(&line) + 1 + length(&word) > width && !line.trim().is_empty() {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
        } else if !line.trim().is_empty() {
            line.push(' ');
        }
        // A word longer than a line is cut.
        while length(&line) + length(&word) > width {
            let room = width - length(&line);
            line.extend(word.chars().take(room));
            word = word.chars().skip(room).collect();
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
        }
        line += &word;
    }
    lines.push(line);
    lines
}

/// Microjoules: whole from a thousand on, else with one decimal.
pub fn uj(value: f64) -> String {
    if value >= 1000.0 { grouped(value.round() as u64) } else { format!("{value:.1}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([bytes(1), bytes(2000)], ["1 byte", "2,000 bytes"]);
    }

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(shortened("mobilenetv2-0.35@64", 11), "mobil…35@64");
        assert_eq!(shortened("a\nb", 11), "a b");
    }

    #[test]
    fn lines_keep_their_width_and_every_character() {
        let text = "one two three fourfivesixseveneight nine";
        for width in 6..40 {
            let lines = wrapped(text, width, 2);
            assert!(lines.iter().all(|line| line.chars().count() <= width), "{width}: {lines:?}");
            assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
        }
        assert_eq!(wrapped("a b", 10, 2), ["a b"]);
    }
}
