/* Runs the snips of one chip, phase by phase, as it is asked to on a socket.

   chip_runner CONTROL MEMORY core=ID… channel=NAME=FD:BYTES… snip=PHASE:FUNCTION:GUARD:PATH…

   A request is three int32: phase, step, last step of the run. The answer is how many spikes the
   snips sent, then five int32 each: kind, core, axon, atom, bits of the atom. */

#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include "channels.h"
#include "nxsdk.h"

#define MOST_SNIPS 16
#define MOST_CORES 128

typedef struct {
    int phase;
    void (*run)(runState *);
    int (*guard)(runState *);
} Snip;

static Snip snips[MOST_SNIPS];
static int n_snips = 0;
static int32_t core_ids[MOST_CORES];
static int n_cores = 0;
static NeuronCore *cores = NULL;
static int32_t *sent = NULL; /* count, then the spikes */
static size_t room = 0;      /* in spikes */

NeuronCore *virtual_neuron_core(CoreId core) {
    for (int i = 0; i < n_cores; i++) {
        if (core_ids[i] == core.id) {
            return &cores[i];
        }
    }
    fprintf(stderr, "a snip asks for core %d, which is not used\n", core.id);
    exit(EXIT_ASKED_WRONG);
}

int getChannelID(const char *name) { return find_channel(name); }

void readChannel(int channel, void *packets, int n) { receive_packets(channel, packets, n); }

void writeChannel(int channel, const void *packets, int n) { send_packets(channel, packets, n); }

static void send_spike(int32_t kind, CoreId core, int32_t axon, int32_t atom, int32_t bits) {
    if ((size_t)sent[0] == room) {
        room = 2 * room + 64;
        sent = (int32_t *)realloc(sent, (1 + 5 * room) * sizeof(int32_t));
        if (sent == NULL) {
            exit(EXIT_ASKED_WRONG);
        }
    }
    int32_t *spike = &sent[1 + 5 * sent[0]];
    spike[0] = kind;
    spike[1] = core.id;
    spike[2] = axon;
    spike[3] = atom;
    spike[4] = bits;
    sent[0]++;
}

void nx_send_discrete_spike(int32_t time, CoreId core, int32_t axon) {
    (void)time;
    send_spike(0, core, axon, 0, 0);
}

void nx_send_pop16_spike(int32_t time, CoreId core, int32_t axon, int32_t atom, int32_t bits) {
    (void)time;
    send_spike(16, core, axon, atom, bits);
}

void nx_send_pop32_spike(int32_t time, CoreId core, int32_t axon, int32_t atom, int32_t a,
                         int32_t b, int32_t c) {
    (void)time, (void)a, (void)b, (void)c;
    send_spike(32, core, axon, atom, 0);
}

static void add_snip(char *given) {
    char function[64], guard[64];
    int at = 0;
    Snip *snip = &snips[n_snips];
    if (n_snips == MOST_SNIPS ||
        sscanf(given, "%d:%63[^:]:%63[^:]:%n", &snip->phase, function, guard, &at) < 3) {
        fprintf(stderr, "no snip: %s\n", given);
        exit(EXIT_ASKED_WRONG);
    }
    void *library = dlopen(given + at, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(EXIT_ASKED_WRONG);
    }
    *(void **)&snip->run = dlsym(library, function);
    *(void **)&snip->guard = dlsym(library, guard);
    if (snip->run == NULL || snip->guard == NULL) {
        fprintf(stderr, "%s has no %s or %s\n", given + at, function, guard);
        exit(EXIT_ASKED_WRONG);
    }
    n_snips++;
}

static int transfer(int fd, void *data, size_t size, int out) {
    char *at = (char *)data;
    while (size > 0) {
        ssize_t n = out ? send(fd, at, size, MSG_NOSIGNAL) : recv(fd, at, size, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return 0;
        }
        at += n;
        size -= (size_t)n;
    }
    return 1;
}

int main(int argc, char **argv) {
    int control = atoi(argv[1]), memory = atoi(argv[2]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 3; i < argc; i++) {
        if (strncmp(argv[i], "core=", 5) == 0 && n_cores < MOST_CORES) {
            core_ids[n_cores++] = atoi(argv[i] + 5);
        } else if (strncmp(argv[i], "channel=", 8) == 0) {
            add_channel(argv[i] + 8);
        } else if (strncmp(argv[i], "snip=", 5) == 0) {
            add_snip(argv[i] + 5);
        } else {
            fprintf(stderr, "what is %s?\n", argv[i]);
            return EXIT_ASKED_WRONG;
        }
    }
    void *shared = mmap(NULL, (size_t)n_cores * sizeof(NeuronCore), PROT_READ | PROT_WRITE,
                        MAP_SHARED, memory, 0);
    sent = (int32_t *)calloc(1, sizeof(int32_t));
    runState *state = (runState *)calloc(1, sizeof(runState));
    if (shared == MAP_FAILED || sent == NULL || state == NULL) {
        return EXIT_ASKED_WRONG;
    }
    cores = (NeuronCore *)shared;

    int32_t request[3];
    while (transfer(control, request, sizeof request, 0)) {
        state->time_step = request[1];
        state->total_steps = request[2];
        sent[0] = 0;
        for (int i = 0; i < n_snips; i++) {
            if (snips[i].phase == request[0] && snips[i].guard(state)) {
                snips[i].run(state);
            }
        }
        if (!transfer(control, sent, (1 + 5 * (size_t)sent[0]) * sizeof(int32_t), 1)) {
            break;
        }
    }
    free(sent);
    free(state);
    return 0;
}
