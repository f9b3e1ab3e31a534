//! 64-bit ARM: NEON.

pub mod neon;
