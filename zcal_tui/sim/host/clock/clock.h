// What the virtual clock offers to the hooks of the C library's calls: see flow.c.
#ifndef ZCAL_CLOCK_H
#define ZCAL_CLOCK_H

#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))
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

// Attach to the page behind `memfd`; the calling thread becomes a participant. All fail with -1.
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

// The number of a micro-controller's port; -1 for any other descriptor.
int zc_port_of(int fd);

// Bytes that the host wrote to or read from a port.
void zc_host_sent(int port, int64_t count);
void zc_host_read(int port, int64_t count);

static inline int64_t
nanoseconds(const struct timespec *ts)
{
    return ts->tv_sec * SECOND + ts->tv_nsec;
}

static inline struct timespec
timespec_of(int64_t t)
{
    return (struct timespec){ .tv_sec = t / SECOND, .tv_nsec = t % SECOND };
}

static inline int
is_virtual(clockid_t id)
{
    return id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_RAW || id == CLOCK_MONOTONIC_COARSE
           || id == CLOCK_BOOTTIME;
}

static inline int64_t
deadline_after(int64_t duration)
{
    int64_t now = zc_peek();
    return duration > NEVER - now ? NEVER : now + duration;
}

#endif
