//! Families of parts.

mod mps2;
mod stm32f7;
mod stm32l4plus;

use super::blocks::FamilyMap;

/// The family that a board file names.
pub fn find(name: &str) -> Option<&'static FamilyMap> {
    [&stm32l4plus::FAMILY, &stm32f7::FAMILY, &mps2::FAMILY].into_iter().find(|family| family.name == name)
}
