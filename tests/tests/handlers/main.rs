//! Every handler over the in-memory cloud: whole replies, and what never reaches a log.

mod canary;
mod events;
mod replies;
mod world;
