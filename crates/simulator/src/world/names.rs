//! Names of the region's people: Russian ones with the right gender, ё, double surnames, German surnames,
//! Kazakh and Tatar letters, patronymics that are absent, and now and then a very long name.

use prikrep_domain::PersonName;

use crate::dice::Dice;

/// A man's name and the patronymics of his son and his daughter.
type Man = (&'static str, &'static str, &'static str);

const SURNAMES: [&str; 128] = [
    "Иванов",
    "Смирнов",
    "Кузнецов",
    "Попов",
    "Васильев",
    "Петров",
    "Соколов",
    "Михайлов",
    "Новиков",
    "Фёдоров",
    "Морозов",
    "Волков",
    "Алексеев",
    "Лебедев",
    "Семёнов",
    "Егоров",
    "Павлов",
    "Козлов",
    "Степанов",
    "Николаев",
    "Орлов",
    "Андреев",
    "Макаров",
    "Никитин",
    "Захаров",
    "Зайцев",
    "Соловьёв",
    "Борисов",
    "Яковлев",
    "Григорьев",
    "Романов",
    "Воробьёв",
    "Сергеев",
    "Кузьмин",
    "Фролов",
    "Александров",
    "Дмитриев",
    "Королёв",
    "Гусев",
    "Киселёв",
    "Ильин",
    "Максимов",
    "Поляков",
    "Сорокин",
    "Виноградов",
    "Ковалёв",
    "Белов",
    "Медведев",
    "Антонов",
    "Тарасов",
    "Жуков",
    "Баранов",
    "Филиппов",
    "Комаров",
    "Давыдов",
    "Беляев",
    "Герасимов",
    "Богданов",
    "Осипов",
    "Сидоров",
    "Матвеев",
    "Титов",
    "Марков",
    "Миронов",
    "Крылов",
    "Куликов",
    "Карпов",
    "Власов",
    "Мельников",
    "Денисов",
    "Гаврилов",
    "Тихонов",
    "Казаков",
    "Афанасьев",
    "Данилов",
    "Савельев",
    "Тимофеев",
    "Фомин",
    "Чернов",
    "Абрамов",
    "Мартынов",
    "Ефимов",
    "Федотов",
    "Щербаков",
    "Назаров",
    "Калинин",
    "Исаев",
    "Чернышёв",
    "Быков",
    "Маслов",
    "Родионов",
    "Коновалов",
    "Лазарев",
    "Воронин",
    "Климов",
    "Филатов",
    "Пономарёв",
    "Голубев",
    "Кудрявцев",
    "Прохоров",
    "Наумов",
    "Потапов",
    "Журавлёв",
    "Овчинников",
    "Трофимов",
    "Леонов",
    "Соболев",
    "Ермаков",
    "Колесников",
    "Гончаров",
    "Емельянов",
    "Никифоров",
    "Грачёв",
    "Котов",
    "Гришин",
    "Ефремов",
    "Архипов",
    "Громов",
    "Кириллов",
    "Малышев",
    "Панов",
    "Ёлкин",
    "Шмидт",
    "Вебер",
    "Миллер",
    "Шевченко",
    "Бондаренко",
    "Заболоцкий",
];
const SECOND_SURNAMES: [&str; 10] =
    ["Корсаков", "Белозёрский", "Горский", "Вебер", "Ли", "Оглы", "Верещагин", "Донской", "Сибирский", "Разумовский"];
const MEN: [Man; 40] = [
    ("Александр", "Александрович", "Александровна"),
    ("Сергей", "Сергеевич", "Сергеевна"),
    ("Владимир", "Владимирович", "Владимировна"),
    ("Андрей", "Андреевич", "Андреевна"),
    ("Алексей", "Алексеевич", "Алексеевна"),
    ("Николай", "Николаевич", "Николаевна"),
    ("Дмитрий", "Дмитриевич", "Дмитриевна"),
    ("Евгений", "Евгеньевич", "Евгеньевна"),
    ("Иван", "Иванович", "Ивановна"),
    ("Михаил", "Михайлович", "Михайловна"),
    ("Юрий", "Юрьевич", "Юрьевна"),
    ("Виктор", "Викторович", "Викторовна"),
    ("Максим", "Максимович", "Максимовна"),
    ("Анатолий", "Анатольевич", "Анатольевна"),
    ("Игорь", "Игоревич", "Игоревна"),
    ("Артём", "Артёмович", "Артёмовна"),
    ("Пётр", "Петрович", "Петровна"),
    ("Василий", "Васильевич", "Васильевна"),
    ("Денис", "Денисович", "Денисовна"),
    ("Роман", "Романович", "Романовна"),
    ("Олег", "Олегович", "Олеговна"),
    ("Павел", "Павлович", "Павловна"),
    ("Илья", "Ильич", "Ильинична"),
    ("Антон", "Антонович", "Антоновна"),
    ("Константин", "Константинович", "Константиновна"),
    ("Вячеслав", "Вячеславович", "Вячеславовна"),
    ("Никита", "Никитич", "Никитична"),
    ("Кирилл", "Кириллович", "Кирилловна"),
    ("Валерий", "Валерьевич", "Валерьевна"),
    ("Геннадий", "Геннадьевич", "Геннадьевна"),
    ("Фёдор", "Фёдорович", "Фёдоровна"),
    ("Семён", "Семёнович", "Семёновна"),
    ("Матвей", "Матвеевич", "Матвеевна"),
    ("Егор", "Егорович", "Егоровна"),
    ("Тимофей", "Тимофеевич", "Тимофеевна"),
    ("Степан", "Степанович", "Степановна"),
    ("Лев", "Львович", "Львовна"),
    ("Яков", "Яковлевич", "Яковлевна"),
    ("Лука", "Лукич", "Лукинична"),
    ("Всеволод", "Всеволодович", "Всеволодовна"),
];
const WOMEN: [&str; 44] = [
    "Елена",
    "Татьяна",
    "Наталья",
    "Ольга",
    "Светлана",
    "Ирина",
    "Анна",
    "Мария",
    "Екатерина",
    "Людмила",
    "Галина",
    "Юлия",
    "Надежда",
    "Валентина",
    "Любовь",
    "Нина",
    "Марина",
    "Анастасия",
    "Оксана",
    "Лариса",
    "Тамара",
    "Вера",
    "Алёна",
    "Дарья",
    "Ксения",
    "Виктория",
    "Евгения",
    "Александра",
    "Полина",
    "София",
    "Елизавета",
    "Вероника",
    "Варвара",
    "Алиса",
    "Кристина",
    "Яна",
    "Диана",
    "Зоя",
    "Раиса",
    "Лидия",
    "Антонина",
    "Зинаида",
    "Фёкла",
    "Милана",
];
const KAZAKH_SURNAMES: [&str; 8] =
    ["Әбдірахманов", "Қасымов", "Сейітов", "Жұмабаев", "Нұрғалиев", "Өтегенов", "Ғабдуллин", "Құсайынов"];
const KAZAKH_MEN: [Man; 6] = [
    ("Нұрлан", "Нұрланұлы", "Нұрланқызы"),
    ("Бақытжан", "Бақытжанұлы", "Бақытжанқызы"),
    ("Ержан", "Ержанұлы", "Ержанқызы"),
    ("Қайрат", "Қайратұлы", "Қайратқызы"),
    ("Дәурен", "Дәуренұлы", "Дәуренқызы"),
    ("Өмірбек", "Өмірбекұлы", "Өмірбекқызы"),
];
const KAZAKH_WOMEN: [&str; 6] = ["Айгүл", "Жұлдыз", "Гүлнәр", "Әсел", "Қарлығаш", "Шынар"];
const TATAR_SURNAMES: [&str; 8] =
    ["Гыйләҗев", "Сәлимҗанов", "Җәлилов", "Вәлиев", "Шәрәфетдинов", "Хәйруллин", "Гарифуллин", "Мөхәммәтшин"];
const TATAR_MEN: [Man; 5] = [
    ("Рөстәм", "Рөстәмович", "Рөстәмовна"),
    ("Илдар", "Илдарович", "Илдаровна"),
    ("Җәүдәт", "Җәүдәтович", "Җәүдәтовна"),
    ("Фәрит", "Фәритович", "Фәритовна"),
    ("Рамил", "Рамилевич", "Рамилевна"),
];
const TATAR_WOMEN: [&str; 5] = ["Айгөл", "Ләйсән", "Гүзәл", "Зөлфия", "Рәмзия"];
const LONG_SURNAME: &str = "Абдурахмангаджимагомедов-Султангалиевский-Новогеоргиевский";
const LONG_GIVEN: &str = "Мария-Антуанетта-Елизавета-Виктория";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sex {
    Male,
    Female,
}

impl Sex {
    pub(crate) fn any(dice: &mut Dice) -> Self {
        if dice.chance(430) { Self::Male } else { Self::Female }
    }
}

#[derive(Clone, Copy, Default)]
enum Culture {
    #[default]
    Russian,
    Kazakh,
    Tatar,
}

/// What the members of one family share.
pub(crate) struct Family {
    culture: Culture,
    surname: &'static str,
    second: Option<&'static str>,
}

impl Family {
    pub(crate) fn new(dice: &mut Dice) -> Self {
        let culture = dice.weighted(&[(Culture::Russian, 960), (Culture::Kazakh, 22), (Culture::Tatar, 18)]);
        let (surname, second) = match culture {
            Culture::Russian if dice.chance(2) => (LONG_SURNAME, None),
            Culture::Russian => {
                let surname = dice.pick(&SURNAMES);
                (surname, dice.chance(18).then(|| dice.pick(&SECOND_SURNAMES)))
            }
            Culture::Kazakh => (dice.pick(&KAZAKH_SURNAMES), None),
            Culture::Tatar => (dice.pick(&TATAR_SURNAMES), None),
        };
        Self { culture, surname, second }
    }

    /// A father for the family's patronymics.
    pub(crate) fn man(&self, dice: &mut Dice) -> Man {
        match self.culture {
            Culture::Russian => dice.pick(&MEN),
            Culture::Kazakh => dice.pick(&KAZAKH_MEN),
            Culture::Tatar => dice.pick(&TATAR_MEN),
        }
    }

    fn woman(&self, dice: &mut Dice) -> &'static str {
        match self.culture {
            Culture::Russian if dice.chance(2) => LONG_GIVEN,
            Culture::Russian => dice.pick(&WOMEN),
            Culture::Kazakh => dice.pick(&KAZAKH_WOMEN),
            Culture::Tatar => dice.pick(&TATAR_WOMEN),
        }
    }

    fn surname(&self, sex: Sex) -> String {
        let mut surname = String::with_capacity(48);
        push_surname(&mut surname, self.surname, sex);
        if let Some(second) = self.second {
            surname.push('-');
            push_surname(&mut surname, second, sex);
        }
        surname
    }

    /// A member of the family, the child of `father` or of somebody whose name is not recorded.
    pub(crate) fn member(&self, dice: &mut Dice, sex: Sex, father: Option<Man>) -> PersonName {
        let given = match sex {
            Sex::Male => self.man(dice).0,
            Sex::Female => self.woman(dice),
        };
        self.named(given, sex, father)
    }

    /// A member of the family with a given name that is known already.
    pub(crate) fn named(&self, given: &str, sex: Sex, father: Option<Man>) -> PersonName {
        let patronymic = father.map(|(_, son, daughter)| match sex {
            Sex::Male => son.to_owned(),
            Sex::Female => daughter.to_owned(),
        });
        PersonName { family: self.surname(sex), given: given.to_owned(), patronymic }
    }
}

