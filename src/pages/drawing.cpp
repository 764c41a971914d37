#include "pages/drawing.hpp"

#include <array>

#include "base/text.hpp"
#include "pages/wording.hpp"

namespace wx::pages {
namespace {

std::string_view name_of(StopState state) {
  switch (state) {
    case StopState::idle:
      return "idle";
    case StopState::off:
      return "off";
    case StopState::skipped:
      return "skipped";
    case StopState::passed:
      return "passed";
    case StopState::answered:
      return "answered";
    case StopState::waited:
      return "waited";
    case StopState::slow:
      return "slow";
    case StopState::refused:
      return "refused";
    case StopState::failed:
      return "failed";
    case StopState::spared:
      return "spared";
  }
  return {};
}

// Fills one stop of the drawing and returns its part of the sentence below the drawing. `slots`: for the state, its
// word and its time.
std::string add_stop(Values& values, Language language, std::string_view label, const Stop& stop,
                     std::array<std::string_view, 3> slots) {
  const auto word = web::text(language, cat("live.state-", name_of(stop.state)));
  const auto took = stop.took ? duration_text(language, *stop.took) : std::string();
  values.set_text(slots[0], name_of(stop.state));
  values.set_text(slots[1], word);
  values.set_text(slots[2], took);
  return took.empty() ? cat(label, ": ", word) : cat(label, ": ", word, " (", took, ")");
}

// The key of the text below a drawing that shows no read.
std::string_view reason_for_no_path(const PageModel& model) {
  if (!model.error || !model.form) return "live.path-empty";
  return model.error->kind == ErrorKind::bad_parameter ? "live.path-nothing" : "live.path-unknown";
}

}  // namespace

void add_drawing(Values& values, const PageModel& model) {
  const auto language = model.language;
  ReadPath path;
  if (!model.memory) path.memory.state = StopState::off;
  if (!model.redis) path.redis.state = StopState::off;
  const auto* const known = model.result                       ? &model.result->path
                            : model.error && model.error->path ? &*model.error->path
                                                               : nullptr;
  if (known != nullptr) path = *known;
  const auto provider_label = web::text(language, model.form && model.form->mock ? "live.mock-api" : "live.provider");
  const auto memory = add_stop(values, language, web::text(language, "live.stop-memory"), path.memory,
                               {"memory-state", "memory-word", "memory-time"});
  const auto redis = add_stop(values, language, "Redis", path.redis, {"redis-state", "redis-word", "redis-time"});
  const auto provider =
      add_stop(values, language, provider_label, path.provider, {"provider-state", "provider-word", "provider-time"});
  values.set_text("provider-name", provider_label);
  // The script fills in how long the browser waited, which is known to the browser alone.
  if (known == nullptr) return values.set_text("path-text", web::text(language, reason_for_no_path(model)));
  auto sentences = cat(memory, ". ", redis, ". ", provider, ".");
  if (path.total) {
    auto service = std::string(web::text(language, "live.path-service"));
    const std::string_view slot = "{service}";
    service.replace(service.find(slot), slot.size(), duration_text(language, *path.total));
    append(sentences, cat(" ", service));
  }
  values.set_text("path-text", sentences);
}

}  // namespace wx::pages
