//! Debug support, DBGMCU (RM0432 57.16, RM0385 40.16): identity of the part; stopping clocks on a halt has no effect.

use super::registers::Register;

/// STM32L4R5: device 0x470, revision V.
pub const L4PLUS: &[Register] = &[
    Register::ro("IDCODE", 0x00, 0x1001_6470),
    Register::rw("CR", 0x04, 0, 0xe7),
    Register::rw("APB1FZR1", 0x08, 0, 0x82e0_1c3f),
    Register::rw("APB1FZR2", 0x0c, 0, 0x22),
    Register::rw("APB2FZR", 0x10, 0, 0x0007_2800),
];

/// STM32F74x: device 0x449, revision Z.
pub const F7: &[Register] = &[
    Register::ro("IDCODE", 0x00, 0x1001_6449),
    Register::rw("CR", 0x04, 0, 0xe7),
    Register::rw("APB1_FZ", 0x08, 0, 0x07e0_3fff),
    Register::rw("APB2_FZ", 0x0c, 0, 0x0007_0003),
];
