// What the two halves of the virtual clock share: clock.c (the time) and clock_hooks.c (the C library's calls).
#ifndef ZCAL_CLOCK_H
#define ZCAL_CLOCK_H

#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define NEVER INT64_MAX
#define SECOND INT64_C(1000000000)

// The C library's own functions, past any preloaded one.
struct real {
    int (*ppoll)(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *);
    int (*clock_gettime)(clockid_t, struct timespec *);
    ssize_t (*read)(int, void *, size_t);
    ssize_t (*write)(int, const void *, size_t);
};
extern struct real real;
void find_real(void);

int64_t real_clock(clockid_t id);

// Attach to the page behind `memfd`; the calling thread becomes a participant.
int zc_attach(int memfd);
int zc_active(void);

// Virtual nanoseconds: to look at (tick), or to compute with (peek).
int64_t zc_tick(void);
int64_t zc_peek(void);

// poll() in virtual time: returns at the latest at `deadline`.
int zc_wait(struct pollfd *fds, nfds_t count, int64_t deadline, const sigset_t *mask);

// Threads. A slot is taken by the creator, so that a thread counts as busy before its first instruction.
int zc_slot_take(void);
void zc_slot_adopt(int slot);
void zc_slot_release(int slot);

// Waits for another thread. `begin` marks the caller idle unless `try` takes what it waits for; a waker calls
// `wake` before (or, given `post`, together with) the real wake-up, which counts the woken thread as busy at once.
int zc_sync_begin(void *address, int64_t deadline, int (*try)(void *));
int zc_sync_end(void);
int zc_sync_expired(int64_t deadline);
int zc_sync_wake(void *address, int all, int (*post)(void *));

// Bytes that the host wrote to or read from the micro-controller's port.
int zc_is_port(int fd);
void zc_host_sent(int64_t count);
void zc_host_read(int64_t count);

#endif
