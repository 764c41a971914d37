// Fills the drawing of a read's stops. Private to this room.
//
// Thread-safety: a pure function.
#pragma once

#include "pages/page.hpp"
#include "pages/template.hpp"

namespace wx::pages {

// The stops of the result or of the error, or of no read, and the sentences below them.
void add_drawing(Values& values, const PageModel& model);

}  // namespace wx::pages
