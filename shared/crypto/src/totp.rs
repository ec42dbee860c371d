//! Second factors: HOTP and TOTP over aws-lc's HMAC-SHA1, the sealing of their secrets, and QR codes.
//! `docs/adr/0011-second-factors.md` says why the first is no library's.

mod qr;
mod sealing;

use aws_lc_rs::hmac;
use vault_domain::factor::{SECRET_OCTETS, Step, Totp, TotpCode, TotpSecret};
use vault_domain::ports::{StoreError, Stored};

pub use qr::SvgQr;
pub use sealing::FactorKeys;

/// TOTP with SHA-1, which is what authenticator apps know. HMAC does not rest on the collision resistance that
/// SHA-1 lost (RFC 6194 §3.3).
#[derive(Debug, Default, Clone, Copy)]
pub struct HmacTotp;

impl Totp for HmacTotp {
    fn code(&self, secret: &TotpSecret, step: Step) -> Stored<TotpCode> {
        hotp(secret.expose(), step.0).map(TotpCode::from_number)
    }
}

/// The 31 bits of a counter before they are cut to digits: dynamic truncation (RFC 4226 §5.3).
fn hotp(secret: &[u8; SECRET_OCTETS], counter: u64) -> Stored<u32> {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &counter.to_be_bytes());
    let octets = tag.as_ref();
    let offset = octets.last().map_or(0, |last| usize::from(last & 0xf));
    let word = octets
        .get(offset..offset + 4)
        .and_then(|word| word.try_into().ok())
        .ok_or_else(|| StoreError::new("totp.code", "the MAC is too short"))?;
    Ok(u32::from_be_bytes(word) & 0x7fff_ffff)
}

#[cfg(test)]
mod tests {
    use vault_domain::factor::find_step;
    use vault_domain::time::Timestamp;

    use super::*;

    const SECRET: [u8; SECRET_OCTETS] = *b"12345678901234567890";

    #[test]
    fn the_counters_of_rfc_4226_appendix_d_give_its_numbers_and_codes() {
        let table = [
            (1_284_755_224, "755224"),
            (1_094_287_082, "287082"),
            (137_359_152, "359152"),
            (1_726_969_429, "969429"),
            (1_640_338_314, "338314"),
            (868_254_676, "254676"),
            (1_918_287_922, "287922"),
            (82_162_583, "162583"),
            (673_399_871, "399871"),
            (645_520_489, "520489"),
        ];
        for (counter, (number, code)) in (0..).zip(table) {
            assert_eq!(hotp(&SECRET, counter).unwrap(), number);
            let ours = HmacTotp.code(&TotpSecret::new(SECRET), Step(counter));
            assert_eq!(ours.unwrap().expose(), code);
        }
    }

    #[test]
    fn the_times_of_rfc_6238_appendix_b_give_its_eight_digits() {
        for (seconds, code) in [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ] {
            let Step(step) = Step::at(Timestamp(seconds));
            assert_eq!(hotp(&SECRET, step).unwrap() % 100_000_000, code);
        }
    }

    #[test]
    fn a_code_is_found_while_its_step_is_in_the_window() {
        let secret = TotpSecret::new(SECRET);
        let code = HmacTotp.code(&secret, Step(1_000)).unwrap();
        for (seconds, found) in [
            (29_969, false),
            (29_970, true),
            (30_000, true),
            (30_059, true),
            (30_060, false),
        ] {
            let step = find_step(&HmacTotp, &secret, &code, Timestamp(seconds)).unwrap();
            assert_eq!(step, found.then_some(Step(1_000)), "{seconds}");
        }
    }
}
