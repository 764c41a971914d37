// Reads an answer, and makes the text of the problem card if it holds no weather. Pure, to be tested without a browser.

const OURS = /^\/problems\/([\w-]+)$/;
const FIELDS = ['lat', 'lon'];
const MOCK_WOULD_HELP = /^(provider-|client-limited$|deadline-exceeded$)/;

function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

// A number, or the provider's null where it has no value.
const isReading = (value) => value === null || Number.isFinite(value);

// The weather; null if the answer is not from this service (a captive portal also answers 200).
export function weatherOf(body) {
  const data = parsed(body);
  const numbers = [data?.current?.temperature_2m, data?.current?.wind_speed_10m];
  return numbers.every(isReading) && typeof data.source === 'string' ? data : null;
}

// The problem document of an answer (RFC 9457); null if the answer is not from this service.
function documentOf(body) {
  const problem = parsed(body);
  return OURS.test(problem?.type) ? problem : null;
}

// The kind of an error of this service; empty if the answer is none.
export function kindOf(answer) {
  return OURS.exec(documentOf(answer.body)?.type)?.[1] ?? '';
}

// When it makes sense to ask again, where no Retry-After says so. The same table as again_key() in src/pages/wording.cpp.
function againFor(kind) {
  if (kind === 'client-limited' || kind === 'provider-limited') return 'later';
  if (['internal', 'lab-busy', 'mock-limited', 'overloaded', 'draining', 'request-timeout'].includes(kind) || kind.startsWith('redis-')) return 'moment';
  if (kind === 'provider-refused' || kind === 'provider-denied') return '';
  return kind.startsWith('provider-') || kind === 'deadline-exceeded' ? 'seconds' : '';
}

// What else helps. The same table as help_key() there; empty if the title says everything.
function helpFor(kind, { lab, detail, marked }) {
  if (kind === 'bad-parameter') return marked ? 'marked' : 'parameter';
  if (kind === 'not-found') return 'path';
  if (kind === 'method-not-allowed') return 'method';
  if (kind === 'uri-too-long' || kind === 'headers-too-large') return 'too-long';
  if (kind === 'internal' || kind.startsWith('redis-')) return 'internal';
  if (kind === 'client-limited' || kind === 'provider-limited') return 'limited';
  if (kind === 'provider-refused') return 'refused';
  if (kind === 'provider-denied') return 'denied';
  if (againFor(kind) === 'seconds') return lab ? 'mock' : '';
  return detail && !againFor(kind) ? 'other' : '';
}

export const faultText = (i18n, detail) => (i18n.has(`fault.${detail}`) ? i18n.t(`fault.${detail}`) : detail);

const NOTHING = { detail: '', label: '', language: '', request: '', offer: false, errors: [] };

function foreignCard({ t }, { status, retryAfter }) {
  const advice = [t('live.foreign-advice'), retryAfter ? t('live.retry-after', { n: retryAfter }) : ''];
  return { ...NOTHING, title: `${status} · ${t('live.foreign-title')}`, advice: advice.join(' ').trim() };
}

// The card for an error of this service, or for an answer from another one. A `detail` without a translation is
// English, and `language` says so.
export function problemCard(i18n, answer, { lab, mock }) {
  const { t } = i18n;
  const problem = documentOf(answer.body);
  if (!problem) return foreignCard(i18n, answer);
  const kind = OURS.exec(problem.type)[1];
  const errors = problem.errors ?? [];
  const others = errors.filter((error) => !FIELDS.includes(error.parameter)); // the form marks its own fields
  const faults = others.map((error) => `${error.parameter} ${faultText(i18n, error.detail)}`).join('; ');
  const english = errors.length === 0 && Boolean(problem.detail);
  const detail = english ? problem.detail : faults;
  const again = againFor(kind);
  const help = helpFor(kind, { lab, detail: detail !== '', marked: others.length < errors.length });
  const when = answer.retryAfter ? t('live.retry-after', { n: answer.retryAfter }) : again && t(`live.again-${again}`);
  return {
    title: `${answer.status} · ${i18n.has(`error.${kind}`) ? t(`error.${kind}`) : problem.title}`,
    detail,
    label: english ? t('live.detail') : '',
    language: english ? 'en' : i18n.language,
    request: String(problem.instance ?? '').replace('urn:uuid:', ''),
    advice: [when, help && t(`error.advice-${help}`)].filter(Boolean).join(' '),
    offer: lab && !mock && MOCK_WOULD_HELP.test(kind),
    errors,
  };
}

// The card for no answer at all: the connection failed, or `limit` (in ms) passed.
export function failureCard({ t, whole }, failure, limit) {
  if (failure === 'timeout') {
    return { ...NOTHING, title: t('live.silent-title', { n: whole(limit / 1000) }), advice: t('live.silent-advice') };
  }
  return { ...NOTHING, title: t('live.unreachable-title'), advice: t('live.unreachable-advice') };
}
