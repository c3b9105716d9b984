//! Dates of moments, in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

struct Utc {
    year: u64,
    month: u64,
    day: u64,
    second_of_day: u64,
}

/// The proleptic Gregorian date of a moment; moments before 1970 count as 1970.
fn utc(moment: SystemTime) -> Utc {
    let seconds = moment.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (mut day, second_of_day) = (seconds / 86400, seconds % 86400);
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    while day >= 365 + u64::from(leap(year)) {
        day -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    Utc { year, month, day: day + 1, second_of_day }
}

/// `2026-11-24T12:56:28Z`.
pub fn utc_text(moment: SystemTime) -> String {
    let Utc { year, month, day, second_of_day: s } = utc(moment);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", s / 3600, s / 60 % 60, s % 60)
}

/// The same without separators, for names of folders: `20261124T125628Z`.
pub fn utc_stamp(moment: SystemTime) -> String {
    utc_text(moment).replace(['-', ':'], "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn moments_have_the_dates_that_gnu_date_gives() {
        let text = |seconds| utc_text(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(text(0), "1970-01-01T00:00:00Z");
        assert_eq!(text(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(text(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(text(1_795_438_588), "2026-11-23T12:56:28Z");
        assert_eq!(text(4_107_542_399), "2100-02-28T23:59:59Z");
        assert_eq!(text(4_107_542_400), "2100-03-01T00:00:00Z");
        assert_eq!(utc_stamp(UNIX_EPOCH + Duration::from_secs(1_767_225_599)), "20251231T235959Z");
    }
}
