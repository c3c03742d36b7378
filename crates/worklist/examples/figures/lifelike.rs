//! Applications that look like a region's, the same from the same seed: shared names, mostly pending or done.

use chrono::NaiveDate;
use prikrep_domain::{
    Application, ApplicationId, ApplicationType, AttachmentKind, Oid, Organization, Patient, PersonName, Standing,
    Status,
};
use uuid::Uuid;

/// The days among which the dates of applications are.
pub(crate) const DAYS: u32 = 3 * 365;

/// Splitmix64: the same figures from the same seed.
pub(crate) struct Random {
    pub(crate) state: u64,
    /// The day of arrival.
    pub(crate) day: u32,
    /// Within how many days an application arrives; [`DAYS`] for any order at all.
    pub(crate) late_days: u32,
}

/// The GUID of the one patient who applied several times.
pub(crate) const PROBE: u128 = 0x0198_f3a2_1c5e_7d40_8a11_5b2f_6f0c_9d21;

pub(crate) fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2023, 6, 1).unwrap_or_default()
}

impl Random {
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ self.state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    pub(crate) fn below(&mut self, limit: u32) -> u32 {
        (self.next() % u64::from(limit)) as u32
    }

    /// Small numbers more often than great ones, as names are shared.
    fn skewed(&mut self, limit: u32) -> u32 {
        let uniform = f64::from(self.below(1 << 24)) / f64::from(1 << 24);
        (uniform.powi(3) * f64::from(limit)) as u32
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u32) as usize]
    }

    fn uuid(&mut self) -> Uuid {
        Uuid::from_u128(u128::from(self.next()) << 64 | u128::from(self.next()))
    }

    pub(crate) fn standing(&mut self) -> Standing {
        let id = self.uuid().into();
        self.standing_with(id)
    }

    pub(crate) fn standing_with(&mut self, id: ApplicationId) -> Standing {
        let application_type = match self.below(100) {
            0..75 => ApplicationType::Choice,
            75..87 => ApplicationType::Cancellation,
            _ => ApplicationType::Detachment,
        };
        let status = match (self.below(100), application_type) {
            (0..15, ApplicationType::Cancellation) => Status::Accepted,
            (0..15, _) => Status::Sent,
            (15..25, _) => Status::Refused,
            _ => Status::Done,
        };
        let created_at = first_day().and_time(chrono::NaiveTime::MIN).and_utc() + self.age();
        let kinds = [AttachmentKind::Therapeutic, AttachmentKind::Pediatric, AttachmentKind::Dental];
        let application = Application {
            id,
            version: 1,
            application_type,
            kind: self.pick(&kinds),
            status,
            created_at,
            changed_at: created_at,
            cancels: (application_type == ApplicationType::Cancellation).then(|| self.uuid().into()),
            cancel_reason: None,
            patient: self.patient(),
            applicant: None,
            organization: Organization { oid: self.oid(), name: String::new() },
            department: None,
            district: None,
            doctor: None,
            answers: Vec::new(),
        };
        Standing { application, superseded_by: None }
    }

    /// When an application was filed, since the first day.
    fn age(&mut self) -> chrono::Duration {
        const DAY_SECS: u32 = 86_400;
        let late = i64::from(self.below(self.late_days * DAY_SECS));
        let in_order = i64::from(self.day * DAY_SECS) - late;
        chrono::Duration::seconds(if self.late_days < DAYS { in_order.abs() } else { late })
    }

    fn oid(&mut self) -> Oid {
        Oid::parse(&format!("1.2.3.{}", self.below(80))).unwrap_or_else(|_| unreachable!("numbers and dots"))
    }

    fn patient(&mut self) -> Patient {
        let probe = self.below(100_000) == 0;
        let guid = if probe { Uuid::from_u128(PROBE) } else { self.uuid() };
        let snils = if probe { "112-233-445 95".to_owned() } else { self.snils() };
        Patient {
            guid: guid.into(),
            name: self.name(),
            birth_date: NaiveDate::MIN,
            snils: Some(snils),
            oms_policy: None,
            phone: None,
            registration_address: None,
            residence_address: None,
        }
    }

    fn snils(&mut self) -> String {
        let number = 2_000_000 + self.below(900_000_000);
        let digits = (1..=9u32).map(|weight| number / 10u32.pow(weight - 1) % 10 * weight);
        format!("{number:09}{:02}", digits.sum::<u32>() % 101 % 100)
    }

    fn name(&mut self) -> PersonName {
        const SYLLABLES: [&str; 30] = [
            "ва", "ко", "ми", "пе", "се", "ла", "ду", "ши", "ро", "ба", "ни", "те", "гу", "лю", "ка", "мо", "зи", "фё",
            "хо", "ре", "си", "да", "жу", "по", "це", "ну", "во", "ал", "ер", "из",
        ];
        const ENDS: [&str; 6] = ["ов", "ова", "ин", "ина", "ский", "енко"];
        const GIVEN: [&str; 24] = [
            "Иван",
            "Анна",
            "Пётр",
            "Мария",
            "Алексей",
            "Елена",
            "Дмитрий",
            "Ольга",
            "Сергей",
            "Наталья",
            "Андрей",
            "Ирина",
            "Артём",
            "Светлана",
            "Никита",
            "Юлия",
            "Фёдор",
            "Ксения",
            "Глеб",
            "Алёна",
            "Тимур",
            "Зоя",
            "Ян",
            "Августина",
        ];
        let family = match self.below(100) {
            0 => "Иванов".to_owned(),
            1 => "Иванова".to_owned(),
            _ => {
                // Up to 30^3 * 6 = 162,000 family names.
                let number = self.skewed(27_000) as usize;
                let syllables = [number % 30, number / 30 % 30, number / 900].map(|index| SYLLABLES[index]);
                syllables.concat() + self.pick(&ENDS)
            }
        };
        let father = self.skewed(600) as usize;
        let father = format!("{}{}", SYLLABLES[father % 30], SYLLABLES[father / 30]);
        let patronymic = format!("{father}{}", self.pick(&["вич", "вна"]));
        PersonName { family, given: self.pick(&GIVEN).to_owned(), patronymic: Some(patronymic) }
    }
}
