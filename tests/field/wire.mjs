// HTTP/1.1 as bytes: a connection that sends exactly what it is given, and reads answers one by one.

import { once } from 'node:events';
import { connect } from 'node:net';

export const PATIENCE = 10_000; // milliseconds until what does not come fails the case

export function bytes(what) {
  return Buffer.isBuffer(what) ? what : Buffer.from(what, 'latin1');
}

export class Connection {
  #socket;
  #received = Buffer.alloc(0);
  #ended = false;
  #failure = null;
  #wake = () => {};

  static async open(url) {
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new Connection(socket);
  }

  constructor(socket) {
    this.#socket = socket;
    socket.on('data', (data) => {
      this.#received = Buffer.concat([this.#received, data]);
      this.#wake();
    });
    const end = (failure) => {
      this.#ended = true;
      this.#failure ??= failure ?? null;
      this.#wake();
    };
    socket.on('end', () => end());
    socket.on('close', () => end());
    socket.on('error', end);
  }

  // Writes bytes, a text of which each character is one byte, or several of them in packets of their own.
  async send(what) {
    for (const piece of Array.isArray(what) ? what : [what]) {
      await new Promise((resolve) => { this.#socket.write(bytes(piece), resolve); });
      if (Array.isArray(what)) await new Promise((resolve) => { setImmediate(resolve); });
    }
  }

  // Ends the sending side only.
  finish() {
    this.#socket.end();
  }

  // Breaks the connection off.
  reset() {
    this.#socket.resetAndDestroy();
  }

  close() {
    this.#socket.destroy();
  }

  // Stops and goes on reading, so that what the service sends stays in its buffers.
  pause() {
    this.#socket.pause();
  }

  resume() {
    this.#socket.resume();
  }

  // The bytes that came and belong to no answer that was read.
  get rest() {
    return this.#received;
  }

  // Waits until `done()` returns something, or throws what was missing.
  async #until(done, missing) {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      const result = done();
      if (result !== undefined) return result;
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`${missing} within ${PATIENCE} ms; received: ${JSON.stringify(this.#received.toString('latin1'))}`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  #over(missing) {
    if (!this.#ended) return;
    throw new Error(`the connection ended (${this.#failure?.message ?? 'orderly'}) before ${missing}; received: ${JSON.stringify(this.#received.toString('latin1'))}`);
  }

  async #take(size, missing) {
    return this.#until(() => {
      if (this.#received.length < size) {
        this.#over(missing);
        return undefined;
      }
      const taken = this.#received.subarray(0, size);
      this.#received = this.#received.subarray(size);
      return taken;
    }, missing);
  }

  async #line(missing) {
    const size = await this.#until(() => {
      const end = this.#received.indexOf('\r\n');
      if (end >= 0) return end + 2;
      this.#over(missing);
      return undefined;
    }, missing);
    return (await this.#take(size, missing)).toString('latin1').slice(0, -2);
  }

  // The next answer: { status, version, headers (lower-case name -> value, several joined with ", "), body (text) }.
  // The answer to a HEAD request has no body, which only the asker knows.
  async answer({ head = false } = {}) {
    const first = await this.#line('the status line');
    const parts = /^HTTP\/(\d\.\d) (\d{3})(?: .*)?$/.exec(first);
    if (!parts) throw new Error(`not a status line: ${JSON.stringify(first)}`);
    const status = Number(parts[2]);
    const headers = {};
    for (;;) {
      const line = await this.#line('the end of the headers');
      if (line === '') break;
      const colon = line.indexOf(':');
      if (colon <= 0) throw new Error(`not a header: ${JSON.stringify(line)}`);
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1).trim();
      headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
    }
    let body = '';
    if (!head && status >= 200 && status !== 204 && status !== 304) {
      if (headers['transfer-encoding'] !== undefined) throw new Error('the service never sends chunks');
      if (headers['content-length'] === undefined) throw new Error('an answer with neither a length nor an end');
      body = (await this.#take(Number(headers['content-length']), 'the whole body')).toString('utf8');
    }
    return { status, version: parts[1], headers, body };
  }

  // Waits until the service has closed the connection, and returns the bytes that nobody asked for.
  async ended() {
    return this.#until(() => (this.#ended ? this.#received.toString('latin1') : undefined), 'the service did not close the connection');
  }
}
