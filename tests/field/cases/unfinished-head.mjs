export default {
  title: 'A request that does not arrive in time gets 408, and the connection ends',
  why: 'RFC 9110 §15.5.9: 408 tells a client whose request did not arrive in time that the server gives the connection up.',
  clock: true,
  steps: [
    { send: 'GET /livez HTTP/1.1\r\nHos', passing: 10_000, answers: [{ status: 408, headers: { connection: 'close' } }], then: 'closed' },
  ],
};
