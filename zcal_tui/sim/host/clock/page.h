// The page of memory that is the clock, and what the files of the clock do to it. Private to them.
#ifndef ZCAL_PAGE_H
#define ZCAL_PAGE_H

#include "clock.h"

#include <pthread.h>

#define SLOTS 128
#define WAKERS 32
#define PORTS 16
#define MAX_FDS 512
#define MAX_LAG (SECOND / 10)     // real time lost to busy threads that may be caught up with later
#define READING 1000              // virtual time that a look at the clock takes
#define SLICE (SECOND / 1000)     // how often a waiter that nobody can wake looks by itself
#define WATCH (SECOND / 50)       // how often the simulator looks whether something is stuck
#define LOST (SECOND / 10)        // bytes that nobody can read after this long were thrown away
#define UNKNOWN -1                // a thread that has no slot yet
#define ENDED -2                  // one that has none any more
#define STALE (10 * SECOND)       // a woken thread that has not run for this long was not woken at all

enum state { FREE, BUSY, IDLE, WOKEN };

struct slot {
    int state, pid, waker, count;
    unsigned polls_ports;         // a bit for each port whose bytes from the micro-controller wake it
    int64_t deadline;             // virtual
    int64_t armed;                // real time at which its own sleep ends
    int64_t woken_at;             // real
    void *address;                // of the semaphore or condition it waits for; only compared
    struct pollfd *fds;           // what it polls; memory of its own process
};

struct traffic {
    int64_t host_sent, host_read, mcu_sent, mcu_read;
};

struct line {
    dev_t port;                   // 0 where there is none
    struct traffic traffic;
};

struct page {
    pthread_mutex_t lock;
    int64_t now;
    int flowing, owner;           // flowing: all are waiting, and `owner` sleeps until `due` (real) for `limit`
    int64_t limit, due;
    double rate;
    int64_t anchor_virtual, anchor_real;
    struct line lines[PORTS];
    struct traffic seen[PORTS];   // the traffic when last it changed,
    int64_t seen_since;           // and when that was (real)
    int simulator;                // its process id
    int wakers[WAKERS], waker_taken[WAKERS];
    struct slot slots[SLOTS];
};

extern struct page *page;
extern int my_pid;
extern __thread int my_slot;

int64_t real_now(void);
void lock(void);
void unlock(void);

// With the lock held:
void stop_flow(void);             // time stops where it has come to
void settle(int me);              // decide what happens next; called by every thread that stops being busy
void kick(struct slot *slot);     // have a thread look again
void mark_woken(struct slot *slot);
void become_idle(struct slot *slot, int64_t deadline);
void become_busy(struct slot *slot);
void free_slot(struct slot *slot);
void need_waker(struct slot *slot);
void give_up(struct traffic *traffic);    // what is on its way is lost

// The slot of this thread; NULL if there is none left. Without the lock.
struct slot *own_slot(void);

// Bytes that were thrown away, threads that were not woken after all: the simulator looks for them now and then.
void look_for_stuck(void);

#endif
