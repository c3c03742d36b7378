//! Exports read back by another reader than the one that wrote them.

use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;

use calamine::{Data, DataType, Range, Reader, Xlsx, open_workbook};
use chrono::NaiveDate;
use prikrep_domain::{ApplicationType, Status};
use prikrep_testkit::given::{ZONE, alone, application, full_application};
use tempfile::TempDir;

use super::*;

struct Place {
    folder: TempDir,
    cancelled: AtomicBool,
    progress: RefCell<Vec<usize>>,
}

impl Place {
    fn new() -> Self {
        let (cancelled, progress) = (AtomicBool::new(false), RefCell::default());
        Self { folder: tempfile::tempdir().unwrap(), cancelled, progress }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Exports standings under a name that tells the format.
    fn export(&self, name: &str, standings: &[Standing]) -> Result<usize, ExportError> {
        self.export_from(&self.path(name), |row| {
            let _ = standings.iter().cloned().try_for_each(row);
            Ok::<_, std::io::Error>(())
        })
    }

    fn export_from<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
        &self,
        path: &Path,
        source: impl FnOnce(&mut dyn FnMut(Standing) -> ControlFlow<()>) -> Result<(), E>,
    ) -> Result<usize, ExportError> {
        let progress = |rows| self.progress.borrow_mut().push(rows);
        let format = Format::of(path);
        export(source, Export { format, path, zone: ZONE, progress: &progress, cancelled: &self.cancelled })
    }

    fn sheet(&self, name: &str) -> Range<Data> {
        let mut book: Xlsx<_> = open_workbook(self.path(name)).unwrap();
        book.worksheet_range("Заявления").unwrap()
    }

    fn files(&self) -> usize {
        fs::read_dir(self.folder.path()).unwrap().count()
    }
}

fn plain() -> Standing {
    alone(&application(1, ApplicationType::Choice, Status::Sent))
}

fn full() -> Standing {
    alone(&full_application())
}

/// An application whose every text is given from outside.
fn with_texts(text: &str) -> Standing {
    let mut application = full_application();
    application.patient.name.family = text.into();
    application.patient.snils = Some(text.into());
    application.organization.name = text.into();
    application.department = Some(text.into());
    application.district = Some(text.into());
    application.doctor.as_mut().unwrap().full_name = text.into();
    alone(&application)
}

const EVIL: [&str; 8] =
    ["=1+1", "+7 900", "-1", "@SUM(A1)", "\t=1", "=HYPERLINK(\"http://a\";\"b\")", "=cmd|' /C calc'!A0", "＝1"];

#[test]
fn a_workbook_has_its_header_its_order_and_dates_as_dates() {
    let place = Place::new();
    assert_eq!(place.export("list.xlsx", &[full(), plain()]).unwrap(), 2);
    let sheet = place.sheet("list.xlsx");
    let headers: Vec<_> = sheet.rows().next().unwrap().iter().map(|cell| cell.as_string().unwrap()).collect();
    assert_eq!(
        headers,
        [
            "ФИО пациента",
            "СНИЛС",
            "Дата рождения",
            "Тип прикрепления",
            "Дата заявления",
            "Тип заявления",
            "Статус",
            "МО",
            "Подразделение",
            "Участок",
            "Врач",
            "ID заявления"
        ]
    );
    let cell = |row, column| sheet.get_value((row, column)).cloned().unwrap_or_default();
    assert_eq!(cell(1, 0), Data::String("Ёлкина Мария Петровна".into()));
    assert_eq!(cell(1, 1), Data::String("112-233-445 95".into()));
    assert!(cell(1, 2).is_datetime() && cell(1, 4).is_datetime());
    assert_eq!(cell(1, 2).as_date(), NaiveDate::from_ymd_opt(1980, 5, 17));
    assert_eq!(cell(1, 4).as_datetime(), "2026-03-10T11:00:00".parse().ok());
    assert_eq!(cell(1, 5), Data::String("Отмена заявления о выборе МО".into()));
    assert_eq!(cell(1, 9), Data::String("12".into()));
    assert_eq!(cell(1, 11), Data::String(full().application.id.to_string()));
    assert_eq!(cell(2, 0), Data::String("Иванова Анна".into()));
    assert_eq!([cell(2, 1), cell(2, 8), cell(2, 10)], [Data::Empty, Data::Empty, Data::Empty]);
}

#[test]
fn a_workbook_is_frozen_filtered_and_shows_dates_the_russian_way() {
    let place = Place::new();
    place.export("list.xlsx", &[full(), plain()]).unwrap();
    let part = |name| part_of(&place.path("list.xlsx"), name);
    let sheet = part("xl/worksheets/sheet1.xml");
    for expected in ["state=\"frozen\"", "<autoFilter ref=\"A1:L3\"", "<col min=\"1\" max=\"1\" width=\"34"] {
        assert!(sheet.contains(expected), "{expected}: {sheet}");
    }
    let styles = part("xl/styles.xml");
    for expected in ["\"dd.mm.yyyy\"", "\"dd.mm.yyyy hh:mm\""] {
        assert!(styles.contains(expected), "{expected}: {styles}");
    }
}

