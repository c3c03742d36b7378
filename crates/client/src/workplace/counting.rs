//! Statistics, counted on a thread of their own: a long count holds up neither the list nor the card.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono_tz::Tz;
use prikrep_domain::{Period, Query};
use prikrep_store::Store;
use prikrep_ui::{Counting, FiguresState};

use super::published::Published;

/// The progress is told every so many applications.
const TOLD_EVERY: usize = 5_000;

/// Counts the statistics of the period that was last asked for.
#[derive(Clone)]
pub(crate) struct Counter {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) published: Published,
    pub(crate) zone: Tz,
    /// Grows with each count: an older one gives up.
    pub(crate) asked: Arc<AtomicU64>,
}

impl Counter {
    /// Begins to count; an earlier count is given up.
    pub(crate) fn count(&self, period: Period) {
        let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let counter = self.clone();
        let started = std::thread::Builder::new().name("statistics".to_owned()).spawn(move || {
            let figures = counter.figures(period, number);
            counter.publish(number, figures);
        });
        if let Err(error) = started {
            self.publish(number, FiguresState::Trouble(error.to_string()));
        }
    }

    /// Gives up whatever is being counted.
    pub(crate) fn stop(&self) {
        self.asked.fetch_add(1, Ordering::SeqCst);
    }

    fn is_current(&self, number: u64) -> bool {
        self.asked.load(Ordering::SeqCst) == number
    }

    fn publish(&self, number: u64, figures: FiguresState) {
        if self.is_current(number) {
            self.published.edit(|work| work.figures = figures);
        }
    }

    fn figures(&self, period: Period, number: u64) -> FiguresState {
        let mut counting = Counting::new(period, self.zone);
        let visited = self.store.visit(&Query::of(period), &mut |standing| {
            counting.add(&standing);
            if counting.total().is_multiple_of(TOLD_EVERY) {
                self.publish(number, FiguresState::Counting(counting.total()));
            }
            if self.is_current(number) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        match visited {
            Ok(()) => FiguresState::Ready(Arc::new(counting.finish())),
            Err(error) => {
                tracing::error!(%error, "the statistics cannot be counted");
                FiguresState::Trouble(error.to_string())
            }
        }
    }
}
