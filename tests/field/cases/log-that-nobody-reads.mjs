import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

// More than a pipe holds (64 KiB): each of these requests gets a line, since LOG_LEVEL is debug.
const REQUESTS = 1000;

export default {
  title: 'A service whose log is full ends after its drain, and at once at a second signal',
  why: 'An orchestrator sends SIGTERM and then waits; a write to a pipe that nobody reads waits without end (pipe(7)).',
  async run({ connect, start }) {
    for (const signals of [['SIGTERM'], ['SIGTERM', 'SIGINT']]) {
      const service = await start({ LOG_LEVEL: 'debug', DRAIN_TIMEOUT: '1s' });
      service.deafen();
      const connection = await connect(service);
      await connection.send('GET /livez HTTP/1.1\r\nHost: field\r\n\r\n'.repeat(REQUESTS));
      for (const name of signals) service.signal(name);
      // A second for the drain and one for the log; the rest is for a busy machine.
      const end = await Promise.race([service.ended, sleep(15_000, 'still there', { ref: false })]);
      assert.notEqual(end, 'still there', signals.join(', '));
    }
  },
};
