// Included first by everything that knows Stan's templates, model or front:
// the header worth precompiling.
#include <stan/model/model_header.hpp>
