#include "files.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <sstream>

#include "errors.hpp"

namespace front {
namespace {

// Position of the extension's dot in the file name, or npos.
std::size_t extension_at(const std::string& path) {
  auto slash = path.rfind('/');
  auto name = slash == std::string::npos ? 0 : slash + 1;
  auto dot = path.rfind('.');
  return dot != std::string::npos && dot > name ? dot : std::string::npos;
}

// Paths may hold commas, so a list is a list only if the count fits.
std::vector<std::string> comma_list(const std::string& path, int count) {
  std::vector<std::string> pieces;
  std::istringstream stream(path);
  for (std::string piece; std::getline(stream, piece, ',');)
    pieces.push_back(piece);
  if (count < 2 || pieces.size() != static_cast<std::size_t>(count)) return {};
  return pieces;
}

std::string chain_file(const std::string& path, unsigned id) {
  return with_suffix(path, "_" + std::to_string(id));
}

}  // namespace

std::string with_suffix(const std::string& path, const std::string& suffix) {
  auto dot = extension_at(path);
  if (dot == std::string::npos) return path + suffix;
  return path.substr(0, dot) + suffix + path.substr(dot);
}

std::string with_ending(const std::string& path, const std::string& ending) {
  return path.substr(0, extension_at(path)) + ending;
}

bool file_exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

std::vector<std::string> output_per_chain(const std::string& path,
                                          unsigned first_id, int count) {
  if (count == 1) return {path};
  auto files = comma_list(path, count);
  if (files.empty())
    for (int i = 0; i < count; ++i)
      files.push_back(chain_file(path, first_id + i));
  return files;
}

std::vector<std::string> input_per_chain(const std::string& path,
                                         unsigned first_id, int count,
                                         const std::string& role) {
  if (count == 1) {
    // A single chain started by hand may still use the file of its id.
    bool use_id = !file_exists(path) && file_exists(chain_file(path, first_id));
    return {use_id ? chain_file(path, first_id) : path};
  }
  auto files = comma_list(path, count);
  if (!files.empty()) return files;
  if (!file_exists(chain_file(path, first_id)))
    return std::vector<std::string>(count, path);
  for (int i = 0; i < count; ++i) {
    files.push_back(chain_file(path, first_id + i));
    if (!file_exists(files.back()))
      throw MissingInput("cannot find " + role + " file \"" + files.back()
                         + "\", though \"" + files.front() + "\" exists.");
  }
  return files;
}

void FileClaims::input(const std::string& path, const std::string& role) {
  add(path, role, false);
}

void FileClaims::output(const std::string& path, const std::string& role) {
  add(path, role, true);
}

void FileClaims::add(const std::string& path, const std::string& role,
                     bool is_output) {
  if (path.empty()) return;
  std::string identity;
  struct stat info;
  if (stat(path.c_str(), &info) == 0) {
    // Devices (/dev/null) may be used as often as one likes.
    if (!S_ISREG(info.st_mode)) return;
    identity = std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
  } else {
    std::error_code ignored;
    identity = std::filesystem::weakly_canonical(path, ignored).string();
    if (identity.empty()) identity = path;
  }
  for (const Claim& other : claims_)
    if (other.identity == identity && (is_output || other.is_output))
      throw UsageError("the " + role + " \"" + path + "\" is also the "
                       + other.role + "; nothing was written.");
  claims_.push_back({identity, role, is_output});
}

}  // namespace front
