//! Says whether a text looks like English. All cues are English words, so of any other text nothing is claimed.

use super::words::Word;

/// Small words that nearly every English text has.
const ENGLISH: &str = "
the a an of to and in is are be on for with it that this as by at from or we i you they has have shall should must will can
not no each every all then when if until after before first please our my your its their into one up out do does
";

/// Small words of German, French, Spanish, Italian, Portuguese and Dutch that are no English words.
const FOREIGN: &str = "
und der das nicht mit ist ein eine einen zu auf wenn dann bis oder nach jede jeden alle wird werden sind soll sollen
le la les et est une dans pour que puis avec chaque sont du au aux sur doit qui pas ou jusqu si ce ces
el los las una por para con cada si entonces hasta que se del al y es son debe
il lo gli che per con ogni sono poi fino di della dei e un uno alla se
os um uma cada depois com para ao dos da em ou
het een van en niet met voor elke dan als tot naar zijn wordt moet
";

/// How many foreign small words make a text foreign.
const MIN_FOREIGN: usize = 2;

/// Says whether a text looks like English, or at least like no other language.
pub(super) fn is_english(words: &[Word]) -> bool {
    let letters = words.iter().flat_map(|word| word.text.chars()).filter(|letter| letter.is_alphabetic());
    let (mut latin, mut other) = (0_usize, 0_usize);
    for letter in letters {
        let is_latin = letter < '\u{250}';
        latin += usize::from(is_latin);
        other += usize::from(!is_latin);
    }
    let count =
        |list: &str| words.iter().filter(|word| list.split_whitespace().any(|known| known == word.text)).count();
    let foreign = count(FOREIGN);
    other <= latin && (foreign < MIN_FOREIGN || foreign <= count(ENGLISH))
}
