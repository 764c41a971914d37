// Exports the results of a battle as text.

export function toJson(battle) {
  return `${JSON.stringify(battle, null, 1)}\n`;
}

const COLUMNS = ['lane', 'number', 'start', 'duration', 'service', 'status', 'xCache', 'cacheStatus', 'clock', 'problem'];

// RFC 4180.
export function toCsv({ samples }) {
  const cell = (value) => {
    const text = value === null || value === undefined ? '' : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [COLUMNS, ...samples.map((sample) => COLUMNS.map((name) => sample[name]))]
    .map((row) => `${row.map(cell).join(',')}\r\n`)
    .join('');
}
