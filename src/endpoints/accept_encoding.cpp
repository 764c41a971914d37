#include "endpoints/accept_encoding.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "endpoints/quality.hpp"

namespace wx::endpoints {
namespace {

// The weights that a field gives to the codings; negative: it does not name them.
struct Weights {
  int gzip = -1;
  int brotli = -1;
  int any = -1;
  int identity = -1;

  explicit Weights(std::string_view rest) {
    while (!rest.empty()) {
      const auto coding = cut_weighted(rest);
      if (iequals(coding.value, "gzip") || iequals(coding.value, "x-gzip")) gzip = coding.weight;
      if (iequals(coding.value, "br")) brotli = coding.weight;
      if (iequals(coding.value, "identity")) identity = coding.weight;
      if (coding.value == "*") any = coding.weight;
    }
  }
  [[nodiscard]] int of(int named) const { return named >= 0 ? named : std::max(any, 0); }
};

}  // namespace

Encoding choose_encoding(std::optional<std::string_view> accept_encoding) {
  const Weights weights(accept_encoding.value_or(""));
  const int best = std::max({weights.of(weights.gzip), weights.of(weights.brotli), weights.identity});
  if (best <= 0) return Encoding::identity;
  if (weights.of(weights.brotli) == best) return Encoding::brotli;
  return weights.of(weights.gzip) == best ? Encoding::gzip : Encoding::identity;
}

bool accepts_gzip(std::optional<std::string_view> accept_encoding) {
  const Weights weights(accept_encoding.value_or(""));
  const int gzip = weights.of(weights.gzip);
  return gzip > 0 && gzip >= weights.identity;
}

}  // namespace wx::endpoints
