//! QR codes as SVG pictures.

use qrcode::render::svg::Color;
use qrcode::{EcLevel, QrCode};
use vault_domain::factor::QrCodes;
use vault_domain::ports::{StoreError, Stored};
use vault_domain::secret::SecretText;

/// Modules are 4 units wide; the picture scales by its `viewBox`.
const UNIT: u32 = 4;

/// The `qrcode` crate at error correction level M, which a screen needs at most.
#[derive(Debug, Default, Clone, Copy)]
pub struct SvgQr;

impl QrCodes for SvgQr {
    fn svg(&self, text: &SecretText) -> Stored<SecretText> {
        let code = QrCode::with_error_correction_level(text.expose(), EcLevel::M)
            .map_err(|e| StoreError::new("qr.svg", e))?;
        let svg = code
            .render()
            .dark_color(Color("#000"))
            .light_color(Color("#fff"))
            .quiet_zone(true)
            .module_dimensions(UNIT, UNIT)
            .build();
        let svg = SecretText::new(svg);
        // Without the XML declaration it may also stand inside a page.
        let element = svg.expose().find("<svg").unwrap_or_default();
        Ok(SecretText::new(svg.expose()[element..].to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use vault_domain::credential::Email;
    use vault_domain::factor::{Issuer, TotpSecret, otpauth_uri};

    use super::*;

    fn uri(issuer: &str, account: &str) -> SecretText {
        let (issuer, account) = (
            Issuer::parse(issuer).unwrap(),
            Email::parse(account).unwrap(),
        );
        otpauth_uri(&issuer, &account, &TotpSecret::new([0xa5; 20]))
    }

    fn attribute<'a>(svg: &'a str, name: &str) -> &'a str {
        let (_, rest) = svg.split_once(&format!(" {name}=\"")).unwrap();
        rest.split_once('"').unwrap().0
    }

    /// The rectangles `[left, top, width, height]` of the one path, `M0 0h0v0H0V0…`.
    fn dark(svg: &str) -> Vec<[usize; 4]> {
        let numbers = |shape: &str| {
            let mut numbers = shape
                .split(|c: char| !c.is_ascii_digit())
                .map(|n| n.parse().unwrap());
            std::array::from_fn(|_| numbers.next().unwrap())
        };
        attribute(svg, "d")
            .split('M')
            .skip(1)
            .map(numbers)
            .collect()
    }

    /// Paints the picture and reads it with a decoder of other authors.
    fn read(svg: &str) -> String {
        let size: usize = attribute(svg, "width").parse().unwrap();
        let mut pixels = vec![255; size * size];
        for [left, top, width, height] in dark(svg) {
            for y in top..top + height {
                pixels[y * size + left..y * size + left + width].fill(0);
            }
        }
        let paint = |x: usize, y: usize| pixels[y * size + x];
        let mut picture = rqrr::PreparedImage::prepare_from_greyscale(size, size, paint);
        let grids = picture.detect_grids();
        assert_eq!(grids.len(), 1);
        grids[0].decode().unwrap().1
    }

    #[test]
    fn another_decoder_reads_the_uri_back() {
        let long = format!("{}@example.org", "é".repeat(121));
        let wide = "Ö".repeat(24);
        for (issuer, account) in [
            ("Reelvault", "ada@example.org"),
            ("Söhne & Co", "a+b%c#d@example.org"),
            (wide.as_str(), long.as_str()),
        ] {
            let uri = uri(issuer, account);
            let svg = SvgQr.svg(&uri).unwrap();
            assert_eq!(read(svg.expose()), uri.expose());
        }
    }

    #[test]
    fn the_picture_is_dark_on_white_with_a_quiet_zone_of_four_modules() {
        let svg = SvgQr.svg(&uri("Reelvault", "ada@example.org")).unwrap();
        let svg = svg.expose();
        assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
        let size: usize = attribute(svg, "width").parse().unwrap();
        assert_eq!(attribute(svg, "viewBox"), format!("0 0 {size} {size}"));
        assert!(svg.contains(&format!(
            "<rect x=\"0\" y=\"0\" width=\"{size}\" height=\"{size}\" fill=\"#fff\"/>"
        )));
        assert!(svg.contains("<path fill=\"#000\""));
        let zone = 4 * usize::try_from(UNIT).unwrap();
        let dark = dark(svg);
        assert_eq!(dark.iter().map(|d| d[0]).min(), Some(zone));
        assert_eq!(dark.iter().map(|d| d[1]).min(), Some(zone));
        assert_eq!(dark.iter().map(|d| d[0] + d[2]).max(), Some(size - zone));
        assert_eq!(dark.iter().map(|d| d[1] + d[3]).max(), Some(size - zone));
    }

    #[test]
    fn a_text_that_no_code_holds_is_an_error() {
        assert!(SvgQr.svg(&SecretText::new("x".repeat(3_000))).is_err());
    }
}
