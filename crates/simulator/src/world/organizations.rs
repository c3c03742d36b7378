//! The medical organizations of the region: names, identifiers, departments, districts and staff.

use prikrep_domain::{AttachmentKind, BadOid, Directory, District, Doctor, Oid, Organization};

use crate::dice::{Dice, NonEmpty, Stream};
use crate::world::names::grown_up;
use crate::world::places::{TOWNS, Town};

/// Reasons of a refusal, as the forms offer them.
pub(crate) const REFUSAL_REASONS: [&str; 7] = [
    "Гражданин не проживает на территории обслуживания",
    "Превышена нормативная численность прикреплённых на участке",
    "Полис ОМС недействителен",
    "Со дня прошлого выбора МО не прошёл год",
    "Сведения о гражданине не подтверждены",
    "Возраст гражданина не соответствует профилю участка",
    "Иное",
];
const PREFIX: &str = "1.2.643.5.1.13.13.12.2.22.";
const FIRST_NUMBER: usize = 2_001;
const DEPARTMENTS: [&str; 6] = [
    "Поликлиника № 1",
    "Поликлиника № 2",
    "Детское поликлиническое отделение",
    "Женская консультация",
    "Стоматологическое отделение",
    "Врачебная амбулатория",
];

/// An organization with everything that its applications and answers name.
#[derive(Clone, Debug)]
pub(crate) struct Clinic {
    pub(crate) organization: Organization,
    pub(crate) town: Town,
    pub(crate) registrars: NonEmpty<String>,
    therapeutic: NonEmpty<District>,
    pediatric: NonEmpty<District>,
    gynecological: NonEmpty<District>,
    dental: NonEmpty<District>,
}

impl Clinic {
    pub(crate) fn generate(seed: u64, place: usize) -> Result<Self, BadOid> {
        let mut dice = Dice::new(seed, Stream::Organization, place as u64);
        let town = town_at(place);
        let number = 1 + (0..place).filter(|earlier| town_at(*earlier).of == town.of).count();
        let name = if town.is_village() {
            let after = if number > 1 { format!(" № {number}") } else { String::new() };
            format!("КГБУЗ «{} центральная районная больница{after}»", town.of)
        } else {
            format!("КГБУЗ «Городская больница № {number}, {}»", town.of)
        };
        let oid = Oid::parse(&format!("{PREFIX}{}", FIRST_NUMBER + place))?;
        let mut districts = |kind, count: usize| NonEmpty::build(count, |place| district(&mut dice, kind, place));
        Ok(Self {
            organization: Organization { oid, name },
            town,
            therapeutic: districts(AttachmentKind::Therapeutic, 12),
            pediatric: districts(AttachmentKind::Pediatric, 8),
            gynecological: districts(AttachmentKind::Gynecological, 3),
            dental: districts(AttachmentKind::Dental, 3),
            registrars: NonEmpty::build(5, |_| grown_up(&mut dice).full()),
        })
    }

    pub(crate) const fn districts(&self, kind: AttachmentKind) -> &NonEmpty<District> {
        match kind {
            AttachmentKind::Therapeutic => &self.therapeutic,
            AttachmentKind::Pediatric => &self.pediatric,
            AttachmentKind::Gynecological => &self.gynecological,
            AttachmentKind::Dental => &self.dental,
        }
    }

    /// What this organization's answer forms offer.
    pub(crate) fn directory(&self) -> Directory {
        let districts: Vec<District> =
            AttachmentKind::ALL.into_iter().flat_map(|kind| self.districts(kind).iter().cloned()).collect();
        Directory {
            departments: DEPARTMENTS.map(str::to_owned).to_vec(),
            doctors: districts.iter().filter_map(|district| district.doctor.clone()).collect(),
            districts,
            refusal_reasons: REFUSAL_REASONS.map(str::to_owned).to_vec(),
        }
    }
}

/// The capital has more organizations than the others.
fn town_at(place: usize) -> Town {
    // Every second one is in the first town of the list, the capital.
    let town = place % 2 * (1 + place / 2 % (TOWNS.len() - 1));
    TOWNS.get(town).map(|(town, _)| *town).unwrap_or_default()
}

fn district(dice: &mut Dice, kind: AttachmentKind, place: usize) -> District {
    let (departments, positions, first): (&[&str], &[&str], usize) = match kind {
        AttachmentKind::Therapeutic => (
            &["Поликлиника № 1", "Поликлиника № 2", "Врачебная амбулатория"],
            &["Врач-терапевт участковый", "Врач общей практики (семейный врач)", "Фельдшер"],
            1,
        ),
        AttachmentKind::Pediatric => (&["Детское поликлиническое отделение"], &["Врач-педиатр участковый"], 101),
        AttachmentKind::Gynecological => (&["Женская консультация"], &["Врач-акушер-гинеколог"], 201),
        AttachmentKind::Dental => {
            (&["Стоматологическое отделение"], &["Врач-стоматолог-терапевт", "Врач-стоматолог"], 301)
        }
    };
    District {
        number: (first + place).to_string(),
        kind,
        department: Some(dice.pick(departments).to_owned()),
        doctor: Some(Doctor { full_name: grown_up(dice).full(), position: dice.pick(positions).to_owned() }),
    }
}
