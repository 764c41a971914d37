import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default {
  title: 'SIGHUP reads the secrets in files again, and nothing is lost',
  why: 'Daemons re-read their settings at SIGHUP; its default action would end the process in the midst of its requests.',
  async run({ connect, fetch, start, until }) {
    const folder = await mkdtemp(join(tmpdir(), 'weather-cache-secrets-'));
    try {
      const file = join(folder, 'token');
      await writeFile(file, 'old-token\n');
      const service = await start({ ADMIN_TOKEN_FILE: file });
      const purge = async (token) =>
        (await fetch('/cache', { method: 'DELETE', headers: { Authorization: `Bearer ${token}` }, to: service })).status;
      const open = await connect(service);
      assert.equal(await purge('old-token'), 204);
      await writeFile(file, 'new-token\n');
      service.signal('SIGHUP');
      await until(() => service.lines.some((line) => line.includes('a secret was read again') && line.includes('ADMIN_TOKEN')), 'it says so');
      await until(async () => await purge('new-token') === 204, 'the new token is taken');
      assert.equal(await purge('old-token'), 401);
      await rm(file);
      service.signal('SIGHUP');
      await until(() => service.lines.some((line) => line.includes('a secret stays as it was')), 'it says so');
      assert.equal(await purge('new-token'), 204);
      await open.send('GET /livez HTTP/1.1\r\nHost: field\r\n\r\n');
      assert.equal((await open.answer()).status, 200, 'the connection from before is still open');
      assert.doesNotMatch(service.lines.join('\n'), /(old|new)-token/);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};
