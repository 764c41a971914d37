// Starts the parts of the page, each on its own section. The form works without them.

import { startAsk } from './ask.js';
import { startBattle } from './battle.js';
import { byId } from './dom.js';
import { makeI18n } from './i18n.js';
import { startOutage } from './outage.js';
import { startStampede } from './stampede.js';
import { startStats } from './stats.js';

export function start(language, texts) {
  const i18n = makeI18n(language, texts);
  startAsk(i18n);
  const onOutage = startOutage(i18n, { onBegin: () => stats.ask() });
  const stats = startStats(i18n, { onOutage });
  if (!byId('battle')) return; // LAB=off
  startBattle(i18n, { onBusy: stats.pause });
  startStampede(i18n);
}
