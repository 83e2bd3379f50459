// Paths: one file per chain, and no output over another file of the run.
#ifndef PARTIALPOOL_FRONT_FILES_HPP
#define PARTIALPOOL_FRONT_FILES_HPP

#include <string>
#include <vector>

namespace front {

// "dir/fit.csv", "_2" -> "dir/fit_2.csv"; appended when there is no extension.
std::string with_suffix(const std::string& path, const std::string& suffix);

// "dir/fit.csv", "_config.json" -> "dir/fit_config.json".
std::string with_ending(const std::string& path, const std::string& ending);

// The output files of `count` chains: the path itself for one chain, a comma
// list of exactly `count` pieces as given, else one file per chain id.
std::vector<std::string> output_per_chain(const std::string& path,
                                          unsigned first_id, int count);

// The same for input files. Files named after the chain id win over one file
// for all; a gap among them is an error.
std::vector<std::string> input_per_chain(const std::string& path,
                                         unsigned first_id, int count,
                                         const std::string& role);

bool file_exists(const std::string& path);

// Remembers the files of a run and refuses an output that is also something
// else. All outputs are to be claimed before the first is opened.
class FileClaims {
 public:
  void input(const std::string& path, const std::string& role);
  void output(const std::string& path, const std::string& role);

 private:
  struct Claim {
    std::string identity, role;
    bool is_output;
  };
  void add(const std::string& path, const std::string& role, bool is_output);
  std::vector<Claim> claims_;
};

}  // namespace front
#endif
