//! Writes the first inputs of every target into the corpus: `cargo run -p prikrep-fuzzing --example seeds`.
//!
//! They are what the programs themselves write, of invented people; what the fuzzers made of them lies beside them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::path::Path;

use prikrep_domain::{
    ALL_DECISIONS, Application, ApplicationType, Cursor, Delivery, Directory, FeedPage, FieldError, Problem,
    ProblemKind, Status,
};
use prikrep_fuzzing::written;
use prikrep_store::{Key, Quarantined, fuzzing as store};
use prikrep_testkit::given::{alone, application, doctor, draft, full_application, moment, record};
use prikrep_worklist::{Row, Worklist};
use serde::Serialize;
use serde_json::{json, to_vec};

fn main() {
    seeds("page", pages());
    seeds("problem", problems());
    seeds("bodies", bodies());
    seeds("parameters", parameters());
    seeds("identifiers", identifiers());
    seeds("configuration", configurations());
    seeds("directory", directories());
    seeds("settings", settings());
    seeds("profile", profiles());
    seeds("requests", requests());
    seeds("values", values());
    seeds("sealing", sealing());
    seeds("backup", backups());
    seeds("journal", journals());
    seeds("columns", columns());
}

fn seeds(target: &str, inputs: Vec<Vec<u8>>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    fs::create_dir_all(&folder).unwrap();
    for (number, input) in inputs.iter().enumerate() {
        fs::write(folder.join(format!("seed-{number:02}")), input).unwrap();
    }
}

fn of_kind(kind: u8, rest: &[u8]) -> Vec<u8> {
    [&[kind], rest].concat()
}

fn joined(pieces: &[&[u8]]) -> Vec<u8> {
    let framed = |piece: &&[u8]| [&u16::try_from(piece.len()).unwrap().to_be_bytes()[..], piece].concat();
    pieces.iter().flat_map(framed).collect()
}

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn full() -> Application {
    let mut full = full_application();
    let problem = Some(Box::new(Problem::new(ProblemKind::WrongStatus).with_detail("Поздно")));
    let deliveries = [
        Delivery::Queued,
        Delivery::Delivered { at: Some(moment().now) },
        Delivery::Rejected { at: None, problem },
        Delivery::Delivered { at: None },
        Delivery::Queued,
    ];
    full.answers = (1..).zip(ALL_DECISIONS).zip(deliveries).map(|((n, kind), to)| record(n, kind, to)).collect();
    full
}

