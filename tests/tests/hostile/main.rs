//! Hostile input: each gets its clear refusal, none a failure of the server.

#[cfg(test)]
mod films;
#[cfg(test)]
mod paths;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod uploads;
