//! What happens on one unit: flash, handshake, verify, time, memory.
