//! Invalidation batches: their XML, and the record of them.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

/// Paths that `CloudFront` takes in one batch.
const MOST_PATHS: usize = 3_000;

/// What a caller asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Batch {
    /// What makes a repeated request the same request.
    pub caller_reference: String,
    /// The paths, wildcards included.
    pub paths: Vec<String>,
}

/// A batch that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Invalidation {
    /// Its id.
    pub id: String,
    /// The distribution that it is for.
    pub distribution_id: String,
    /// When it was accepted, in RFC 3339.
    pub create_time: String,
    /// What was asked.
    #[serde(flatten)]
    pub batch: Batch,
}

/// Why a batch is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchError {
    /// There is no body.
    MissingBody,
    /// The body is not XML.
    MalformedXml,
    /// A part is missing, or a path is none.
    InvalidArgument,
    /// `Quantity` is not the number of items.
    InconsistentQuantities,
    /// More paths than a batch may have.
    BatchTooLarge,
    /// The caller reference was used for other paths.
    AlreadyExists,
}

impl Batch {
    /// Reads an `InvalidationBatch` document.
    pub fn parse(xml: &str) -> Result<Self, BatchError> {
        if xml.trim().is_empty() {
            return Err(BatchError::MissingBody);
        }
        let document = roxmltree::Document::parse(xml).map_err(|_| BatchError::MalformedXml)?;
        let batch = document.root_element();
        if batch.tag_name().name() != "InvalidationBatch" {
            return Err(BatchError::MalformedXml);
        }
        let caller_reference = child(batch, "CallerReference")
            .map(text)
            .unwrap_or_default();
        let paths = child(batch, "Paths").ok_or(BatchError::InvalidArgument)?;
        let quantity = child(paths, "Quantity").and_then(|node| text(node).trim().parse().ok());
        let items = child(paths, "Items")
            .into_iter()
            .flat_map(|items| items.children());
        let items: Vec<String> = items
            .filter(|item| item.has_tag_name_local("Path"))
            .map(text)
            .collect();
        if caller_reference.is_empty()
            || items.is_empty()
            || !items.iter().all(|path| is_path(path))
        {
            return Err(BatchError::InvalidArgument);
        }
        if quantity != Some(items.len()) {
            return Err(BatchError::InconsistentQuantities);
        }
        if items.len() > MOST_PATHS {
            return Err(BatchError::BatchTooLarge);
        }
        Ok(Self {
            caller_reference,
            paths: items,
        })
    }
}

/// A path starts with a slash; a wildcard is its last character (Developer Guide, "What you need to know
/// when invalidating files").
fn is_path(path: &str) -> bool {
    let body = path.strip_suffix('*').unwrap_or(path);
    path.starts_with('/') && !body.contains('*') && body.bytes().all(|byte| byte.is_ascii_graphic())
}

fn child<'a, 'i>(node: roxmltree::Node<'a, 'i>, name: &str) -> Option<roxmltree::Node<'a, 'i>> {
    node.children().find(|child| child.has_tag_name_local(name))
}

fn text(node: roxmltree::Node<'_, '_>) -> String {
    node.text().unwrap_or_default().to_owned()
}

/// Elements by their local name: callers send them with or without the namespace.
trait LocalName {
    fn has_tag_name_local(&self, name: &str) -> bool;
}

impl LocalName for roxmltree::Node<'_, '_> {
    fn has_tag_name_local(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

/// Every accepted batch, oldest first, and by distribution and caller reference.
#[derive(Default)]
pub struct Ledger {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    all: Vec<Invalidation>,
    by_reference: BTreeMap<(String, String), usize>,
}

impl Ledger {
    /// Records a batch, or finds the same one accepted before.
    pub fn accept(
        &self,
        distribution_id: &str,
        batch: Batch,
        id: String,
        create_time: String,
    ) -> Result<Invalidation, BatchError> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let reference = (distribution_id.to_owned(), batch.caller_reference.clone());
        if let Some(known) = inner
            .by_reference
            .get(&reference)
            .map(|place| &inner.all[*place])
        {
            let same = known.batch == batch;
            return same.then(|| known.clone()).ok_or(BatchError::AlreadyExists);
        }
        let distribution_id = distribution_id.to_owned();
        let accepted = Invalidation {
            id,
            distribution_id,
            create_time,
            batch,
        };
        let place = inner.all.len();
        inner.by_reference.insert(reference, place);
        inner.all.push(accepted.clone());
        Ok(accepted)
    }

    /// Everything that was accepted, oldest first.
    pub fn all(&self) -> Vec<Invalidation> {
        self.inner
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .all
            .clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn xml(reference: &str, quantity: &str, paths: &[&str]) -> String {
        let items = format!("<Path>{}</Path>", paths.join("</Path><Path>"));
        let items = if paths.is_empty() {
            String::new()
        } else {
            items
        };
        format!(
            "<?xml version=\"1.0\"?><InvalidationBatch \
             xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Paths><Quantity>{quantity}\
             </Quantity><Items>{items}</Items></Paths><CallerReference>{reference}\
             </CallerReference></InvalidationBatch>"
        )
    }

    #[test]
    fn a_batch_is_read_with_its_entities() {
        let batch = Batch::parse(&xml("r&amp;1", "2", &["/media/a/*", "/x?a&amp;b"]));
        let paths = vec!["/media/a/*".to_owned(), "/x?a&b".to_owned()];
        assert_eq!(
            batch,
            Ok(Batch {
                caller_reference: "r&1".into(),
                paths
            })
        );
    }

    #[test]
    fn malformed_batches_are_refused() {
        use BatchError as E;
        let bomb = "<!DOCTYPE a [<!ENTITY a \"aa\">]><InvalidationBatch/>".to_owned();
        let many = vec!["/a"; MOST_PATHS + 1];
        for (xml, expected) in [
            (String::new(), E::MissingBody),
            ("{}".to_owned(), E::MalformedXml),
            ("<Other/>".to_owned(), E::MalformedXml),
            (bomb, E::MalformedXml),
            ("<InvalidationBatch/>".to_owned(), E::InvalidArgument),
            (xml("", "1", &["/a"]), E::InvalidArgument),
            (xml("r", "0", &[]), E::InvalidArgument),
            (xml("r", "1", &["a"]), E::InvalidArgument),
            (xml("r", "1", &["/a*b"]), E::InvalidArgument),
            (xml("r", "2", &["/a"]), E::InconsistentQuantities),
            (xml("r", "x", &["/a"]), E::InconsistentQuantities),
            (xml("r", "3001", &many), E::BatchTooLarge),
        ] {
            assert_eq!(Batch::parse(&xml), Err(expected), "{xml:.120}");
        }
    }

    #[test]
    fn a_repeated_reference_is_the_same_invalidation() {
        let ledger = Ledger::default();
        let batch = |path: &str| Batch {
            caller_reference: "r".into(),
            paths: vec![path.into()],
        };
        let accept = |distribution: &str, path: &str, id: &str| {
            ledger
                .accept(distribution, batch(path), id.into(), "t".into())
                .map(|found| found.id)
        };
        assert_eq!(accept("D", "/a", "1"), Ok("1".into()));
        assert_eq!(accept("D", "/a", "2"), Ok("1".into()));
        assert_eq!(accept("D", "/b", "3"), Err(BatchError::AlreadyExists));
        assert_eq!(accept("E", "/b", "4"), Ok("4".into()));
        assert_eq!(ledger.all().len(), 2);
    }
}
