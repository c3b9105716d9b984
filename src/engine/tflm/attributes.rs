//! What Arm objects say of themselves: build attributes (Arm IHI 0045, "Addenda to the ABI").

use object::read::archive::ArchiveFile;
use object::read::elf::ElfFile32;
use object::{Object, ObjectSection, ObjectSymbol};

/// `Tag_File`: attributes of a whole object.
const TAG_FILE: u64 = 1;
const TAG_CPU_RAW_NAME: u64 = 4;
const TAG_CPU_NAME: u64 = 5;
const TAG_CPU_ARCH: u64 = 6;
const TAG_CPU_ARCH_PROFILE: u64 = 7;
const TAG_FP_ARCH: u64 = 10;
const TAG_ABI_HARDFP_USE: u64 = 27;
const TAG_ABI_VFP_ARGS: u64 = 28;
const TAG_COMPATIBILITY: u64 = 32;
/// From here on odd tags are strings and even ones numbers.
const TAG_PARITY: u64 = 33;

/// `Tag_CPU_arch` of ARMv6-M, ARMv6S-M, ARMv7 and ARMv7E-M: what ARMv7E-M runs if the profile is M.
const RUN_BY_V7E_M: [u64; 4] = [11, 12, 10, 13];
const PROFILE_M: u64 = b'M' as u64;
/// `Tag_FP_arch` of VFPv4-D16, which FPv4-SP-D16 counts as, and of FPv5-D16. What is below the first is a part of it.
const VFPV4_D16: u64 = 6;
const FPV5_D16: u64 = 8;
/// `Tag_ABI_HardFP_use`: single precision alone.
const SINGLE: u64 = 1;

/// Attributes of one object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Attributes {
    /// As the assembler names the core.
    pub cpu: Option<String>,
    /// `Tag_CPU_arch`.
    pub architecture: u64,
    profile: u64,
    /// Whether floats are passed in registers of the FPU.
    pub hard_float: bool,
    /// `Tag_FP_arch`.
    fp_arch: u64,
    /// `Tag_ABI_HardFP_use`.
    fp_use: u64,
}

/// The floating-point unit that code needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fpu {
    /// FPv5: rounding, minimum, maximum and selection beyond FPv4.
    pub v5: bool,
    pub double: bool,
}

impl Attributes {
    /// None where objects say no unit, or one that no Cortex-M has.
    pub(super) fn fpu(&self) -> Option<Fpu> {
        // Without a use, all that the architecture has may be used.
        let double = self.fp_use != SINGLE;
        match self.fp_arch {
            VFPV4_D16 => Some(Fpu { v5: false, double }),
            FPV5_D16 => Some(Fpu { v5: true, double }),
            _ => None,
        }
    }

    pub(super) fn runs_on_cortex_m4(&self) -> bool {
        let classic = RUN_BY_V7E_M[2] == self.architecture && self.profile != PROFILE_M;
        RUN_BY_V7E_M.contains(&self.architecture) && !classic
    }
}

/// The objects of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Members {
    /// By the name of the member; those without attributes are left out.
    pub attributes: Vec<(String, Attributes)>,
    /// Whether one of them defines CMSIS-NN's convolution.
    pub has_cmsis_nn: bool,
}

/// Reads the objects of an archive; the error says what is not as it should be.
pub(super) fn members(archive: &[u8]) -> Result<Members, String> {
    let file = ArchiveFile::parse(archive).map_err(|e| e.to_string())?;
    let mut found = Members { attributes: Vec::new(), has_cmsis_nn: false };
    let mut objects = 0;
    for member in file.members() {
        let member = member.map_err(|e| e.to_string())?;
        let name = String::from_utf8_lossy(member.name()).into_owned();
        let fail = |e: object::Error| format!("object `{name}`: {e}");
        let data = member.data(archive).map_err(fail)?;
        let object: ElfFile32 = ElfFile32::parse(data).map_err(fail)?;
        if object.architecture() != object::Architecture::Arm {
            return Err(format!("object `{name}` is for {:?}", object.architecture()));
        }
        objects += 1;
        found.has_cmsis_nn |= object.symbols().any(|s| s.is_definition() && s.name() == Ok("arm_convolve_wrapper_s8"));
        if let Some(section) = object.section_by_name(".ARM.attributes") {
            let bytes = section.data().map_err(fail)?;
            let attributes = parse(bytes).ok_or_else(|| format!("object `{name}` has damaged attributes"))?;
            found.attributes.push((name, attributes));
        }
    }
    if objects == 0 { Err("it has no objects".into()) } else { Ok(found) }
}

