import assert from 'node:assert/strict';

export default {
  title: 'Conditions and lists in header fields are read by their grammar',
  why: 'RFC 9110 §13.1.1 and §13.2.2 (If-Match), §5.6.4 (quoted strings), §5.3 (several field lines), §15.4.5 (304).',
  async run({ fetch, connect }) {
    const path = '/weather?lat=52.52&lon=13.41';
    const first = await fetch(path);
    assert.equal(first.status, 200);
    const { etag } = first.headers;
    const ask = async (headers) => fetch(path, { headers });

    for (const value of ['"x"', etag, 'W/"x", "y,z"']) assert.equal((await ask({ 'If-Match': value })).status, 412, value);
    assert.equal((await ask({ 'If-Match': '*' })).status, 200);
    assert.equal((await ask({ 'If-Match': '"x"', 'If-None-Match': etag })).status, 412);

    const quoted = await ask({ Accept: 'text/html;level="1,2";q=0.1, application/json;q=0.5' });
    assert.match(quoted.headers['content-type'], /^application\/json/);

    const connection = await connect();
    await connection.send(`GET ${path} HTTP/1.1\r\nHost: a\r\nIf-None-Match: "a,b"\r\nIf-None-Match: ${etag}\r\n\r\n`);
    const same = await connection.answer();
    assert.equal(same.status, 304);
    assert.equal(same.headers.etag, etag);
    for (const name of ['content-type', 'content-length', 'content-encoding', 'link']) assert.equal(same.headers[name], undefined, name);
    for (const name of ['cache-control', 'vary', 'date']) assert.notEqual(same.headers[name], undefined, name);
  },
};
