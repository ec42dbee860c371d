//! The packager against real films, refused ones and hostile ones.
//!
//! Needs `ffmpeg` and `ffprobe` on the PATH.

#[cfg(test)]
mod drive;
#[cfg(test)]
mod film;
#[cfg(test)]
mod films;
#[cfg(test)]
mod fragments;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod ladder;
mod long;
#[cfg(test)]
mod probe;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod renditions;
#[cfg(test)]
mod rewrite;
#[cfg(test)]
mod ts;
