#include "config/config.hpp"

#include <expected>
#include <vector>

#include "base/text.hpp"
#include "base/version.hpp"
#include "config/flags.hpp"
#include "config/report.hpp"
#include "config/table.hpp"
#include "config/values.hpp"

namespace wx::config {
namespace {

constexpr std::string_view kFileSuffix = "_FILE";

// The text of a setting and its source, as the user knows it ("--port", "PORT").
struct Found {
  std::string where;
  std::string value;
  bool bare = false;  // a flag without a value
};

// All names that exist as a flag and as a variable.
std::vector<std::string> all_names() {
  std::vector<std::string> names;
  for (const auto& setting : settings_table()) {
    names.emplace_back(setting.name);
    if (setting.secrecy == Secrecy::secret) names.push_back(cat(setting.name, kFileSuffix));
  }
  return names;
}

// Reads each setting from its flag, variable or file, and collects the mistakes.
class Reader {
 public:
  Reader(const Flags& flags, const Environment& environment) : flags_(flags), environment_(environment) {
    mistakes_ = flags.mistakes;
  }

  void read(const Setting& setting, Settings& settings) {
    const auto found = find(setting);
    if (!found) return;
    // Spaces around a value mean nothing, but a secret is taken as it is.
    const auto value = setting.secrecy == Secrecy::open ? trim(found->value) : std::string_view(found->value);
    std::string why;
    if (!found->bare && setting.set(settings, value, why)) return;
    mistakes_.push_back(cat(found->where, ": ", describe_mistake(setting, found->value, why)));
  }

  // Reads a secret again if it comes from a file. Returns whether it was read; if it comes from a file and was not,
  // there is a mistake.
  [[nodiscard]] bool read_again(const Setting& setting, Settings& settings) {
    const auto by_file = file_of(setting);
    if (!by_file) return false;
    const auto found = secret_in(*by_file, environment_.regular_file(by_file->value));
    std::string why;
    if (found && !found->value.empty() && setting.set(settings, found->value, why)) return true;
    if (!found) {
      mistakes_.push_back(found.error());
    } else if (found->value.empty()) {
      mistakes_.push_back(cat(by_file->where, ": the file is empty"));
    } else {
      mistakes_.push_back(cat(by_file->where, ": ", describe_mistake(setting, found->value, why)));
    }
    return false;
  }

  void add_mistake(std::string mistake) { mistakes_.push_back(std::move(mistake)); }
  [[nodiscard]] const std::vector<std::string>& mistakes() const { return mistakes_; }

 private:
  [[nodiscard]] std::optional<Found> flag(const std::string& name) const {
    for (const auto& given : flags_.given) {
      if (given.setting == name) return Found{flag_of(name), given.value, given.bare};
    }
    return std::nullopt;
  }

  // An empty variable counts as not set, because compose files and shells pass "nothing" that way.
  [[nodiscard]] std::optional<Found> variable(const std::string& name) const {
    auto value = environment_.variable(name);
    if (!value || value->empty()) return std::nullopt;
    return Found{name, *std::move(value)};
  }

  std::optional<Found> find(const Setting& setting) {
    const std::string name(setting.name);
    if (setting.secrecy == Secrecy::open) {
      auto found = flag(name);
      return found ? found : variable(name);
    }
    const auto file_name = cat(name, kFileSuffix);
    // A flag of either form takes precedence over a variable of either form.
    if (auto found = one_of(flag(name), flag(file_name))) return found;
    return one_of(variable(name), variable(file_name));
  }

  std::optional<Found> one_of(std::optional<Found> direct, std::optional<Found> by_file) {
    if (direct && by_file) {
      mistakes_.push_back(cat(direct->where, " and ", by_file->where, ": set only one of the two"));
    }
    if (direct || !by_file) return direct;
    auto found = secret_in(*by_file, environment_.file(by_file->value));
    if (found) return *std::move(found);
    mistakes_.push_back(std::move(found.error()));
    return Found{by_file->where, {}};
  }

  // The secret in the content of the file that `by_file` names: all of it but one line end. Error: the mistake.
  static std::expected<Found, std::string> secret_in(const Found& by_file, std::optional<std::string> content) {
    if (!content) {
      return std::unexpected(cat(by_file.where, ": cannot read the file; write its path, not the secret itself"));
    }
    if (content->size() > kLongestSecretFile) {
      return std::unexpected(cat(by_file.where, ": the file is larger than ", format_bytes(kLongestSecretFile),
                                 "; expected a file that holds nothing but the secret"));
    }
    if (content->ends_with('\n')) content->pop_back();
    if (content->ends_with('\r')) content->pop_back();
    return Found{by_file.where, *std::move(content)};
  }

