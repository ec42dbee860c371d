//! The parameters of a query that a cache policy passes on to the origin.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

/// What `SigV4` leaves unencoded in a query.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The pairs of these names, encoded and sorted as `SigV4` wants them, so that the origin gets what was signed.
pub fn forwarded(query: &str, names: &[String]) -> String {
    let pairs = query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let pairs = pairs.filter(|(name, _)| names.iter().any(|known| known == name));
    let mut kept: Vec<String> = pairs
        .map(|(name, value)| {
            let value: Vec<u8> = percent_decode_str(value).collect();
            format!("{name}={}", percent_encode(&value, VALUE))
        })
        .collect();
    kept.sort();
    kept.join("&")
}

#[cfg(test)]
mod tests {
    use super::forwarded;

    #[test]
    fn the_named_parameters_are_passed_on_in_the_form_that_is_signed() {
        let names = ["response-content-type", "response-content-disposition"].map(str::to_owned);
        let query = "response-content-type=video/mp4&versionId=1&Policy=p\
                     &response-content-disposition=a%3b%20b%3D%22c%22";
        assert_eq!(
            forwarded(query, &names),
            "response-content-disposition=a%3B%20b%3D%22c%22&response-content-type=video%2Fmp4"
        );
        assert_eq!(forwarded(query, &[]), "");
        assert_eq!(forwarded("", &names), "");
    }
}
