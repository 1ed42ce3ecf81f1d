/* The host's snip, fed with messages of which most are malformed: host SEED COUNT < message

   Built with nengo_host.cpp, whose calls of the system are renamed to those below. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "nxsdkhost.h"

#define PACKET 64
#define MOST 8192

extern "C" ConcurrentHostSnip *virtual_make_snip();

static char message[MOST];
static int length, position, n_packets, n_answers;

extern "C" {
int fuzz_socket(int, int, int) noexcept { return 3; }
int fuzz_setsockopt(int, int, int, const void *, socklen_t) noexcept { return 0; }
int fuzz_bind(int, const struct sockaddr *, socklen_t) noexcept { return 0; }
int fuzz_listen(int, int) noexcept { return 0; }
int fuzz_accept(int, struct sockaddr *, socklen_t *) { return 4; }
int fuzz_close(int) { return 0; }
int fuzz_usleep(useconds_t) { return 0; }

ssize_t fuzz_recv(int, void *to, size_t most, int) {
    int n = rand() % 300 + 1; /* as TCP does, in pieces of any size */
    n = n < length - position ? n : length - position;
    n = n < (int)most ? n : (int)most;
    memcpy(to, &message[position], (size_t)n);
    position += n;
    return n;
}

ssize_t fuzz_write(int, const void *from, size_t n) {
    volatile char sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum = (char)(sum ^ ((const char *)from)[i]);
    }
    n_answers++;
    return (ssize_t)n;
}
}

void readChannel(const char *, void *packets, int n) {
    memset(packets, 0, (size_t)n * PACKET * sizeof(int32_t));
    *(int32_t *)packets = rand() % 50 ? 1 : -1;
}

void writeChannel(const char *, const void *packets, int n) {
    volatile int32_t sum = 0;
    for (int i = 0; i < n * PACKET; i++) {
        sum ^= ((const int32_t *)packets)[i];
    }
    n_packets++;
}

bool probeChannel(const char *) { return true; }

int main(int, char **argv) {
    static char right[MOST];
    int count = atoi(argv[2]);
    srand((unsigned)atoi(argv[1]));
    int n_right = (int)fread(right, 1, MOST / 8, stdin);
    for (int k = 0; k < count; k++) {
        length = 0;
        for (int j = rand() % 6; j >= 0; j--) {
            memcpy(&message[length], right, (size_t)n_right);
            length += n_right;
        }
        for (int j = rand() % 4; j >= 0; j--) {
            int at = rand() % (length / 4) * 4;
            int32_t word = rand() % 3 == 0 ? -rand() % 5 : rand() % 3 == 0 ? rand() : rand() % 200;
            switch (rand() % 3) {
            case 0: memcpy(&message[at], &word, 4); break;
            case 1: message[rand() % length] ^= (char)(1 << rand() % 8); break;
            default: length = length > 8 ? 4 + rand() % (length - 4) : length; break;
            }
        }
        position = 0;
        std::atomic_bool end(false);
        ConcurrentHostSnip *snip = virtual_make_snip();
        snip->run(end);
        delete snip;
    }
    fprintf(stderr, "%d streams, %d packets to chips, %d answers\n", count, n_packets, n_answers);
    return 0;
}
