//! Towns, villages and streets of Altai Krai.

use std::fmt::Write as _;

use crate::dice::Dice;

/// A settlement.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Town {
    /// As an address begins after the postal code and the region.
    pub(crate) address: &'static str,
    /// As the name of a hospital ends.
    pub(crate) of: &'static str,
    code: u64,
    village: bool,
}

const fn town(address: &'static str, of: &'static str, code: u64) -> Town {
    Town { address, of, code, village: false }
}

const fn village(address: &'static str, of: &'static str, code: u64) -> Town {
    Town { address, of, code, village: true }
}

/// With weights: how many of a hundred people live there.
pub(crate) const TOWNS: [(Town, u64); 16] = [
    (town("г. Барнаул", "г. Барнаул", 656_000), 42),
    (town("г. Бийск", "г. Бийск", 659_300), 14),
    (town("г. Рубцовск", "г. Рубцовск", 658_200), 9),
    (town("г. Новоалтайск", "г. Новоалтайск", 658_080), 5),
    (town("г. Заринск", "г. Заринск", 659_100), 3),
    (town("г. Камень-на-Оби", "г. Камень-на-Оби", 658_700), 3),
    (town("г. Алейск", "г. Алейск", 658_130), 2),
    (town("г. Славгород", "г. Славгород", 658_820), 2),
    (village("Павловский р-н, с. Павловск", "Павловская", 659_000), 4),
    (village("Алтайский р-н, с. Алтайское", "Алтайская", 659_650), 3),
    (village("Первомайский р-н, с. Санниково", "Первомайская", 658_045), 3),
    (village("Змеиногорский р-н, г. Змеиногорск", "Змеиногорская", 658_480), 2),
    (village("Кулундинский р-н, с. Кулунда", "Кулундинская", 658_920), 2),
    (village("Тальменский р-н, р.п. Тальменка", "Тальменская", 658_030), 2),
    (village("Мамонтовский р-н, с. Мамонтово", "Мамонтовская", 658_560), 2),
    (village("Немецкий национальный р-н, с. Гальбштадт", "Гальбштадтская", 658_870), 2),
];
const TOWN_STREETS: [&str; 20] = [
    "пр-кт Ленина",
    "ул. Попова",
    "ул. Малахова",
    "ул. Антона Петрова",
    "ул. Юрина",
    "пр-кт Космонавтов",
    "ул. Георгия Исакова",
    "ул. Шукшина",
    "пр-кт Строителей",
    "ул. Северо-Западная",
    "ул. Взлётная",
    "ул. Балтийская",
    "ул. Советская",
    "пр-кт Комсомольский",
    "ул. Льва Толстого",
    "пер. Ядринцева",
    "ул. 40 лет Октября",
    "б-р 9 Января",
    "ул. Сибирской Дивизии",
    "ул. Мерлина",
];
const VILLAGE_STREETS: [&str; 12] = [
    "ул. Центральная",
    "ул. Молодёжная",
    "ул. Школьная",
    "ул. Набережная",
    "ул. Зелёная",
    "ул. Новая",
    "ул. Степная",
    "пер. Больничный",
    "ул. Пушкина",
    "ул. Заречная",
    "ул. Алтайская",
    "пер. Лесной",
];

impl Town {
    pub(crate) fn any(dice: &mut Dice) -> Self {
        dice.weighted(&TOWNS)
    }

    pub(crate) const fn is_village(&self) -> bool {
        self.village
    }

    /// An address in this town.
    pub(crate) fn address(&self, dice: &mut Dice) -> String {
        let mut address = String::with_capacity(160);
        let street = if self.village { dice.pick(&VILLAGE_STREETS) } else { dice.pick(&TOWN_STREETS) };
        let (code, house) = (self.code + dice.below(30), 1 + dice.below(if self.village { 90 } else { 160 }));
        // Writing into a string cannot fail.
        let _ = write!(address, "{code}, Алтайский край, {}, {street}, д. {house}", self.address);
        if !self.village || dice.chance(200) {
            let _ = write!(address, ", кв. {}", 1 + dice.below(180));
        }
        address
    }
}
