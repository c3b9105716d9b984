//! Units that this machine can use, and the drivers that reach them.
