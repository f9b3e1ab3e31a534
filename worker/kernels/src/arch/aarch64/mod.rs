//! 64-bit ARM: NEON, and NEON with dot products of bytes.

pub mod dot;
pub mod neon;
