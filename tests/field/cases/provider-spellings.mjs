import assert from 'node:assert/strict';

export default {
  title: 'A byte order mark, and whole numbers in any spelling, are read',
  why: 'RFC 8259 §8.1 lets a parser ignore the mark; §6 has one kind of number, so 900, 900.0 and 9e2 are the same.',
  provider(request, count, good) {
    const spelling = /latitude=(\d)/.exec(request.url)[1];
    const interval = ['900', '900.0', '9e2', '9.0E+2', '90000e-2'][spelling];
    const offset = ['0', '0.0', '0e0', '-0', '-0.0'][spelling];
    const body = JSON.stringify(good.body).replace('"interval":900', `"interval":${interval}`).replace('"utc_offset_seconds":0', `"utc_offset_seconds":${offset}`);
    return { body: `\uFEFF${body}` };
  },
  async run({ fetch }) {
    for (let lat = 0; lat < 5; ++lat) {
      const answer = await fetch(`/weather?lat=${lat}&lon=1`);
      assert.equal(answer.status, 200, answer.body);
      assert.match(answer.body, /"interval":900,/);
    }
  },
};
