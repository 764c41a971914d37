// Draws the verdict as a picture to pass on, and puts a sentence with the page's address on the clipboard.

import { byId, setText } from './dom.js';

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';
const COLOURS = { paper: '#0e1513', ink: '#e8efec', soft: '#a7b6b0', track: '#2c3a35', slow: '#ff9a8f', fast: '#5fd3a6' };

// The largest font, up to `size`, in which the text is at most `width` wide.
function fit(context, text, weight, size, width) {
  for (let px = size; px > 16; px -= 2) {
    context.font = `${weight} ${px}px ${FONT}`;
    if (context.measureText(text).width <= width) return;
  }
}

function draw(canvas, { headline, where }, { big, sentence, small, isSure, slow, fast }) {
  const context = canvas.getContext('2d');
  const { width, height } = canvas;
  const left = 72;
  const room = width - 2 * left;
  const write = (text, y, colour, weight, size) => {
    fit(context, text, weight, size, room);
    context.fillStyle = colour;
    context.fillText(text, left, y);
  };
  context.fillStyle = COLOURS.paper;
  context.fillRect(0, 0, width, height);
  write(headline, 92, COLOURS.soft, 600, 34);
  write(big, 232, isSure ? COLOURS.fast : COLOURS.soft, isSure ? 800 : 400, 132);
  write(sentence, 292, COLOURS.ink, 600, 38);
  for (const [i, [side, colour]] of [[slow, COLOURS.slow], [fast, COLOURS.fast]].entries()) {
    const y = 350 + i * 100;
    write(`${side.name}: ${side.typical}`, y, colour, 600, 30);
    context.fillStyle = COLOURS.track;
    context.fillRect(left, y + 16, room, 26);
    context.fillStyle = colour;
    context.fillRect(left, y + 16, Math.max(3, (room * side.median) / Math.max(slow.median, fast.median)), 26);
  }
  write(small, 556, COLOURS.soft, 400, 24);
  write(where, 596, COLOURS.soft, 400, 24);
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // not allowed, or the page is not a secure context
  }
}

// Opens the card of a verdict. `verdict` holds its words, and of both sides the name and the median.
export async function shareCard({ t }, verdict) {
  const where = location.origin + location.pathname.replace(/weather$/, '');
  const text = t('live.share-text', { sentence: verdict.sentence, slow: verdict.slow.typical, fast: verdict.fast.typical, where });
  const canvas = byId('share-canvas');
  const dialog = byId('share-card');
  draw(canvas, { headline: t('live.share-headline'), where }, verdict);
  canvas.setAttribute('aria-label', text);
  byId('share-text').value = text;
  const save = byId('share-save');
  URL.revokeObjectURL(save.href);
  const picture = await new Promise((resolve) => { canvas.toBlob(resolve, 'image/png'); });
  save.href = URL.createObjectURL(picture);
  if (!dialog.open) dialog.showModal();
  const copied = await copy(text);
  if (!copied) byId('share-text').select();
  setText(byId('share-status'), t(copied ? 'live.share-copied' : 'live.share-not-copied'));
}

export function startShare() {
  byId('share-close').addEventListener('click', () => byId('share-card').close());
}
