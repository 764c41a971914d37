#include "http_server/head_parser.hpp"

#include <map>

#include <gtest/gtest.h>

#include "base/text.hpp"

namespace wx::http_server {
namespace {

using Status = HeadParser::Status;

// The result of a parser as text, for comparison.
std::string told(const HeadParser& parser, Status status, std::string_view bytes) {
  if (status == Status::need_more) return "need more";
  if (status == Status::refused) return cat(name(parser.refusal()), ": ", parser.detail());
  const RequestHead& head = parser.head();
  const char* const base = bytes.begin();
  std::string out = cat(static_cast<int>(head.method), head.http_1_0 ? " 1.0 " : " 1.1 ",
                        head.keep_alive ? "keep " : "close ", head.size, " target=", head.target.in(base),
                        " path=", head.path.in(base), " query=", head.query.in(base), " repeated=", head.repeated);
  for (std::size_t i = 0; i < kFields; ++i) {
    if (head.has(static_cast<Field>(i))) append(out, cat(" ", kFieldNames[i], "=", head.fields[i].in(base)));
  }
  return out;
}

std::string parse(std::string_view bytes) {
  HeadParser parser;
  const Status status = parser.feed(bytes);
  return told(parser, status, bytes);
}

// Parses the bytes cut at every position and into single bytes. Each result must equal that without a cut.
std::string parse_cut_everywhere(const std::string& bytes) {
  const std::string whole = parse(bytes);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    HeadParser parser;
    // A copy, so that a sanitizer notices a read past the received bytes.
    const std::string first = bytes.substr(0, cut);
    Status status = parser.feed(first);
    if (status == Status::need_more) status = parser.feed(bytes);
    EXPECT_EQ(told(parser, status, bytes), whole) << "cut at " << cut;
  }
  HeadParser parser;
  Status status = Status::need_more;
  for (std::size_t n = 0; n <= bytes.size() && status == Status::need_more; ++n) {
    const std::string received = bytes.substr(0, n);
    status = parser.feed(received);
  }
  EXPECT_EQ(told(parser, status, bytes), whole) << "byte by byte";
  return whole;
}

// A request with these lines after a valid request line and Host.
std::string with(std::string_view lines) {
  return cat("GET / HTTP/1.1\r\nHost: a\r\n", lines, "\r\n");
}

void expect_refused(const std::string& bytes, ErrorKind kind) {
  HeadParser parser;
  EXPECT_EQ(parser.feed(bytes), Status::refused) << bytes;
  EXPECT_EQ(name(parser.refusal()), name(kind)) << bytes << parser.detail();
  EXPECT_FALSE(parser.detail().empty());
  parse_cut_everywhere(bytes);
}

void expect_accepted(const std::string& bytes) {
  HeadParser parser;
  EXPECT_EQ(parser.feed(bytes), Status::complete) << bytes << parser.detail();
  parse_cut_everywhere(bytes);
}

TEST(HeadParser, FindsAllPartsOfABrowsersRequest) {
  const std::string bytes =
      "GET /weather?lat=52.52&lon=13.41 HTTP/1.1\r\nHost: localhost:8080\r\nAccept: text/html,*/*;q=0.8\r\n"
      "User-Agent: x\r\naccept-language:  pt-BR, en \t\r\nIF-NONE-MATCH: W/\"1\"\r\n\r\nGET /next";
  EXPECT_EQ(parse_cut_everywhere(bytes),
            "0 1.1 keep 164 target=/weather?lat=52.52&lon=13.41 path=/weather query=lat=52.52&lon=13.41 repeated=0 "
            "accept=text/html,*/*;q=0.8 accept-language=pt-BR, en if-none-match=W/\"1\" host=localhost:8080");
}

TEST(HeadParser, KnowsTheMethods) {
  const std::map<std::string, Method> methods{
      {"GET", Method::get},         {"HEAD", Method::head},   {"POST", Method::post},   {"DELETE", Method::del},
      {"OPTIONS", Method::options}, {"PUT", Method::other},   {"PATCH", Method::other}, {"TRACE", Method::other},
      {"CONNECT", Method::other},   {"QUERY", Method::other}, {"get", Method::unknown}, {"M-SEARCH", Method::unknown},
      {"GETX", Method::unknown}};
  for (const auto& [text, method] : methods) {
    HeadParser parser;
    ASSERT_EQ(parser.feed(cat(text, " / HTTP/1.1\r\nHost: a\r\n\r\n")), Status::complete) << text;
    EXPECT_EQ(parser.head().method, method) << text;
  }
}

TEST(HeadParser, KeepsTheConnectionAsTheVersionAndTheClientSay) {
  const auto keeps = [](std::string_view version, std::string_view lines) {
    HeadParser parser;
    EXPECT_EQ(parser.feed(cat("GET / HTTP/", version, "\r\nHost: a\r\n", lines, "\r\n")), Status::complete);
    return parser.head().keep_alive;
  };
  EXPECT_TRUE(keeps("1.1", ""));
  EXPECT_FALSE(keeps("1.1", "Connection: close\r\n"));
  EXPECT_FALSE(keeps("1.1", "Connection: x , CLOSE\r\n"));
  EXPECT_FALSE(keeps("1.1", "Connection: keep-alive\r\nConnection: close\r\n"));
  EXPECT_TRUE(keeps("1.1", "Connection: closed,, \r\n"));
  EXPECT_FALSE(keeps("1.0", ""));
  EXPECT_TRUE(keeps("1.0", "Connection: Keep-Alive\r\n"));
  EXPECT_FALSE(keeps("1.0", "Connection: keep-alive, close\r\n"));
  EXPECT_TRUE(keeps("1.1", "Connection: x=\"a, close\"\r\n"));
}

TEST(HeadParser, IgnoresEmptyLinesBeforeTheRequest) {
  EXPECT_TRUE(
      parse_cut_everywhere("\r\n\r\nGET /a HTTP/1.1\r\nHost: b\r\n\r\n").starts_with("0 1.1 keep 32 target=/a"));
}

// They may fill what a head may have, and the head begins behind them.
TEST(HeadParser, CountsEmptyLinesNotForTheLimitOfAHead) {
  const std::string request = cat("GET /", std::string(1000, 'a'), " HTTP/1.1\r\nHost: b\r\n\r\n");
  for (const std::size_t room : {std::size_t{0}, std::size_t{6}, std::size_t{500}, request.size() - 2}) {
    std::string bytes;
    while (bytes.size() + room < kMaxHead) bytes += "\r\n";
    const std::size_t lines = bytes.size();
    bytes += request;
    HeadParser parser;
    EXPECT_EQ(parser.feed(bytes), Status::need_more) << room << parser.detail();
    EXPECT_EQ(parser.empty_lines(), std::min(lines, kMaxHead)) << room;
    parser.reset();
    EXPECT_EQ(parser.feed(std::string_view(bytes).substr(lines)), Status::complete) << room;
  }
}

TEST(HeadParser, HasNotBegunBeforeTheFirstByteOfARequest) {
  for (const std::string_view nothing : {"", "\r", "\r\n", "\r\n\r", "\r\n\r\n"}) {
    HeadParser parser;
    EXPECT_EQ(parser.feed(nothing), Status::need_more);
    EXPECT_FALSE(parser.begun()) << nothing.size();
    EXPECT_EQ(parser.empty_lines(), nothing.size() / 2 * 2);
  }
  for (const std::string_view something : {"G", "\r\nG", "\r\nGET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\n\r"}) {
    HeadParser parser;
    EXPECT_EQ(parser.feed(something), Status::need_more);
    EXPECT_TRUE(parser.begun()) << something;
  }
}

TEST(HeadParser, TakesAbsoluteForms) {
  EXPECT_TRUE(parse_cut_everywhere("GET http://h:80/p?q HTTP/1.1\r\nHost: h\r\n\r\n").contains("path=/p query=q "));
  EXPECT_TRUE(parse_cut_everywhere("GET HTTPS://h HTTP/1.1\r\nHost: h\r\n\r\n").contains("path= query= "));
  EXPECT_TRUE(parse_cut_everywhere("GET http://[::1]:80?q/r HTTP/1.1\r\nHost: h\r\n\r\n").contains("path= query=q/r "));
  expect_refused("GET http:///p HTTP/1.1\r\nHost: h\r\n\r\n", ErrorKind::malformed_request);
  expect_refused("GET http://u:p@h/ HTTP/1.1\r\nHost: h\r\n\r\n", ErrorKind::malformed_request);
  expect_refused("GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n", ErrorKind::malformed_request);
}

TEST(HeadParser, TakesTheAsteriskOnlyForOptions) {
  expect_accepted("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
  expect_refused("GET * HTTP/1.1\r\nHost: a\r\n\r\n", ErrorKind::malformed_request);
  expect_refused("PUT * HTTP/1.1\r\nHost: a\r\n\r\n", ErrorKind::malformed_request);
}

TEST(HeadParser, TakesTheAuthorityFormOnlyForConnect) {
  for (const std::string_view target : {"a:443", "127.0.0.1:80", "[::1]:80"}) {
    expect_accepted(cat("CONNECT ", target, " HTTP/1.1\r\nHost: a\r\n\r\n"));
    expect_refused(cat("GET ", target, " HTTP/1.1\r\nHost: a\r\n\r\n"), ErrorKind::malformed_request);
    expect_refused(cat("XCONNECT ", target, " HTTP/1.1\r\nHost: a\r\n\r\n"), ErrorKind::malformed_request);
  }
  for (const std::string_view target : {"a", "a:", ":443", "[::1]", "[::1]:", "a:b", "u@a:443", "*"}) {
    expect_refused(cat("CONNECT ", target, " HTTP/1.1\r\nHost: a\r\n\r\n"), ErrorKind::malformed_request);
  }
}

TEST(HeadParser, RefusesBadRequestLines) {
  for (const std::string_view line : {"GET",
                                      "GET ",
                                      "GET /",
                                      "GET / ",
                                      "GET  / HTTP/1.1",
                                      " GET / HTTP/1.1",
                                      "GET / HTTP/1.1 ",
                                      "GET /\tHTTP/1.1",
                                      "GET\t/ HTTP/1.1",
                                      "G(T / HTTP/1.1",
                                      "GET / http/1.1",
                                      "GET / HTTP/1",
                                      "GET / HTTP/11.1",
                                      "GET / HTTP/1.1x",
                                      "GET /a b HTTP/1.1",
                                      "GET a HTTP/1.1",
                                      "GET /a#b HTTP/1.1",
                                      "GET /\xc3\xbc HTTP/1.1",
                                      "GET /\x80 HTTP/1.1",
                                      "\x16\x03\x01"}) {
    expect_refused(cat(line, "\r\nHost: a\r\n\r\n"), ErrorKind::malformed_request);
  }
}

TEST(HeadParser, SpeaksNoOtherMajorVersion) {
  for (const std::string_view version : {"HTTP/2.0", "HTTP/0.9", "HTTP/3.0", "HTTP/9.9"}) {
    expect_refused(cat("GET / ", version, "\r\nHost: a\r\n\r\n"), ErrorKind::version_unsupported);
  }
  expect_refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ErrorKind::version_unsupported);
}

// RFC 9110 §2.5
TEST(HeadParser, TakesALaterMinorVersionFor11) {
  for (char minor = '1'; minor <= '9'; ++minor) {
    EXPECT_TRUE(parse_cut_everywhere(cat("GET / HTTP/1.", minor, "\r\nHost: a\r\n\r\n")).starts_with("0 1.1 keep"));
    expect_refused(cat("GET / HTTP/1.", minor, "\r\n\r\n"), ErrorKind::malformed_request);  // 1.1 needs a Host
  }
}

TEST(HeadParser, RefusesBareLineEndsAndControlBytesAtOnce) {
  EXPECT_EQ(parse("GET / HTTP/1.1\n"), "malformed-request: a line ends without a carriage return");
  EXPECT_EQ(parse("\x16\x03\x01"), "malformed-request: a control byte in the header");
  for (const char c : {'\0', '\x01', '\x0b', '\x1f', '\x7f', '\r', '\n'}) {
    const std::string bad(1, c);
    expect_refused(with(cat("A: b", bad, "c\r\n")), ErrorKind::malformed_request);
    expect_refused(with(cat("A", bad, ": b\r\n")), ErrorKind::malformed_request);
    expect_refused(cat("GET /", bad, " HTTP/1.1\r\nHost: a\r\n\r\n"), ErrorKind::malformed_request);
  }
  expect_refused("GET / HTTP/1.1\r\nHost: a\r\n\rX", ErrorKind::malformed_request);
  expect_accepted(with("A: tab\there and \xc3\xbc\r\n"));
}

TEST(HeadParser, RefusesFoldedLinesAndBadNames) {
  for (const std::string_view line :
       {" folded", "\tfolded", "A : b", ": b", "no colon", "A\xc3: b", "A(: b", "A b: c"}) {
    expect_refused(with(cat("X: y\r\n", line, "\r\n")), ErrorKind::malformed_request);
  }
  expect_refused("GET / HTTP/1.1\r\n Host: a\r\n\r\n", ErrorKind::malformed_request);
}

// --- Chunks (RFC 9112 §7.1) ---

// A request with this Transfer-Encoding, followed by these bytes.
std::string coded(std::string_view coding, std::string_view body, std::string_view version = "1.1") {
  return cat("POST /a HTTP/", version, "\r\nHost: a\r\nTransfer-Encoding: ", coding, "\r\n\r\n", body);
}

TEST(HeadParser, TakesAnEmptyBodyInChunksForNone) {
  for (const std::string_view coding : {"chunked", "Chunked", "CHUNKED", "\tchunked  "}) {
    expect_accepted(coded(coding, "0\r\n\r\n"));
  }
  for (const std::string_view body :
       {"0\r\n\r\n", "000000000000000000000\r\n\r\n", "0;a\r\n\r\n", "0;a=b\r\n\r\n", "0 ; a = b;c\r\n\r\n",
        "0;a=\"b;c\\\"\"\r\n\r\n", "0\r\nA: b\r\n\r\n", "0;a\r\nHost: other\r\nContent-Length: 5\r\n\r\n"}) {
    const std::string bytes = coded("chunked", body);
    const std::string parsed = parse_cut_everywhere(cat(bytes, "GET /next HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT_EQ(parsed, cat("2 1.1 keep ", bytes.size(), " target=/a path=/a query= repeated=0 host=a")) << body;
  }
}

TEST(HeadParser, RefusesChunksWithContent) {
  for (const std::string_view body : {"1\r\na\r\n0\r\n\r\n", "00a\r\n", "F;a=b\r\n", "ffffffffffffffffffffff\r\n"}) {
    expect_refused(coded("chunked", body), ErrorKind::content_too_large);
  }
  // Who expects an interim answer has content, and would wait for that answer (RFC 9110 §10.1.1).
  expect_refused("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nTransfer-Encoding: chunked\r\n\r\n",
                 ErrorKind::content_too_large);
  expect_accepted(with("Expect: 100-continue\r\n"));
}

TEST(HeadParser, RefusesMalformedChunks) {
  for (const std::string_view body : {"\r\n\r\n",
                                      "x\r\n",
                                      " 0\r\n",
                                      "0 \r\n",
                                      "0x0\r\n",
                                      "-0\r\n",
                                      "+0\r\n",
                                      "0;\r\n",
                                      "0; =b\r\n",
                                      "0;a=\r\n",
                                      "0;a=\"b\r\n",
                                      "0;a=b c\r\n",
                                      "0 a\r\n",
                                      "0,0\r\n",
                                      "0\n\r\n",
                                      "0\r\nA b\r\n\r\n",
                                      "0\r\n A: b\r\n\r\n",
                                      "0\r\nA : b\r\n\r\n",
                                      "0\r\nA: b\nC: d\r\n\r\n",
                                      "0;\x01\r\n",
                                      "GET / HTTP/1.1\r\n"}) {
    expect_refused(coded("chunked", body), ErrorKind::malformed_request);
  }
}

TEST(HeadParser, KnowsNoOtherTransferEncoding) {
  for (const std::string_view coding : {"", "identity", "gzip", "gzip, chunked", "chunked, chunked", "chunked, gzip",
                                        "xchunked", "chunked;a=b", "\"chunked\"", "chunked,"}) {
    expect_refused(coded(coding, "0\r\n\r\n"), ErrorKind::not_implemented);
  }
  for (const std::string_view second : {"chunked", "identity", ""}) {
    expect_refused(with(cat("Transfer-Encoding: chunked\r\nTransfer-Encoding: ", second, "\r\n")),
                   ErrorKind::not_implemented);
  }
}

// RFC 9112 §6.1
TEST(HeadParser, RefusesATransferEncodingBesideALengthAndInHttp10) {
  for (const std::string_view coding : {"chunked", "gzip", ""}) {
    for (const std::string_view length : {"0", "5", "x"}) {
      expect_refused(with(cat("Transfer-Encoding: ", coding, "\r\nContent-Length: ", length, "\r\n")),
                     ErrorKind::malformed_request);
      expect_refused(with(cat("Content-Length: ", length, "\r\ntransfer-ENCODING: ", coding, "\r\n")),
                     ErrorKind::malformed_request);
    }
    expect_refused(coded(coding, "0\r\n\r\n", "1.0"), ErrorKind::malformed_request);
  }
}

TEST(HeadParser, LimitsAnEmptyBodyWithTheHead) {
  EXPECT_TRUE(parse(coded("chunked", cat("0;", std::string(kMaxHead, 'a')))).starts_with("headers-too-large"));
  EXPECT_TRUE(parse(coded("chunked", cat("0\r\nA: ", std::string(kMaxHead, 'a')))).starts_with("headers-too-large"));
  std::string trailer;
  for (unsigned i = 0; i < kMaxFields; ++i) trailer += "A: b\r\n";
  EXPECT_TRUE(parse(coded("chunked", cat("0\r\n", trailer, "\r\n"))).starts_with("headers-too-large"));
}

TEST(HeadParser, TakesNoBody) {
  expect_accepted(with("Content-Length: 0\r\n"));
  for (const std::string_view value : {"1", "5", "00001", "99999999999999999999999999"}) {
    expect_refused(with(cat("Content-Length: ", value, "\r\n")), ErrorKind::content_too_large);
  }
  for (const std::string_view value : {"", "-1", "+0", "0x0", "0, 0", "0,0", "1 0", "a", "0.0"}) {
    expect_refused(with(cat("Content-Length: ", value, "\r\n")), ErrorKind::malformed_request);
  }
  expect_refused(with("Content-Length: 0\r\nContent-Length: 0\r\n"), ErrorKind::malformed_request);
  expect_refused(with("Content-Length: 5\r\nContent-Length: 0\r\n"), ErrorKind::malformed_request);
}

TEST(HeadParser, WantsOneValidHost) {
  for (const std::string_view host :
       {"a", "a:80", "a.b-c_d:", "127.0.0.1:8080", "[::1]", "[::1]:80", "a%20b", "%C3%bc.de:1", "[2001:db8::7]",
        "[::ffff:192.0.2.1]", "[v1.a:b]", "[VfF.~]:80", "999.1"}) {
    expect_accepted(cat("GET / HTTP/1.1\r\nHost: ", host, "\r\n\r\n"));
  }
  for (const std::string_view host :
       {"",           ":80",    "a b",   "a/b",      "a:b",          "a:123456", "a:1:2", "u@a",         "[::1",
        "[]",         "[::1]x", "[g]]",  "\xc3\xbc", "a, b",         "[zzz]",    "[::g]", "[127.0.0.1]", "[1:2]",
        "[::1%25lo]", "[:::]",  "[v.a]", "[v1.]",    "[v1a]",        "[vg.a]",   "a%zz",  "a%",          "a%2",
        "%",          "a\"b",   "a\\b",  "[::1]:x",  "[::1]:123456", "a[::1]"}) {
    expect_refused(cat("GET / HTTP/1.1\r\nHost: ", host, "\r\n\r\n"), ErrorKind::malformed_request);
    expect_refused(cat("GET / HTTP/1.0\r\nHost: ", host, "\r\n\r\n"), ErrorKind::malformed_request);
  }
  expect_refused("GET / HTTP/1.1\r\n\r\n", ErrorKind::malformed_request);
  expect_refused("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", ErrorKind::malformed_request);
  expect_accepted("GET / HTTP/1.0\r\n\r\n");
  // What is malformed is refused as such, with a body or without.
  expect_refused("GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", ErrorKind::malformed_request);
  expect_refused("GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", ErrorKind::malformed_request);
}

TEST(HeadParser, LimitsTheTarget) {
  const auto request = [](std::size_t target) {
    return cat("GET /", std::string(target - 1, 'a'), " HTTP/1.1\r\nHost: a\r\n\r\n");
  };
  EXPECT_TRUE(parse(request(kMaxTarget)).starts_with("0 1.1"));
  EXPECT_TRUE(parse(request(kMaxTarget + 1)).starts_with("uri-too-long"));
  EXPECT_TRUE(parse(request(kMaxHead * 2)).starts_with("uri-too-long"));
  EXPECT_TRUE(parse(cat("GET /", std::string(kMaxHead - 5, 'a'))).starts_with("uri-too-long"));
  EXPECT_TRUE(parse(std::string(kMaxHead, 'a')).starts_with("not-implemented"));
  EXPECT_EQ(parse(std::string(kMaxHead - 1, 'a')), "need more");
}

TEST(HeadParser, LimitsTheWholeHead) {
  const auto request = [](std::size_t size) {
    const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nA: ";
    return cat(start, std::string(size - start.size() - 4, 'x'), "\r\n\r\n");
  };
  EXPECT_TRUE(parse(request(kMaxHead)).starts_with("0 1.1 keep 32768"));
  EXPECT_TRUE(parse(request(kMaxHead + 1)).starts_with("headers-too-large"));
  for (const std::size_t size : {kMaxHead - 1, kMaxHead, kMaxHead + 1, kMaxHead + 2, kMaxHead + 3, kMaxHead + 4}) {
    const std::string bytes = request(size);
    const std::string whole = parse(bytes);
    for (std::size_t cut = size - 8; cut < size; ++cut) {
      HeadParser parser;
      Status status = parser.feed(std::string_view(bytes).substr(0, cut));
      if (status == Status::need_more) status = parser.feed(bytes);
      EXPECT_EQ(told(parser, status, bytes), whole) << size << " cut at " << cut;
    }
  }
}

TEST(HeadParser, LimitsTheNumberOfFields) {
  const auto request = [](unsigned more) {
    std::string lines;
    for (unsigned i = 0; i < more; ++i) lines += "A: b\r\n";
    return with(lines);
  };
  EXPECT_TRUE(parse(request(kMaxFields - 1)).starts_with("0 1.1"));
  EXPECT_TRUE(parse(request(kMaxFields)).starts_with("headers-too-large"));
}

TEST(HeadParser, KeepsTheMethodOfARefusedRequest) {
  HeadParser parser;
  ASSERT_EQ(parser.feed("HEAD / HTTP/1.1\r\n\r\n"), Status::refused);
  EXPECT_EQ(parser.head().method, Method::head);
  for (const std::string_view bytes :
       {"HEAD /\x7f", "HEAD / HTTP/1.1\n", "HEAD", "HEAD\x7f", "HEAD / HTTP/9.9\r\n", "HEAD\r\n", "\r\nHEAD / HT"}) {
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      HeadParser again;
      static_cast<void>(again.feed(bytes.substr(0, cut)));
      static_cast<void>(again.feed(bytes));
      EXPECT_EQ(again.head().method, Method::head) << bytes << " cut at " << cut;
    }
  }
  parser.reset();
  EXPECT_EQ(parser.feed(with("")), Status::complete);
  EXPECT_EQ(parser.head().method, Method::get);
}

TEST(HeadParser, KeepsTheTargetOfARefusedRequest) {
  const auto target_of = [](std::string_view bytes) {
    HeadParser parser;
    EXPECT_EQ(parser.feed(bytes), Status::refused) << bytes.substr(0, 40);
    const RequestHead& head = parser.head();
    return cat(head.target.in(bytes.data()).substr(0, 20), "|", head.path.in(bytes.data()), "|",
               head.query.in(bytes.data()).substr(0, 10));
  };
  EXPECT_EQ(target_of("POST /v1/a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"), "/v1/a?b|/v1/a|b");
  EXPECT_EQ(target_of("GET /v1/a?b HTTP/1.1\r\n\r\n"), "/v1/a?b|/v1/a|b");
  EXPECT_EQ(target_of("GET /v1/a\x7f HTTP/1.1\r\n\r\n"), "||");
  const std::string numbers(kMaxTarget, '1');
  EXPECT_EQ(target_of(cat("GET /v1/a?", numbers, " HTTP/1.1\r\n")), "/v1/a?11111111111111|/v1/a|1111111111");
  EXPECT_EQ(target_of(cat("GET /v1/a?", numbers, numbers)), "/v1/a?11111111111111|/v1/a|1111111111");
  EXPECT_EQ(target_of(cat("GET /v1/a?\x80", numbers, numbers)), "||");
}

TEST(HeadParser, ForgetsTheFieldsOfARequestThatItsCallerRefuses) {
  HeadParser parser;
  const std::string bytes = "GET /a HTTP/1.1\r\nAccept: a\r\nAccept: b\r\nHost: a\r\n";
  ASSERT_EQ(parser.feed(bytes), Status::need_more);
  parser.forget_fields();
  const Request request(bytes.data(), parser.head(), SteadyTime{}, nullptr);
  EXPECT_EQ(request.field(Field::accept), std::nullopt);
  EXPECT_EQ(request.path(), "/a");
}

// --- The view of a head ---

TEST(Request, JoinsRepeatedFields) {
  const std::string bytes = with("Accept: a\r\nX-Forwarded-For: 1\r\nACCEPT:b ,c\r\nAccept:\r\n");
  HeadParser parser;
  ASSERT_EQ(parser.feed(bytes), Status::complete);
  const Request request(bytes.data(), parser.head(), SteadyTime{}, nullptr);
  EXPECT_EQ(request.field(Field::accept), "a, b ,c, ");
  EXPECT_EQ(request.field(Field::accept), "a, b ,c, ");
  EXPECT_EQ(request.field(Field::x_forwarded_for), "1");
  EXPECT_EQ(request.field(Field::host), "a");
  EXPECT_EQ(request.field(Field::origin), std::nullopt);
}

TEST(Request, NamesTheRootForAnAbsoluteFormWithoutPath) {
  const std::string bytes = "GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n";
  HeadParser parser;
  ASSERT_EQ(parser.feed(bytes), Status::complete);
  const Request request(bytes.data(), parser.head(), SteadyTime{}, nullptr);
  EXPECT_EQ(request.path(), "/");
  EXPECT_EQ(request.query(), "q");
}

TEST(Request, IsEmptyWhenThereIsNone) {
  const Request request;
  EXPECT_EQ(request.path(), "");
  EXPECT_EQ(request.field(Field::accept), std::nullopt);
  EXPECT_FALSE(request.keep_alive());
  EXPECT_EQ(request.method(), Method::get);
}

}  // namespace
}  // namespace wx::http_server
