//! What a viewer presents: the query parameters of a signed URL, or signed cookies.

use super::keys::Hash;
use super::refusal::Refusal;

/// The names that make a URL a signed one. They are removed before the URL is matched and passed on.
const PARAMETERS: [&str; 5] = [
    "Policy",
    "Expires",
    "Signature",
    "Key-Pair-Id",
    "Hash-Algorithm",
];

/// Credentials, still to be checked.
#[derive(Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The terms that were signed.
    pub terms: Terms,
    /// The signature, as presented.
    pub signature: String,
    /// Which key is said to have made it.
    pub key_pair_id: String,
    /// Over which hash.
    pub hash: Hash,
}

/// The two kinds of terms.
#[derive(Debug, PartialEq, Eq)]
pub enum Terms {
    /// A canned policy, of which only the expiry is sent.
    Canned {
        /// `Expires`, as presented.
        expires: String,
    },
    /// A custom policy, sent whole.
    Custom {
        /// `Policy`, as presented.
        policy: String,
    },
}

/// Reads the credentials of a request. A URL that has any of the signing parameters is taken as a signed
/// URL, and cookies are not looked at (Developer Guide, "Use signed cookies").
pub fn read(query: &str, cookies: &[&str]) -> Result<Credentials, Refusal> {
    let in_query = collect(pairs(query), "")?;
    if in_query.iter().any(Option::is_some) {
        return build(in_query);
    }
    let pairs = cookies
        .iter()
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            Some((name, value))
        });
    build(collect(pairs, "CloudFront-")?)
}

/// The query without the signing parameters, its order kept: what policies match and origins see.
pub fn strip(query: &str) -> String {
    query
        .split('&')
        .filter(|pair| {
            let name = pair.split_once('=').map_or(*pair, |(name, _)| name);
            !pair.is_empty() && !PARAMETERS.contains(&name)
        })
        .collect::<Vec<_>>()
        .join("&")
}

fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// The values of the five names, in the order of [`PARAMETERS`]. A name given twice is refused.
fn collect<'a>(
    pairs: impl Iterator<Item = (&'a str, &'a str)>,
    prefix: &str,
) -> Result<[Option<&'a str>; 5], Refusal> {
    let mut found = [None; 5];
    for (name, value) in pairs {
        let Some(name) = name.strip_prefix(prefix) else {
            continue;
        };
        let Some(place) = PARAMETERS.iter().position(|known| *known == name) else {
            continue;
        };
        if found[place].replace(value).is_some() {
            return Err(Refusal::AccessDenied);
        }
    }
    Ok(found)
}

fn build(values: [Option<&str>; 5]) -> Result<Credentials, Refusal> {
    let [policy, expires, signature, key_pair_id, hash] = values;
    let given = |value: Option<&str>| value.filter(|text| !text.is_empty()).map(str::to_owned);
    let key_pair_id = given(key_pair_id).ok_or(Refusal::MissingKey)?;
    let signature = given(signature).ok_or(Refusal::MissingSignature)?;
    let terms = match (given(policy), given(expires)) {
        (Some(policy), None) => Terms::Custom { policy },
        (None, Some(expires)) => Terms::Canned { expires },
        (None, None) => return Err(Refusal::MissingPolicy),
        (Some(_), Some(_)) => return Err(Refusal::MalformedPolicy),
    };
    let hash = match hash {
        None | Some("SHA1") => Hash::Sha1,
        Some("SHA256") => Hash::Sha256,
        Some(_) => return Err(Refusal::AccessDenied),
    };
    Ok(Credentials {
        terms,
        signature,
        key_pair_id,
        hash,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_url_wins_over_cookies() {
        let cookies = ["CloudFront-Policy=c; CloudFront-Signature=c; CloudFront-Key-Pair-Id=c"];
        let found = read(
            "Expires=9&Signature=s&Key-Pair-Id=K&Hash-Algorithm=SHA256",
            &cookies,
        );
        let expected = Credentials {
            terms: Terms::Canned {
                expires: "9".into(),
            },
            signature: "s".into(),
            key_pair_id: "K".into(),
            hash: Hash::Sha256,
        };
        assert_eq!(found, Ok(expected));
        assert_eq!(read("Signature=s", &cookies), Err(Refusal::MissingKey));
    }

    #[test]
    fn cookies_may_come_in_several_lines_and_among_others() {
        let lines = [
            "a=b; CloudFront-Policy=p",
            "CloudFront-Signature=s;CloudFront-Key-Pair-Id=K",
        ];
        let found = read("color=red", &lines).expect("complete");
        assert_eq!(found.terms, Terms::Custom { policy: "p".into() });
        assert_eq!(
            found.hash,
            Hash::Sha1,
            "SHA-1 is assumed where no hash is named"
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(read("", &[]), Err(Refusal::MissingKey));
        assert_eq!(read("Policy=p&Signature=s", &[]), Err(Refusal::MissingKey));
        assert_eq!(
            read("Policy=p&Signature=s&Key-Pair-Id=", &[]),
            Err(Refusal::MissingKey)
        );
        assert_eq!(
            read("Policy=p&Key-Pair-Id=K", &[]),
            Err(Refusal::MissingSignature)
        );
        assert_eq!(
            read("Signature=s&Key-Pair-Id=K", &[]),
            Err(Refusal::MissingPolicy)
        );
    }

    #[test]
    fn ambiguous_credentials_are_refused() {
        let both = "Policy=p&Expires=1&Signature=s&Key-Pair-Id=K";
        assert_eq!(read(both, &[]), Err(Refusal::MalformedPolicy));
        let twice = "Policy=p&Policy=q&Signature=s&Key-Pair-Id=K";
        assert_eq!(read(twice, &[]), Err(Refusal::AccessDenied));
        let unknown_hash = "Policy=p&Signature=s&Key-Pair-Id=K&Hash-Algorithm=MD5";
        assert_eq!(read(unknown_hash, &[]), Err(Refusal::AccessDenied));
    }

    #[test]
    fn only_the_signing_parameters_are_stripped() {
        let query = "a=1&Policy=p&Signature=s&b=2&Key-Pair-Id=K&policy=kept&Hash-Algorithm=SHA256";
        assert_eq!(strip(query), "a=1&b=2&policy=kept");
        assert_eq!(strip("Expires=1"), "");
    }
}
