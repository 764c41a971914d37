#include "drop_in/service.hpp"

#include <utility>

#include "base/gzip.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"

namespace wx::drop_in {
namespace {

cache::Lookup lookup_of(const Key& key, const Asker& asker) {
  return {.key = key.text,
          .hash = key.hash,
          .deadline = asker.deadline,
          .forced = asker.forced,
          .only_if_cached = asker.only_if_cached,
          .gone = asker.gone,
          .question = key.question};
}

}  // namespace

std::optional<open_meteo::Question> Service::read(std::string_view path, std::string_view host,
                                                  std::string_view query) const {
  auto resource = open_meteo::find_resource(path, host);
  if (!resource) return std::nullopt;
  return open_meteo::make_question(*std::move(resource), query, options_.questions);
}

std::string Service::target_of(const open_meteo::Question& question) {
  const auto& path = question.resource.text;
  return question.query.empty() ? path : cat(path, "?", question.query);
}

Key Service::key_of(const open_meteo::Question& question) {
  Key key{.text = open_meteo::cache_key(question)};
  key.hash = hash64(key.text);
  if (key.text.contains('#')) key.question = open_meteo::question_text(question);
  return key;
}

cache::TieredCache::Peeked Service::peek(const Key& key, SteadyTime now) const {
  return cache_.peek(key.text, key.hash, now, key.question);
}

void Service::refresh(cache::CacheThread& thread, const open_meteo::Question& question, const Key& key,
                      const Asker& asker) {
  cache_.refresh(thread, lookup_of(key, asker), loader(question, key));
}

void Service::ask(cache::CacheThread& thread, const open_meteo::Question& question, const Key& key, const Asker& asker,
                  cache::MayLoad may_load, cache::GetCallback done) {
  auto load = cache::with_permission(loader(question, key), std::move(may_load));
  cache_.get(thread, lookup_of(key, asker), std::move(load), std::move(done));
}

void Service::purge(cache::CacheThread& thread, const Key& key, cache::RemoteTier::DoneCallback done) {
  cache_.purge(thread, key.text, std::move(done));
}

Result<Body> Service::identity_of(const Key& key, const cache::EntryPtr& entry) {
  if (auto kept = cache_.identity_of(key.text, key.hash, *entry)) return *std::move(kept);
  auto decoded = inflate_gzip(entry->body, entry->decoded_size);
  if (!decoded) return fail(ErrorKind::internal, cat("the kept answer ", describe(decoded.error())));
  auto identity = Body::copy_of(*decoded);  // without the room that the string has left
  cache_.keep_identity(key.text, key.hash, *entry, identity);
  return identity;
}

cache::Loader Service::loader(const open_meteo::Question& question, const Key& key) const {
  return [&provider = provider_, label = question.resource.label, target = target_of(question), asked = question.asked,
          hash = key.hash, options = options_.answers](cache::LoadRequest request, cache::LoadCallback done) {
    auto read = [asked, hash, options](const open_meteo::Reply& reply, open_meteo::AttemptTimes& times) {
      return read_answer(reply, times, asked, hash, options);
    };
    provider.load({.label = label,
                   .target = target,
                   .keep_encoding = true,
                   .max_body = options.response_limit,
                   .read = std::move(read)},
                  std::move(request), std::move(done));
  };
}

}  // namespace wx::drop_in
