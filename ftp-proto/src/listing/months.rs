//! Names of months in the languages that servers were seen to speak, in the encodings they use, and of
//! weekdays in English.
//!
//! A name may be cut to three letters or more, may end in a dot, and is compared without case.

/// The first three letters of each month in English, as a number.
const KEYS: [u32; 12] = {
    let (mut keys, mut at) = ([0; 12], 0);
    while at < 12 {
        let [a, b, c, ..] = ENGLISH[at].as_bytes() else { panic!("a short month") };
        keys[at] = u32::from_be_bytes([0, *a, *b, *c]);
        at += 1;
    }
    keys
};

/// Reads a month name in English: the form nearly all servers use.
pub(super) fn english(name: &[u8]) -> Option<i8> {
    let &[a, b, c, ..] = name else { return None };
    let key = u32::from_be_bytes([0, a | 0x20, b | 0x20, c | 0x20]);
    // Without a branch for each: the months of a listing have no order that could be foreseen.
    let (mut month, mut at) = (0i8, 0i8);
    for known in KEYS {
        at += 1;
        month += if known == key { at } else { 0 };
    }
    if month == 0 {
        return None;
    }
    if name.len() == 3 {
        return Some(month);
    }
    let full = ENGLISH[usize::from(month.cast_unsigned() - 1)].as_bytes();
    let cut = full.get(..name.len()).is_some_and(|full| full.eq_ignore_ascii_case(name));
    (cut || name.eq_ignore_ascii_case(b"sept")).then_some(month)
}

/// Says whether this is the name of a day of the week in English, whole or its first three letters.
pub(super) fn is_weekday(name: &[u8]) -> bool {
    const DAYS: [&[u8]; 7] =
        [b"monday", b"tuesday", b"wednesday", b"thursday", b"friday", b"saturday", b"sunday"];
    DAYS.iter().any(|day| name.eq_ignore_ascii_case(day) || name.eq_ignore_ascii_case(&day[..3]))
}

/// Reads a month name in any language known here.
pub(super) fn any(name: &[u8]) -> Option<i8> {
    if let Some(month) = english(name) {
        return Some(month);
    }
    let name = name.strip_suffix(b",").unwrap_or(name);
    let name = name.strip_suffix(b".").unwrap_or(name);
    if name.len() > 40 {
        return None;
    }
    english(name).or_else(|| foreign(name))
}

/// Reads UTF-8, UTF-8 encoded twice, and single-byte encodings.
fn foreign(name: &[u8]) -> Option<i8> {
    let read = |word: Option<Word>| localized(word?.text());
    let Ok(text) = core::str::from_utf8(name) else {
        let encodings = [latin1, windows_1251, koi8_r, latin2, windows_1253];
        return encodings
            .iter()
            .find_map(|decode| read(Word::lower(name.iter().map(|b| decode(*b)))));
    };
    read(Word::lower(text.chars())).or_else(|| read(Word::lower(Word::twice(text)?.text().chars())))
}

fn localized(name: &str) -> Option<i8> {
    let letters = name.chars().count();
    if letters < 2 {
        return None;
    }
    if let Some((_, month)) = SHORT.iter().find(|(short, _)| *short == name) {
        return Some(*month);
    }
    if letters < 3 {
        return None;
    }
    let first = name.as_bytes()[0];
    let begins = |full: &str| full.as_bytes()[0] == first && full.starts_with(name);
    let months = LANGUAGES.iter().flat_map(|language| (1..).zip(language.iter()));
    months.into_iter().find(|(_, full)| begins(full)).map(|(month, _)| month)
}

/// A word in place: most listings hold many that turn out to be no month.
struct Word {
    bytes: [u8; 64],
    len: usize,
}

impl Word {
    const EMPTY: Self = Self { bytes: [0; 64], len: 0 };

    /// Returns letters in lower case, unless they are too many for a month.
    fn lower(letters: impl Iterator<Item = char>) -> Option<Self> {
        let mut word = Self::EMPTY;
        for letter in letters.flat_map(char::to_lowercase) {
            let room = word.bytes.get_mut(word.len..)?.get_mut(..letter.len_utf8())?;
            word.len += letter.encode_utf8(room).len();
        }
        Some(word)
    }

    /// Returns what was taken for Latin-1 and encoded again.
    fn twice(text: &str) -> Option<Self> {
        let mut word = Self::EMPTY;
        for (place, letter) in word.bytes.iter_mut().zip(text.chars()) {
            *place = u8::try_from(letter).ok()?;
            word.len += 1;
        }
        (!text.is_ascii() && !word.text().is_empty()).then_some(word)
    }

