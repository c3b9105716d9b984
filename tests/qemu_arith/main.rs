//! Arithmetic functions of the emulator against QEMU: each operation over a table of operands, flags and modes.

mod dsp;
mod fpu;
#[path = "../qemu_common/mod.rs"]
mod qemu_common;
mod table;

use qemu_common::{M4, M7, M33, tools_are_there};

#[test]
fn integer_operations_equal_qemu() {
    if tools_are_there() {
        table::check(M4, &dsp::operations(), table::integer_cases, table::integer_loop);
    }
}

#[test]
fn single_precision_equals_qemu() {
    if tools_are_there() {
        table::check(M4, &fpu::single(), table::single_cases, table::float_loop);
    }
}

#[test]
fn version_5_equals_qemu() {
    if tools_are_there() {
        table::check(M7, &fpu::single_version_5(), table::single_cases, table::float_loop);
        table::check(M33, &fpu::single_version_5(), table::single_cases, table::float_loop);
        table::check(M7, &fpu::double(), table::double_cases, table::float_loop);
    }
}
