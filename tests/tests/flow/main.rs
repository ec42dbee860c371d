//! Whole flows, through the real functions, over HTTP at the edge.

#[cfg(test)]
mod access;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod bounds;
mod conversions;
#[cfg(test)]
mod deletion;
#[cfg(test)]
mod downloads;
#[cfg(test)]
mod events;
#[cfg(test)]
mod factors;
#[cfg(test)]
mod library;
#[cfg(test)]
mod main_job;
#[cfg(test)]
mod modes;
#[cfg(test)]
mod modes_attacked;
mod oauth;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod organisations;
mod person;
mod previews;
#[cfg(test)]
mod quotas;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod refresh;
mod renditions;
#[cfg(test)]
mod replies;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod shares;
#[cfg(test)]
mod spread;
mod subtitles;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tenants;
#[cfg(test)]
mod uploads;
#[cfg(test)]
mod views;
#[cfg(test)]
mod webhooks;
#[cfg(test)]
mod withdrawal;
