//! What AWS services tell functions, read into types: batches of SQS, objects that appeared in S3, GuardDuty's verdicts.
//!
//! Pure functions of the text; the fuzz target `events` holds against them.

pub mod batch;
pub mod object;
pub mod verdict;
