//! Which entries of a directory fit what is typed.

use prikrep_domain::collate::fold;

/// The places of the options that contain what is typed: those that begin with it first, then those with a
/// word that does, then the others, each group in the directory's order. Everything, when nothing is typed;
/// nothing, when the only match is what is typed already.
pub(super) fn matching(options: &[impl AsRef<str>], typed: &str) -> Vec<usize> {
    let wanted = fold(typed);
    let mut found: Vec<(Fit, usize)> = options
        .iter()
        .enumerate()
        .filter_map(|(place, option)| Some((Fit::of(&fold(option.as_ref()), &wanted)?, place)))
        .collect();
    if let [(Fit::Whole, _)] = found.as_slice() {
        return Vec::new();
    }
    found.sort();
    found.into_iter().map(|(_, place)| place).collect()
}

/// The better first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Whole,
    Beginning,
    Word,
    Within,
}

impl Fit {
    fn of(option: &[u8], wanted: &[u8]) -> Option<Self> {
        if option == wanted {
            return Some(Self::Whole);
        }
        if option.starts_with(wanted) {
            return Some(Self::Beginning);
        }
        let places = option.windows(wanted.len()).enumerate().filter(|(_, window)| *window == wanted);
        let before = |place: usize| place.checked_sub(1).and_then(|before| option.get(before));
        places
            .map(|(place, _)| if before(place).is_none_or(|byte| *byte == b' ') { Self::Word } else { Self::Within })
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCTORS: [&str; 5] =
        ["Петрова Анна Ильинична", "Семёнов Пётр Ильич", "Ильина Вера", "Семенова Инна", "Королёва Илона"];

    fn names(typed: &str) -> Vec<&'static str> {
        matching(&DOCTORS, typed).into_iter().map(|place| DOCTORS[place]).collect()
    }

    #[test]
    fn case_and_yo_do_not_count_and_beginnings_come_first() {
        assert_eq!(names("ил"), ["Ильина Вера", "Петрова Анна Ильинична", "Семёнов Пётр Ильич", "Королёва Илона"]);
        assert_eq!(names("СЕМЕН"), ["Семёнов Пётр Ильич", "Семенова Инна"]);
        assert_eq!(names("ЛЕВА"), ["Королёва Илона"]);
    }

    #[test]
    fn nothing_typed_offers_everything_and_a_whole_entry_nothing() {
        assert_eq!(names(" ").len(), DOCTORS.len());
        assert_eq!(names("семёнова инна"), [""; 0]);
        assert_eq!(names("эхо"), [""; 0]);
    }
}
