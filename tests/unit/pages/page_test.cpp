#include "pages/page.hpp"

#include <gtest/gtest.h>

#include "base/text.hpp"

namespace wx::pages {
namespace {

constexpr std::string_view kHostile = "<script>alert('x')</script>\"&{{version}}";
constexpr std::string_view kHarmless = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;{{version}}";

bool has(const std::string& page, std::string_view text) {
  return page.find(text) != std::string::npos;
}

// The start tag of the element with this id.
std::string tag(const std::string& page, std::string_view id) {
  const auto at = page.find(cat(" id=\"", id, "\""));
  if (at == std::string::npos) return "no such element";
  const auto from = page.rfind('<', at);
  return page.substr(from, page.find('>', at) + 1 - from);
}

// The text after that tag, up to the next tag.
std::string text(const std::string& page, std::string_view id) {
  const auto start = tag(page, id);
  const auto at = page.find(start);
  if (at == std::string::npos) return start;
  const auto from = at + start.size();
  return page.substr(from, page.find('<', from) - from);
}

ResultCard card() {
  ResultCard card;
  card.mark = Mark::hit;
  card.source = "Memory Cache ⚡";
  card.temperature = "-2.30";
  card.temperature_unit = "°C";
  card.wind_speed = "10.7";
  card.wind_speed_unit = "km/h";
  card.latitude = "52.52";
  card.longitude = "13.419998";
  card.time = "2026-01-01T00:00";
  card.age_seconds = 3;
  card.ttl_seconds = 7;
  return card;
}

ErrorCard error(ErrorKind kind = ErrorKind::bad_parameter, int status = 400) {
  ErrorCard card;
  card.kind = kind;
  card.status = status;
  return card;
}

TEST(Page, OffersAFormThatIsFilledIn) {
  const auto page = render_page({});
  EXPECT_TRUE(page.starts_with("<!doctype html>"));
  EXPECT_TRUE(has(tag(page, "lat"), " value=\"52.52\"")) << tag(page, "lat");
  EXPECT_TRUE(has(tag(page, "lon"), " value=\"13.41\"")) << tag(page, "lon");
  EXPECT_FALSE(has(tag(page, "mock"), "checked")) << tag(page, "mock");
  EXPECT_TRUE(has(page, "action=\"/weather\""));
  EXPECT_TRUE(has(tag(page, "result"), " hidden")) << tag(page, "result");
  EXPECT_TRUE(has(tag(page, "problem"), " hidden")) << tag(page, "problem");
}

TEST(Page, BeginsWithAPlaceThatItsVisitorsKnow) {
  PageModel model;
  model.language = Language::pt_br;
  const auto page = render_page(model);
  EXPECT_TRUE(has(tag(page, "lat"), " value=\"-23.5505\"")) << tag(page, "lat");
  EXPECT_TRUE(has(tag(page, "lon"), " value=\"-46.6333\"")) << tag(page, "lon");
  EXPECT_LT(page.find(">São Paulo</a>"), page.find(">Tóquio</a>"));
  EXPECT_LT(render_page({}).find(">Berlin</a>"), render_page({}).find(">São Paulo</a>"));
}

TEST(Page, LinksToEachPlaceWithTheChoicesThatWereMade) {
  PageModel model;
  EXPECT_TRUE(has(render_page(model), "href=\"/weather?lat=38.7223&amp;lon=-9.1393\""));
  model.form = FormValues{"1", "2", true};
  model.explicit_language = true;
  EXPECT_TRUE(has(render_page(model), "href=\"/weather?lat=38.7223&amp;lon=-9.1393&amp;mock=true&amp;lang=en\""));
}

TEST(Page, SaysHowLongTheMockIsRemembered) {
  PageModel model;
  EXPECT_TRUE(has(text(render_page(model), "mock-hint"), "forgotten after 10 s."));
  model.mock_fresh_for = std::chrono::minutes(10);
  model.language = Language::pt_br;
  EXPECT_TRUE(has(text(render_page(model), "mock-hint"), "esquecido depois de 10 min."))
      << text(render_page(model), "mock-hint");
}

TEST(Page, KeepsWhatTheVisitorTyped) {
  PageModel model;
  model.form = FormValues{"0", "-0.0", true};
  const auto page = render_page(model);
  EXPECT_TRUE(has(tag(page, "lat"), " value=\"0\"")) << tag(page, "lat");
  EXPECT_TRUE(has(tag(page, "lon"), " value=\"-0.0\"")) << tag(page, "lon");
  EXPECT_TRUE(has(tag(page, "mock"), " checked")) << tag(page, "mock");
  model.form = FormValues{"", "", false};
  EXPECT_TRUE(has(tag(render_page(model), "lat"), " value=\"\""));
}

TEST(Page, ShowsTheResult) {
  PageModel model;
  model.result = card();
  const auto page = render_page(model);
  EXPECT_FALSE(has(tag(page, "result"), " hidden"));
  EXPECT_TRUE(has(tag(page, "result"), "data-mark=\"hit\"")) << tag(page, "result");
  EXPECT_TRUE(has(text(page, "mark-word"), "HIT")) << text(page, "mark-word");
  EXPECT_EQ(text(page, "temperature"), "-2.30");
  EXPECT_EQ(text(page, "temperature-unit"), "°C");
  EXPECT_EQ(text(page, "wind"), "10.7");
  EXPECT_EQ(text(page, "source"), "Memory Cache ⚡");
  EXPECT_EQ(text(page, "place"), "52.52, 13.419998");
  EXPECT_EQ(text(page, "age"), "3 s");
  EXPECT_EQ(text(page, "left"), "7 s");
  EXPECT_EQ(text(page, "value-of"), "2026-01-01T00:00 GMT");
  EXPECT_TRUE(has(tag(page, "value-of"), "datetime=\"2026-01-01T00:00Z\"")) << tag(page, "value-of");
  EXPECT_TRUE(has(tag(page, "ring"), "stroke-dashoffset=\"30\"")) << tag(page, "ring");
}

TEST(Page, ShowsTheTimeThatTheServiceTookAsItsOwn) {
  PageModel model;
  model.result = card();
  model.result->path.total = std::chrono::microseconds(1370);
  auto page = render_page(model);
  EXPECT_EQ(text(page, "took"), "1.37");
  EXPECT_EQ(text(page, "took-what"), "in our service");
  model.language = Language::pt_br;
  model.result->source = "Redis Cache ⚡";
  page = render_page(model);
  EXPECT_EQ(text(page, "took"), "1,37");
  EXPECT_EQ(text(page, "source"), "Cache no Redis ⚡");
}

TEST(Page, BringsTheAnswerIntoSight) {
  PageModel model;
  EXPECT_FALSE(has(tag(render_page(model), "answer"), "autofocus"));
  model.error = error(ErrorKind::not_found, 404);
  EXPECT_FALSE(has(tag(render_page(model), "answer"), "autofocus"));
  model.form = FormValues{"1", "2"};
  EXPECT_TRUE(has(tag(render_page(model), "answer"), "autofocus"));
  model.error.reset();
  model.result = card();
  EXPECT_TRUE(has(tag(render_page(model), "answer"), "autofocus"));
}

TEST(Page, EmptiesTheRingWhenTheAnswerHasExpired) {
  PageModel model;
  model.result = card();
  for (const long long left : {0LL, -42LL}) {
    model.result->ttl_seconds = left;
    EXPECT_TRUE(has(tag(render_page(model), "ring"), "stroke-dashoffset=\"100\"")) << left;
  }
}

TEST(Page, DrawsHowFarAQuestionGotThatFailed) {
  PageModel model;
  model.redis = true;
  model.form = FormValues{"1", "2", false};
  model.error = error(ErrorKind::provider_timeout, 504);
  auto& path = model.error->path.emplace();
  path.memory.state = StopState::passed;
  path.redis.state = StopState::failed;
  path.provider.state = StopState::failed;
  path.total = milliseconds(503);
  auto page = render_page(model);
  EXPECT_TRUE(has(tag(page, "stop-memory"), "data-state=\"passed\""));
  EXPECT_TRUE(has(tag(page, "stop-redis"), "data-state=\"failed\""));
  EXPECT_TRUE(has(tag(page, "stop-provider"), "data-state=\"failed\""));
  EXPECT_EQ(text(page, "path-total"), "") << "the service does not know how long the browser waited";
  EXPECT_EQ(text(page, "path-text"),
            "Memory: had nothing fresh. Redis: failed. Open-Meteo (provider): failed. Our service took 503 ms.");

  model.error->path.reset();
  page = render_page(model);
  EXPECT_TRUE(has(tag(page, "stop-memory"), "data-state=\"idle\""));
  EXPECT_EQ(text(page, "path-text"), "How far the question got is not known.");
  model.error->kind = ErrorKind::bad_parameter;
  EXPECT_EQ(text(render_page(model), "path-text"), "Nothing was asked: the question has a mistake.");
}

TEST(Page, ShowsADashAndAWordWhereTheProviderHasNoValue) {
  PageModel model;
  model.result = card();
  model.result->temperature = "null";
  const auto half = render_page(model);
  EXPECT_EQ(text(half, "temperature"), "\u2013");
  EXPECT_EQ(text(half, "temperature-unit"), "no value here");
  EXPECT_EQ(text(half, "wind"), "10.7");
  EXPECT_EQ(text(half, "wind-unit"), "km/h");
  model.language = Language::pt_br;
  model.result->wind_speed = "null";
  model.result->latitude = "null";
  const auto none = render_page(model);
  EXPECT_EQ(text(none, "temperature-unit"), "sem valor aqui");
  EXPECT_EQ(text(none, "wind"), "\u2013");
  EXPECT_EQ(text(none, "wind-unit"), "sem valor aqui");
  EXPECT_EQ(text(none, "place"), "\u2013, 13.419998");
}

TEST(Page, ShowsAPlaceOnTheEquator) {
  PageModel model;
  model.form = FormValues{"0", "0", false};
  model.result = card();
  model.result->latitude = "0";
  model.result->longitude = "0";
  model.result->temperature = "0.0";
  const auto page = render_page(model);
  EXPECT_EQ(text(page, "place"), "0, 0");
  EXPECT_EQ(text(page, "temperature"), "0.0");
  EXPECT_TRUE(has(tag(page, "lat"), " value=\"0\""));
}

TEST(Page, TellsHitMissStaleAndBypassApartByWordAndShape) {
  std::vector<std::string> words;
  std::vector<std::string> shapes;
  for (const auto mark : {Mark::hit, Mark::miss, Mark::stale, Mark::bypass}) {
    PageModel model;
    model.result = card();
    model.result->mark = mark;
    const auto page = render_page(model);
    words.push_back(text(page, "mark-word"));
    shapes.push_back(tag(page, "mark-icon"));
  }
  std::ranges::sort(words);
  std::ranges::sort(shapes);
  EXPECT_EQ(std::ranges::adjacent_find(words), words.end());
  EXPECT_EQ(std::ranges::adjacent_find(shapes), shapes.end());
}

TEST(Page, ShowsTheMocksUnitsAndNoTime) {
  PageModel model;
  model.result = card();
  model.result->temperature_unit = {};
  model.result->wind_speed_unit = {};
  model.result->time = {};
  const auto page = render_page(model);
  EXPECT_EQ(text(page, "temperature-unit"), "°C");
  EXPECT_EQ(text(page, "wind-unit"), "km/h");
  EXPECT_TRUE(has(tag(page, "value-of-row"), " hidden"));
}

TEST(Page, DoesNotPromiseTimeThatIsOver) {
  PageModel model;
  model.result = card();
  model.result->ttl_seconds = -42;
  const auto page = render_page(model);
  EXPECT_FALSE(has(text(page, "left"), "42")) << text(page, "left");
  EXPECT_FALSE(text(page, "left").empty());
}

TEST(Page, TiesEachFaultToItsField) {
  PageModel model;
  model.form = FormValues{"abc", "", false};
  model.error = error();
  model.error->faults = {{"lat", "is not a decimal number"}, {"lon", "is empty"}, {"format", "must be json or html"}};
  const auto page = render_page(model);
  EXPECT_TRUE(has(tag(page, "lat"), "aria-invalid=\"true\"")) << tag(page, "lat");
  EXPECT_TRUE(has(tag(page, "lat"), "lat-fault")) << tag(page, "lat");
  EXPECT_TRUE(text(page, "lat-fault").starts_with("is not a decimal number")) << text(page, "lat-fault");
  EXPECT_TRUE(has(tag(page, "lon"), "aria-invalid=\"true\"")) << tag(page, "lon");
  EXPECT_EQ(text(page, "lon-fault"), "is empty");
  EXPECT_EQ(text(page, "problem-detail"), "format must be json or html") << "the fields say the rest";
  EXPECT_TRUE(has(text(page, "problem-advice"), "what is marked")) << text(page, "problem-advice");
}

TEST(Page, PointsAtNothingMarkedWhereNothingIs) {
  PageModel model;
  model.error = error();
  model.error->faults = {{"format", "must be json or html"}};
  EXPECT_FALSE(has(text(render_page(model), "problem-advice"), "what is marked"));
  model.error->faults = {{"lat", "is empty"}};
  EXPECT_TRUE(has(tag(render_page(model), "problem-said"), " hidden"));
}

TEST(Page, BlamesNoFieldThatIsRight) {
  PageModel model;
  model.error = error();
  model.error->faults = {{"lon", "is empty"}};
  const auto page = render_page(model);
  EXPECT_FALSE(has(tag(page, "lat"), "aria-invalid"));
  EXPECT_EQ(text(page, "lat-fault"), "");
  EXPECT_FALSE(has(tag(render_page({}), "lon"), "aria-invalid"));
}

TEST(Page, SeparatesTheFaultsOfOneField) {
  PageModel model;
  model.error = error();
  model.error->faults = {{"lon", "is empty"}, {"lon", "is repeated"}};
  EXPECT_EQ(text(render_page(model), "lon-fault"), "is empty; is repeated");
}

TEST(Page, ExplainsAnErrorAndOffersTheMockWhereItHelps) {
  PageModel model;
  model.form = FormValues{"52.52", "13.41"};
  model.error = error(ErrorKind::provider_timeout, 504);
  auto page = render_page(model);
  EXPECT_FALSE(has(tag(page, "problem"), " hidden"));
  EXPECT_TRUE(has(text(page, "problem-title"), "504")) << text(page, "problem-title");
  EXPECT_FALSE(text(page, "problem-advice").empty());
  EXPECT_FALSE(has(tag(page, "problem-mock"), " hidden"));
  EXPECT_TRUE(has(tag(page, "mock-offer"), "mock=true")) << tag(page, "mock-offer");

  model.lab = false;
  EXPECT_TRUE(has(tag(render_page(model), "problem-mock"), " hidden"));
  model.lab = true;
  model.error = error(ErrorKind::not_found, 404);
  EXPECT_TRUE(has(tag(render_page(model), "problem-mock"), " hidden"));
}

TEST(Page, ShowsTheDetailOfEveryProblemAsTheEnglishThatItIs) {
  for (const auto language : web::kLanguages) {
    for (std::size_t i = 0; i < kErrorKinds; ++i) {
      PageModel model;
      model.language = language;
      model.error = error(static_cast<ErrorKind>(i), 500);
      model.error->detail = "the provider answered with status 500";
      const auto page = render_page(model);
      EXPECT_EQ(text(page, "problem-detail"), "the provider answered with status 500");
      EXPECT_TRUE(has(tag(page, "problem-detail"), " lang=\"en\"")) << tag(page, "problem-detail");
      EXPECT_FALSE(has(tag(page, "problem-said"), " hidden"));
      EXPECT_EQ(text(page, "detail-label"), web::text(language, "live.detail"));
    }
  }
}

TEST(Page, LeavesNoGapWhereAProblemHasNoDetail) {
  PageModel model;
  model.error = error(ErrorKind::not_found, 404);
  const auto page = render_page(model);
  EXPECT_TRUE(has(tag(page, "problem-said"), " hidden"));
  EXPECT_EQ(text(page, "problem-advice"), web::text(Language::en, "error.advice-path"));
}

TEST(Page, NamesTheRequestThatFailed) {
  PageModel model;
  EXPECT_TRUE(has(tag(render_page(model), "problem-request"), " hidden"));
  model.error = error(ErrorKind::internal, 500);
  model.error->request_id = "5e0e4f3a-28f5-4a4e-8a5c-0d7b3d1f2c11";
  const auto page = render_page(model);
  EXPECT_FALSE(has(tag(page, "problem-request"), " hidden"));
  EXPECT_EQ(text(page, "request-id"), "5e0e4f3a-28f5-4a4e-8a5c-0d7b3d1f2c11");
}

TEST(Page, TellsWhenToAskAgain) {
  for (const auto language : web::kLanguages) {
    PageModel model;
    model.language = language;
    model.error = error(ErrorKind::provider_limited, 429);
    model.error->retry_after_seconds = 4711;
    EXPECT_TRUE(has(text(render_page(model), "problem-advice"), "4711"));
  }
}

TEST(Page, HidesTheMockWithTheLaboratoryOff) {
  PageModel model;
  model.lab = false;
  EXPECT_EQ(tag(render_page(model), "mock"), "no such element");
}

TEST(Page, WritesNothingFromOutsideUnescaped) {
  for (const auto language : web::kLanguages) {
    PageModel model;
    model.language = language;
    model.version = kHostile;
    model.form = FormValues{kHostile, kHostile, true};
    auto hostile = card();
    hostile.source = hostile.temperature = hostile.temperature_unit = hostile.wind_speed = hostile.wind_speed_unit =
        hostile.latitude = hostile.longitude = hostile.time = kHostile;
    model.result = hostile;
    auto page = render_page(model);
    EXPECT_FALSE(has(page, "<script>alert"));
    EXPECT_FALSE(has(page, "alert('x')"));
    EXPECT_TRUE(has(page, cat(" value=\"", kHarmless, "\"")));
    EXPECT_EQ(text(page, "source"), kHarmless);

    model.result.reset();
    model.error = error(ErrorKind::provider_refused, 400);
    model.error->detail = kHostile;
    page = render_page(model);
    EXPECT_FALSE(has(page, "<script>alert"));
    EXPECT_TRUE(has(page, kHarmless));

    const std::string text(kHostile);
    model.error->faults = {{text, text}, {"lat", text}};
    page = render_page(model);
    EXPECT_FALSE(has(page, "<script>alert"));
    EXPECT_FALSE(has(page, "alert('x')"));
  }
}

TEST(Page, KeepsTheQuestionInItsLinksEncoded) {
  PageModel model;
  model.form = FormValues{"1&mock=true#\"", "2 3", false};
  model.error = error();
  const auto page = render_page(model);
  EXPECT_TRUE(has(page, "lat=1%26mock%3Dtrue%23%22&amp;lon=2%203")) << page;
}

TEST(Page, AsksNothingWhenTheLanguageIsChangedWhereNothingWasAsked) {
  PageModel model;
  EXPECT_TRUE(has(render_page(model), "href=\"/?lang=pt-BR\""));
  model.error = error(ErrorKind::not_found, 404);
  const auto page = render_page(model);
  EXPECT_TRUE(has(page, "href=\"/?lang=pt-BR\""));
  EXPECT_FALSE(has(page.substr(0, page.find("<main")), "/weather?"));
}

TEST(Page, LeavesNoSlotUnfilled) {
  for (const auto language : web::kLanguages) {
    for (const bool lab : {true, false}) {
      for (const bool redis : {true, false}) {
        PageModel model;
        model.language = language;
        model.explicit_language = lab;
        model.lab = lab;
        model.redis = redis;
        model.version = "1.2.3";
        model.public_url = redis ? "https://weather.example" : "";
        EXPECT_FALSE(has(render_page(model), "{{"));
        model.result = card();
        EXPECT_FALSE(has(render_page(model), "{{"));
        model.result.reset();
        model.error = error();
        EXPECT_FALSE(has(render_page(model), "{{"));
      }
    }
    for (std::size_t i = 0; i < kErrorKinds; ++i) {
      const auto kind = static_cast<ErrorKind>(i);
      EXPECT_FALSE(has(render_problem_page({.language = language, .kind = kind}), "{{"));
      EXPECT_FALSE(has(render_problem_page({.language = language, .kind = kind, .error = error(kind)}), "{{"));
    }
  }
}

TEST(Page, LoadsNothingFromElsewhereAndHasNoInlineScript) {
  PageModel model;
  model.result = card();
  const auto page = render_page(model);
  for (const auto* attribute : {" src=\"http", " src=\"//", "<link rel=\"stylesheet\" href=\"http", "@import",
                                " onclick=", " onload=", " style=\"", "<style", "javascript:"}) {
    EXPECT_FALSE(has(page, attribute)) << attribute;
  }
  for (auto at = page.find("<script"); at != std::string::npos; at = page.find("<script", at + 1)) {
    EXPECT_NE(page.find(" src=\"", at), std::string::npos);
    EXPECT_TRUE(page.substr(page.find('>', at) + 1).starts_with("</script>"));
  }
}

TEST(Page, NamesTheSourceOfTheData) {
  for (const auto language : web::kLanguages) {
    PageModel model;
    model.language = language;
    EXPECT_TRUE(has(render_page(model), "<a href=\"https://open-meteo.com/\""));
  }
}

TEST(Page, HasAPreviewOnlyIfItsPublicUrlIsKnown) {
  PageModel model;
  const auto unknown = render_page(model);
  for (const auto* what : {"og:", "twitter:", "canonical"}) EXPECT_FALSE(has(unknown, what)) << what;

  model.public_url = "https://weather.example/a&b";
  model.explicit_language = true;
  model.language = Language::pt_br;
  const auto page = render_page(model);
  EXPECT_TRUE(has(page, "<link rel=\"canonical\" href=\"https://weather.example/a&amp;b/?lang=pt-BR\">"));
  EXPECT_TRUE(has(page, "<meta property=\"og:url\" content=\"https://weather.example/a&amp;b/?lang=pt-BR\">"));
  EXPECT_TRUE(has(page, "<meta property=\"og:image\" content=\"https://weather.example/a&amp;b/assets/share."));
  EXPECT_TRUE(has(page, "<meta name=\"twitter:card\" content=\"summary_large_image\">"));
}

TEST(ProblemPage, ExplainsEveryKindInEveryLanguage) {
  for (const auto language : web::kLanguages) {
    for (std::size_t i = 0; i < kErrorKinds; ++i) {
      const auto kind = static_cast<ErrorKind>(i);
      const auto page = render_problem_page({.language = language, .kind = kind});
      EXPECT_TRUE(page.starts_with("<!doctype html>"));
      EXPECT_TRUE(has(page, cat("/problems/", name(kind)))) << name(kind);
      EXPECT_TRUE(has(page, cat("<html lang=\"", web::tag(language), "\""))) << name(kind);
      EXPECT_TRUE(has(page, "href=\"/openapi.json\""));
      EXPECT_EQ(has(page, "href=\"/weather?lat="), kind == ErrorKind::bad_parameter) << name(kind);
      EXPECT_FALSE(has(page, "what is marked")) << name(kind);
    }
  }
}

TEST(ProblemPage, ShowsTheErrorOfAnAnswer) {
  auto card = error(ErrorKind::not_found, 404);
  card.detail = kHostile;
  card.request_id = "5e0e4f3a-28f5-4a4e-8a5c-0d7b3d1f2c11";
  card.retry_after_seconds = 4711;
  const auto page = render_problem_page({.explicit_language = true, .kind = card.kind, .error = card});
  EXPECT_TRUE(has(page, "<h1>404 · No resource at this path</h1>")) << page;
  EXPECT_TRUE(has(page, cat("<span lang=\"en\">", kHarmless)));
  EXPECT_TRUE(has(page, "Ask again in 4711 s. Check the address."));
  EXPECT_TRUE(has(page, "<code id=\"request-id\">5e0e4f3a-28f5-4a4e-8a5c-0d7b3d1f2c11</code>"));
  EXPECT_TRUE(has(page, "href=\"/?lang=en\""));

  auto faulty = error();
  faulty.faults = {{"n", "must be a whole number from 1 to 200"}};
  EXPECT_TRUE(has(render_problem_page({.kind = faulty.kind, .error = faulty}), "n must be a whole number"));
}

}  // namespace
}  // namespace wx::pages
