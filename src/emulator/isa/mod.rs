//! The ARMv7E-M instruction set as a table: encoding, fields, semantics, cycle class and disassembly of each instruction.
