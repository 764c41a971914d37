// A weather provider whose answer for a place carries a number that rises with every call: the temperature. Thus an
// answer tells which call it came from. Each process calls it on a port of its own, so that each call tells its caller.

import { once } from 'node:events';
import { createServer } from 'node:http';

// Added to the place, this is the wind of each answer, by which an answer of the mock cannot be taken for one of these.
export const WIND = 1000;

const USUALLY_TAKES = 60; // ms

// The ways in which a call can fail, and how each is made.
export const FAILURES = {
  500: (response) => fail(response, 500),
  502: (response) => fail(response, 502),
  503: (response) => fail(response, 503),
  429: (response) => fail(response, 429, 'Too many concurrent requests'),
  reset: (response) => response.socket.resetAndDestroy(),
  closed: (response) => response.socket.end(),
  silent: () => {}, // the caller gives up
  truncated: (response) => {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '400' });
    response.write('{"latitude":1,');
    setTimeout(() => response.socket?.destroy(), 20);
  },
  garbage: (response) => {
    response.writeHead(200, { 'Content-Type': 'text/html' });
    response.end('<h1>busy</h1>');
  },
  empty: (response) => send(response, 200, { latitude: 1, longitude: 2 }),
};

function send(response, status, body) {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}

function fail(response, status, reason = 'out of order') {
  send(response, status, { error: true, reason });
}

export class Provider {
  #record;
  #servers = [];
  #versions = new Map();
  failure = null; // one of FAILURES, for all calls
  takes = () => USUALLY_TAKES;

  // `record(event)` receives one event for each call when it has ended.
  constructor(record) {
    this.#record = record;
  }

  recover() {
    this.failure = null;
    this.takes = () => USUALLY_TAKES;
  }

  // Opens a port for the calls of this process. Returns its URL.
  async serve(process) {
    const server = createServer((request, response) => this.#answer(process, request, response));
    server.keepAliveTimeout = 60_000;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.#servers.push(server);
    return `http://127.0.0.1:${server.address().port}`;
  }

  close() {
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
    }
  }

  #answer(process, request, response) {
    const query = new URL(request.url, 'http://provider').searchParams;
    const place = Number(query.get('latitude'));
    const version = (this.#versions.get(place) ?? 0) + 1;
    this.#versions.set(place, version);
    const call = { type: 'call', process, place, version, at: performance.now(), ended: null, outcome: this.failure ?? 'ok' };
    const end = (outcome) => {
      if (call.ended !== null) return;
      call.ended = performance.now();
      if (outcome) call.outcome = outcome;
      this.#record(call);
    };
    response.on('finish', () => end());
    response.on('close', () => end(call.outcome === 'ok' ? 'broken off' : undefined));
    setTimeout(() => {
      if (response.destroyed) return;
      if (call.outcome !== 'ok') return FAILURES[call.outcome](response);
      send(response, 200, {
        latitude: place, longitude: Number(query.get('longitude')), generationtime_ms: 0.02, utc_offset_seconds: 0,
        timezone: 'GMT', timezone_abbreviation: 'GMT', elevation: 38.0,
        current_units: { time: 'iso8601', interval: 'seconds', temperature_2m: '°C', wind_speed_10m: 'km/h' },
        current: { time: '2026-01-01T00:00', interval: 900, temperature_2m: version, wind_speed_10m: WIND + place },
      });
    }, this.takes());
  }
}