  // The path that parse() has read the secret from, if it did so.
  [[nodiscard]] std::optional<Found> file_of(const Setting& setting) const {
    const std::string name(setting.name);
    const auto file_name = cat(name, kFileSuffix);
    if (setting.secrecy == Secrecy::open || flag(name)) return std::nullopt;
    if (auto by_flag = flag(file_name)) return by_flag;
    return variable(name) ? std::nullopt : variable(file_name);
  }

  // Never repeats the value: a secret may have been given to any setting by mistake.
  static std::string describe_mistake(const Setting& setting, std::string_view value, std::string_view why) {
    if (value.empty()) return cat("the value is missing; expected ", setting.expected);
    if (value.size() > 1 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front()) {
      return "the value is in quotation marks; leave them out";
    }
    if (!why.empty()) return cat("the value (not shown) is not valid: ", why);
    return cat("the value (not shown) is not valid; expected ", setting.expected);
  }

  const Flags& flags_;
  const Environment& environment_;
  std::vector<std::string> mistakes_;
};

// Cloud Run and Knative set K_SERVICE.
bool on_cloud_run(const Environment& environment) {
  return !environment.variable("K_SERVICE").value_or("").empty();
}

// CLIENT_LOADS=auto: a limit only where unknown clients connect and can be told apart.
endpoints::ClientLimitOptions default_client_loads(const Settings& settings, const Environment& environment) {
  endpoints::ClientLimitOptions options;
  if (on_cloud_run(environment) || !settings.trusted_proxies.none()) {
    options.loads = 60;
    options.window = std::chrono::minutes(1);
  }
  return options;
}

Settings defaults(const Environment& environment) {
  Settings settings;
  settings.threads = environment.cores;
  settings.log_terminal = environment.terminal;
  if (on_cloud_run(environment)) {
    settings.log_format = observability::LogFormat::gcp;
    // The platform freezes the process once its answers are sent, so no work may be left for later.
    settings.cache_write_before = true;
    settings.cache_refresh_inline = true;
    // Every connection comes from the platform's front end. Without trust in it, all visitors would count as one client
    // and share one CLIENT_LOADS.
    settings.trusted_proxies.peer = true;
    // Anybody may come by.
    settings.lab_redis_outage = false;
    settings.drop_in = false;
  } else if (environment.terminal) {
    settings.log_format = observability::LogFormat::text;
  }
  return settings;
}

Outcome print(std::string output, int exit_code = 0) {
  Outcome outcome;
  outcome.action = Outcome::Action::print;
  outcome.output = std::move(output);
  outcome.exit_code = exit_code;
  return outcome;
}

}  // namespace

Outcome parse(std::span<const char* const> arguments, const Environment& environment) {
  const auto flags = read_flags(arguments, all_names());
  if (flags.help) return print(help_text());
  if (flags.version) return print(cat("weather-cache ", version(), "\n"));
  if (flags.markdown) return print(settings_markdown());

  Reader reader(flags, environment);
  Settings settings = defaults(environment);
  for (const auto& setting : settings_table()) reader.read(setting, settings);
  if (!settings.redis_ca_file.empty() && !environment.file(settings.redis_ca_file)) {
    reader.add_mistake("REDIS_CA_FILE: cannot read the file; expected the path of a PEM file");
  }
  if (!settings.client_loads) settings.client_loads = default_client_loads(settings, environment);
  if (flags.health_check && settings.port == 0) {
    reader.add_mistake("PORT: healthcheck needs the port that the service listens on; 0 does not name one");
  }
  // A container's health check may exit with 0 or 1; 2 is reserved (Dockerfile reference, HEALTHCHECK).
  if (!reader.mistakes().empty()) return print(mistakes_text(reader.mistakes()), flags.health_check ? 1 : 2);

  if (flags.check_config) return print(effective_settings(settings));
  Outcome outcome;
  if (flags.health_check) outcome.action = Outcome::Action::check_health;
  outcome.settings = std::move(settings);
  return outcome;
}

Reread reread_secrets(std::span<const char* const> arguments, const Environment& environment) {
  const auto flags = read_flags(arguments, all_names());
  Reader reader(flags, environment);
  Reread reread;
  for (const auto& setting : settings_table()) {
    if (reader.read_again(setting, reread.settings)) reread.names.push_back(setting.name);
  }
  reread.mistakes = reader.mistakes();
  return reread;
}

}  // namespace wx::config
