/* Channels: a socket each, on which a packet is a message. Used by both runners.

   A channel is given as NAME=FD:BYTES, with the size of its packets. */
#ifndef VIRTUAL_CHANNELS_H
#define VIRTUAL_CHANNELS_H

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

#define MOST_CHANNELS 64
#define EXIT_CLOSED 3 /* the other end of a channel is gone */
#define EXIT_ASKED_WRONG 4

typedef struct {
    char name[64];
    int fd;
    size_t packet;
} Channel;

static Channel channels[MOST_CHANNELS];
static int n_channels = 0;

static void add_channel(const char *given) {
    Channel *channel = &channels[n_channels];
    unsigned long packet = 0;
    if (n_channels == MOST_CHANNELS ||
        sscanf(given, "%63[^=]=%d:%lu", channel->name, &channel->fd, &packet) != 3) {
        fprintf(stderr, "no channel: %s\n", given);
        exit(EXIT_ASKED_WRONG);
    }
    channel->packet = packet;
    n_channels++;
}

static int find_channel(const char *name) {
    for (int i = 0; i < n_channels; i++) {
        if (strcmp(channels[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

static Channel *channel_at(int i) {
    if (i < 0 || i >= n_channels) {
        fprintf(stderr, "there is no channel %d\n", i);
        exit(EXIT_ASKED_WRONG);
    }
    return &channels[i];
}

static void receive_packets(int i, void *packets, int n_packets) {
    Channel *channel = channel_at(i);
    char *at = (char *)packets;
    for (int k = 0; k < n_packets; k++, at += channel->packet) {
        ssize_t n;
        do {
            n = recv(channel->fd, at, channel->packet, 0);
        } while (n < 0 && errno == EINTR);
        if (n != (ssize_t)channel->packet) {
            fprintf(stderr, "channel %s is closed\n", channel->name);
            exit(EXIT_CLOSED);
        }
    }
}

static void send_packets(int i, const void *packets, int n_packets) {
    Channel *channel = channel_at(i);
    const char *at = (const char *)packets;
    for (int k = 0; k < n_packets; k++, at += channel->packet) {
        ssize_t n;
        do {
            n = send(channel->fd, at, channel->packet, MSG_NOSIGNAL);
        } while (n < 0 && errno == EINTR);
        if (n != (ssize_t)channel->packet) {
            fprintf(stderr, "channel %s is closed\n", channel->name);
            exit(EXIT_CLOSED);
        }
    }
}

static inline int packet_waits(int i) {
    struct pollfd poller;
    poller.fd = channel_at(i)->fd;
    poller.events = POLLIN;
    return poll(&poller, 1, 0) > 0 && (poller.revents & POLLIN) != 0;
}

#endif
