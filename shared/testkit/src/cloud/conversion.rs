//! The queues of packaging and of conversions.

use std::collections::BTreeSet;

use async_trait::async_trait;
use vault_domain::conversion::ConversionOrder;
use vault_domain::packaging::PackagingOrder;
use vault_domain::ports::{Conversions, Packagings, Stored};

use super::{FakeCloud, State};

impl State {
    /// An order twice is the same as once.
    pub(super) fn packagings_shape(&self) -> Vec<String> {
        let orders = self.packagings.iter();
        let lines: BTreeSet<String> = orders.map(|order| format!("{order:?}")).collect();
        lines.into_iter().collect()
    }

    /// An order twice is the same as once.
    pub(super) fn conversions_shape(&self) -> Vec<String> {
        let orders = self.conversions.iter();
        let lines: BTreeSet<String> = orders.map(|order| format!("{order:?}")).collect();
        lines.into_iter().collect()
    }
}

#[async_trait]
impl Packagings for FakeCloud {
    async fn order(&self, order: &PackagingOrder) -> Stored<()> {
        self.call("packagings.order", |s| {
            s.packagings.push(*order);
            Ok(())
        })
        .await
    }
}

#[async_trait]
impl Conversions for FakeCloud {
    async fn order(&self, order: &ConversionOrder) -> Stored<()> {
        self.call("conversions.order", |s| {
            s.conversions.push(*order);
            Ok(())
        })
        .await
    }
}
