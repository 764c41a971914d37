// A link carries, holds back, loses and refuses what it should.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';

import { Link } from './link.mjs';

// Both ends of a link: a server that answers each piece with the same in capitals, and a way to connect.
async function site(context) {
  const heard = [];
  const waiting = [];
  const server = createServer((socket) => {
    socket.setEncoding('utf8');
    socket.on('error', () => {});
    socket.on('data', (text) => {
      heard.push(text);
      waiting.splice(0).forEach((wake) => wake());
      socket.write(text.toUpperCase());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const link = await Link.open(server.address().port);
  const clients = [];
  context.after(async () => {
    clients.forEach((client) => client.destroy());
    await link.close();
    server.close();
  });
  return {
    link,
    heard,
    async hears() {
      while (heard.length === 0) await new Promise((resolve) => { waiting.push(resolve); });
      return heard.join('');
    },
    async client() {
      const client = connect(link.port, '127.0.0.1');
      client.setEncoding('utf8');
      clients.push(client);
      await once(client, 'connect');
      return client;
    },
  };
}

// Unlike once(), not an error of the test if the connection is reset.
const closing = (socket) => new Promise((resolve) => { socket.on('close', resolve); });

const answerTo = async (client, text) => {
  client.write(text);
  const [answer] = await once(client, 'data');
  return answer;
};

test('a link carries both ways', async (context) => {
  const { client } = await site(context);
  assert.equal(await answerTo(await client(), 'ping'), 'PING');
});

test('a stalled link delivers in order when it is well again', async (context) => {
  const { client, link, heard } = await site(context);
  const held = await client();
  assert.equal(await answerTo(held, 'a'), 'A');
  link.stall();
  held.write('b');
  const free = connect(link.port, '127.0.0.1'); // the link has taken 'b' when it has taken a later connection's end
  await once(free, 'connect');
  free.destroy();
  assert.deepEqual(heard, ['a']);
  link.heal();
  assert.equal(await answerTo(held, 'c').then((text) => text[0]), 'B');
});

test('what was sent over a stalled link arrives although its sender has given up', async (context) => {
  const { client, link, hears } = await site(context);
  link.stall();
  const held = await client();
  held.write('late', () => held.destroy());
  await closing(held);
  link.heal();
  assert.equal(await hears(), 'late');
});

test('a deaf link carries what is sent and loses what is answered, for good', async (context) => {
  const { client, link, hears } = await site(context);
  const deaf = await client();
  link.swallowReplies();
  const lost = [];
  deaf.on('data', (text) => lost.push(text));
  deaf.on('error', () => {});
  deaf.write('x');
  assert.equal(await hears(), 'x');
  const closed = closing(deaf);
  link.heal();
  await closed;
  assert.deepEqual(lost, []);
  assert.equal(await answerTo(await client(), 'y'), 'Y');
});

test('a link that refuses resets its connections and every new one, until it is well again', async (context) => {
  const { client, link } = await site(context);
  const old = await client();
  old.on('error', () => {});
  const closed = closing(old);
  link.refuse();
  await closed;
  const refused = connect(link.port, '127.0.0.1');
  refused.on('error', () => {});
  await closing(refused);
  link.heal();
  assert.equal(await answerTo(await client(), 'again'), 'AGAIN');
});

test('a delay knows the data, and what follows a late piece is late', async (context) => {
  const { client, link } = await site(context);
  const seen = [];
  link.delay((data) => {
    seen.push(data.toString());
    return data.includes('count') ? 20 : 0;
  });
  const slow = await client();
  const start = performance.now();
  assert.equal(await answerTo(slow, 'get'), 'GET');
  let answers = '';
  slow.on('data', (text) => { answers += text; });
  slow.write('count');
  await new Promise((resolve) => setImmediate(resolve));
  slow.write('get');
  while (answers.length < 'COUNTGET'.length) await once(slow, 'data');
  assert.equal(answers, 'COUNTGET');
  assert.ok(performance.now() - start > 19);
  assert.deepEqual(seen.slice(0, 2), ['get', 'GET']);
});

test('a delay keeps the order', async (context) => {
  const { client, link } = await site(context);
  const delays = [20, 0, 0, 0, 0, 0, 0, 0];
  link.delay(() => delays.shift() ?? 0);
  const slow = await client();
  let answers = '';
  slow.on('data', (text) => { answers += text; });
  slow.write('1');
  await new Promise((resolve) => setImmediate(resolve));
  slow.write('2');
  while (answers.length < 2) await once(slow, 'data');
  assert.equal(answers, '12');
});
