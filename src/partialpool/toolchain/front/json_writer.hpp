// Structured output (metric, Hessian, path logs) as a JSON file.
#ifndef PARTIALPOOL_FRONT_JSON_WRITER_HPP
#define PARTIALPOOL_FRONT_JSON_WRITER_HPP

#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <memory>
#include <stan/callbacks/json_writer.hpp>
#include <string>

#include "errors.hpp"
#include "interrupt.hpp"

namespace front {

// Reports at the end what the stream could not take: services do not look.
struct CloseAndCheck {
  std::string path;
  void operator()(std::ofstream* stream) const {
    stream->close();
    if (!*stream) record_write_failure("cannot write \"" + path + "\"");
    delete stream;
  }
};

using JsonWriter = stan::callbacks::json_writer<std::ofstream, CloseAndCheck>;

inline JsonWriter open_json(const std::string& path) {
  std::unique_ptr<std::ofstream, CloseAndCheck> stream(
      new std::ofstream(path, std::ios::trunc), CloseAndCheck{path});
  if (!*stream)
    throw IoError("cannot write \"" + path + "\": " + std::strerror(errno));
  stream->precision(std::numeric_limits<double>::max_digits10);
  return JsonWriter(std::move(stream));
}

}  // namespace front
#endif
