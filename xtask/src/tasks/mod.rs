//! One module per task of the command line.

pub(crate) mod audit;
pub(crate) mod bench;
pub(crate) mod demo;
pub(crate) mod keys;
pub(crate) mod lint;
pub(crate) mod load;
pub(crate) mod mail;
pub(crate) mod openapi;
pub(crate) mod players;
pub(crate) mod test;
pub(crate) mod up;
