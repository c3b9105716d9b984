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

/// STM32F76x, F77x: device 0x451, revision Z.
pub const F76: &[Register] = &[
    Register::ro("IDCODE", 0x00, 0x1001_6451),
    Register::rw("CR", 0x04, 0, 0xe7),
    Register::rw("APB1_FZ", 0x08, 0, 0x07e0_3fff),
    Register::rw("APB2_FZ", 0x0c, 0, 0x0007_0003),
];

/// STM32F412: device 0x441, revision C.
pub const F412: &[Register] = &[
    Register::ro("IDCODE", 0x00, 0x3000_6441),
    Register::rw("CR", 0x04, 0, 0xe7),
    Register::rw("APB1_FZ", 0x08, 0, 0x06e0_1dff),
    Register::rw("APB2_FZ", 0x0c, 0, 0x0007_0003),
];

/// STM32H743: device 0x450, revision V.
pub const H743: &[Register] = &[
    Register::ro("IDCODE", 0x00, 0x2003_6450),
    Register::rw("CR", 0x04, 0, 0x1070_0187),
    Register::rw("APB3FZ1", 0x34, 0, 0x0000_0040),
    Register::rw("APB1LFZ1", 0x3c, 0, 0x00e0_03ff),
    Register::rw("APB1HFZ1", 0x44, 0, 0x0000_0100),
    Register::rw("APB2FZ1", 0x4c, 0, 0x2007_0003),
    Register::rw("APB4FZ1", 0x54, 0, 0x0005_1e80),
];

/// STM32H7A3: device 0x480, revision X.
pub const H7A3: &[Register] = &[
    Register::ro("IDCODE", 0x00, 0x1007_6480),
    Register::rw("CR", 0x04, 0, 0x1070_0187),
    Register::rw("APB3FZ1", 0x34, 0, 0x0000_0040),
    Register::rw("APB1LFZ1", 0x3c, 0, 0x00e0_03ff),
    Register::rw("APB2FZ1", 0x4c, 0, 0x0007_0003),
    Register::rw("APB4FZ1", 0x54, 0, 0x0005_0680),
];

/// STM32U575: device 0x482, revision X.
pub const U575: &[Register] = &[
    Register::ro("IDCODE", 0x00, 0x2001_6482),
    Register::rw("CR", 0x04, 0, 0xf6),
    Register::rw("APB1FZR1", 0x08, 0, 0x0060_183f),
    Register::rw("APB1FZR2", 0x0c, 0, 0x22),
    Register::rw("APB2FZR", 0x10, 0, 0x0007_2800),
    Register::rw("APB3FZR", 0x14, 0, 0x4000_3c80),
    Register::rw("AHB1FZR", 0x20, 0, 0xffff),
    Register::rw("AHB3FZR", 0x28, 0, 0xf),
];
