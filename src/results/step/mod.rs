//! Steps in a history: on which night did a number change, by how much, and which commits are behind it?
//!
//! Deterministic numbers need no statistics: [`changes`] gives every night on which the value is another one.
//!
//! [`detect`] is for numbers with noise. Logarithms of the values are modelled as levels, a common slope, and noise;
//! levels change at steps. The number of steps and their places minimise the squared residuals plus a price per step, by
//! exact dynamic programming (Jackson et al., "An algorithm for optimal partitioning of data on an interval", IEEE
//! Signal Processing Letters 12, 2005), with at least three nights per level. The price is that of a likelihood ratio
//! test at every night: `2 ln(nights / alpha)`, so that a series without steps shows one with a chance of at most about
//! `alpha`. It stands on the noise that the series itself shows, measured so that steps do not count as noise, and is
//! raised where neighbouring nights are alike (the variance inflation of an autoregressive process, `(1 + r)/(1 - r)`).
//! Single nights that lie far outside are taken out first (F. R. Hampel, JASA 69, 1974). A slow drift is a slope and not a
//! staircase: both models are tried and the cheaper one is reported.
//!
//! Nothing here is random: the same history gives the same steps.

mod bisect;
mod detect;
mod noise;
mod segment;

pub use bisect::{Bisection, Change, Next, Reading};
pub use detect::{Step, Trend, changes, detect};
