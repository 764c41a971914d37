// Reads coordinates as people write them. src/endpoints/typed_place.cpp does the same for the page without scripts; the
// table tests/unit/endpoints/typed_places.json tests both. Pure, to be tested without a browser.

const NUMBER = /^[+-]?\d+([.,]\d+)?$/;

// U+2212 is the minus sign that typographers use. Maps and keyboards give either degree sign.
const plain = (text) => text.replaceAll('\u2212', '-').replaceAll('\u00a0', ' ').replaceAll('\u00ba', '\u00b0');

// A number with a point, or null if the text is no number.
function numberIn(text) {
  const bare = text.trim().replace(/\u00b0$/, '').trim();
  return NUMBER.test(bare) ? bare.replace(',', '.') : null;
}

// Both numbers of a pair; null if there is no pair, or more than one way to divide the text into one.
function pairIn(text) {
  const found = new Set();
  for (let i = 0; i < text.length; ++i) {
    if (!/[;,\s]/.test(text[i])) continue;
    const pair = [numberIn(text.slice(0, i)), numberIn(text.slice(i + 1))];
    if (!pair.includes(null)) found.add(pair.join(' '));
  }
  return found.size === 1 ? [...found][0].split(' ') : null;
}

// The latitude and longitude as the interface takes them. A pair in the first field fills both. A text that is neither
// stays as it is, and the service says what is wrong with it.
export function tidyPlace(latitude, longitude) {
  const [first, second] = [plain(latitude), plain(longitude)];
  const number = numberIn(first);
  const pair = number === null ? pairIn(first) : null;
  return pair ?? [number ?? latitude, numberIn(second) ?? longitude];
}
