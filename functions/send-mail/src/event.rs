//! The order in a message.

use vault_domain::mail::MailOrder;

/// What is wrong with a body, and where: nothing of the body itself, which can hold an address.
pub(crate) struct NoOrder {
    pub(crate) fault: &'static str,
    pub(crate) octets: usize,
    pub(crate) column: usize,
}

/// The order of a body.
pub(crate) fn order(body: &str) -> Result<MailOrder, NoOrder> {
    use serde_json::error::Category;
    serde_json::from_str(body).map_err(|error| NoOrder {
        fault: match error.classify() {
            Category::Syntax | Category::Eof | Category::Io => "not JSON",
            Category::Data => "not an order of a known version and kind",
        },
        octets: body.len(),
        column: error.column(),
    })
}

#[cfg(test)]
mod tests {
    use vault_domain::id::UserId;
    use vault_domain::mail::NoticeKind;
    use vault_domain::time::Timestamp;

    use super::*;

    #[test]
    fn the_sample_event_reads_as_its_order() {
        let text = include_str!("../../../events/send-mail.json");
        let messages = vault_boot::batch::messages(serde_json::from_str(text).unwrap()).unwrap();
        let order = order(&messages[0].body).ok().unwrap();
        let notice = MailOrder::Notice {
            user: UserId::from_octets([2; 16]),
            what: NoticeKind::PasswordChanged,
            at: Timestamp(1_795_334_400),
        };
        assert_eq!(order, notice);
    }

    #[test]
    fn a_body_that_is_no_order_is_told_without_its_content() {
        for (body, fault) in [
            ("", "not JSON"),
            ("{\"v\":1", "not JSON"),
            ("{}", "not an order of a known version and kind"),
            (
                r#"{"v":1,"kind":"ada@example.org"}"#,
                "not an order of a known version and kind",
            ),
        ] {
            let no_order = order(body).err().unwrap();
            assert_eq!((no_order.fault, no_order.octets), (fault, body.len()));
        }
    }
}
