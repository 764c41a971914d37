export default {
  title: 'A stampede without a count has the hundred callers that the document names as the default',
  why: 'OpenAPI 3.1, Parameter Object: a parameter that is not `required` may be left out, and its schema\'s `default` tells what the service then takes.',
  settings: { MOCK_DELAY: '1ms' },
  steps: [
    { send: 'POST /lab/stampede HTTP/1.1\r\nHost: a\r\n\r\n', answers: [{ status: 200, body: /^{"callers":100,/ }], then: 'open' },
    { send: 'POST /lab/stampede?%6e=%33 HTTP/1.1\r\nHost: a\r\n\r\n', answers: [{ status: 200, body: /^{"callers":3,/ }], then: 'open' },
    { send: 'POST /lab/stampede?n= HTTP/1.1\r\nHost: a\r\n\r\n', answers: [{ status: 400, body: /"parameter":"n"/ }], then: 'open' },
  ],
};
