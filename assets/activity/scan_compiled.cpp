// The compiled half of a scan: the same contract as scan_glance.py, one call a block.
//
// Bytes in; out come the places of the lines that are not ordinary. A line is ordinary where
// simdjson takes every byte of it, it has the five fields of today's schema in their types, and no
// selection asks for its event: it is counted here by type, and forgotten. Whatever else a line is,
// it is handed back, and assets/activity/lines.py says what it holds. The other half, made of wheels
// alone, takes the same lines for ordinary: what one of them decides otherwise is a fault.

#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>
#include <unordered_set>

#include "simdjson.h"

namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr size_t kLineBytes = 1 << 20;   // longer lines are left to the careful path
constexpr size_t kUsualBytes = 1 << 17;  // buffers made at once: growing them costs page faults
constexpr size_t kKinds = 256;           // types told apart; any more are handed back
constexpr size_t kKindBytes = 60;
constexpr size_t kMomentBytes = 20;      // 2025-01-01T15:00:00Z
constexpr uint64_t kGolden64 = 0x9E3779B97F4A7C15ull;  // as in scan_selection.py

struct Kind {
  char name[kKindBytes];
  size_t length;
  uint64_t count;
};

struct Glance {
  std::unordered_set<int64_t> tracked;
  uint64_t panel_one_in = 0;
  simdjson::dom::parser parser{kLineBytes};
  Kind kinds[kKinds];
  size_t kind_count = 0;
  char first[kMomentBytes];
  char last[kMomentBytes];
  bool has_moments = false;
};

bool in_panel(int64_t actor, uint64_t one_in) {
  if (one_in == 0) return false;
  uint64_t mixed = static_cast<uint64_t>(actor) * kGolden64;
  mixed ^= mixed >> 32;
  mixed = (mixed * kGolden64) >> 32;
  // mixed * one_in < 2^32, without overflow
  return mixed == 0 || one_in <= 0xFFFFFFFFull / mixed;
}

int number(const char* digits, int count) {
  int value = 0;
  for (int at = 0; at < count; at++) {
    if (digits[at] < '0' || digits[at] > '9') return -1;
    value = value * 10 + (digits[at] - '0');
  }
  return value;
}

// A time as the archive writes it, in the calendar. Any other form is the careful path's.
bool is_moment(std::string_view text) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (text.size() != kMomentBytes) return false;
  const char* s = text.data();
  if (s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' || s[19] != 'Z')
    return false;
  const int year = number(s, 4), month = number(s + 5, 2), day = number(s + 8, 2);
  const int hour = number(s + 11, 2), minute = number(s + 14, 2), second = number(s + 17, 2);
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (day > kDays[month - 1] + (month == 2 && is_leap ? 1 : 0)) return false;
  return hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60;
}

Kind* kind_of(Glance& glance, std::string_view name) {
  for (size_t at = 0; at < glance.kind_count; at++) {
    Kind& known = glance.kinds[at];
    if (known.length == name.size() && std::memcmp(known.name, name.data(), name.size()) == 0)
      return &known;
  }
  if (glance.kind_count == kKinds || name.empty() || name.size() > kKindBytes) return nullptr;
  for (char each : name)
    if (static_cast<unsigned char>(each) >= 0x80) return nullptr;
  Kind& made = glance.kinds[glance.kind_count++];
  std::memcpy(made.name, name.data(), name.size());
  made.length = name.size();
  made.count = 0;
  return &made;
}

bool is_id(int64_t id) { return id >= 0; }

// Whether a line is ordinary; if so it is counted. `size` bytes of `data` may be read in all.
bool take(Glance& glance, const char* data, size_t size, size_t start, size_t stop) {
  if (start == stop || data[start] != '{') return false;
  // The parser reads a little beyond the line; at the end of the block it works on a copy.
  const bool needs_copy = stop + simdjson::SIMDJSON_PADDING > size;
  element document;
  object event;
  std::string_view kind, event_id, created_at;
  int64_t actor_id, repo_id;
  if (glance.parser.parse(data + start, stop - start, needs_copy).get(document) ||
      document.get_object().get(event) || event["type"].get_string().get(kind) ||
      event["id"].get_string().get(event_id) ||
      event["created_at"].get_string().get(created_at) ||
      event["actor"]["id"].get_int64().get(actor_id) ||
      event["repo"]["id"].get_int64().get(repo_id))
    return false;
  if (event_id.empty() || !is_id(actor_id) || !is_id(repo_id) || glance.tracked.count(repo_id) ||
      in_panel(actor_id, glance.panel_one_in) || !is_moment(created_at))
    return false;
  Kind* counted = kind_of(glance, kind);
  if (counted == nullptr) return false;
  counted->count++;
  if (!glance.has_moments || std::memcmp(created_at.data(), glance.first, kMomentBytes) < 0)
    std::memcpy(glance.first, created_at.data(), kMomentBytes);
  if (!glance.has_moments || std::memcmp(created_at.data(), glance.last, kMomentBytes) > 0)
    std::memcpy(glance.last, created_at.data(), kMomentBytes);
  glance.has_moments = true;
  return true;
}

}  // namespace

extern "C" {

// Null where there is not the memory.
void* glance_new(const int64_t* tracked, size_t count, uint64_t panel_one_in) noexcept {
  Glance* made = new (std::nothrow) Glance;
  if (made == nullptr) return nullptr;
  try {
    made->tracked.reserve(count);
    made->tracked.insert(tracked, tracked + count);
  } catch (const std::bad_alloc&) {
    delete made;
    return nullptr;
  }
  made->panel_one_in = panel_one_in;
  if (made->parser.allocate(kUsualBytes)) {
    delete made;
    return nullptr;
  }
  return made;
}

void glance_free(void* glance) noexcept { delete static_cast<Glance*>(glance); }

// Sorts the lines of data[*at, stop) until `room` places are found or all are done. Writes start
// and stop of each line that is not ordinary into `others`, moves `*at` on, returns their number.
// Done when `*at` is beyond `stop`.
size_t glance_lines(void* handle, const char* data, size_t size, size_t* at, size_t stop,
                    size_t* others, size_t room) noexcept {
  Glance& glance = *static_cast<Glance*>(handle);
  size_t found = 0, start = *at;
  while (start <= stop && found < room) {
    const void* newline = std::memchr(data + start, '\n', stop - start);
    const size_t end = newline ? static_cast<size_t>(static_cast<const char*>(newline) - data) : stop;
    if (!take(glance, data, size, start, end)) {
      others[2 * found] = start;
      others[2 * found + 1] = end;
      found++;
    }
    start = end + 1;
  }
  *at = start;
  return found;
}

// Name and count of the type of a number, from 0 on; false beyond the last.
bool glance_kind(const void* handle, size_t at, char* name, size_t* length,
                 uint64_t* count) noexcept {
  const Glance& glance = *static_cast<const Glance*>(handle);
  if (at >= glance.kind_count) return false;
  std::memcpy(name, glance.kinds[at].name, glance.kinds[at].length);
  *length = glance.kinds[at].length;
  *count = glance.kinds[at].count;
  return true;
}

// The earliest and latest time of ordinary events; false where there is none.
bool glance_moments(const void* handle, char* first, char* last) noexcept {
  const Glance& glance = *static_cast<const Glance*>(handle);
  if (!glance.has_moments) return false;
  std::memcpy(first, glance.first, kMomentBytes);
  std::memcpy(last, glance.last, kMomentBytes);
  return true;
}

}  // extern "C"
