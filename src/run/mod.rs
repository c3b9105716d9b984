//! A scenario carried through: candidates, fit, build, measurement, store.
