import assert from 'node:assert/strict';

export default {
  title: 'A person gets a run of the lab although another client asks for one without pause',
  why: 'One run at a time needs turns: a program that asks again at once always comes before a person who presses a button.',
  settings: { TRUSTED_PROXIES: '127.0.0.1', MOCK_DELAY: '20ms' },
  async run({ fetch, until }) {
    const press = async (client) => (await fetch('/lab/stampede?n=2', { method: 'POST', headers: { 'X-Forwarded-For': client } })).status;
    let runs = 0;
    let over = false;
    const loop = (async () => {
      for (; !over; runs += 1) assert.equal(await press('203.0.113.1'), 200);
    })();
    try {
      for (let presses = 0; presses < 5; presses += 1) {
        const before = runs;
        assert.equal(await press('203.0.113.2'), 200);
        await until(() => runs > before, 'the loop gets its runs, too');
      }
    } finally {
      over = true;
      await loop;
    }
  },
};
