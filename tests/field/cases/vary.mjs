import assert from 'node:assert/strict';

export default {
  title: 'An answer varies on the request fields that it depends on, and on no others',
  why: 'RFC 9111 §4.1: a shared cache keeps one copy for each combination of the fields that Vary names. JSON is in no language.',
  async run({ fetch }) {
    const vary = async (path, headers) => (await fetch(path, { headers: { 'Accept-Encoding': 'gzip', ...headers } })).headers.vary;
    for (const language of ['en', 'pt-BR', 'de;q=0.5, fr']) {
      assert.equal(await vary('/weather?lat=1&lon=2', { 'Accept-Language': language }), 'Accept');
      assert.equal(await vary('/weather?lat=x', { 'Accept-Language': language }), 'Accept');
      assert.equal(await vary('/weather?lat=1&lon=2', { 'Accept-Language': language, Accept: 'text/html' }), 'Accept, Accept-Language');
    }
    assert.equal(await vary('/weather?lat=1&lon=2&format=json', { Accept: 'text/html' }), undefined, 'the URL alone decides');
  },
};
