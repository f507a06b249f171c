//! The forms in which a known secret may stand in a text: as it is, in Base64 at any place of a longer text, escaped, in
//! hexadecimal digits.

/// So long is a line of Base64, as `base64` and PEM break it.
const LINES: [usize; 2] = [76, 64];
/// Forms shorter than this are ordinary text.
const SHORTEST: usize = 6;

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Returns all forms of a secret, each once.
pub(super) fn of(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![secret.to_vec(), hex(secret, b"0123456789abcdef"), hex(secret, b"0123456789ABCDEF")];
    for alphabet in [STANDARD, URL_SAFE] {
        (0..3).for_each(|lead| in_base64(secret, lead, alphabet, &mut forms));
    }
    for digits in [b"0123456789ABCDEF", b"0123456789abcdef"] {
        forms.push(percent(secret, digits, b"-._~"));
        forms.push(percent(secret, digits, b"-._~!'()*"));
        let mut query = percent(secret, digits, b"-._* ");
        query.iter_mut().filter(|byte| **byte == b' ').for_each(|byte| *byte = b'+');
        forms.push(query);
    }
    let escaped = in_json(secret, false);
    forms.push(in_json(&escaped, false));
    forms.extend([escaped, in_json(secret, true), in_ascii(secret)]);
    forms.push(replaced(secret, |byte| match byte {
        b'\'' => Some(b"'\\''"),
        _ => None,
    }));
    forms.push(replaced(secret, |byte| match byte {
        b'&' => Some(b"&amp;"),
        b'<' => Some(b"&lt;"),
        b'>' => Some(b"&gt;"),
        b'"' => Some(b"&quot;"),
        b'\'' => Some(b"&#39;"),
        _ => None,
    }));
    forms.retain(|form| form.len() >= SHORTEST);
    forms.sort_unstable();
    forms.dedup();
    forms
}

fn hex(secret: &[u8], digits: &[u8; 16]) -> Vec<u8> {
    secret.iter().flat_map(|byte| [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]).collect()
}

/// Adds a secret in Base64 behind `lead` other bytes: the letters that depend on nothing else, and with those at the end
/// of a text, which depend on nothing behind it.
fn in_base64(secret: &[u8], lead: usize, alphabet: &[u8; 64], forms: &mut Vec<Vec<u8>>) {
    let whole = base64(&[&vec![0; lead][..], secret].concat(), alphabet);
    let (first, sure) = ((lead * 8).div_ceil(6), (lead + secret.len()) * 8 / 6);
    forms.push(whole[first..sure].to_vec());
    forms.push(whole[first..].to_vec());
    let mut padded = whole[first..].to_vec();
    padded.resize(padded.len() + whole.len().next_multiple_of(4) - whole.len(), b'=');
    forms.push(padded);
    if lead == 0 {
        let broken = LINES.into_iter().filter(|line| whole.len() > *line);
        forms.extend(broken.flat_map(|line| whole.chunks(line)).map(<[u8]>::to_vec).filter(|line| line.len() >= 16));
    }
}

/// Encodes without padding.
fn base64(bytes: &[u8], alphabet: &[u8; 64]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        let letters = [18, 12, 6, 0].map(|shift| alphabet[(bits >> shift & 63) as usize]);
        text.extend_from_slice(&letters[..=chunk.len()]);
    }
    text
}

fn percent(secret: &[u8], digits: &[u8; 16], kept: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(secret.len());
    for byte in secret {
        match byte.is_ascii_alphanumeric() || kept.contains(byte) {
            true => text.push(*byte),
            false => text.extend([b'%', digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]),
        }
    }
    text
}

fn in_json(secret: &[u8], with_slash: bool) -> Vec<u8> {
    let mut text = Vec::with_capacity(secret.len());
    for byte in secret {
        match byte {
            b'"' | b'\\' => text.extend([b'\\', *byte]),
            b'/' if with_slash => text.extend(b"\\/"),
            b'\n' => text.extend(b"\\n"),
            b'\r' => text.extend(b"\\r"),
            b'\t' => text.extend(b"\\t"),
            8 => text.extend(b"\\b"),
            12 => text.extend(b"\\f"),
            0..32 => text.extend(format!("\\u{byte:04x}").as_bytes()),
            _ => text.push(*byte),
        }
    }
    text
}

/// Escapes as writers of JSON do that write nothing but ASCII.
fn in_ascii(secret: &[u8]) -> Vec<u8> {
    let escaped = String::from_utf8_lossy(&in_json(secret, false)).into_owned();
    let mut text = Vec::with_capacity(escaped.len());
    for letter in escaped.chars() {
        match letter.is_ascii() {
            true => text.push(letter as u8),
            false => {
                letter
                    .encode_utf16(&mut [0; 2])
                    .iter()
                    .for_each(|unit| text.extend(format!("\\u{unit:04x}").as_bytes()));
            }
        }
    }
    text
}

fn replaced(secret: &[u8], instead: impl Fn(u8) -> Option<&'static [u8]>) -> Vec<u8> {
    let mut text = Vec::with_capacity(secret.len());
    for byte in secret {
        text.extend_from_slice(instead(*byte).unwrap_or(std::slice::from_ref(byte)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks that a text holds a form of the secret.
    fn check(secret: &str, text: &str) {
        let forms = of(secret.as_bytes());
        let holds = |form: &Vec<u8>| text.as_bytes().windows(form.len()).any(|window| window == form);
        assert!(forms.iter().any(holds), "{secret} in {text}");
    }

    #[test]
    fn a_secret_is_known_in_each_of_its_forms() {
        check("pass w\"rd/é", "pass w\"rd/é");
        check("pass w\"rd/é", r#"{"a":"pass w\"rd/é"}"#);
        check("pass w\"rd/é", r#"{"a":"pass w\"rd\/é"}"#);
        check("pass w\"rd/é", "pass%20w%22rd%2Fé".replace('é', "%C3%A9").as_str());
        check("pass w\"rd/é", "q=pass+w%22rd%2f%c3%a9");
        check("pass w\"rd/é", "7061737320772272642fc3a9");
        check("pass w\"rd/é", "7061737320772272642FC3A9");
        check("pass w\"rd", r#""{\"a\":\"pass w\\\"rd\"}""#);
        check("passwérd", r#""passw\u00e9rd""#);
        check("it's me", r"'it'\''s me'");
        check("<a&b-c>", "&lt;a&amp;b-c&gt;");
    }

    #[test]
    fn base64_is_known_wherever_the_secret_stands_in_what_was_encoded() {
        let secret = "S3cr3t/Value?";
        for lead in 0..7 {
            for tail in 0..4 {
                let bytes = [&vec![b'u'; lead][..], secret.as_bytes(), &vec![b'\n'; tail][..]].concat();
                for alphabet in [STANDARD, URL_SAFE] {
                    check(secret, str::from_utf8(&base64(&bytes, alphabet)).unwrap());
                }
            }
        }
    }

    #[test]
    fn base64_is_as_others_write_it() {
        for (text, expected) in [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(text.as_bytes(), STANDARD), expected.as_bytes());
        }
        assert_eq!(base64(&[251, 255], URL_SAFE), b"-_8");
    }
}
