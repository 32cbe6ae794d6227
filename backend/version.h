/* The version, in the one place that CMake and the code share. */
#ifndef NNA_BACKEND_VERSION_H
#define NNA_BACKEND_VERSION_H

#define NNAC_VERSION "0.1.0"

#endif
