export default {
  title: 'Pipelined requests get their answers in order, in whatever pieces they arrive',
  why: 'RFC 9112 §9.3.2: a server sends the answers to pipelined requests in the order of the requests.',
  steps: [
    {
      send: ['GET /livez HTTP/1.1\r\nHost: a\r\n\r', '\nGET /nowhere HTTP/1.1\r\nHo', 'st: a\r\n\r\nHEAD /livez HTTP/1.1\r\nHost: a\r\n\r\n'],
      answers: [{ status: 200 }, { status: 404 }, { status: 200, head: true }],
      then: 'open',
    },
  ],
};
