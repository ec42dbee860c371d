//! Writing MPEG-TS (ISO/IEC 13818-1): packets, PES headers, program tables.

mod mux;
mod packet;
mod pes;
mod psi;

pub(crate) use mux::{Mux, Program, time};
