//! Reading MP4 and MOV: where the index is, what it says, and its sample tables.

pub(crate) mod boxes;
pub(crate) mod cursor;
pub(crate) mod edit;
pub(crate) mod entry;
pub(crate) mod fragment;
pub(crate) mod index;
pub(crate) mod movie;
pub(crate) mod rows;
pub(crate) mod scan;
pub(crate) mod shelf;
pub(crate) mod skeleton;
pub(crate) mod sniff;
pub(crate) mod table;
pub(crate) mod track;
