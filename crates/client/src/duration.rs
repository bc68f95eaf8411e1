//! Durations as people write them: `250ms`, `1s`, `5m`, `1h`, `0`.

use std::time::Duration;

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// The text does not begin with a number, or the number is too large.
    #[error("`{0}` does not start with a number, as in 250ms, 1s, 1.5s, 5m or 0")]
    Number(String),
    /// A number other than 0 has no unit.
    #[error("`{0}` needs a unit: ms, s, m or h")]
    NoUnit(String),
    /// The unit is not ms, s, m or h.
    #[error("unknown unit `{unit}` in `{text}`: use ms, s, m or h")]
    Unit {
        /// The text as given.
        text: String,
        /// What follows the number.
        unit: String,
    },
    /// The duration is longer than 365 days.
    #[error("`{0}` is longer than 365 days")]
    TooLong(String),
}

/// Longest duration that is accepted: nothing here waits longer, and sums with clocks cannot overflow.
pub const LONGEST_DURATION: Duration = Duration::from_secs(365 * 24 * 3600);

/// Reads `250ms`, `1s`, `1.5s`, `5m`, `1h` or `0`.
///
/// # Errors
/// [`DurationError`] says what is wrong with the text.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let value: f64 = number.parse().map_err(|_| DurationError::Number(text.to_owned()))?;
    let seconds_per_unit = match unit.trim() {
        "" if value == 0.0 => 1.0,
        "" => return Err(DurationError::NoUnit(text.to_owned())),
        "ms" => 0.001,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        unit => return Err(DurationError::Unit { text: text.to_owned(), unit: unit.to_owned() }),
    };
    match Duration::try_from_secs_f64(value * seconds_per_unit) {
        Ok(duration) if duration <= LONGEST_DURATION => Ok(duration),
        _ => Err(DurationError::TooLong(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, millis: u64) {
        assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
    }

    #[test]
    fn durations_are_read_as_people_write_them() {
        check("0", 0);
        check("0s", 0);
        check("250ms", 250);
        check(" 1s ", 1000);
        check("1.5s", 1500);
        check("2m", 120_000);
        check("1h", 3_600_000);
        check("8760h", 365 * 24 * 3_600_000);
    }

    #[test]
    fn other_texts_are_refused_with_their_reason() {
        for text in ["", "s", "-1s", "1..2s", "."] {
            assert_eq!(parse_duration(text), Err(DurationError::Number(text.to_owned())), "{text}");
        }
        assert_eq!(parse_duration("5"), Err(DurationError::NoUnit("5".to_owned())));
        assert!(matches!(parse_duration("5 weeks"), Err(DurationError::Unit { .. })));
        assert!(matches!(parse_duration("8760.001h"), Err(DurationError::TooLong(_))));
        let long = "9".repeat(400) + "s";
        assert!(matches!(parse_duration(&long), Err(DurationError::TooLong(_))));
    }
}