fn pages() -> Vec<Vec<u8>> {
    let of = |changes: Vec<Application>, has_more| {
        to_vec(&FeedPage { changes, cursor: Cursor::new("e1.2".to_owned()).unwrap(), has_more }).unwrap()
    };
    let plain =
        ApplicationType::ALL.into_iter().flat_map(|kind| Status::ALL.map(|status| application(3, kind, status)));
    let mut pages = vec![of(vec![], false), of(vec![full()], true)];
    pages.extend(plain.step_by(5).map(|one| of(vec![one], false)));
    pages.push(String::from_utf8(of(vec![full()], true)).unwrap().replace("pediatric", "other").into_bytes());
    pages.push(
        br#"{"changes":[1,null,{"id":"0198f3a2-1c5e-7d40-8a11-5b2f6f0c9d21"},[]],"cursor":"","has_more":false}"#
            .to_vec(),
    );
    pages.push([&br#"{"changes":[{"id":""#[..], b"\xFF\xFE", br#""}],"cursor":"c","has_more":false}"#].concat());
    pages
}

fn problems() -> Vec<Vec<u8>> {
    let mut full =
        Problem::new(ProblemKind::InvalidAnswer).with_detail("Исправьте").with_application(full_application());
    full.errors.push(FieldError { field: "comment".to_owned(), message: "Заполните".to_owned() });
    let date = b"Sun, 06 Nov 1994 08:49:37 GMT";
    vec![
        of_kind(22, &to_vec(&full).unwrap()),
        of_kind(9, &to_vec(&Problem::new(ProblemKind::Superseded)).unwrap()),
        of_kind(100, br#"{"detail":"only words","errors":{},"application":3}"#),
        of_kind(103, &joined(&[b"120", date])),
        of_kind(29, &joined(&[date, b"Sunday, 06-Nov-94 08:49:37 GMT"])),
        of_kind(29, &joined(&[b"Sun Nov  6 08:49:37 1994", date])),
    ]
}

fn bodies() -> Vec<Vec<u8>> {
    let mut bodies: Vec<Vec<u8>> = ALL_DECISIONS.map(|kind| of_kind(0, &to_vec(&draft(kind)).unwrap())).into();
    let device = "0198f3a2-1c5e-7d40-8a11-5b2f6f0c9d21";
    let act = json!({"sequence": 1, "at": "2026-03-20T05:00:00Z", "act": "card_opened", "application": device});
    bodies.extend([
        of_kind(1, br#"{"login":"anna","password":"secret"}"#),
        of_kind(1, br#"{"login":7}"#),
        of_kind(2, br#"{"current":"one","new":"two"}"#),
        of_kind(3, &to_vec(&json!({"device": device, "acts": [act]})).unwrap()),
        of_kind(0, b"{"),
    ]);
    bodies
}

fn parameters() -> Vec<Vec<u8>> {
    let searches = [
        "from=2026-03-01&to=2026-03-31&status=pending&sort=-name&limit=5000&offset=7&kind=dental&type=choice",
        "from=2026-03-01&to=2026-03-31&patient=%7B0198F3A2-1C5E-7D40-8A11-5B2F6F0C9D21%7D&snils=112-233-445+95",
        "from=01.03.2026&to=&name=%D0%B8%D0%B2%D0%B0%D0%BD%D0%BE%D0%B2+%D0%B8",
        "from=2026-03-01&from=2026-03-01&x=1",
    ];
    let feeds = ["after=e1.2&limit=1&wait=60", "after=&limit=0", "wait=61&unknown"];
    let journals = [
        "from=2026-03-01&to=2026-03-31&login=anna&act=card_opened&before=9&limit=500",
        "patient=0198f3a2-1c5e-7d40-8a11-5b2f6f0c9d21&application=1",
    ];
    let of = |kind: u8, all: &[&str]| all.iter().map(|one| of_kind(kind, one.as_bytes())).collect::<Vec<_>>();
    [of(0, &searches), of(1, &feeds), of(2, &journals)].concat()
}

fn identifiers() -> Vec<Vec<u8>> {
    texts(&[
        "0198f3a2-1c5e-7d40-8a11-5b2f6f0c9d21",
        " {0198F3A2-1C5E-7D40-8A11-5B2F6F0C9D21}\t",
        "1.2.643.5.1.13.13.12.2.22.2001",
        "112-233-445 95",
        "001-001-998 00",
        "8451 9991 2289-9990",
        "123 456 789",
        "22-01 № 1234567",
        "-created_at",
        "Anna.B_c-1@example",
        "0198f3a21c5e7d408a115b2f6f0c9d21.77",
        "  Ёлкина-Ли  АННА\tӘli 'İß",
    ])
}

fn configurations() -> Vec<Vec<u8>> {
    let example = include_str!("../../../packaging/prikrepd.example.toml");
    let mut all = texts(&[
        example,
        "data_dir = \"data\"\nlisten = \"[::1]:0\"\n[limits]\nbody_bytes = 32768\n",
        "listen = \"0.0.0.0:80\"\nallow_plain_http_beyond_loopback = true\ntrusted_proxies = [\"::1\"]\n",
        "[tls]\ncertificate_file = \"a\"\nkey_file = \"b\"\nclient_ca_file = \"c\"\nclient_certificates = \"daemons\"\n",
        "[upstream]\nurl = \"http://u:p@a\"\nlogin = \"l\"\npassword = \"secret\"\npull_at = \"live\"\n",
        "[log]\nlevel = \"loud\"\nformat = 1\n[journal]\nkeep_days = 1\n",
        "timezone = \"Mars\"\nlisten = 7\n[passwords",
    ]);
    // Every key of the example, not only those that it sets.
    let set = |line: &str| {
        line.strip_prefix("# ").filter(|rest| rest.contains(" = ") || rest.starts_with('[')).map(str::to_owned)
    };
    let lines: Vec<String> = example.lines().map(|line| set(line).unwrap_or_else(|| line.to_owned())).collect();
    all.push(lines.join("\n").into_bytes());
    all
}

fn directories() -> Vec<Vec<u8>> {
    let full = json!({"1.2.643.1": {
        "departments": ["№ 1"], "refusal_reasons": ["Не та территория"], "doctors": [doctor()],
        "districts": [{"number": "12", "kind": "pediatric", "department": "№ 1", "doctor": doctor()}],
    }, "1.2": Directory::default()});
    let long = json!({"1.2": {"departments": [], "refusal_reasons": [], "districts": [],
        "doctors": [{"full_name": "я".repeat(257), "position": ""}]}});
    vec![to_vec(&full).unwrap(), to_vec(&long).unwrap(), b"{\"\xd0\xa6\": {}}".to_vec(), b"{}".to_vec()]
}

fn settings() -> Vec<Vec<u8>> {
    texts(&[
        r#"{"server":"https://a","ca_file":"/a","login":"anna","zone":"Europe/Moscow","notifications":false,"zoom_percent":150,"theme":"dark","keep_drafts":false,"lock_after_mins":0,"column_widths":[220.5,120,100,100,120,90],"narrow_column_widths":[1,100,1e9,100,100,100]}"#,
        r#"{"zoom_percent":"big","theme":"pink","from_tomorrow":1,"lock_after_mins":60000}"#,
        "[]",
        "{}",
    ])
}

fn profiles() -> Vec<Vec<u8>> {
    let hash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2E$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g";
    let profile = |version: u32, key: serde_json::Value| {
        to_vec(&json!({"version": version, "password": hash, "session": "00ff", "key": key})).unwrap()
    };
    let wrapped = json!({"kept": "passphrase", "salt": "00".repeat(16), "wrapped": "ab".repeat(60)});
    vec![
        profile(1, json!({"kept": "keyring"})),
        profile(1, wrapped),
        profile(2, json!(null)),
        profile(1, json!({"kept": "passphrase", "salt": "00", "wrapped": ""})),
    ]
}

fn requests() -> Vec<Vec<u8>> {
    let head = "POST /v1/sessions HTTP/1.1\r\nHost: r\r\n";
    let get = "GET / HTTP/1.1\r\nHost: r\r\n\r\n";
    let all = [
        get.repeat(2),
        format!("{head}content-length:\t4 \r\n\r\nabcd{get}"),
        format!("{head}Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\nA\r\n0123456789\r\n0\r\n\r\n{get}"),
        format!("GET / HTTP/1.0\r\n\r\n{get}"),
        format!("GET / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nab{get}"),
        format!("{head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{get}"),
        format!("{head}Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd{get}"),
        format!("{head}Expect: 100-continue\r\nContent-Length: 1\r\n\r\na{get}"),
        format!("CONNECT r:1 HTTP/1.1\r\nHost: r\r\n\r\n{get}"),
        format!("GET / HTTP/1.1\r\nHost: r\r\nUpgrade: websocket\r\nConnection: upgrade, close\r\n\r\n{get}"),
        format!("HEAD http://r/ HTTP/1.1\r\nHost: r\r\nX: a\n\r\n{get}"),
    ];
    all.map(String::into_bytes).into()
}

fn values() -> Vec<Vec<u8>> {
    let quarantined = Quarantined {
        key: "1".to_owned(),
        reason: "не удалось разобрать".to_owned(),
        received_at: moment().now,
        raw: "{}".to_owned(),
    };
    let mut values = vec![
        store::write_row(9, &full()).unwrap(),
        store::write_row(1, &application(1, ApplicationType::Choice, Status::Sent)).unwrap(),
        small(&quarantined),
    ];
    values.extend(ALL_DECISIONS.map(|kind| small(&draft(kind))));
    values.extend(store::backup_chunks(b"record", b"piece").unwrap());
    let golden = include_str!("../../../crates/store/golden/position-1.hex");
    let digits: Vec<u8> = golden.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    values.push(digits.chunks(2).map(byte).collect());
    values
}

/// A small record as the store writes it.
fn small(value: &impl Serialize) -> Vec<u8> {
    [&[1][..], &rmp_serde::to_vec_named(value).unwrap()].concat()
}

fn sealing() -> Vec<Vec<u8>> {
    vec![
        joined(&[b"rows", b"a value", b""]),
        joined(&[b"", b"", b"\x00\x00\x01"]),
        joined(&[b"drafts", b"another value", b"\x00\x05\x01\x00\x14\xFF"]),
    ]
}

fn backups() -> Vec<Vec<u8>> {
    let key = Key::from_bytes([7; 32]);
    let chunks = store::backup_chunks(b"record", b"piece").unwrap();
    let chunks: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
    vec![
        of_kind(0, &store::backup_of(&key, &chunks).unwrap()),
        of_kind(1, &joined(&chunks)),
        of_kind(1, &joined(&chunks[..2])),
        of_kind(0, b"PRIKREP BACKUP 1\n\0\0\0\x20"),
    ]
}

fn journals() -> Vec<Vec<u8>> {
    let part = store::journal_part(&Key::from_bytes([7; 32]), &[b"{}", b"{\"at\":1}"]).unwrap();
    // Everywhere an entry begins, and each promises all that is left.
    let promising: Vec<u8> = b"\xD0jr\x01\0\0\0\0\0\0\0\x01\0\0\x0F\0".repeat(250);
    vec![
        of_kind(0, &part),
        of_kind(0, &promising),
        of_kind(1, &joined(&[b"", b"{}", b"{\"at\":1}"])),
        of_kind(1, &joined(&[b"\x00\x30\x07", b"{}", b"{\"at\":1}", b"third"])),
        of_kind(0, &part[..part.len() - 3]),
    ]
}

fn columns() -> Vec<Vec<u8>> {
    let list = |count: u32, settled: bool| {
        let mut list = Worklist::new();
        for number in 0..count {
            let kind = ApplicationType::ALL[number as usize % 3];
            let mut one = application(u128::from(number) + 1, kind, Status::ALL[number as usize % 7]);
            one.patient.name.family = format!("Фамилия{}", number % 3);
            one.patient.snils = (number % 2 == 0).then(|| "11223344595".to_owned());
            list.upsert(Row::new(number), &alone(&one), u64::from(number) + 1).unwrap();
        }
        if count > 4 {
            list.remove(Row::new(2));
        }
        if settled {
            list.settle();
        }
        written(&list)
    };
    vec![list(0, true), list(1, true), list(1, false), list(7, true), list(7, false), b"prikwl01".to_vec()]
}
