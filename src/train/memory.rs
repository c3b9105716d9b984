//! What the C library's allocator is told while networks learn.

/// Keeps memory that a training step frees for the next one. Every step needs the same megabytes again; by default glibc
/// returns them to the system each time, which then clears as many pages as the step computes on (`mallopt(3)`). Other
/// C libraries are left as they are.
pub fn keep_freed() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        /// Blocks below come from the heap; glibc takes no more than this on 64 bits.
        const FROM_HEAP: libc::c_int = 32 << 20;
        /// Free bytes at the heap's end that are kept.
        const KEPT: libc::c_int = 1 << 30;
        // SAFETY: `mallopt` takes any parameter and value at any time, and locks the allocator while it sets one; what it
        // refuses it leaves as it was.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, FROM_HEAP);
            libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT);
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn memory_is_allocated_as_before() {
        super::keep_freed();
        let large: Vec<Vec<u8>> = (0..4).map(|at| vec![at; 40 << 20]).collect();
        assert!(large.iter().zip(0..).all(|(block, at)| block.iter().step_by(4096).all(|byte| *byte == at)));
    }
}
