#include "observability/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace wx::observability {
namespace {

struct TimingInfo {
  std::string_view family;
  std::string_view help;
};
constexpr std::array<TimingInfo, kTimings> kTimingInfo{{
    {"weather_cache_hit_duration_seconds", "Time from a request read to its answer, answered from a tier"},
    {"weather_cache_load_duration_seconds", "Time from a request read to its answer, when a load was waited for"},
    {"weather_cache_open_meteo_duration_seconds", "Time of one call of the weather provider"},
    {"weather_cache_redis_duration_seconds", "Time from a Redis read being asked for to its reply"},
    {"weather_cache_served_age_seconds", "Age of the answers that were served"},
}};

const std::array<double, 14>& bounds_of(std::size_t timing) {
  return timing == static_cast<std::size_t>(Timing::age) ? kAgeBounds : kBucketBounds;
}

// One label pair written as name="value" in the table.
std::vector<prometheus::ClientMetric::Label> parse_label(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) return {};
  return {{std::string(text.substr(0, equals)), std::string(text.substr(equals + 2, text.size() - equals - 3))}};
}

}  // namespace

double WideSum::value() const {
  auto crossings = crossings_.load(std::memory_order_acquire);
  auto low = low_.load(std::memory_order_acquire);
  for (auto again = crossings_.load(std::memory_order_acquire); again != crossings;) {
    crossings = again;
    low = low_.load(std::memory_order_acquire);
    again = crossings_.load(std::memory_order_acquire);
  }
  constexpr int kHighest = 63;
  if (crossings % 2 != low >> kHighest) ++crossings;
  return std::ldexp(static_cast<double>(crossings), kHighest) +
         static_cast<double>(low & ~(std::uint64_t{1} << kHighest));
}

Metrics::Metrics() : slots_(std::make_unique<std::array<Slot, kSlots>>()) {}

std::size_t Metrics::thread_slot() {
  static std::atomic<std::size_t> next{0};
  thread_local const std::size_t mine = next.fetch_add(1, std::memory_order_relaxed) % kSlots;
  return mine;
}

void Metrics::observe(Timing timing, nanoseconds span) {
  const auto& bounds = bounds_of(static_cast<std::size_t>(timing));
  const double seconds = static_cast<double>(span.count()) / 1e9;
  std::size_t bucket = 0;
  while (bucket < bounds.size() && seconds > bounds[bucket]) ++bucket;
  auto& histogram = slot().timings[static_cast<std::size_t>(timing)];
  histogram.buckets[bucket].fetch_add(1, std::memory_order_relaxed);
  histogram.sum_ns.add(static_cast<std::uint64_t>(std::max(span, nanoseconds(0)).count()));
}

std::uint64_t Metrics::value(Counter counter) const {
  std::uint64_t sum = 0;
  for (const auto& s : *slots_) sum += s.values[static_cast<std::size_t>(counter)].load(std::memory_order_relaxed);
  return sum;
}

void Metrics::set_gauges(ReadGauges read) {
  const Lock lock(gauges_mutex_);
  read_gauges_ = std::move(read);
}

void Metrics::remove_gauges() {
  const Lock lock(gauges_mutex_);
  read_gauges_ = nullptr;
}

std::vector<Gauge> Metrics::read_gauges() const {
  const Lock lock(gauges_mutex_);
  return read_gauges_ ? read_gauges_() : std::vector<Gauge>();
}

std::string Metrics::text() const {
  std::vector<prometheus::MetricFamily> families;
  const auto family = [&](std::string_view name, std::string_view help, prometheus::MetricType type) -> auto& {
    if (families.empty() || families.back().name != name) {
      families.push_back({.name = std::string(name), .help = std::string(help), .type = type, .metric = {}});
    }
    return families.back();
  };
  for (std::size_t i = 0; i < kCounters.size(); ++i) {
    const auto& info = kCounters[i];
    prometheus::ClientMetric metric;
    metric.label = parse_label(info.labels);
    metric.counter.value = static_cast<double>(value(static_cast<Counter>(i)));
    family(info.family, info.help, prometheus::MetricType::Counter).metric.push_back(std::move(metric));
  }
  for (std::size_t t = 0; t < kTimings; ++t) {
    prometheus::ClientMetric metric;
    std::uint64_t count = 0;
    double sum_ns = 0;
    for (std::size_t b = 0; b <= kBucketBounds.size(); ++b) {
      for (const auto& s : *slots_) count += s.timings[t].buckets[b].load(std::memory_order_relaxed);
      const double bound = b < kBucketBounds.size() ? bounds_of(t)[b] : std::numeric_limits<double>::infinity();
      metric.histogram.bucket.push_back({count, bound});
    }
    for (const auto& s : *slots_) sum_ns += s.timings[t].sum_ns.value();
    metric.histogram.sample_count = count;
    metric.histogram.sample_sum = sum_ns / 1e9;
    family(kTimingInfo[t].family, kTimingInfo[t].help, prometheus::MetricType::Histogram)
        .metric.push_back(std::move(metric));
  }
  for (const auto& gauge : read_gauges()) {
    prometheus::ClientMetric metric;
    metric.label = parse_label(gauge.labels);
    metric.gauge.value = gauge.value;
    family(gauge.family, gauge.help, prometheus::MetricType::Gauge).metric.push_back(std::move(metric));
  }
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return out.str();
}

}  // namespace wx::observability
