/* What a snip on the host may use, written from the names that nengo-loihi's template uses. */
#ifndef VIRTUAL_NXSDKHOST_H
#define VIRTUAL_NXSDKHOST_H

#include <atomic>
#include <stdint.h>

class ConcurrentHostSnip {
  public:
    virtual ~ConcurrentHostSnip() {}
    virtual void run(std::atomic_bool &end_of_execution) = 0;
};

void readChannel(const char *name, void *packets, int n_packets);
void writeChannel(const char *name, const void *packets, int n_packets);
bool probeChannel(const char *name); /* whether a packet waits */

#define REGISTER_SNIP(snip, base) \
    extern "C" base *virtual_make_snip() { return new snip(); }

#endif
