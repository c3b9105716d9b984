//! What instructions and memory cost in cycles.
