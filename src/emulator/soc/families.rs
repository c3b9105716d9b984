//! Families of parts.

mod mps2;
mod stm32f4;
mod stm32f7;
mod stm32h7;
mod stm32l4plus;
mod stm32u5;

use super::blocks::FamilyMap;

/// The family that a board file names.
pub fn find(name: &str) -> Option<&'static FamilyMap> {
    const ALL: [&FamilyMap; 9] = [
        &stm32l4plus::FAMILY,
        &stm32f4::FAMILY,
        &stm32f7::FAMILY,
        &stm32f7::F76,
        &stm32h7::H743,
        &stm32h7::H7A3,
        &stm32u5::FAMILY,
        &mps2::FAMILY,
        &mps2::AN505,
    ];
    ALL.into_iter().find(|family| family.name == name)
}
