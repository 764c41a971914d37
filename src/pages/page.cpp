#include "pages/page.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "pages/drawing.hpp"
#include "pages/places.hpp"
#include "pages/template.hpp"
#include "pages/wording.hpp"

namespace wx::pages {
namespace {

// Percent-encodes a component of a query (RFC 3986 §2.1).
std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.' ||
        c == '_') {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

bool asks_the_mock(const PageModel& model) {
  return model.form && model.form->mock;
}

// The path of this page with the same form values, in another language if `language` is not empty, asking the mock or
// not.
std::string link_to_self(const PageModel& model, std::string_view language, bool mock) {
  std::string out = "/";
  std::string_view separator = "?";
  if (model.form) {
    append(out,
           cat("weather?lat=", percent_encoded(model.form->latitude), "&lon=", percent_encoded(model.form->longitude)));
    if (mock) append(out, "&mock=true");
    separator = "&";
  }
  if (!language.empty()) append(out, cat(separator, "lang=", language));
  return out;
}

void add_language(Values& values, Language language, bool explicit_language) {
  values.set_html("lang-query", explicit_language ? cat("?lang=", web::tag(language)) : "");
  values.set_flag("explicit-language", explicit_language);
  values.set_html("current-en", language == Language::en ? " aria-current=\"true\"" : "");
  values.set_html("current-pt-BR", language == Language::pt_br ? " aria-current=\"true\"" : "");
}

void add_general(Values& values, const PageModel& model) {
  add_language(values, model.language, model.explicit_language);
  // A template cannot negate a flag.
  values.set_flag("lab", model.lab);
  values.set_flag("no-lab", !model.lab);
  values.set_flag("has-redis", model.redis);
  values.set_flag("no-redis", !model.redis);
  values.set_flag("redis-outage", model.redis_outage);
  values.set_html("memory", model.memory ? "true" : "false");
  values.set_html("redis", model.redis ? "true" : "false");
  values.set_html("redis-disabled", model.redis ? "" : " aria-disabled=\"true\"");
  values.set_html("redis-button", model.redis ? "" : " disabled");
  values.set_html("request-timeout", cat(model.request_timeout.count()));
  values.set_html("mock-delay", cat(model.mock_delay.count()));
  values.set_text("mock-delay-text", cat(model.mock_delay.count(), " ms"));
  values.set_text("mock-memory-text", span_text(model.mock_fresh_for));
  values.set_text("version", model.version);
  // A preview of a link shows the service, whatever the page answers.
  values.set_flag("public", !model.public_url.empty());
  values.set_text("public-url", model.public_url);
  values.set_text("href-en", link_to_self(model, "en", asks_the_mock(model)));
  values.set_text("href-pt-BR", link_to_self(model, "pt-BR", asks_the_mock(model)));
}

void add_field_faults(Values& values, const PageModel& model, std::string_view parameter, std::string_view fault_slot,
                      std::string_view invalid_slot) {
  std::string faults;
  if (model.error) {
    for (const auto& fault : model.error->faults) {
      if (fault.parameter != parameter) continue;
      append(faults, cat(faults.empty() ? "" : "; ", fault_text(model.language, fault.detail)));
    }
  }
  values.set_text(fault_slot, faults);
  values.set_html(invalid_slot, faults.empty() ? "" : " aria-invalid=\"true\"");
}

void add_form(Values& values, const PageModel& model) {
  const auto& example = places(model.language).front();
  const auto form = model.form.value_or(FormValues{example.latitude, example.longitude});
  values.set_html("places", place_items(model.language, cat(form.mock ? "&amp;mock=true" : "",
                                                            model.explicit_language ? "&amp;lang=" : "",
                                                            model.explicit_language ? web::tag(model.language) : "")));
  values.set_text("lat", form.latitude);
  values.set_text("lon", form.longitude);
  values.set_html("mock-checked", form.mock ? " checked" : "");
  add_field_faults(values, model, "lat", "lat-fault", "lat-invalid");
  add_field_faults(values, model, "lon", "lon-fault", "lon-invalid");
}

struct MarkNames {
  std::string_view name;
  std::string_view icon;
};
MarkNames names_of(Mark mark) {
  switch (mark) {
    case Mark::hit:
      return {"hit", "bolt"};
    case Mark::miss:
      return {"miss", "turtle"};
    case Mark::stale:
      return {"stale", "clock"};
    case Mark::bypass:
      return {"bypass", "detour"};
  }
  return {};
}

// Fills a value and its unit. Where the provider has no value, a dash and a text stand for them.
void add_reading(Values& values, Language language, std::string_view token, std::string_view unit,
                 std::array<std::string_view, 2> slots) {
  values.set_text(slots[0], value_text(language, token));
  values.set_text(slots[1], is_null(token) ? web::text(language, "live.no-value") : unit);
}

// Fills how long the service took, and how much of the answer's life is left: a number, and a ring that runs out.
void add_times(Values& values, Language language, const ResultCard& card) {
  const auto took = card.path.total ? duration_text(language, *card.path.total) : cat(kNoValue, kMillisecondsUnit);
  values.set_text("took", took.substr(0, took.size() - kMillisecondsUnit.size()));
  const auto left = std::max(card.ttl_seconds, 0LL);
  const auto life = std::max(card.age_seconds + left, 1LL);
  values.set_html("ring-offset", cat(100 - 100 * left / life));
  values.set_text("age", cat(card.age_seconds, " s"));
  values.set_text("left", left > 0 ? cat(left, " s") : std::string(web::text(language, "live.not-fresh")));
}

// Without a result the card is hidden, and the script fills it later.
void add_result(Values& values, const PageModel& model) {
  const auto language = model.language;
  const auto card = model.result.value_or(ResultCard{});
  const auto mark = names_of(card.mark);
  values.set_html("result-hidden", model.result ? "" : " hidden");
  values.set_html("empty-hidden", model.result || model.error ? " hidden" : "");
  // The answer is far down the page. A fragment in the form's action would bring it into sight, too, but a browser that
  // submits the same question again would then only scroll.
  values.set_html("answer-focus", model.result || (model.error && model.form) ? " tabindex=\"-1\" autofocus" : "");
  values.set_html("mark", mark.name);
  values.set_html("mark-icon", mark.icon);
  values.set_text("mark-word", web::text(language, cat("live.mark-", mark.name)));
  values.set_text("mark-note", web::text(language, cat("live.note-", mark.name)));
  values.set_text("title-prefix",
                  model.result ? cat(web::text(language, cat("live.mark-", mark.name)), " · ") : std::string());
  add_reading(values, language, card.temperature, card.temperature_unit.empty() ? "°C" : card.temperature_unit,
              {"temperature", "temperature-unit"});
  add_reading(values, language, card.wind_speed, card.wind_speed_unit.empty() ? "km/h" : card.wind_speed_unit,
              {"wind", "wind-unit"});
  values.set_text("source", source_text(language, card.source));
  values.set_text("place", cat(is_null(card.latitude) ? kNoValue : card.latitude, ", ",
                               is_null(card.longitude) ? kNoValue : card.longitude));
  add_times(values, language, card);
  values.set_html("time-hidden", card.time.empty() ? " hidden" : "");
  values.set_text("time", cat(card.time, " GMT"));
  values.set_text("time-iso", cat(card.time, "Z"));
}

struct Detail {
  std::string text;
  bool english = false;       // there is no translation
  bool marks_fields = false;  // faults of the form's fields were left out
};
enum class FieldFaults : bool { listed, left_out };
Detail detail_of(const ErrorCard& card, Language language, FieldFaults field_faults) {
  Detail detail;
  for (const auto& fault : card.faults) {
    if (field_faults == FieldFaults::left_out && (fault.parameter == "lat" || fault.parameter == "lon")) {
      detail.marks_fields = true;
      continue;
    }
    append(detail.text, cat(detail.text.empty() ? "" : "; ", fault.parameter, " ", fault_text(language, fault.detail)));
  }
  detail.english = card.faults.empty() && !card.detail.empty();
  if (detail.english) detail.text = card.detail;
  return detail;
}

void add_problem(Values& values, const PageModel& model) {
  const auto language = model.language;
  const auto card = model.error.value_or(ErrorCard{});
  values.set_html("problem-hidden", model.error ? "" : " hidden");
  values.set_text("problem-title",
                  model.error ? cat(card.status, " · ", error_title(language, card.kind)) : std::string());
  // The form shows the faults of its own fields beside them.
  const auto [said, english, marks_fields] = detail_of(card, language, FieldFaults::left_out);
  values.set_html("said-hidden", said.empty() ? " hidden" : "");
  values.set_text("detail-label", english ? web::text(language, "live.detail") : std::string_view());
  values.set_text("problem-detail", said);
  values.set_html("detail-lang", english ? " lang=\"en\"" : "");
  values.set_html("request-hidden", card.request_id.empty() ? " hidden" : "");
  values.set_text("request-id", card.request_id);
  values.set_text("problem-advice", !model.error ? std::string()
                                                 : advice(language, card.kind,
                                                          {.may_offer_mock = model.lab,
                                                           .has_detail = !said.empty(),
                                                           .marks_fields = marks_fields,
                                                           .retry_after_seconds = card.retry_after_seconds}));
  const bool offer_mock = model.error && model.lab && model.form && !model.form->mock && mock_would_help(card.kind);
  values.set_html("offer-hidden", offer_mock ? "" : " hidden");
  values.set_text("mock-href", link_to_self(model, model.explicit_language ? web::tag(language) : "", true));
}

}  // namespace

std::string render_page(const PageModel& model) {
  Values values;
  add_general(values, model);
  add_form(values, model);
  add_result(values, model);
  add_problem(values, model);
  add_drawing(values, model);
  const auto source = web::html_template(model.language, "page.html");
  std::string out;
  out.reserve(source.size() + 1024);
  fill(out, source, values);
  return out;
}

std::string render_problem_page(const ProblemPage& page) {
  const auto language = page.language;
  const auto card = page.error.value_or(ErrorCard{});
  const auto detail = detail_of(card, language, FieldFaults::listed);
  const auto title = error_title(language, page.kind);
  Values values;
  add_language(values, language, page.explicit_language);
  values.set_text("problem-title", page.error ? cat(card.status, " · ", title) : std::string(title));
  values.set_flag("said", !detail.text.empty());
  values.set_text("detail-label", detail.english ? web::text(language, "live.detail") : std::string_view());
  values.set_text("problem-detail", detail.text);
  values.set_html("detail-lang", detail.english ? " lang=\"en\"" : "");
  values.set_text("problem-advice", advice(language, page.kind,
                                           {.has_detail = !page.error || !detail.text.empty(),
                                            .retry_after_seconds = card.retry_after_seconds}));
  values.set_flag("example", page.kind == ErrorKind::bad_parameter);
  values.set_flag("explained", !page.error);
  values.set_html("problem-name", name(page.kind));
  values.set_html("path", page.error ? std::string("/") : cat("/problems/", name(page.kind)));
  values.set_flag("request", !card.request_id.empty());
  values.set_text("request-id", card.request_id);
  std::string out;
  fill(out, web::html_template(language, "problem.html"), values);
  return out;
}

}  // namespace wx::pages
