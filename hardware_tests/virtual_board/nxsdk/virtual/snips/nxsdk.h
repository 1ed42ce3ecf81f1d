/* What a snip on a chip may use, written from the names that nengo-loihi's templates use. */
#ifndef VIRTUAL_NXSDK_H
#define VIRTUAL_NXSDK_H

#include <stdint.h>
#include <stdio.h>

#define VIRTUAL_USER_DATA 4096
#define VIRTUAL_COMPARTMENTS 1024

typedef struct {
    int32_t time_step;
    int32_t total_steps;
    int32_t userData[VIRTUAL_USER_DATA];
} runState;

typedef struct {
    int32_t id;
} CoreId;

typedef struct {
    int32_t U;
    int32_t V;
} CxState;

typedef struct {
    uint8_t Yspike0, Yspike1, Yspike2;
    uint8_t Yepoch0, Yepoch1, Yepoch2;
    uint8_t Tspike, TraceProfile, StdpProfile;
} PostTraceEntry;

/* in memory that the chip's arithmetic shares */
typedef struct {
    CxState cx_state[VIRTUAL_COMPARTMENTS];
    PostTraceEntry stdp_post_state[VIRTUAL_COMPARTMENTS];
} NeuronCore;

NeuronCore *virtual_neuron_core(CoreId core);
#define NEURON_PTR(core) virtual_neuron_core(core)

int getChannelID(const char *name); /* -1: there is none */
void readChannel(int channel, void *packets, int n_packets);
void writeChannel(int channel, const void *packets, int n_packets);

void nx_send_discrete_spike(int32_t time, CoreId core, int32_t axon);
void nx_send_pop16_spike(int32_t time, CoreId core, int32_t axon, int32_t atom,
                         int32_t atom_bits);
void nx_send_pop32_spike(int32_t time, CoreId core, int32_t axon, int32_t atom, int32_t a,
                         int32_t b, int32_t c);

#endif
