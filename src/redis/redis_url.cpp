#include "redis/redis_url.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <vector>

#include "base/nearest.hpp"
#include "base/text.hpp"

namespace wx::redis {
namespace {

constexpr std::array<std::string_view, 3> kQueryKeys{"db", "user", "password"};

// Keys that URLs for other clients have. An empty `advice`: the key has the meaning of the first name, or says what we
// do anyway if it has the value `fine`.
struct ForeignKey {
  std::string_view key;
  std::string_view means;
  std::string_view fine;
  std::string_view advice;
};
constexpr std::string_view kUseRediss =
    "does not agree with the beginning of the URL: rediss:// chooses TLS, and redis:// does without";
constexpr std::string_view kUseTimeout = "REDIS_TIMEOUT sets the deadline of commands";
constexpr std::string_view kUseCaFile =
    "the certificate is always checked; REDIS_CA_FILE names the authorities to trust";
constexpr std::array<ForeignKey, 12> kForeignKeys{{
    {.key = "database", .means = "db", .fine = {}, .advice = {}},
    {.key = "username", .means = "user", .fine = {}, .advice = {}},
    {.key = "protocol", .means = {}, .fine = "3", .advice = "only RESP3 is spoken: write protocol=3 or leave it out"},
    {.key = "ssl_cert_reqs", .means = {}, .fine = "required", .advice = kUseCaFile},
    {.key = "ssl_ca_certs", .means = {}, .fine = {}, .advice = kUseCaFile},
    {.key = "cacert", .means = {}, .fine = {}, .advice = kUseCaFile},
    {.key = "insecure", .means = {}, .fine = "false", .advice = kUseCaFile},
    {.key = "timeout", .means = {}, .fine = {}, .advice = kUseTimeout},
    {.key = "socket_timeout", .means = {}, .fine = {}, .advice = kUseTimeout},
    {.key = "read_timeout", .means = {}, .fine = {}, .advice = kUseTimeout},
    {.key = "write_timeout", .means = {}, .fine = {}, .advice = kUseTimeout},
    {.key = "dial_timeout", .means = {}, .fine = {}, .advice = kUseTimeout},
}};

const ForeignKey* foreign(std::string_view key) {
  const auto found = std::ranges::find(kForeignKeys, key, &ForeignKey::key);
  return found == kForeignKeys.end() ? nullptr : &*found;
}

// A switch may be written as any word for "off".
bool is_fine(const ForeignKey& key, std::string_view value) {
  if (key.fine == "false") return parse_switch(value) == false;
  return !key.fine.empty() && iequals(value, key.fine);
}

std::unexpected<Error> wrong(std::string sentence) {
  return fail(ErrorKind::bad_parameter, std::move(sentence));
}

std::string_view nearest_key(std::string_view key) {
  return *std::min_element(kQueryKeys.begin(), kQueryKeys.end(), [key](std::string_view a, std::string_view b) {
    return edit_distance(key, a) < edit_distance(key, b);
  });
}

struct Scheme {
  std::string_view name;
  bool tls = false;
  bool local = false;
};
constexpr std::array<Scheme, 5> kSchemes{{{.name = "redis"},
                                          {.name = "rediss", .tls = true},
                                          {.name = "valkey"},
                                          {.name = "valkeys", .tls = true},
                                          {.name = "unix", .local = true}}};

// The parts of the URL, still encoded.
struct Parts {
  std::string_view user_info, host_port, path, query;
  bool has_user_info = false;
};

Parts cut(std::string_view rest) {
  Parts parts;
  if (const auto query = rest.find('?'); query != std::string_view::npos) {
    parts.query = rest.substr(query + 1);
    rest = rest.substr(0, query);
  }
  const auto slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash);
  if (slash != std::string_view::npos) parts.path = rest.substr(slash);
  // A password may hold an unencoded @; a host cannot.
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    parts.has_user_info = true;
    parts.user_info = authority.substr(0, at);
    authority = authority.substr(at + 1);
  }
  parts.host_port = authority;
  return parts;
}

Result<void> read_user_info(std::string_view text, Credentials& credentials) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) {
    return wrong("the part before the @ has no colon: write user:password@ or, for a password alone, :password@");
  }
  const auto user = percent_decode(text.substr(0, colon), Plus::literal);
  const auto password = percent_decode(text.substr(colon + 1), Plus::literal);
  if (!user || !password) return wrong("a % in the user or password is not followed by two hexadecimal digits");
  credentials.user = *user;
  credentials.password = *password;
  credentials.authenticate = !user->empty() || !password->empty();
  return {};
}

Result<void> read_host_port(std::string_view text, Address& address) {
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return wrong("the [ of an IPv6 address has no ]");
    address.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) return wrong("after the ] of an IPv6 address only :port may follow");
    const auto digits = std::string_view(address.host).substr(0, address.host.find('%'));
    if (digits.find(':') == std::string_view::npos ||
        digits.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos) {
      return wrong("the text between [ and ] is not an IPv6 address");
    }
  } else {
    const auto colon = text.find(':');
    if (colon != text.rfind(':')) return wrong("an IPv6 address is written in brackets, as in [::1]:6379");
    address.host = text.substr(0, colon);
    if (colon != std::string_view::npos) port = text.substr(colon);
  }
  if (address.host.empty()) return wrong("it names no host");
  if (address.host.contains(',')) return wrong("it names several hosts; write one");
  if (port.empty()) return {};
  const auto number = parse_unsigned(port.substr(1));
  if (!number || *number == 0 || *number > 65535) return wrong("the port is not a number from 1 to 65535");
  address.port = static_cast<std::uint16_t>(*number);
  return {};
}

