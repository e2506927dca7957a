/* Places where a test lets a process die. In a test build, a process that passes a point takes the
 * file of that name from the folder PROVISION_FAULTS names, if it is there, and is killed; if the
 * name has ".stop" behind, it stands still until the test continues it; ".hold", the thread alone
 * stands still until the test removes what the file is renamed to, ".held". In any other build a
 * point is nothing. */
#ifndef PROV_BASE_FAULT_H
#define PROV_BASE_FAULT_H

#ifdef PROV_TEST
void prov_fault_point(const char *name);
/* This process meets the signal when it passes the point for the nth time. */
void prov_fault_at(const char *name, int nth, int signal);
#else
#define prov_fault_point(name) ((void)0)
#endif

#endif
