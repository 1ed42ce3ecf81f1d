/* Runs a snip of the host's until it ends.

   host_runner PATH NAME=FD:BYTES… */

#include <dlfcn.h>

#include "channels.h"
#include "nxsdkhost.h"

static int at(const char *name) {
    int i = find_channel(name);
    if (i < 0) {
        fprintf(stderr, "there is no channel %s\n", name);
        exit(EXIT_ASKED_WRONG);
    }
    return i;
}

void readChannel(const char *name, void *packets, int n) { receive_packets(at(name), packets, n); }

void writeChannel(const char *name, const void *packets, int n) {
    send_packets(at(name), packets, n);
}

bool probeChannel(const char *name) { return packet_waits(at(name)); }

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 2; i < argc; i++) {
        add_channel(argv[i]);
    }
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return EXIT_ASKED_WRONG;
    }
    typedef ConcurrentHostSnip *(*Maker)();
    Maker make = reinterpret_cast<Maker>(dlsym(library, "virtual_make_snip"));
    if (make == NULL) {
        fprintf(stderr, "%s registers no snip\n", argv[1]);
        return EXIT_ASKED_WRONG;
    }
    std::atomic_bool end_of_execution(false);
    ConcurrentHostSnip *snip = make(); // which waits for a client
    snip->run(end_of_execution);
    delete snip;
    return 0;
}
