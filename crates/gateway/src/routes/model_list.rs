use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;

use crate::dispatch::routing::Routes;

/// The lists of models as they were written last, one for each form: all readers
/// share their bytes.
#[derive(Debug, Default)]
pub(crate) struct ModelLists(RwLock<BTreeMap<&'static str, (u64, Bytes)>>);

impl ModelLists {
    /// Returns the list in that form, written anew if the models have changed.
    pub(crate) fn get(
        &self,
        form: &'static str,
        routes: &Routes,
        write: impl FnOnce() -> Vec<u8>,
    ) -> Bytes {
        let version = routes.version();
        let lists = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, list)) = lists.get(form)
            && *of == version
        {
            return list.clone();
        }
        drop(lists);
        let list = Bytes::from(write());
        let mut lists = self.0.write().unwrap_or_else(PoisonError::into_inner);
        lists.insert(form, (version, list.clone()));
        list
    }
}

/// Shares bytes with a permit that is free again when they are sent.
pub(crate) fn with_permit(list: Bytes, permit: OwnedSemaphorePermit) -> Bytes {
    // The permit is never read, only dropped with the bytes.
    struct Permitted(Bytes, #[allow(dead_code)] OwnedSemaphorePermit);

    impl AsRef<[u8]> for Permitted {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }

    Bytes::from_owner(Permitted(list, permit))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Semaphore;

    use super::*;

    #[test]
    fn readers_share_one_list() {
        let lists = ModelLists::default();
        let routes = Routes::default();
        let first = lists.get("a", &routes, || b"list".to_vec());
        let second = lists.get("a", &routes, || panic!("written twice"));
        assert_eq!(first.as_ptr(), second.as_ptr());
        let other = lists.get("b", &routes, || b"another".to_vec());
        assert_eq!(other, "another");
        let permits = Arc::new(Semaphore::new(1));
        let permit = Arc::clone(&permits).try_acquire_owned().unwrap();
        let sent = with_permit(first.clone(), permit);
        assert_eq!(sent.as_ptr(), first.as_ptr());
        assert_eq!(permits.available_permits(), 0);
        drop(sent);
        assert_eq!(permits.available_permits(), 1);
    }
}