#[test]
fn nothing_from_outside_is_a_formula_in_a_workbook() {
    let place = Place::new();
    for text in EVIL {
        place.export("list.xlsx", &[with_texts(text)]).unwrap();
        assert!(!part_of(&place.path("list.xlsx"), "xl/worksheets/sheet1.xml").contains("<f>"));
        let sheet = place.sheet("list.xlsx");
        for column in [1, 7, 8, 9, 10] {
            assert_eq!(sheet.get_value((1, column)), Some(&Data::String(text.into())), "{text:?} {column}");
        }
    }
}

#[test]
fn nothing_from_outside_is_a_formula_in_csv() {
    let place = Place::new();
    for text in EVIL.into_iter().chain(["\r=1", "\n=1"]) {
        place.export("list.csv", &[with_texts(text)]).unwrap();
        for field in &records(&place.path("list.csv"))[1] {
            assert!(!field.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝']), "{field:?}");
        }
        assert_eq!(records(&place.path("list.csv"))[1][7], format!("'{text}"));
    }
}

#[test]
fn csv_is_what_the_russian_excel_opens() {
    let place = Place::new();
    assert_eq!(place.export("list.csv", &[full(), with_texts("a;\"b\"\nв")]).unwrap(), 2);
    let bytes = fs::read(place.path("list.csv")).unwrap();
    assert!(bytes.starts_with("\u{feff}ФИО пациента;СНИЛС;Дата рождения;".as_bytes()));
    let records = records(&place.path("list.csv"));
    assert_eq!(
        records[1],
        [
            "Ёлкина Мария Петровна",
            "112-233-445 95",
            "17.05.1980",
            "терапевтическое",
            "10.03.2026 11:00",
            "Отмена заявления о выборе МО",
            "Ошибка отмены",
            "Городская поликлиника № 1",
            "Отделение № 2",
            "12",
            "Петров Пётр Петрович",
            &full().application.id.to_string(),
        ]
    );
    assert_eq!(records[2][7], "a;\"b\"\nв");
}

#[test]
fn odd_values_do_not_cost_the_others() {
    let place = Place::new();
    let mut odd = full_application();
    odd.patient.birth_date = "1899-02-03".parse().unwrap();
    odd.department = Some("я".repeat(40_000));
    odd.district = Some(String::new());
    odd.organization.name = "\u{1}\u{b}control <&>".into();
    assert_eq!(place.export("list.xlsx", &[alone(&odd), full()]).unwrap(), 2);
    let sheet = place.sheet("list.xlsx");
    assert_eq!(sheet.get_value((1, 2)), Some(&Data::String("03.02.1899".into())));
    assert_eq!(sheet.get_value((1, 8)).unwrap().as_string().unwrap().chars().count(), 32_767);
    assert!(sheet.get_value((1, 7)).unwrap().as_string().unwrap().ends_with("control <&>"));
    assert_eq!(sheet.get_value((2, 9)), Some(&Data::String("12".into())));
    place.export("list.csv", &[alone(&odd), full()]).unwrap();
    assert_eq!(records(&place.path("list.csv"))[1][2], "03.02.1899");
}

#[test]
fn an_empty_list_is_a_header() {
    let place = Place::new();
    for name in ["list.xlsx", "list.csv"] {
        assert_eq!(place.export(name, &[]).unwrap(), 0);
    }
    assert_eq!(place.sheet("list.xlsx").height(), 1);
    assert_eq!(records(&place.path("list.csv")).len(), 1);
    assert_eq!(*place.progress.borrow(), [0, 0]);
}

#[test]
fn progress_is_told_and_a_cancelled_export_leaves_the_old_file() {
    let place = Place::new();
    let many = vec![plain(); 1_200];
    for name in ["list.xlsx", "list.csv"] {
        place.progress.borrow_mut().clear();
        place.export(name, &many).unwrap();
        assert_eq!(*place.progress.borrow(), [500, 1_000, 1_200]);
        let before = fs::read(place.path(name)).unwrap();
        let mut visited = 0;
        let ended = place.export_from(&place.path(name), |row| {
            for standing in many.iter().cloned() {
                visited += 1;
                place.cancelled.store(visited == 700, Ordering::Relaxed);
                if row(standing).is_break() {
                    break;
                }
            }
            Ok::<_, std::io::Error>(())
        });
        assert!(matches!(ended, Err(ExportError::Cancelled)));
        assert_eq!(visited, 700);
        // Cancelled after the last row: what is left is packing, which looks up, too.
        let ended = place.export_from(&place.path(name), |row| {
            place.cancelled.store(false, Ordering::Relaxed);
            let _ = row(plain());
            place.cancelled.store(true, Ordering::Relaxed);
            Ok::<_, std::io::Error>(())
        });
        assert!(matches!(ended, Err(ExportError::Cancelled)));
        place.cancelled.store(false, Ordering::Relaxed);
        assert_eq!(fs::read(place.path(name)).unwrap(), before);
    }
    assert_eq!(place.files(), 2);
}

#[test]
fn a_source_that_fails_leaves_the_old_file() {
    let place = Place::new();
    fs::write(place.path("list.csv"), "before").unwrap();
    let failed = place.export_from(&place.path("list.csv"), |row| {
        let _ = row(plain());
        Err("the store is damaged")
    });
    let error = failed.unwrap_err();
    assert!(matches!(&error, ExportError::Source(source) if source.to_string() == "the store is damaged"));
    assert!(error.to_string().contains("хранилища"));
    assert_eq!(fs::read_to_string(place.path("list.csv")).unwrap(), "before");
    assert_eq!(place.files(), 1);
}

#[test]
fn a_place_that_cannot_be_written_is_told() {
    let place = Place::new();
    let words = |path: PathBuf| place.export_from(&path, |_| Ok::<_, std::io::Error>(())).unwrap_err().to_string();
    assert!(words(place.path("absent/list.csv")).ends_with("absent нет: выберите другую"));
    assert!(words(place.folder.path().to_owned()).contains("Укажите имя файла"));
    assert!(words(PathBuf::from("/")).contains("Укажите имя файла"));
    fs::write(place.path("file"), "").unwrap();
    assert!(words(place.path("file/list.xlsx")).contains("выберите другую"));
    assert!(words(PathBuf::from("/proc/list.xlsx")).contains("выберите другую"));
}

#[test]
fn each_failure_of_the_disk_has_its_words() {
    let said = |kind: io::ErrorKind| write_failed(Path::new("/a/list.xlsx"), kind.into()).to_string();
    assert!(said(io::ErrorKind::StorageFull).contains("не хватает места"));
    assert!(said(io::ErrorKind::BrokenPipe).contains("Не удалось записать"));
    let zipped = sheet_failed(Path::new("/a"), rust_xlsxwriter::XlsxError::IoError(io::ErrorKind::StorageFull.into()));
    assert!(matches!(zipped, ExportError::DiskFull { .. }));
    let held = |path: &str| place_failed(Path::new(path), io::ErrorKind::PermissionDenied.into()).to_string();
    assert!(held("/").contains("закройте его в Excel") && held("/absent").contains("Не удалось записать"));
    let folder = folder_failed(Path::new("/a"), io::ErrorKind::PermissionDenied.into()).to_string();
    assert_eq!(folder, "В папку /a нельзя записать: выберите другую");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_as_such() {
    // `/dev/full` takes every write as a full disk does.
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let sheet = XlsxSheet::new(tempfile::tempdir().unwrap().path()).unwrap();
    let error = sheet.finish(full()).unwrap_err();
    assert!(matches!(sheet_failed(Path::new("/a"), error), ExportError::DiskFull { .. }));
    let error = CsvSheet::new(full()).err().unwrap();
    assert!(matches!(write_failed(Path::new("/a"), error), ExportError::DiskFull { .. }));
}

#[cfg(unix)]
#[test]
fn only_the_person_may_read_what_was_exported() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.export("list.xlsx", &[plain()]).unwrap();
    assert_eq!(fs::metadata(place.path("list.xlsx")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_name_tells_the_format() {
    for (name, format) in
        [("a.xlsx", Format::Xlsx), ("a.CSV", Format::Csv), ("a", Format::Xlsx), ("a.csv.xlsx", Format::Xlsx)]
    {
        assert_eq!(Format::of(Path::new(name)), format, "{name}");
    }
}

#[test]
fn a_sheet_ends_where_excel_ends() {
    assert_eq!(MOST_APPLICATIONS, 1_048_575, "and a row for the names of the columns");
    let place = Place::new();
    let path = place.path("list.xlsx");
    let to = |cancelled| Export { format: Format::Xlsx, path: &path, zone: ZONE, progress: &|_| {}, cancelled };
    let write = |rows: usize| {
        let out = Watched { to: Vec::new(), cancelled: &place.cancelled };
        let source = |row: &mut dyn FnMut(Standing) -> ControlFlow<()>| {
            let _ = (0..rows).try_for_each(|_| row(plain()));
            Ok::<_, std::io::Error>(())
        };
        write_xlsx(source, to(&place.cancelled), out, place.folder.path(), 3)
    };
    assert_eq!(write(3).unwrap(), 3);
    let error = write(4).unwrap_err().to_string();
    assert!(error.contains('3') && error.contains("CSV"), "{error}");
    assert_eq!(place.files(), 0);
}

/// The text of one part of a workbook.
fn part_of(path: &Path, name: &str) -> String {
    let mut archive = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
    io::read_to_string(archive.by_name(name).unwrap()).unwrap()
}

fn records(path: &Path) -> Vec<Vec<String>> {
    let bytes = fs::read(path).unwrap();
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap();
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').has_headers(false).from_reader(text);
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}
