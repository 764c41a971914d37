// The files of process_environment(), of every kind that a path may lead to.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "config/config.hpp"
#include "support/temp_dir.hpp"

namespace wx::config {
namespace {

const Environment kProcess = process_environment();

TEST(ProcessEnvironment, ReadsAWholeFile) {
  const test::TempDir dir;
  const auto path = dir.write("secret", "a\nb");
  EXPECT_EQ(kProcess.file(path), "a\nb");
  EXPECT_EQ(kProcess.regular_file(path), "a\nb");
  const std::string long_one(100'000, 'x');
  EXPECT_EQ(kProcess.regular_file(dir.write("long", long_one)), long_one);
  EXPECT_EQ(kProcess.regular_file(dir.write("empty", "")), "");
}

TEST(ProcessEnvironment, ReadsNoMoreThanAPartOfAnEndlessFile) {
  EXPECT_EQ(kProcess.file("/dev/zero").value().size(), kMostRead);
  const test::TempDir dir;
  const auto path = dir.write("huge", "");
  std::filesystem::resize_file(path, 1ULL << 40);  // sparse: a tebibyte
  EXPECT_EQ(kProcess.regular_file(path).value().size(), kMostRead);
}

TEST(ProcessEnvironment, AFileThatIsGoneOrADirectoryCannotBeRead) {
  const test::TempDir dir;
  for (const auto& path : {dir.file("gone"), dir.path().string()}) {
    EXPECT_EQ(kProcess.file(path), std::nullopt) << path;
    EXPECT_EQ(kProcess.regular_file(path), std::nullopt) << path;
  }
}

TEST(ProcessEnvironment, ARegularFileIsReadWithoutWaiting) {
  const test::TempDir dir;
  const auto fifo = dir.file("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(kProcess.regular_file(fifo), std::nullopt) << "it has no writer, so opening it would wait";
  EXPECT_EQ(kProcess.regular_file("/dev/zero"), std::nullopt);
}

}  // namespace
}  // namespace wx::config
