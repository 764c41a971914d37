// A TCP connection between a process and Redis that can be a bad network.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export class Link {
  #server;
  #pairs = new Set();
  #target;
  #mode = 'well';
  #delay = () => 0;

  // `target` is the port on 127.0.0.1 to which connections lead.
  static async open(target) {
    const link = new Link();
    link.#target = target;
    link.#server = createServer({ noDelay: true }, (client) => link.#accept(client));
    link.#server.listen(0, '127.0.0.1');
    await once(link.#server, 'listening');
    return link;
  }

  get port() {
    return this.#server.address().port;
  }

  // Carries nothing more, and forgets nothing: what was sent meanwhile arrives after heal().
  stall() {
    this.#mode = 'stalled';
  }

  // Takes what the process sends to Redis, and loses what Redis answers. heal() does not bring it back.
  swallowReplies() {
    this.#mode = 'deaf';
  }

  // Resets all connections, and every new one.
  refuse() {
    this.#mode = 'refusing';
    this.reset();
  }

  // Resets all connections. New ones work.
  reset() {
    for (const pair of this.#pairs) pair.reset();
  }

  // Delays each piece of data by `milliseconds(data)`, in both directions. The order stays.
  delay(milliseconds) {
    this.#delay = milliseconds;
  }

  // Ends the fault. Connections on which data was lost are reset, as a real network ends them in the end.
  heal() {
    const lossy = this.#mode === 'deaf';
    this.#mode = 'well';
    this.#delay = () => 0;
    if (lossy) this.reset();
    for (const pair of this.#pairs) pair.flush();
  }

  async close() {
    for (const pair of this.#pairs) pair.end();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(client) {
    if (this.#mode === 'refusing') {
      client.on('error', () => {});
      client.resetAndDestroy();
      return;
    }
    const server = connect({ port: this.#target, host: '127.0.0.1', noDelay: true });
    const [toRedis, fromRedis] = [new Direction(server), new Direction(client)];
    const pair = {
      flush: () => { toRedis.flush(); fromRedis.flush(); },
      reset: () => {
        // A socket that is being shut down cannot be reset: Node would never close it, nor end.
        if (!client.destroyed && !client.writableEnded) client.resetAndDestroy();
        pair.end();
      },
      end: () => {
        this.#pairs.delete(pair);
        client.destroy();
        server.destroy();
      },
    };
    this.#pairs.add(pair);
    for (const socket of [client, server]) socket.on('error', () => {}); // 'close' follows
    // What the process had sent before it gave the connection up still arrives, as in a real network.
    client.on('close', () => toRedis.whenEmpty(pair.end));
    server.on('close', pair.end);
    client.on('data', (data) => toRedis.take(data, this.#passes('to'), this.#delay(data)));
    server.on('data', (data) => fromRedis.take(data, this.#passes('from'), this.#delay(data)));
  }

  #passes(way) {
    if (this.#mode === 'stalled') return 'later';
    if (this.#mode === 'deaf' && way === 'from') return 'never';
    return 'now';
  }
}

// One direction of a connection: a queue, so that delays do not change the order.
class Direction {
  #to;
  #queue = [];
  #timer = null;
  #held = false;
  #whenEmpty = null;

  constructor(to) {
    this.#to = to;
  }

  take(data, when, delay) {
    if (when === 'never') return;
    if (when === 'later') this.#held = true;
    const last = this.#queue.at(-1)?.due ?? 0;
    this.#queue.push({ data, due: Math.max(last, performance.now() + delay) });
    this.#run();
  }

  flush() {
    this.#held = false;
    for (const piece of this.#queue) piece.due = 0;
    this.#run();
  }

  // Calls `act` as soon as nothing is waiting.
  whenEmpty(act) {
    this.#whenEmpty = act;
    this.#run();
  }

  #run() {
    clearTimeout(this.#timer);
    while (this.#queue.length > 0) {
      if (this.#held) return;
      const wait = this.#queue[0].due - performance.now();
      if (wait > 0.5) {
        this.#timer = setTimeout(() => this.#run(), wait);
        return;
      }
      const { data } = this.#queue.shift();
      if (this.#to.writable) this.#to.write(data);
    }
    this.#whenEmpty?.();
  }
}
