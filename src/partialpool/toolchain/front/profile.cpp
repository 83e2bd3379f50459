#include "profile.hpp"

#include <sstream>
#include <stan/math/rev/core/profiling.hpp>

// Defined by the code stanc generates.
stan::math::profile_map& get_stan_profile_data();

namespace front {

void write_profile(const std::string& path, Session& session) {
  const auto& profiles = get_stan_profile_data();
  if (profiles.empty()) return;
  std::ostringstream csv;
  csv.precision(session.sig_figs);
  csv << "name,thread_id,total_time,forward_time,reverse_time,chain_stack,"
         "no_chain_stack,autodiff_calls,no_autodiff_calls\n";
  for (const auto& [key, profile] : profiles)
    csv << key.first << ',' << key.second << ','
        << profile.get_fwd_time() + profile.get_rev_time() << ','
        << profile.get_fwd_time() << ',' << profile.get_rev_time() << ','
        << profile.get_chain_stack_used() << ','
        << profile.get_nochain_stack_used() << ','
        << profile.get_num_rev_passes() << ','
        << profile.get_num_no_AD_fwd_passes() << '\n';
  try {
    write_file(path, csv.str());
  } catch (const IoError& e) {
    session.console.warn(std::string("Profile not saved: ") + e.what());
  }
}

}  // namespace front