/// The attributes of a section; none where it is damaged.
fn parse(section: &[u8]) -> Option<Attributes> {
    let mut attributes = Attributes::default();
    let mut rest = section.strip_prefix(b"A")?;
    while !rest.is_empty() {
        let length = u32::from_le_bytes(rest.get(..4)?.try_into().ok()?) as usize;
        let mut vendor = Reader(rest.get(4..length)?);
        rest = &rest[length..];
        if vendor.string()? != "aeabi" {
            continue;
        }
        while !vendor.0.is_empty() {
            let start = vendor.0;
            let tag = vendor.number()?;
            let size = u32::from_le_bytes(vendor.0.get(..4)?.try_into().ok()?) as usize;
            let used = start.len() - vendor.0.len() + 4;
            let body = start.get(used..size)?;
            vendor.0 = &start[size..];
            if tag == TAG_FILE {
                file(Reader(body), &mut attributes)?;
            }
        }
    }
    Some(attributes)
}

fn file(mut reader: Reader, attributes: &mut Attributes) -> Option<()> {
    while !reader.0.is_empty() {
        let tag = reader.number()?;
        let is_text = matches!(tag, TAG_CPU_RAW_NAME | TAG_CPU_NAME) || (tag >= TAG_PARITY && tag % 2 == 1);
        if is_text {
            let text = reader.string()?;
            if tag == TAG_CPU_NAME {
                attributes.cpu = Some(text.into());
            }
            continue;
        }
        let value = reader.number()?;
        match tag {
            TAG_CPU_ARCH => attributes.architecture = value,
            TAG_CPU_ARCH_PROFILE => attributes.profile = value,
            TAG_FP_ARCH => attributes.fp_arch = value,
            TAG_ABI_HARDFP_USE => attributes.fp_use = value,
            TAG_ABI_VFP_ARGS => attributes.hard_float = value == 1,
            TAG_COMPATIBILITY => {
                reader.string()?;
            }
            _ => {}
        }
    }
    Some(())
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// ULEB128.
    fn number(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..63).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// Up to a zero.
    fn string(&mut self) -> Option<&'a str> {
        let end = self.0.iter().position(|byte| *byte == 0)?;
        let text = std::str::from_utf8(&self.0[..end]).ok()?;
        self.0 = &self.0[end + 1..];
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A section as GNU as writes it.
    fn section(tags: &[u8]) -> Vec<u8> {
        let file = [&[1], (tags.len() as u32 + 5).to_le_bytes().as_slice(), tags].concat();
        let vendor = [b"aeabi\0".as_slice(), &file].concat();
        [b"A".as_slice(), &(vendor.len() as u32 + 4).to_le_bytes(), &vendor].concat()
    }

    #[test]
    fn core_and_float_abi_are_read() {
        let m4 = section(b"\x05Cortex-M4\0\x06\x0d\x07M\x09\x02\x0a\x06\x1b\x01\x1c\x01\x22\x01");
        let attributes = parse(&m4).expect("attributes");
        assert_eq!(attributes.cpu.as_deref(), Some("Cortex-M4"));
        assert!(attributes.hard_float && attributes.runs_on_cortex_m4());
        assert_eq!(attributes.fpu(), Some(Fpu { v5: false, double: false }));
        let fpu = |tags: &[u8]| parse(&section(tags)).expect("attributes").fpu();
        assert_eq!(fpu(b"\x0a\x06\x1b\x01"), Some(Fpu { v5: false, double: false }));
        assert_eq!(fpu(b"\x0a\x08\x1b\x01"), Some(Fpu { v5: true, double: false }));
        assert_eq!(fpu(b"\x0a\x08"), Some(Fpu { v5: true, double: true }));
        assert_eq!(fpu(b"\x0a\x03"), None);
        let soft = parse(&section(b"\x06\x0d\x07M")).expect("attributes");
        assert!(!soft.hard_float && soft.runs_on_cortex_m4());
        for other in [&b"\x06\x0a\x07A\x1c\x01"[..], b"\x06\x11\x07M\x1c\x01", b"\x06\x0e\x07A\x1c\x01"] {
            assert!(!parse(&section(other)).expect("attributes").runs_on_cortex_m4());
        }
    }

    #[test]
    fn damage_is_noticed_wherever_it_is() {
        let whole = section(b"\x05Cortex-M4\0\x06\x0d\x07M\x1c\x01");
        for length in 2..whole.len() {
            assert_eq!(parse(&whole[..length]), None, "{length}");
        }
        let mut endless = whole.clone();
        endless.truncate(whole.len() - 1);
        endless.extend([0x81; 12]);
        assert_eq!(parse(&endless), None);
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        assert!(members(b"").is_err());
        assert!(members(b"!<arch>\n").unwrap_err().contains("no objects"));
        assert!(members(b"\x7fELF").is_err());
    }
}
