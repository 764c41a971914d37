// parse(): the sources of values, their precedence, and the messages for invalid values.
#include "config/config.hpp"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "config/table.hpp"

namespace wx::config {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

struct World {
  std::map<std::string, std::string> variables;
  std::map<std::string, std::string> files;
  unsigned cores = 4;
  bool terminal = false;

  [[nodiscard]] Environment environment() const {
    Environment environment;
    environment.variable = [this](const std::string& name) { return find(variables, name); };
    environment.file = [this](const std::string& path) { return find(files, path); };
    environment.regular_file = [this](const std::string& path) {
      return path == "/fifo" ? std::nullopt : find(files, path);
    };
    environment.cores = cores;
    environment.terminal = terminal;
    return environment;
  }
  [[nodiscard]] Outcome parse(const std::vector<const char*>& arguments = {}) const {
    return config::parse(arguments, environment());
  }
  [[nodiscard]] Reread reread(const std::vector<const char*>& arguments = {}) const {
    return config::reread_secrets(arguments, environment());
  }
  static std::optional<std::string> find(const std::map<std::string, std::string>& where, const std::string& key) {
    const auto found = where.find(key);
    if (found == where.end()) return std::nullopt;
    return found->second;
  }
};

Outcome with_variable(const std::string& name, const std::string& value) {
  World world;
  world.variables[name] = value;
  return world.parse();
}

TEST(Config, ServesWithDefaultsWhenNothingIsSaid) {
  const auto outcome = World{}.parse();
  EXPECT_EQ(outcome.action, Outcome::Action::serve);
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.settings.port, 8080);
  EXPECT_EQ(outcome.settings.address, "0.0.0.0");
  EXPECT_EQ(outcome.settings.threads, 4U);
  EXPECT_EQ(outcome.settings.redis_url, std::nullopt);
  EXPECT_EQ(outcome.settings.cache_ttl, std::nullopt);
  EXPECT_EQ(outcome.settings.open_meteo_url, "https://{api}.open-meteo.com");
  EXPECT_EQ(outcome.settings.log_format, observability::LogFormat::json);
}

