export default {
  title: 'A request with both a length and chunks is refused, and the connection ends',
  why: 'RFC 9112 §6.3: such a message may be an attempt to smuggle a request past a proxy, which chose the other length.',
  steps: [
    {
      send: 'POST /lab/stampede?n=2 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /livez HTTP/1.1\r\nHost: a\r\n\r\n',
      answers: [{ status: 400, headers: { connection: 'close' } }],
      then: 'closed',
    },
  ],
};
