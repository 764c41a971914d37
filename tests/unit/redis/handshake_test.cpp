#include "redis/handshake.hpp"

#include <gtest/gtest.h>

#include "reply_text.hpp"

namespace wx::redis {
namespace {

using Progress = Handshake::Progress;

constexpr std::string_view kHello = "%2\r\n+server\r\n+redis\r\n+version\r\n+7.0.15\r\n";

// Plays the server: passes the replies in turn and returns the last verdict.
struct Played {
  std::string asked;
  Progress verdict = Progress::more;
  std::string refusal;
  std::string version;
  RetryDelay patience = RetryDelay::soon;
};

Played play(std::string_view url, const std::vector<std::string_view>& replies) {
  const Url parsed = parse_url(url).value();
  Handshake handshake(parsed.credentials, parsed.database);
  Played out;
  handshake.append_to(out.asked);
  for (const auto reply : replies) {
    const test::OneReply made(reply);
    out.verdict = handshake.on_reply(*made);
    if (out.verdict != Progress::more) break;
  }
  out.refusal = handshake.refusal();
  out.version = handshake.version();
  out.patience = handshake.retry_delay();
  return out;
}

TEST(Handshake, GreetsAndIsReady) {
  const Played played = play("redis://cache", {kHello, "+OK\r\n", "+OK\r\n", "+PONG\r\n"});
  EXPECT_EQ(played.verdict, Progress::ready);
  EXPECT_EQ(played.version, "7.0.15");
  EXPECT_TRUE(played.asked.starts_with("*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n*3\r\n$6\r\nCLIENT")) << played.asked;
  EXPECT_EQ(played.asked.find("SELECT"), std::string::npos);
  EXPECT_EQ(played.asked.find("AUTH"), std::string::npos);
}

TEST(Handshake, SendsUserAndPasswordWithHello) {
  EXPECT_TRUE(
      play("redis://:secret@cache", {})
          .asked.starts_with("*5\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$7\r\ndefault\r\n$6\r\nsecret\r\n"));
  EXPECT_NE(play("redis://app:secret@cache", {}).asked.find("$3\r\napp\r\n$6\r\nsecret\r\n"), std::string::npos);
}

TEST(Handshake, SelectsANamedDatabase) {
  const Played played = play("redis://cache/3", {kHello, "+OK\r\n", "+OK\r\n", "+OK\r\n", "+PONG\r\n"});
  EXPECT_EQ(played.verdict, Progress::ready);
  EXPECT_NE(played.asked.find("$6\r\nSELECT\r\n$1\r\n3\r\n"), std::string::npos);
  const Played refused = play("redis://cache/99", {kHello, "-ERR DB index is out of range\r\n"});
  EXPECT_EQ(refused.verdict, Progress::refused);
  EXPECT_EQ(refused.refusal, "Redis refused database 99: ERR DB index is out of range");
}

TEST(Handshake, TakesNoOffenceAtRefusedCourtesies) {
  EXPECT_EQ(play("redis://cache", {kHello, "-ERR unknown subcommand\r\n", "-NOPERM no\r\n", "-NOPERM no\r\n"}).verdict,
            Progress::ready);
}

TEST(Handshake, SaysThatThePasswordIsWrongWithoutShowingIt) {
  const Played played =
      play("redis://app:hunter2@cache", {"-WRONGPASS invalid username-password pair or user is disabled.\r\n"});
  EXPECT_EQ(played.verdict, Progress::refused);
  EXPECT_EQ(played.patience, RetryDelay::slow);
  EXPECT_NE(played.refusal.find("WRONGPASS"), std::string::npos);
  EXPECT_EQ(played.refusal.find("hunter2"), std::string::npos);
}

TEST(Handshake, SaysThatAPasswordIsWanted) {
  const Played played =
      play("redis://cache", {"-NOAUTH HELLO must be called with the client already authenticated\r\n"});
  EXPECT_EQ(played.verdict, Progress::refused);
  EXPECT_NE(played.refusal.find("NOAUTH"), std::string::npos);
}

TEST(Handshake, LeavesAServerWithoutResp3Alone) {
  for (const std::string_view reply :
       {"-ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, `default`, `hunter2`, \r\n",
        "-NOPROTO unsupported protocol version\r\n", "*2\r\n+server\r\n+redis\r\n"}) {
    const Played played = play("redis://:hunter2@cache", {reply});
    EXPECT_EQ(played.verdict, Progress::refused);
    EXPECT_EQ(played.patience, RetryDelay::slow);
    EXPECT_NE(played.refusal.find("RESP3"), std::string::npos);
    EXPECT_EQ(played.refusal.find("hunter2"), std::string::npos);
  }
}

TEST(Handshake, NeverRepeatsAServerThatRepeatsThePassword) {
  EXPECT_EQ(play("redis://:hunter2@cache", {"-ODD you said hunter2\r\n"}).refusal, "Redis refused the connection: ODD");
  EXPECT_EQ(play("redis://:correcthorsebattery@cache", {"-ODD you said 'correcthorse'\r\n"}).refusal,
            "Redis refused the connection: ODD")
      << "a server that cuts what it repeats";
  EXPECT_EQ(play("redis://:hunter2@cache", {"-hunter2\r\n"}).refusal, "Redis refused the connection: (not shown)");
}

TEST(Handshake, ComesBackSoonToAServerThatIsNotReady) {
  const Played loading = play("redis://cache", {kHello, "+OK\r\n", "+OK\r\n", "-LOADING Redis is loading\r\n"});
  EXPECT_EQ(loading.verdict, Progress::refused);
  EXPECT_EQ(loading.patience, RetryDelay::soon);
  EXPECT_EQ(play("redis://cache", {kHello, "+OK\r\n", "+OK\r\n", "-MASTERDOWN Link is down\r\n"}).patience,
            RetryDelay::soon);
  EXPECT_EQ(play("redis://cache", {"-ERR max number of clients reached\r\n"}).patience, RetryDelay::soon);
}

}  // namespace
}  // namespace wx::redis