/// A grown-up of any family, for the staff of an organization.
pub(crate) fn grown_up(dice: &mut Dice) -> PersonName {
    let family = Family::new(dice);
    let father = family.man(dice);
    let sex = if dice.chance(180) { Sex::Male } else { Sex::Female };
    family.member(dice, sex, Some(father))
}

/// Russian surnames in their female form; those that do not change stay as they are.
fn push_surname(to: &mut String, male: &str, sex: Sex) {
    let female = match sex {
        Sex::Male => None,
        Sex::Female => male
            .strip_suffix("ий")
            .or_else(|| male.strip_suffix("ой"))
            .map(|stem| (stem, "ая"))
            .or_else(|| ["ов", "ев", "ёв", "ин"].iter().any(|end| male.ends_with(end)).then_some((male, "а"))),
    };
    let (stem, end) = female.unwrap_or((male, ""));
    to.push_str(stem);
    to.push_str(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surnames_follow_the_gender() {
        let female = |male: &str| {
            let mut to = String::new();
            push_surname(&mut to, male, Sex::Female);
            to
        };
        let pairs = [
            ("Королёв", "Королёва"),
            ("Ильин", "Ильина"),
            ("Заболоцкий", "Заболоцкая"),
            ("Донской", "Донская"),
            ("Шмидт", "Шмидт"),
            ("Шевченко", "Шевченко"),
            ("Сәлимҗанов", "Сәлимҗанова"),
        ];
        for (male, expected) in pairs {
            assert_eq!(female(male), expected);
        }
    }

    #[test]
    fn patronymics_follow_the_father_and_the_gender() {
        let family =
            Family { culture: Culture::Russian, surname: "Иванов", second: Some("Белозёрский") };
        let father = ("Илья", "Ильич", "Ильинична");
        let daughter = family.named("Алёна", Sex::Female, Some(father));
        assert_eq!(daughter.full(), "Иванова-Белозёрская Алёна Ильинична");
        assert_eq!(family.named("Пётр", Sex::Male, Some(father)).full(), "Иванов-Белозёрский Пётр Ильич");
        assert_eq!(family.named("Пётр", Sex::Male, None).patronymic, None);
    }
}
