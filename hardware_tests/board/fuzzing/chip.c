/* A chip's snips, fed with messages of which most are malformed: chip SEED COUNT < message

   Built with nengo_io and nengo_learn and sanitizers. A snip that waits for a packet which does not
   come is left there, as a board would be. */

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "nxsdk.h"

#define PACKET 64
#define MOST 4096

int guard_io(runState *s);
void nengo_io(runState *s);
int guard_learn(runState *s);
void nengo_learn(runState *s);
extern int is_shutdown;

static NeuronCore cores[64];
static int32_t message[MOST];
static int length, position, n_spikes, n_written;
static jmp_buf waiting;

NeuronCore *virtual_neuron_core(CoreId core) {
    if (core.id < 0 || core.id >= 64) {
        fprintf(stderr, "core %d\n", core.id);
        abort();
    }
    return &cores[core.id];
}

int getChannelID(const char *name) { return strstr(name, "h2c") != NULL ? 0 : 1; }

void readChannel(int channel, void *packets, int n) {
    int32_t *to = (int32_t *)packets;
    (void)channel;
    if (position >= length) {
        longjmp(waiting, 1);
    }
    for (int i = 0; i < n * PACKET; i++) {
        to[i] = position < length ? message[position] : rand(); /* padding is anything */
        position++;
    }
}

void writeChannel(int channel, const void *packets, int n) {
    (void)channel;
    volatile int32_t sum = 0; /* so that all of it is read */
    for (int i = 0; i < n * PACKET; i++) {
        sum ^= ((const int32_t *)packets)[i];
    }
    n_written++;
}

static void check(CoreId core, int32_t axon, int32_t atom) {
    if (core.id < 0 || core.id >= 64 || axon < 0 || axon >= 4096 || atom < 0) {
        fprintf(stderr, "a spike to core %d, axon %d, atom %d\n", core.id, axon, atom);
        abort();
    }
    n_spikes++;
}

void nx_send_discrete_spike(int32_t t, CoreId core, int32_t axon) {
    (void)t;
    check(core, axon, 0);
}

void nx_send_pop16_spike(int32_t t, CoreId core, int32_t axon, int32_t atom, int32_t bits) {
    (void)t, (void)bits;
    check(core, axon, atom);
}

void nx_send_pop32_spike(int32_t t, CoreId core, int32_t axon, int32_t atom, int32_t a, int32_t b,
                         int32_t c) {
    (void)t, (void)a, (void)b, (void)c;
    check(core, axon, atom);
}

int main(int argc, char **argv) {
    static int32_t right[MOST];
    int count = atoi(argv[2]), refused = 0, waited = 0;
    (void)argc;
    srand((unsigned)atoi(argv[1]));
    int n_right = (int)fread(right, sizeof(int32_t), MOST, stdin);
    for (int k = 0; k < count; k++) {
        runState *state = (runState *)calloc(1, sizeof(runState));
        state->time_step = k % 90 + 1;
        memcpy(message, right, sizeof right);
        length = n_right;
        for (int j = k % 10 == 0 ? -1 : rand() % 4; j >= 0; j--) { /* each tenth is right */
            int at = rand() % n_right;
            switch (rand() % 5) {
            case 0: message[at] = (int32_t)((uint32_t)rand() * 2u + (uint32_t)rand()); break;
            case 1: message[at] ^= 1 << rand() % 31; break;
            case 2: message[at] = -rand() % 5; break;
            case 3: length = at + 1; break;
            default: message[0] = rand() % 2000; break;
            }
        }
        position = 0;
        is_shutdown = 0;
        if (setjmp(waiting) == 0) {
            if (guard_io(state)) {
                nengo_io(state);
            }
            if (!is_shutdown && guard_learn(state)) {
                nengo_learn(state);
            }
        } else {
            waited++;
        }
        refused += is_shutdown;
        free(state);
    }
    fprintf(stderr, "%d messages, %d refused, %d waited for more, %d spikes\n", count, refused,
            waited, n_spikes);
    return 0;
}
