// Texts and number formats in the page's language.

export function makeI18n(language, texts) {
  const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
  const three = new Intl.NumberFormat(language, { maximumSignificantDigits: 3 });
  const tenths = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

  const day = new Intl.DateTimeFormat(language, { dateStyle: language === 'en' ? 'medium' : 'short', timeStyle: 'short' });
  const relative = new Intl.RelativeTimeFormat(language, { style: 'short' });

  // The text of a key with its {placeholders} replaced.
  function t(key, values = {}) {
    const text = texts[key];
    if (text === undefined) throw new Error(`no text with the key ${key}`);
    return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
  }

  // Three significant digits; whole numbers from 100 on.
  const significant = (value) => (Math.abs(value) >= 100 ? whole : three).format(value);
  const none = '–';

  return {
    language,
    t,
    // The text for a count: for 1, that of the key with -one.
    counted: (key, count, values) => t(count === 1 ? `${key}-one` : key, values),
    has: (key) => texts[key] !== undefined,
    whole: (value) => (Number.isFinite(value) ? whole.format(value) : none),
    number: (value) => (Number.isFinite(value) ? significant(value) : none),
    tenths: (value) => (Number.isFinite(value) ? tenths.format(value) : none),
    ms: (value) => (Number.isFinite(value) ? `${significant(value)} ms` : none),
    // Seconds from one second on.
    span: (ms) => (ms >= 1000 ? `${significant(ms / 1000)} s` : `${significant(ms)} ms`),
    percent: (part) => `${three.format(part * 100)}%`,
    // A moment (ms since 1970) in the visitor's time zone, and how long ago it was; nothing more if it is yet to come.
    moment(at, now = Date.now()) {
      const minutes = Math.floor((now - at) / 60_000);
      if (minutes < 0) return day.format(at);
      const [count, unit] = minutes < 90 ? [minutes, 'minute'] : minutes < 48 * 60 ? [Math.round(minutes / 60), 'hour'] : [Math.round(minutes / 1440), 'day'];
      return `${day.format(at)} (${relative.format(-count, unit)})`;
    },
    bytes(count) {
      const units = ['B', 'KiB', 'MiB', 'GiB'];
      let power = 0;
      while (count >= 1024 && power < units.length - 1) {
        count /= 1024;
        power += 1;
      }
      return `${significant(count)} ${units[power]}`;
    },
  };
}
