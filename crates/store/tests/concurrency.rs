//! Readers beside a writer: a consumer that follows the feed ends with what the store holds, and never sees
//! a choice and its ended cancellation disagree.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use common::*;
use prikrep_domain::{Application, ApplicationId, DecisionKind, Status};
use prikrep_store::Store;

const PAIRS: u32 = 300;

/// What a consumer of the protocol holds.
#[derive(Default)]
struct Consumer {
    cursor: Option<String>,
    held: HashMap<ApplicationId, Application>,
}

impl Consumer {
    /// Takes a page, as the protocol says: only newer versions count. Returns whether there is more.
    fn pull(&mut self, store: &dyn Store, limit: usize) -> bool {
        let page = store.feed(self.cursor.as_deref(), limit, None).unwrap();
        for application in &page.changes {
            let known = self.held.get(&application.id).map_or(0, |known| known.version);
            if application.version > known {
                self.held.insert(application.id, application.clone());
            }
            self.agrees(&page.changes, application);
        }
        self.cursor = Some(page.cursor.to_string());
        page.has_more
    }

    /// Within a page a cancellation that has ended and its choice have one status.
    fn agrees(&self, page: &[Application], cancellation: &Application) {
        let choice = page.iter().find(|other| cancellation.cancels == Some(other.id));
        if let Some(choice) = choice
            && cancellation.status == Status::Cancelled
        {
            assert_eq!(choice.status, Status::Cancelled);
        }
    }
}

#[test]
fn whoever_follows_the_feed_ends_with_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let consumers: Vec<_> = [3, 7, 1_000]
            .map(|limit| {
                let (store, done) = (&store, &done);
                scope.spawn(move || {
                    let mut consumer = Consumer::default();
                    loop {
                        let last = done.load(Ordering::SeqCst);
                        while consumer.pull(store, limit) {}
                        if last {
                            return consumer;
                        }
                    }
                })
            })
            .into();
        for pair in 0..PAIRS {
            let (of, by) = (2 * pair + 1, 2 * pair + 2);
            let cancellation = cancellation(by, of);
            let both = if pair % 2 == 0 { vec![choice(of), cancellation] } else { vec![cancellation, choice(of)] };
            store.apply(&page(both, &pair.to_string(), true), now()).unwrap();
            let draft = draft(DecisionKind::ApproveCancel);
            store.answer(application_id(by), answer_id(by), &draft, &anyone(), now()).unwrap();
            if pair % 50 == 0 {
                store.flush().unwrap();
            }
        }
        done.store(true, Ordering::SeqCst);
        for consumer in consumers {
            let consumer = consumer.join().unwrap();
            assert_eq!(consumer.held.len(), 2 * PAIRS as usize);
            for (id, held) in consumer.held {
                assert_eq!(held, store.standing(id).unwrap().unwrap().application);
                assert_eq!(held.status, Status::Cancelled);
            }
        }
    });
}
