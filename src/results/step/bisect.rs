//! Which commit of a range moved a number, in as few measurements as there are halvings.
//!
//! The ends of the range are measured first. A commit belongs to the end whose value it is nearer to, which needs no
//! threshold and bears noise of up to half the change. Commits that cannot be built or measured are stepped over, and
//! where they hide the answer, all that are left are named.

/// What became of one commit.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    Value(f64),
    /// Why there is none.
    Unmeasured(String),
}

/// A range of commits, oldest first, and what is known of each.
#[derive(Debug, Clone)]
pub struct Bisection {
    readings: Vec<Option<Reading>>,
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Measure the commit at this index.
    Measure(usize),
    Found(Change),
    /// An end has no value: nothing can be compared with it.
    EndUnmeasured {
        at: usize,
        why: String,
    },
    /// Both ends have this value: nothing changed.
    Same(f64),
}

/// The step between two commits.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The last commit with the old level.
    pub before: usize,
    /// The first that is known to have the new level. Those between, if any, could not be measured.
    pub after: usize,
    pub from: f64,
    pub to: f64,
}

impl Bisection {
    /// Of `commits` commits, at least two, the first and the last being the ends.
    pub fn new(commits: usize) -> Self {
        Self { readings: vec![None; commits.max(2)] }
    }

    pub fn record(&mut self, at: usize, reading: Reading) {
        if let Some(slot) = self.readings.get_mut(at) {
            *slot = Some(reading);
        }
    }

    pub fn reading(&self, at: usize) -> Option<&Reading> {
        self.readings.get(at)?.as_ref()
    }

    /// At most so many more measurements, if all succeed.
    pub fn left(&self) -> u32 {
        match self.bounds() {
            Ok((low, high)) => usize::BITS - (high - low - 1).leading_zeros(),
            Err(_) => usize::BITS - self.readings.len().leading_zeros() + 1,
        }
    }

    pub fn next(&self) -> Next {
        let (low, high) = match self.bounds() {
            Ok(bounds) => bounds,
            Err(next) => return next,
        };
        let middle = (low + high) / 2;
        let open = (low + 1..high).filter(|at| self.readings[*at].is_none());
        match open.min_by_key(|at| at.abs_diff(middle)) {
            Some(at) => Next::Measure(at),
            None => match (&self.readings[low], &self.readings[high]) {
                (Some(Reading::Value(from)), Some(Reading::Value(to))) => {
                    Next::Found(Change { before: low, after: high, from: *from, to: *to })
                }
                _ => Next::Measure(low),
            },
        }
    }

    /// The last commit that is known to be at the first one's level, and the first one after it that is not.
    fn bounds(&self) -> Result<(usize, usize), Next> {
        let last = self.readings.len() - 1;
        let end = |at: usize| match &self.readings[at] {
            None => Err(Next::Measure(at)),
            Some(Reading::Unmeasured(why)) => Err(Next::EndUnmeasured { at, why: why.clone() }),
            Some(Reading::Value(value)) => Ok(*value),
        };
        let (good, bad) = (end(0)?, end(last)?);
        if good == bad {
            return Err(Next::Same(good));
        }
        let (mut low, mut high) = (0, last);
        for (at, reading) in self.readings.iter().enumerate() {
            if let Some(Reading::Value(value)) = reading
                && at < high
            {
                if (value - good).abs() < (value - bad).abs() {
                    low = at;
                } else {
                    high = at;
                }
            }
        }
        Ok((low, high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bisects `values`; none cannot be measured. Returns the change and how many were measured.
    fn bisect(values: &[Option<f64>]) -> (Next, usize) {
        let mut bisection = Bisection::new(values.len());
        for measured in 0.. {
            match bisection.next() {
                Next::Measure(at) => {
                    let reading = values[at].map_or(Reading::Unmeasured("broken".into()), Reading::Value);
                    assert!(bisection.reading(at).is_none(), "measured twice");
                    bisection.record(at, reading);
                }
                end => return (end, measured),
            }
        }
        unreachable!()
    }

    #[test]
    fn every_place_of_a_step_is_found_in_logarithmic_time() {
        for commits in 2..70 {
            for step in 1..commits {
                let values: Vec<_> = (0..commits).map(|at| Some(if at < step { 1000.0 } else { 1010.0 })).collect();
                let (end, measured) = bisect(&values);
                let expected = Change { before: step - 1, after: step, from: 1000.0, to: 1010.0 };
                assert_eq!(end, Next::Found(expected));
                assert!(measured <= 2 + commits.ilog2() as usize + 1, "{measured} of {commits}");
            }
        }
    }

    #[test]
    fn noise_of_less_than_half_the_change_does_no_harm() {
        let values: Vec<_> =
            (0..40).map(|at| Some(if at < 23 { 1000.0 } else { 1010.0 } + [4.0, -4.0, 0.0][at % 3])).collect();
        assert!(matches!(bisect(&values).0, Next::Found(Change { before: 22, after: 23, .. })));
    }

    #[test]
    fn commits_without_a_value_are_stepped_over() {
        let mut values = vec![Some(1.0); 8];
        values.extend([Some(2.0); 8]);
        (values[7], values[8]) = (None, None);
        let (end, _) = bisect(&values);
        assert_eq!(end, Next::Found(Change { before: 6, after: 9, from: 1.0, to: 2.0 }));
    }

    #[test]
    fn ends_must_have_values_that_differ() {
        assert_eq!(bisect(&[Some(1.0), Some(5.0), Some(1.0)]).0, Next::Same(1.0));
        assert_eq!(bisect(&[Some(1.0), None]).0, Next::EndUnmeasured { at: 1, why: "broken".into() });
    }
}
