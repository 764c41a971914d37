// A Redis server that can be killed, stopped, emptied, and made to refuse writes in the ways in which a real one does.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

// The dump file. While a folder has its name, every save fails.
const DUMP = 'dump.rdb';

async function freePort() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

export class Redis {
  #child = null;
  #folder;
  port;

  static async start() {
    const redis = new Redis();
    redis.#folder = await mkdtemp(join(tmpdir(), 'weather-cache-history-'));
    for (let attempt = 0; ; ++attempt) {
      redis.port = await freePort(); // another program may take it before Redis does
      try {
        await redis.start();
        return redis;
      } catch (error) {
        if (attempt === 5) throw error;
      }
    }
  }

  // Starts empty, on the same port as before.
  async start() {
    const child = spawn('redis-server', ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', this.#folder, '--dbfilename', DUMP],
      { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    const said = [];
    for await (const line of createInterface({ input: child.stdout })) {
      said.push(line);
      if (/ready to accept connections/i.test(line)) {
        child.stdout.resume();
        return;
      }
    }
    throw new Error(`redis-server did not start:\n${said.join('\n')}`);
  }

  async kill() {
    const child = this.#child;
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }

  freeze() {
    this.#child.kill('SIGSTOP');
  }

  thaw() {
    this.#child.kill('SIGCONT');
  }

  // Lets a save fail. Redis then refuses writes (MISCONF) until recoverFromFailedSave().
  async failToSave() {
    await mkdir(join(this.#folder, DUMP), { recursive: true });
    await this.command('CONFIG', 'SET', 'save', '3600 1');
    await this.command('BGSAVE');
  }

  async recoverFromFailedSave() {
    await this.command('CONFIG', 'SET', 'save', '');
    await rm(join(this.#folder, DUMP), { recursive: true, force: true });
  }

  // Sends a command on a connection of its own. Returns the first line of the reply.
  async command(...words) {
    const socket = connect(this.port, '127.0.0.1');
    socket.setEncoding('utf8');
    socket.write(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`);
    let reply = '';
    for await (const piece of socket) {
      reply += piece;
      if (reply.includes('\r\n')) break;
    }
    socket.destroy();
    return reply.split('\r\n', 1)[0];
  }

  async close() {
    this.thaw();
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