    /// Returns the text, or nothing when it is none.
    fn text(&self) -> &str {
        core::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

fn latin1(byte: u8) -> char {
    char::from(byte)
}

fn windows_1251(byte: u8) -> char {
    match byte {
        0xC0.. => char::from_u32(0x410 + u32::from(byte - 0xC0)).unwrap_or('\u{FFFD}'),
        0xB3 => 'і',
        _ => char::from(byte),
    }
}

fn koi8_r(byte: u8) -> char {
    const LOWER: &str = "юабцдефгхийклмнопярстужвьызшэщчъ";
    match byte {
        0xC0.. => LOWER.chars().nth(usize::from(byte & 0x1F)).unwrap_or('\u{FFFD}'),
        _ => char::from(byte),
    }
}

fn windows_1253(byte: u8) -> char {
    match byte {
        0xC0.. => char::from_u32(0x390 + u32::from(byte - 0xC0)).unwrap_or('\u{FFFD}'),
        _ => char::from(byte),
    }
}

/// ISO 8859-2 and Windows 1250, as far as months need them.
fn latin2(byte: u8) -> char {
    match byte {
        0xBC | 0x9F => 'ź',
        0xB9 | 0x9A => 'š',
        0xBE | 0x9E => 'ž',
        0xE8 => 'č',
        0xEC => 'ě',
        0xF8 => 'ř',
        0xF9 => 'ů',
        0xD8 => 'Ř',
        _ => char::from(byte),
    }
}

type Year = [&'static str; 12];

const ENGLISH: Year = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Full names; an earlier language wins where a cut name is of two.
#[rustfmt::skip]
const LANGUAGES: &[Year] = &[
    ENGLISH,
    ["januar", "februar", "märz", "april", "mai", "juni", "juli", "august", "september", "oktober", "november", "dezember"],
    ["jänner", "feber", "maerz", "april", "maj", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"],
    ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre", "octobre", "novembre", "decembre"],
    ["januari", "fevrier", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"],
    ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"],
    ["janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro", "dezembro"],
    ["gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"],
    ["gener", "febrer", "març", "abril", "maig", "juny", "juliol", "agost", "setembre", "octubre", "novembre", "desembre"],
    ["januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november", "desember"],
    ["tammikuu", "helmikuu", "maaliskuu", "huhtikuu", "toukokuu", "kesäkuu", "heinäkuu", "elokuu", "syyskuu", "lokakuu", "marraskuu", "joulukuu"],
    ["január", "február", "március", "április", "május", "június", "július", "augusztus", "szeptember", "október", "november", "december"],
    ["styczeń", "luty", "marzec", "kwiecień", "maj", "czerwiec", "lipiec", "sierpień", "wrzesień", "październik", "listopad", "grudzień"],
    ["stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca", "lipca", "sierpnia", "września", "października", "listopada", "grudnia"],
    ["leden", "únor", "březen", "duben", "květen", "červen", "července", "srpen", "září", "říjen", "listopad", "prosinec"],
    ["ledna", "února", "března", "dubna", "května", "června", "červenec", "srpna", "zari", "října", "listopadu", "prosince"],
    ["január", "február", "marec", "apríl", "máj", "jún", "júl", "august", "september", "október", "november", "december"],
    ["januar", "februar", "marec", "april", "maj", "junij", "julij", "avgust", "september", "oktober", "november", "december"],
    ["ianuarie", "februarie", "martie", "aprilie", "mai", "iunie", "iulie", "august", "septembrie", "octombrie", "noiembrie", "decembrie"],
    ["jaanuar", "veebruar", "märts", "aprill", "mai", "juuni", "juuli", "august", "september", "oktoober", "november", "detsember"],
    ["janvāris", "februāris", "marts", "aprīlis", "maijs", "jūnijs", "jūlijs", "augusts", "septembris", "oktobris", "novembris", "decembris"],
    ["sausis", "vasaris", "kovas", "balandis", "gegužė", "birželis", "liepa", "rugpjūtis", "rugsėjis", "spalis", "lapkritis", "gruodis"],
    ["ocak", "şubat", "mart", "nisan", "mayıs", "haziran", "temmuz", "ağustos", "eylül", "ekim", "kasım", "aralık"],
    ["janúar", "febrúar", "mars", "apríl", "maí", "júní", "júlí", "ágúst", "september", "október", "nóvember", "desember"],
    ["januari", "februari", "maret", "april", "mei", "juni", "juli", "agustus", "september", "oktober", "november", "desember"],
    ["januarie", "februarie", "maart", "april", "mei", "junie", "julie", "augustus", "september", "oktober", "november", "desember"],
    ["januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december"],
    ["januar", "februar", "mart", "april", "maj", "juni", "juli", "avgust", "septembar", "oktobar", "novembar", "decembar"],
    ["sausio", "vasario", "kovo", "balandžio", "gegužės", "birželio", "liepos", "rugpjūčio", "rugsėjo", "spalio", "lapkričio", "gruodžio"],
    ["janar", "shkurt", "mars", "prill", "maj", "qershor", "korrik", "gusht", "shtator", "tetor", "nëntor", "dhjetor"],
    ["urtarrila", "otsaila", "martxoa", "apirila", "maiatza", "ekaina", "uztaila", "abuztua", "iraila", "urria", "azaroa", "abendua"],
    ["eanáir", "feabhra", "márta", "aibreán", "bealtaine", "meitheamh", "iúil", "lúnasa", "meán", "deireadh", "samhain", "nollaig"],
    ["xaneiro", "febreiro", "marzo", "abril", "maio", "xuño", "xullo", "agosto", "setembro", "outubro", "novembro", "decembro"],
    ["ionawr", "chwefror", "mawrth", "ebrill", "mai", "mehefin", "gorffennaf", "awst", "medi", "hydref", "tachwedd", "rhagfyr"],
    ["jannar", "frar", "marzu", "april", "mejju", "ġunju", "lulju", "awwissu", "settembru", "ottubru", "novembru", "diċembru"],
    ["januari", "februari", "mac", "april", "mei", "jun", "julai", "ogos", "september", "oktober", "november", "disember"],
    ["yanvar", "fevral", "mart", "aprel", "may", "iyun", "iyul", "avqust", "sentyabr", "oktyabr", "noyabr", "dekabr"],
    ["январь", "февраль", "март", "апрель", "май", "июнь", "июль", "август", "сентябрь", "октябрь", "ноябрь", "декабрь"],
    ["января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"],
    ["січень", "лютий", "березень", "квітень", "травень", "червень", "липень", "серпень", "вересень", "жовтень", "листопад", "грудень"],
    ["януари", "февруари", "март", "април", "май", "юни", "юли", "август", "септември", "октомври", "ноември", "декември"],
    ["ιανουάριος", "φεβρουάριος", "μάρτιος", "απρίλιος", "μάιος", "ιούνιος", "ιούλιος", "αύγουστος", "σεπτέμβριος", "οκτώβριος", "νοέμβριος", "δεκέμβριος"],
    ["ιανουαρίου", "φεβρουαρίου", "μαρτίου", "απριλίου", "μαΐου", "ιουνίου", "ιουλίου", "αυγούστου", "σεπτεμβρίου", "οκτωβρίου", "νοεμβρίου", "δεκεμβρίου"],
];

/// Short forms that no full name begins with, and such as would be read as another month.
const SHORT: &[(&str, i8)] = &[
    ("ag", 8),
    ("agt", 8),
    ("agu", 8),
    ("dez", 12),
    ("dic", 12),
    ("fev", 2),
    ("fév", 2),
    ("gsh", 8),
    ("grd", 12),
    ("jui", 7),
    ("juil", 7),
    ("maj", 5),
    ("mei", 5),
    ("mrt", 3),
    ("mrz", 3),
    ("mär", 3),
    ("okt", 10),
    ("rgp", 8),
    ("rgs", 9),
    ("setiembre", 9),
    ("sept", 9),
    ("szept", 9),
    ("čvc", 7),
    ("čvn", 6),
    ("srp", 8),
    ("мая", 5),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &[u8], month: i8) {
        assert_eq!(any(name), Some(month), "{}", name.escape_ascii());
    }

    #[test]
    fn english_names_may_be_cut_and_not_extended() {
        assert_eq!(english(b"JAN"), Some(1));
        assert_eq!(english(b"Sept"), Some(9));
        assert_eq!(english(b"december"), Some(12));
        assert_eq!(english(b"Marx"), None);
        assert_eq!(english(b"De"), None);
    }

    #[test]
    fn other_languages_and_dots() {
        check("Juli,".as_bytes(), 7);
        check(b"Okt.", 10);
        check(b"JUI", 7);
        check("juin".as_bytes(), 6);
        check("août".as_bytes(), 8);
        check("déc.".as_bytes(), 12);
        check("Mär".as_bytes(), 3);
        check("paź".as_bytes(), 10);
        check("szept".as_bytes(), 9);
        check("ноя".as_bytes(), 11);
        check("Μαΐ".as_bytes(), 5);
    }

    #[test]
    fn single_byte_encodings_and_utf8_twice() {
        check(b"\xe0\xef\xf0", 4);
        check(b"\xcd\xee\xff", 11);
        check(b"\xc1\xd0\xd2", 4);
        check(b"ao\xfbt", 8);
        check("Ð¼Ð°Ð¹".as_bytes(), 5);
    }

    #[test]
    fn no_name_is_shared_by_two_months_in_one_language() {
        for language in LANGUAGES {
            for (month, full) in (1..).zip(language.iter()) {
                assert_eq!(localized(full), Some(month), "{full}");
            }
        }
    }

    #[test]
    fn words_that_are_no_months() {
        for word in ["", "x", "ma", "user", "Domain", "\u{6708}"] {
            assert_eq!(any(word.as_bytes()), None, "{word}");
        }
        assert_eq!(any(&[0xFF; 100]), None);
    }
}
