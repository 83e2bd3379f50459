// How the model was compiled. Force-included into the one translation unit that
// is compiled per model, so that "info" tells what is true of this executable
// and not of the front it is linked with.
#ifndef PARTIALPOOL_FRONT_BUILD_RECORD_HPP
#define PARTIALPOOL_FRONT_BUILD_RECORD_HPP

struct BuildRecord {
  bool threads, no_range_checks, cpp_optims;
  const char* compiler;
};

extern const BuildRecord model_build_record;

#endif
