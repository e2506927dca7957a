/* Which process is which: a pid alone is reused, a pid with its start time is not. */
#ifndef PROV_BASE_PROCESS_H
#define PROV_BASE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

uint64_t prov_process_started(uint32_t pid); /* the kernel's clock ticks; 0 if it is not there */
bool prov_process_alive(uint32_t pid, uint64_t started);

#endif
