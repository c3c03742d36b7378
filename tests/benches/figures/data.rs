//! The region's applications, the same for every contender.

use chrono::{DateTime, NaiveDate, TimeZone, Utc};
use prikrep_domain::{Application, Period, Query};
use prikrep_simulator::{Gateway, Scale};
use prikrep_store::Page;

pub const ZONE: chrono_tz::Tz = chrono_tz::Asia::Barnaul;

pub fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 23, 4, 0, 0).unwrap()
}

pub struct World {
    gateway: Gateway,
    pub size: u64,
}

impl World {
    pub fn new(size: u64) -> Self {
        let scale = Scale { applications: size, organizations: 100, seed: 22, start: now() };
        Self { gateway: Gateway::new(scale).unwrap(), size }
    }

    /// The feed from its beginning, in pages of 1,000.
    pub fn pages(&self) -> impl Iterator<Item = Page> {
        let mut after = None;
        let mut more = true;
        std::iter::from_fn(move || {
            if !more {
                return None;
            }
            let page = self.gateway.feed(after.as_deref(), 1_000).unwrap();
            more = page.has_more;
            after = Some(page.cursor.to_string());
            Some(Page {
                applications: page.changes,
                unreadable: Vec::new(),
                cursor: page.cursor,
                has_more: page.has_more,
            })
        })
    }

    /// One application in the middle.
    pub fn one(&self) -> Application {
        let page = usize::try_from(self.size / 2_000).unwrap();
        self.pages().nth(page).unwrap().applications.into_iter().find(|one| one.patient.snils.is_some()).unwrap()
    }
}

pub fn all_time() -> Query {
    let date = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap();
    Query::of(Period::new(date(2000, 1, 1), date(2099, 12, 31)).unwrap())
}

pub fn ninety_days() -> Query {
    let today = now().date_naive();
    Query::of(Period::new(today - chrono::Days::new(90), today).unwrap())
}
