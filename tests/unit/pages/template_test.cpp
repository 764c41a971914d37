#include "pages/template.hpp"

#include <gtest/gtest.h>

namespace wx::pages {
namespace {

std::string filled(std::string_view source, const Values& values) {
  std::string out;
  fill(out, source, values);
  return out;
}

TEST(Template, PutsValuesIntoTheirSlots) {
  Values values;
  values.set_text("name", "Ada");
  values.set_html("bold", "<b>!</b>");
  EXPECT_EQ(filled("Hello {{name}}{{bold}}, {{name}}", values), "Hello Ada<b>!</b>, Ada");
  EXPECT_EQ(filled("no slots", values), "no slots");
  EXPECT_EQ(filled("", values), "");
}

TEST(Template, EscapesText) {
  Values values;
  values.set_text("name", "<a href=\"x\">'&'</a>");
  EXPECT_EQ(filled("{{name}}", values), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
}

TEST(Template, DoesNotFillSlotsThatAValueBrings) {
  Values values;
  values.set_text("name", "{{secret}}{{?flag}}");
  values.set_text("secret", "s3cret");
  EXPECT_EQ(filled("[{{name}}]", values), "[{{secret}}{{?flag}}]");
}

TEST(Template, KeepsASectionOnlyIfItsFlagIsSet) {
  Values values;
  values.set_flag("on", true);
  values.set_flag("off", false);
  values.set_text("name", "Ada");
  EXPECT_EQ(filled("a{{?on}}b{{name}}{{/on}}c{{?off}}d{{name}}{{/off}}e{{?unknown}}f{{/unknown}}g", values),
            "abAdaceg");
}

TEST(Template, NestsSections) {
  Values values;
  values.set_flag("a", true);
  values.set_flag("b", false);
  EXPECT_EQ(filled("{{?a}}1{{?b}}2{{/b}}3{{/a}}4", values), "134");
  EXPECT_EQ(filled("{{?b}}1{{?a}}2{{/a}}3{{/b}}4", values), "4");
}

TEST(Template, LeavesWhatItDoesNotKnowToBeNoticed) {
  EXPECT_EQ(filled("a {{nobody}} b", {}), "a {{nobody}} b");
  EXPECT_EQ(filled("a {{ b", {}), "a {{ b");
  EXPECT_EQ(filled("a {{?b}} c", {}), "a ");
}

TEST(Template, AppendsToWhatIsThere) {
  std::string out = "before ";
  fill(out, "after", {});
  EXPECT_EQ(out, "before after");
}

}  // namespace
}  // namespace wx::pages
