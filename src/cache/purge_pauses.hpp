// The pauses between the attempts to give Redis a purge that it has not accepted (PurgeDebt, KeyPurges). Each is
// shortened at random by up to a half. An attempt without a connection costs nothing.
#pragma once

#include "base/clock.hpp"

namespace wx::cache {

inline constexpr milliseconds kFirstPurgePause{500};
inline constexpr milliseconds kLongestPurgePause{4000};
// The pause after a lasting refusal: a missing permission, or a replica.
inline constexpr milliseconds kRefusedPurgePause{60'000};

}  // namespace wx::cache
