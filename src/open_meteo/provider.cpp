#include "open_meteo/provider.hpp"

#include <utility>

#include "open_meteo/call_pipeline.hpp"

namespace wx::open_meteo {

Provider::Provider(const OpenMeteoOptions& options, http_client::HttpClient& client, const Clock& clock,
                   observability::Metrics& metrics, observability::Log& log)
    : pipeline_(std::make_shared<CallPipeline>(options, client, clock, metrics, log)) {}

Provider::~Provider() {
  pipeline_->close();
}

void Provider::attach(Executor* timers, FleetBudget* fleet) {
  pipeline_->attach(timers, fleet);
}

void Provider::watch_fleet(Watch why) {
  pipeline_->watch(why);
}

void Provider::renew_key(std::string_view key) {
  pipeline_->renew_key(key);
}

void Provider::load(Call call, cache::LoadRequest request, cache::LoadCallback done) {
  pipeline_->load(std::move(call), std::move(request), std::move(done));
}

Provider::Slots Provider::slots() const {
  return {pipeline_->queue().running(), pipeline_->queue().queued()};
}

ProviderStatus Provider::status() const {
  return pipeline_->status();
}

}  // namespace wx::open_meteo