Result<void> read_socket_path(const Parts& parts, Address& address) {
  if (!parts.host_port.empty()) return wrong("a unix socket's path is absolute: unix:///path/to/socket");
  const auto path = percent_decode(parts.path, Plus::literal);
  if (!path) return wrong("a % in the path is not followed by two hexadecimal digits");
  // sockaddr_un::sun_path has 108 bytes, one of them for the terminating zero.
  if (path->size() < 2 || path->size() > 107 || path->find('\0') != std::string::npos) {
    return wrong("a unix socket's path has 2 to 107 bytes");
  }
  address.socket_path = *path;
  return {};
}

Result<std::uint32_t> read_database(std::string_view text) {
  const auto number = parse_unsigned(text);
  if (!number || *number > static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max())) {
    return wrong("the database is not a number");
  }
  return static_cast<std::uint32_t>(*number);
}

Result<void> read_credential(std::string_view key, std::string_view value, bool in_front, Credentials& credentials) {
  if (in_front) return wrong(cat("both a part before the @ and ", key, "= are given"));
  auto decoded = percent_decode(value, Plus::literal);
  if (!decoded) return wrong(cat("a % in ", key, "= is not followed by two hexadecimal digits"));
  if (!decoded->empty()) credentials.authenticate = true;
  (key == "user" ? credentials.user : credentials.password) = std::move(*decoded);
  return {};
}

Result<void> read_query(std::string_view query, const Parts& parts, bool database_in_path, Url& url) {
  std::vector<std::string_view> seen;
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    auto key = pair.substr(0, equals);
    const auto value = equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
    if (key == "ssl" || key == "tls") {
      const auto on = parse_switch(value);
      if (!on) return wrong(cat(key, "= must be true or false, or left out"));
      if (*on == url.address.tls) continue;
      return wrong(cat(key, "= ", kUseRediss));
    }
    if (const auto* other = foreign(key)) {
      if (is_fine(*other, value)) continue;
      if (!other->advice.empty()) return wrong(cat(other->key, "= is not known; ", other->advice));
      key = other->means;
    }
    if (std::find(kQueryKeys.begin(), kQueryKeys.end(), key) == kQueryKeys.end()) {
      // The key is not shown: it may be a password, or the rest of one with an unencoded & in it.
      return wrong(cat("a query key is not known; did you mean \"", nearest_key(key), "\"?"));
    }
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) return wrong(cat(key, "= is given twice"));
    seen.push_back(key);
    if (key == "db") {
      if (database_in_path) return wrong("the database is given twice, as a path and as db=");
      const auto database = read_database(value);
      if (!database) return std::unexpected(database.error());
      url.database = *database;
    } else if (auto done = read_credential(key, value, parts.has_user_info, url.credentials); !done) {
      return done;
    }
  }
  return {};
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c <= 0x20 || c == 0x7f; })) {
    return wrong("it contains a space or a control character");
  }
  if (text.find('#') != std::string_view::npos) {
    return wrong("it contains a #; inside a password write it as %23");
  }
  const auto colon = text.find("://");
  const auto name = text.substr(0, colon == std::string_view::npos ? 0 : colon);
  const auto scheme =
      std::find_if(kSchemes.begin(), kSchemes.end(), [name](const Scheme& s) { return iequals(s.name, name); });
  if (scheme == kSchemes.end()) {
    return wrong("it must begin with redis://, rediss://, valkey://, valkeys:// or unix://");
  }
  const Parts parts = cut(text.substr(colon + 3));
  // An @ after the first / or ? means that an unencoded / or ? of the password has cut the URL there.
  if (parts.path.find('@') != std::string_view::npos || parts.query.find('@') != std::string_view::npos) {
    return wrong("there is an @ after the first / or ?; inside a password write / as %2F, ? as %3F and @ as %40");
  }

  Url url;
  url.address.tls = scheme->tls;
  if (parts.has_user_info) {
    if (auto done = read_user_info(parts.user_info, url.credentials); !done) return std::unexpected(done.error());
  }
  bool database_in_path = false;
  if (scheme->local) {
    if (auto done = read_socket_path(parts, url.address); !done) return std::unexpected(done.error());
  } else {
    if (auto done = read_host_port(parts.host_port, url.address); !done) return std::unexpected(done.error());
    if (parts.path.size() > 1) {
      const auto database = read_database(parts.path.substr(1));
      if (!database) return std::unexpected(database.error());
      url.database = *database;
      database_in_path = true;
    }
  }
  if (auto done = read_query(parts.query, parts, database_in_path, url); !done) return std::unexpected(done.error());
  // AUTH with a password alone means the user "default".
  Credentials& credentials = url.credentials;
  if (credentials.authenticate && credentials.user.empty()) credentials.user = "default";
  return url;
}

std::string describe(const Url& url) {
  const Address& address = url.address;
  const Credentials& credentials = url.credentials;
  std::string out = address.is_unix() ? "unix://" : address.tls ? "rediss://" : "redis://";
  if (credentials.authenticate && credentials.user != "default") append(out, cat(credentials.user, "@"));
  if (address.is_unix()) {
    append(out, address.socket_path);
    if (url.database != 0) append(out, cat("?db=", url.database));
    return out;
  }
  const bool v6 = address.host.find(':') != std::string::npos;
  append(out, v6 ? cat("[", address.host, "]") : address.host);
  if (address.port != 6379) append(out, cat(":", address.port));
  if (url.database != 0) append(out, cat("/", url.database));
  return out;
}

}  // namespace wx::redis