TEST(Config, ReadsEverySettingFromItsVariable) {
  World world;
  world.files["/ca.pem"] = "certificate";
  world.variables = {{"PORT", "0"},
                     {"ADDRESS", "::1"},
                     {"PUBLIC_URL", "HTTPS://weather.example/page/"},
                     {"THREADS", "3"},
                     {"REDIS_URL", "rediss://user:pass@host:6380/3"},
                     {"REDIS_TLS", "true"},
                     {"REDIS_CA_FILE", "/ca.pem"},
                     {"REDIS_TIMEOUT", "120ms"},
                     {"CACHE_PREFIX", "app1:"},
                     {"CACHE_TTL", "1h"},
                     {"CACHE_EARLY", "0.5"},
                     {"MEMORY_LIMIT", "1GiB"},
                     {"ENTRY_LIMIT", "2MiB"},
                     {"OPEN_METEO_URL", "http://localhost:9000/base/"},
                     {"OPEN_METEO_API_KEY", "k3y"},
                     {"UPSTREAM_TIMEOUT", "2s"},
                     {"UPSTREAM_CONCURRENCY", "7"},
                     {"MOCK_DELAY", "0"},
                     {"LAB", "off"},
                     {"COORDINATE_DECIMALS", "2"},
                     {"MAX_CONNECTIONS", "10"},
                     {"CONNECTION_MEMORY", "8MiB"},
                     {"REQUEST_TIMEOUT", "3s"},
                     {"IDLE_TIMEOUT", "5s"},
                     {"DRAIN_DELAY", "1s"},
                     {"DRAIN_TIMEOUT", "2s"},
                     {"LOG_LEVEL", "DEBUG"},
                     {"LOG_FORMAT", "gcp"}};
  const auto outcome = world.parse();
  ASSERT_EQ(outcome.action, Outcome::Action::serve) << outcome.output;
  const auto& s = outcome.settings;
  EXPECT_EQ(s.port, 0);
  EXPECT_EQ(s.public_url, "https://weather.example/page");
  EXPECT_EQ(s.address, "::1");
  EXPECT_EQ(s.threads, 3U);
  EXPECT_EQ(s.redis_url, redis::parse_url("rediss://user:pass@host:6380/3").value());
  EXPECT_TRUE(s.redis_tls);
  EXPECT_EQ(s.redis_ca_file, "/ca.pem");
  EXPECT_EQ(s.redis_timeout, milliseconds(120));
  EXPECT_EQ(s.cache_prefix, "app1:");
  EXPECT_EQ(s.cache_ttl, milliseconds(3'600'000));
  EXPECT_EQ(s.cache_early, 0.5);
  EXPECT_EQ(s.memory_limit, 1ULL << 30);
  EXPECT_EQ(s.entry_limit, 2ULL << 20);
  EXPECT_EQ(s.open_meteo_url, "http://localhost:9000/base");
  EXPECT_EQ(s.open_meteo_api_key, "k3y");
  EXPECT_EQ(s.upstream_timeout, milliseconds(2'000));
  EXPECT_EQ(s.upstream_concurrency, 7U);
  EXPECT_EQ(s.mock_delay, milliseconds(0));
  EXPECT_FALSE(s.lab);
  EXPECT_EQ(s.coordinate_decimals, 2);
  EXPECT_EQ(s.max_connections, 10U);
  EXPECT_EQ(s.connection_memory, 8ULL << 20);
  EXPECT_EQ(s.request_timeout, milliseconds(3'000));
  EXPECT_EQ(s.idle_timeout, milliseconds(5'000));
  EXPECT_EQ(s.drain_delay, milliseconds(1'000));
  EXPECT_EQ(s.drain_timeout, milliseconds(2'000));
  EXPECT_EQ(s.log_level, observability::LogLevel::debug);
  EXPECT_EQ(s.log_format, observability::LogFormat::gcp);
}

TEST(Config, FlagGoesBeforeVariable) {
  World world;
  world.variables["PORT"] = "1000";
  EXPECT_EQ(world.parse({"--port", "2000"}).settings.port, 2000);
  EXPECT_EQ(world.parse({"--port=3000"}).settings.port, 3000);
  EXPECT_EQ(world.parse().settings.port, 1000);
}

TEST(Config, EmptyVariableCountsAsNotSet) {
  EXPECT_EQ(with_variable("PORT", "").settings.port, 8080);
  EXPECT_EQ(with_variable("REDIS_URL", "").action, Outcome::Action::serve);
}

TEST(Config, EmptyFlagSwitchesOffWhatTheEnvironmentSet) {
  World world;
  world.variables["REDIS_URL"] = "redis://localhost";
  const auto outcome = world.parse({"--redis-url="});
  EXPECT_EQ(outcome.action, Outcome::Action::serve);
  EXPECT_EQ(outcome.settings.redis_url, std::nullopt);
}

TEST(Config, AFlagWithoutItsValueIsNoEmptyValue) {
  for (const std::vector<const char*>& arguments : {std::vector{"--admin-token"}, {"--admin-token", "--port=1"}}) {
    const auto outcome = World{}.parse(arguments);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.output, HasSubstr("--admin-token: the value is missing"));
  }
  EXPECT_EQ(World{}.parse({"--redis-url", "", "--port=1"}).settings.port, 1);
}

TEST(Config, ListsAllMistakesAtOnce) {
  World world;
  world.variables = {{"THREADS", "many"}, {"CACHE_TTL", "1h30"}, {"OPEN_METEO_URL", "ftp://x"}};
  const auto outcome = world.parse({"--prot=1", "--mock-delay=-1s"});
  EXPECT_EQ(outcome.action, Outcome::Action::print);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.output, HasSubstr("5 mistakes in the settings"));
  EXPECT_THAT(outcome.output, HasSubstr("--prot: unknown flag; did you mean --port?"));
  EXPECT_THAT(outcome.output,
              HasSubstr("THREADS: the value (not shown) is not valid; expected auto or a number from 1"));
  EXPECT_THAT(outcome.output, HasSubstr("CACHE_TTL: the value (not shown) is not valid; expected auto or a duration"));
  EXPECT_THAT(outcome.output, HasSubstr("OPEN_METEO_URL: the value (not shown) is not valid: must begin with http://"));
  EXPECT_THAT(outcome.output, HasSubstr("--mock-delay: the value (not shown) is not valid; expected a duration"));
}

TEST(Config, RefusesEachKindOfWrongValue) {
  const std::vector<std::pair<std::string, std::string>> wrong{{"PORT", "65536"},
                                                               {"PORT", "-1"},
                                                               {"PORT", "8 0"},
                                                               {"PORT", "0x50"},
                                                               {"ADDRESS", "localhost"},
                                                               {"ADDRESS", "1.2.3"},
                                                               {"THREADS", "0"},
                                                               {"REDIS_URL", "localhost:6379"},
                                                               {"REDIS_TLS", "maybe"},
                                                               {"REDIS_CA_FILE", "/no/such/file"},
                                                               {"REDIS_TIMEOUT", "0"},
                                                               {"REDIS_TIMEOUT", "300"},
                                                               {"MEMORY_LIMIT", "64M"},
                                                               {"CACHE_PREFIX", "{a}"},
                                                               {"CACHE_PREFIX", "a b"},
                                                               {"CACHE_PREFIX", "a\nb"},
                                                               {"CACHE_TTL", "0"},
                                                               {"CACHE_EARLY", "1.5"},
                                                               {"CACHE_EARLY", "nan"},
                                                               {"CACHE_EARLY", "80%"},
                                                               {"MEMORY_LIMIT", "-1"},
                                                               {"MEMORY_LIMIT", "64 mib b"},
                                                               {"MEMORY_LIMIT", "1"},
                                                               {"MEMORY_LIMIT", "16383"},
                                                               {"ENTRY_LIMIT", "0"},
                                                               {"ENTRY_LIMIT", "1023"},
                                                               {"ENTRY_LIMIT", "2GiB"},
                                                               {"ENTRY_LIMIT", "4M"},
                                                               {"OPEN_METEO_API_KEY", "a\r\nX: y"},
                                                               {"UPSTREAM_TIMEOUT", "0"},
                                                               {"UPSTREAM_CONCURRENCY", "0"},
                                                               {"MOCK_DELAY", "2h"},
                                                               {"LAB", "maybe"},
                                                               {"COORDINATE_DECIMALS", "8"},
                                                               {"MAX_CONNECTIONS", "0"},
                                                               {"CONNECTION_MEMORY", "1023KiB"},
                                                               {"REQUEST_TIMEOUT", "0"},
                                                               {"IDLE_TIMEOUT", "0"},
                                                               {"DRAIN_DELAY", "soon"},
                                                               {"DRAIN_TIMEOUT", "8 x"},
                                                               {"LOG_LEVEL", "loud"},
                                                               {"LOG_FORMAT", "xml"}};
  for (const auto& [name, value] : wrong) {
    const auto outcome = with_variable(name, value);
    EXPECT_EQ(outcome.exit_code, 2) << name << '=' << value;
    EXPECT_THAT(outcome.output, HasSubstr("1 mistake in the settings")) << name << '=' << value;
    EXPECT_THAT(outcome.output, HasSubstr(name)) << value;
  }
}

TEST(Config, NeverShowsASecretInAMistake) {
  World world;
  world.variables = {{"REDIS_URL", "hunter2"}, {"OPEN_METEO_API_KEY", "swordfish with spaces"}};
  const auto outcome = world.parse({"sesame", "--unknown", "opensesame"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.output, Not(HasSubstr("hunter2")));
  EXPECT_THAT(outcome.output, Not(HasSubstr("swordfish")));
  EXPECT_THAT(outcome.output, Not(HasSubstr("sesame")));
  EXPECT_THAT(outcome.output, HasSubstr("REDIS_URL: the value (not shown) is not valid"));
}

TEST(Config, DoesNotRepeatAUrlThatMayHoldAPasswordOrAKey) {
  for (const char* url : {"https://user:hunter2@host", "https://host/?apikey=hunter2", "https://host#hunter2",
                          "https://host:hunter2", "hunter2"}) {
    const auto outcome = with_variable("OPEN_METEO_URL", url);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.output, HasSubstr("OPEN_METEO_URL: the value (not shown) is not valid"));
    EXPECT_THAT(outcome.output, Not(HasSubstr("hunter2"))) << url;
  }
  EXPECT_THAT(with_variable("OPEN_METEO_URL", "https://host/?apikey=k").output, HasSubstr("OPEN_METEO_API_KEY"))
      << "where the key belongs";
}

TEST(Config, SaysWhatIsWrongWithThePublicUrl) {
  for (const auto& [value, why] :
       {std::pair("weather.example", "must begin with http:// or https://"), std::pair("https://", "must name a host"),
        std::pair("https://weather.example/?lang=en", "must not have a query or a fragment"),
        std::pair("https://me@weather.example", "must not have a user or a password"),
        std::pair("https://weather.example/\">", "must have only letters, digits and")}) {
    const auto outcome = with_variable("PUBLIC_URL", value);
    EXPECT_EQ(outcome.exit_code, 2) << value;
    EXPECT_THAT(outcome.output, HasSubstr(why)) << value;
  }
}

// A secret may be given to any setting by mistake, as it is, in a URL or in a list.
TEST(Config, NoMessageRepeatsTheValueOfAnySetting) {
  for (const auto& setting : settings_table()) {
    for (const auto* suffix : {"", "_FILE"}) {
      const auto name = cat(setting.name, setting.secrecy == Secrecy::secret ? suffix : "");
      for (const auto* value :
           {"hunter2 ", "redis://:hunter2@h/x", "https://h/?apikey=hunter2", "600/m,hunter2", "10.0.0.1,hunter2",
            "hunter2/m", "\"hunter2\"", "\x1b[2Jhunter2", "redis://h?hunter2=x"}) {
        World world;
        world.variables[name] = value;
        const auto by_variable = world.parse();
        const auto flag = cat(flag_of(name), "=", value);
        const auto by_flag = World{}.parse({flag.c_str()});
        for (const auto& output : {by_variable.output, by_flag.output}) {
          EXPECT_THAT(output, Not(HasSubstr("hunter2"))) << name << '=' << value;
          EXPECT_THAT(output, Not(HasSubstr("\x1b"))) << name << '=' << value;
        }
      }
    }
  }
}

TEST(Config, NoMessageRepeatsAWordOfTheCommandLineThatMayBeASecret) {
  for (const std::vector<const char*>& arguments : {std::vector<const char*>{"--admin-tokne=hunter2"},
                                                    {"--admin-tokne", "hunter2"},
                                                    {"--admin-token:hunter2"},
                                                    {"--admin-token", "-hunter2"},
                                                    {"--admin-token", "--hunter2"},
                                                    {"-hunter2"},
                                                    {"-h=hunter2"},
                                                    {"--version=hunter2"},
                                                    {"--check-config=hunter2"},
                                                    {"--help=hunter2"},
                                                    {"hunter2"},
                                                    {"-p", "hunter2"},
                                                    {"--", "hunter2"},
                                                    {"healthcheck", "hunter2"},
                                                    {"--redis-url", "redis://h", "hunter2"}}) {
    EXPECT_THAT(World{}.parse(arguments).output, Not(HasSubstr("hunter2"))) << arguments.front();
  }
  EXPECT_THAT(World{}.parse({"--admin-tokne=hunter2"}).output, HasSubstr("did you mean --admin-token?"));
}

TEST(Config, SaysWhatToWriteInsteadOfAValueWithSeveralMeanings) {
  EXPECT_THAT(with_variable("MEMORY_LIMIT", "64M").output, HasSubstr("write MiB (powers of 1024) or MB"));
  EXPECT_THAT(with_variable("PORT", "\"8080\"").output, HasSubstr("in quotation marks; leave them out"));
}

TEST(Config, TakesTheValuesThatPeopleWrite) {
  EXPECT_EQ(with_variable("CACHE_TTL", "900").settings.cache_ttl, milliseconds(900'000));
  EXPECT_EQ(with_variable("CACHE_KEEP", "1h30m").settings.cache_keep, milliseconds(5'400'000));
  EXPECT_EQ(with_variable("MEMORY_LIMIT", "64Mi").settings.memory_limit, 64U << 20);
  EXPECT_EQ(with_variable("LOG_LEVEL", "warning").settings.log_level, observability::LogLevel::warn);
  EXPECT_EQ(with_variable("REDIS_URL", "redis://h?protocol=3").settings.redis_url,
            redis::parse_url("redis://h").value());
  EXPECT_EQ(with_variable("CLIENT_LOADS", "60/min").settings.client_loads.value().loads, 60U);
  EXPECT_EQ(with_variable("REDIS_URL", "rediss://h?ssl=true").settings.redis_url,
            redis::parse_url("rediss://h").value());
  EXPECT_EQ(with_variable("MEMORY_LIMIT", "1.2GiB").settings.memory_limit, 1'288'490'188U);
  EXPECT_EQ(with_variable("CONNECTION_MEMORY", "1 TiB").settings.connection_memory, 1ULL << 40);
}

TEST(Config, TakesADurationWithSpacesOrCapitalsInEverySettingThatHasOne) {
  std::size_t durations = 0;
  for (const auto& setting : settings_table()) {
    if (!setting.expected.contains("a duration from")) continue;
    ++durations;
    for (const char* text : {"10 s", "10S", " 10 sec ", "0m 10s", "10 Seconds"}) {
      const std::string name(setting.name);
      const auto outcome = with_variable(name, text);
      EXPECT_EQ(outcome.exit_code, 0) << name << '=' << text << ": " << outcome.output;
      EXPECT_EQ(setting.show(outcome.settings), "10s") << name << '=' << text;
    }
    EXPECT_THAT(with_variable(std::string(setting.name), "1M").output, HasSubstr("write m or min")) << setting.name;
  }
  EXPECT_GT(durations, 10U);
}

TEST(Config, TakesAWordInAnyCase) {
  for (const auto& [name, word] : std::vector<std::pair<std::string, std::string>>{{"THREADS", "AUTO"},
                                                                                   {"REDIS_TIMEOUT", "Auto"},
                                                                                   {"CACHE_TTL", "AUTO"},
                                                                                   {"CACHE_WRITE", "AUTO"},
                                                                                   {"CACHE_WRITE", "Before"},
                                                                                   {"CACHE_REFRESH", "AUTO"},
                                                                                   {"CACHE_REFRESH", "INLINE"},
                                                                                   {"CLIENT_LOADS", "AUTO"},
                                                                                   {"CLIENT_LOADS", "OFF"},
                                                                                   {"CLIENT_LOADS", "60 / MIN"},
                                                                                   {"UPSTREAM_LIMIT", "OFF"},
                                                                                   {"UPSTREAM_LIMIT", "600/m, 5000/H"},
                                                                                   {"MOCK_LOADS", "OFF"},
                                                                                   {"TRUSTED_PROXIES", "PEER"},
                                                                                   {"COORDINATE_DECIMALS", "EXACT"},
                                                                                   {"LAB", "OFF"},
                                                                                   {"REDIS_TLS", "False"},
                                                                                   {"LOG_LEVEL", "WARN"},
                                                                                   {"LOG_FORMAT", "JSON"},
                                                                                   {"LOG_FORMAT", "AUTO"}}) {
    const auto outcome = with_variable(name, word);
    EXPECT_EQ(outcome.exit_code, 0) << name << '=' << word << ": " << outcome.output;
  }
  EXPECT_TRUE(with_variable("CACHE_WRITE", "BEFORE").settings.cache_write_before);
  EXPECT_TRUE(with_variable("CACHE_REFRESH", "Inline").settings.cache_refresh_inline);
  EXPECT_EQ(with_variable("CACHE_WRITE", "sometimes").exit_code, 2);
}

TEST(Config, SpacesAroundAValueMeanNothingExceptInASecret) {
  EXPECT_EQ(with_variable("PORT", " 81 ").settings.port, 81);
  EXPECT_EQ(with_variable("THREADS", "auto ").exit_code, 0);
  EXPECT_EQ(with_variable("ADMIN_TOKEN", "swordfish ").exit_code, 2);
}

TEST(Config, SaysThatAValueIsMissing) {
  EXPECT_THAT(World{}.parse({"--port"}).output, HasSubstr("--port: the value is missing; expected a port number"));
  EXPECT_THAT(World{}.parse({"--port="}).output, HasSubstr("--port: the value is missing"));
}

TEST(Config, RefusesAFlagGivenTwiceAndStrayWords) {
  EXPECT_THAT(World{}.parse({"--port=1", "--port=2"}).output, HasSubstr("--port: given more than once"));
  EXPECT_THAT(World{}.parse({"serve"}).output, HasSubstr("unexpected word"));
}

TEST(Config, ReadsASecretFromAFileAndDropsOneLineEnd) {
  World world;
  world.files["/run/secrets/redis"] = "redis://:p@ss@host\n";
  world.variables["REDIS_URL_FILE"] = "/run/secrets/redis";
  EXPECT_EQ(world.parse().settings.redis_url, redis::parse_url("redis://:p@ss@host").value());
  world.variables.clear();
  EXPECT_EQ(world.parse({"--redis-url-file=/run/secrets/redis"}).settings.redis_url,
            redis::parse_url("redis://:p@ss@host").value());
  world.files["/run/secrets/redis"] = "redis://host\r\n";
  EXPECT_EQ(world.parse({"--redis-url-file=/run/secrets/redis"}).settings.redis_url,
            redis::parse_url("redis://host").value());
}

TEST(Config, ASecretAndItsFileExcludeEachOther) {
  World world;
  world.files["/key"] = "a";
  world.variables = {{"OPEN_METEO_API_KEY", "b"}, {"OPEN_METEO_API_KEY_FILE", "/key"}};
  const auto outcome = world.parse();
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.output, HasSubstr("OPEN_METEO_API_KEY and OPEN_METEO_API_KEY_FILE: set only one of the two"));
  EXPECT_EQ(world.parse({"--open-meteo-api-key=c"}).settings.open_meteo_api_key, "c") << "a flag precedes both";
}

TEST(Config, AFlagGoesBeforeTheFileInTheEnvironment) {
  World world;
  world.files["/url"] = "redis://from-file";
  world.variables["REDIS_URL_FILE"] = "/url";
  EXPECT_EQ(world.parse({"--redis-url=redis://from-flag"}).settings.redis_url,
            redis::parse_url("redis://from-flag").value());
}

TEST(Config, NamesASecretFileThatCannotBeRead) {
  const auto outcome = with_variable("REDIS_URL_FILE", "/nowhere");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.output, HasSubstr("REDIS_URL_FILE: cannot read the file; write its path"));
  EXPECT_THAT(outcome.output, HasSubstr("1 mistake in the settings"));
}

TEST(Config, ReadsTheSecretsAgainThatComeFromFiles) {
  World world;
  world.files = {{"/url", "redis://:new@host\n"}, {"/token", "a-new-token\n"}, {"/key", "new"}};
  world.variables = {{"REDIS_URL_FILE", "/url"}, {"ADMIN_TOKEN_FILE", "/old"}, {"OPEN_METEO_API_KEY", "fixed"}};
  const auto reread = world.reread({"--admin-token-file=/token", "--port=81"});
  EXPECT_THAT(reread.names, testing::ElementsAre("REDIS_URL", "ADMIN_TOKEN"));
  EXPECT_THAT(reread.mistakes, testing::IsEmpty());
  EXPECT_EQ(reread.settings.redis_url, redis::parse_url("redis://:new@host").value());
  EXPECT_EQ(reread.settings.admin_token, "a-new-token");
}

TEST(Config, ASecretThatAFlagOrVariableHoldsIsNotReadAgain) {
  World world;
  world.files["/url"] = "redis://from-file";
  world.variables["REDIS_URL_FILE"] = "/url";
  EXPECT_THAT(world.reread({"--redis-url=redis://from-flag"}).names, testing::IsEmpty());
  EXPECT_THAT(World{}.reread().names, testing::IsEmpty());
}

TEST(Config, NamesEachFileThatHasNoValidSecretAnyMoreAndShowsNone) {
  World world;
  world.files = {{"/empty", "\n"}, {"/fifo", "swordfish"}, {"/bad", "hunter2"}};
  world.variables = {{"REDIS_URL_FILE", "/bad"}, {"ADMIN_TOKEN_FILE", "/empty"}, {"OPEN_METEO_API_KEY_FILE", "/gone"}};
  auto mistakes = world.reread().mistakes;
  ASSERT_EQ(mistakes.size(), 3U);
  EXPECT_THAT(mistakes[0], HasSubstr("REDIS_URL_FILE: the value (not shown) is not valid: it must begin with"));
  EXPECT_THAT(mistakes[1], HasSubstr("OPEN_METEO_API_KEY_FILE: cannot read the file"));
  EXPECT_EQ(mistakes[2], "ADMIN_TOKEN_FILE: the file is empty");
  world.variables = {{"OPEN_METEO_API_KEY_FILE", "/fifo"}};
  EXPECT_THAT(world.reread().mistakes, testing::ElementsAre(HasSubstr("OPEN_METEO_API_KEY_FILE: cannot read the file")))
      << "reading a FIFO would wait for its writer";
}

TEST(Config, ASecretFileIsNoLargerThanASecretCanBe) {
  World world;
  world.files["/token"] = std::string(kLongestSecretFile, 'x') + "y";
  world.variables["ADMIN_TOKEN_FILE"] = "/token";
  EXPECT_THAT(world.parse().output, HasSubstr("ADMIN_TOKEN_FILE: the file is larger than 64KiB; expected a file that"));
  EXPECT_THAT(world.reread().mistakes, testing::ElementsAre(HasSubstr("the file is larger than 64KiB")));
}

TEST(Config, ChoosesTheLogFormatByWhereItRuns) {
  World world;
  world.terminal = true;
  EXPECT_EQ(world.parse().settings.log_format, observability::LogFormat::text);
  EXPECT_EQ(world.parse({"--log-format=auto"}).settings.log_format, observability::LogFormat::text);
  world.variables["K_SERVICE"] = "weather";
  EXPECT_EQ(world.parse().settings.log_format, observability::LogFormat::gcp);
  EXPECT_EQ(world.parse({"--log-format=json"}).settings.log_format, observability::LogFormat::json);
}

TEST(Config, OnCloudRunWhoeverConnectsIsAProxyUnlessSomethingElseIsSaid) {
  World world;
  EXPECT_EQ(world.parse().settings.trusted_proxies, endpoints::TrustedProxies{});
  world.variables["K_SERVICE"] = "weather";
  EXPECT_EQ(world.parse().settings.trusted_proxies, (endpoints::TrustedProxies{.peer = true, .networks = {}}));
  EXPECT_EQ(world.parse({"--trusted-proxies=10.0.0.0/8"}).settings.trusted_proxies,
            endpoints::parse_trusted_proxies("10.0.0.0/8").value());
  EXPECT_EQ(world.parse({"--trusted-proxies="}).settings.trusted_proxies, endpoints::TrustedProxies{});
}

TEST(Config, LimitsClientsOnlyWhereStrangersComeByUnlessSomethingElseIsSaid) {
  World world;
  EXPECT_EQ(world.parse().settings.client_loads.value().loads, 0U);
  EXPECT_EQ(world.parse({"--trusted-proxies=10.0.0.1"}).settings.client_loads.value().loads, 60U);
  EXPECT_EQ(world.parse({"--client-loads=7/h"}).settings.client_loads.value().loads, 7U);
  world.variables["K_SERVICE"] = "weather";
  EXPECT_EQ(world.parse().settings.client_loads.value().loads, 60U);
  EXPECT_EQ(world.parse({"--client-loads=off"}).settings.client_loads.value().loads, 0U);
  EXPECT_THAT(world.parse({"--check-config"}).output, HasSubstr("CLIENT_LOADS=60/m\n"));
}

TEST(Config, LetsStrangersTakeRedisAwayOnlyIfSomebodySaysSo) {
  World world;
  EXPECT_TRUE(world.parse().settings.lab_redis_outage);
  EXPECT_FALSE(world.parse({"--lab-redis-outage=off"}).settings.lab_redis_outage);
  world.variables["K_SERVICE"] = "weather";
  EXPECT_FALSE(world.parse().settings.lab_redis_outage);
  EXPECT_FALSE(world.parse({"--lab-redis-outage=auto"}).settings.lab_redis_outage);
  EXPECT_TRUE(world.parse({"--lab-redis-outage=on"}).settings.lab_redis_outage);
  EXPECT_THAT(world.parse({"--check-config"}).output, HasSubstr("LAB_REDIS_OUTAGE=off\n"));
}

TEST(Config, CheckConfigPrintsTheEffectiveSettingsWithoutSecrets) {
  World world;
  world.variables = {{"REDIS_URL", "redis://user:hunter2@host:1/2"}, {"OPEN_METEO_API_KEY", "swordfish"}};
  const auto outcome = world.parse({"--check-config", "--port=81"});
  EXPECT_EQ(outcome.action, Outcome::Action::print);
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.output, HasSubstr("PORT=81\n"));
  EXPECT_THAT(outcome.output, HasSubstr("THREADS=4\n"));
  EXPECT_THAT(outcome.output, HasSubstr("CACHE_TTL=auto\n"));
  EXPECT_THAT(outcome.output, HasSubstr("CACHE_EARLY=0.8\n"));
  EXPECT_THAT(outcome.output, HasSubstr("REDIS_URL=redis://user@host:1/2\n"));
  EXPECT_THAT(outcome.output, HasSubstr("OPEN_METEO_API_KEY=(set)\n"));
  EXPECT_THAT(outcome.output, Not(HasSubstr("hunter2")));
  EXPECT_THAT(outcome.output, Not(HasSubstr("swordfish")));
}

TEST(Config, CheckConfigReportsMistakes) {
  EXPECT_EQ(World{}.parse({"--check-config", "--port=x"}).exit_code, 2);
}

TEST(Config, HealthcheckIsTheFirstWordAndTakesTheSettingsOfTheService) {
  World world;
  world.variables["PORT"] = "9000";
  EXPECT_EQ(world.parse({"healthcheck"}).action, Outcome::Action::check_health);
  EXPECT_EQ(world.parse({"healthcheck"}).settings.port, 9000);
  EXPECT_EQ(world.parse({"healthcheck", "--port=9001"}).settings.port, 9001);
  EXPECT_EQ(world.parse({"--port=9001", "healthcheck"}).exit_code, 2) << "the command is only valid as the first word";
}

TEST(Config, HealthcheckKnowsNoExitCodeButZeroAndOne) {
  World world;
  world.variables["PORT"] = "eighty";
  EXPECT_EQ(world.parse({"healthcheck"}).exit_code, 1);
  world.variables["PORT"] = "0";
  const auto outcome = world.parse({"healthcheck"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.output, HasSubstr("PORT"));
}

TEST(Config, HelpAndVersionAnswerWhateverElseIsWrong) {
  for (const char* flag : {"--help", "-h", "--version"}) {
    const auto outcome = World{}.parse({flag, "--port=x", "--nonsense"});
    EXPECT_EQ(outcome.action, Outcome::Action::print);
    EXPECT_EQ(outcome.exit_code, 0);
  }
}

}  // namespace
}  // namespace wx::config
