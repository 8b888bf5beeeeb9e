// The virtual clock of the simulated printer.
//
// Time is a page of memory shared by the simulator and klippy. It flows only while every thread of klippy and
// the simulator itself are waiting and no byte is on its way between them; then it flows at `rate` times real
// time, but never past the earliest deadline of any waiting thread. So a thread that computes, waits for a
// processor or a disk, or is stopped, holds time for everybody: a stall of the host cannot be seen from inside.
//
// Every participating thread has a slot that says whether it is busy or idle (waiting), and until when. The
// thread that goes idle last settles what happens next: it lets time jump to the earliest deadline if the pace
// allows, or has the owner of that deadline sleep for the real time it takes. Whoever wakes a thread counts it
// as busy on its behalf, so that there is no moment in which a woken thread looks idle; threads that wait for
// file descriptors are looked at with a zero-timeout poll by the last one of their process to go idle.

#define _GNU_SOURCE
#include "clock.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 128
#define WAKERS 32
#define MAX_FDS 512
#define MAX_LAG (SECOND / 10)     // real time lost to busy threads that may be caught up with later
#define READING 1000              // virtual time that a look at the clock takes
#define SLICE (SECOND / 1000)     // how often a waiter that nobody can wake looks by itself
#define WATCH (SECOND / 50)       // how often the simulator looks whether something is stuck
#define LOST (SECOND / 10)        // bytes that nobody can read after this long were thrown away
#define STALE (10 * SECOND)       // a woken thread that has not run for this long was not woken at all

enum state { FREE, BUSY, IDLE, WOKEN };

struct slot {
    int state, pid, waker, count;
    int polls_port;               // whether it is woken by bytes from the micro-controller
    int64_t deadline;             // virtual
    int64_t armed;                // real time at which its own sleep ends
    int64_t woken_at;             // real
    void *address;                // of the semaphore or condition it waits for; only compared
    struct pollfd *fds;           // what it polls; memory of its own process
};

struct page {
    pthread_mutex_t lock;
    int64_t now;
    int flowing, owner;           // flowing: all are waiting, and `owner` sleeps until `due` (real) for `limit`
    int64_t limit, due;
    double rate;
    int64_t anchor_virtual, anchor_real;
    int64_t host_sent, host_read, mcu_sent, mcu_read;
    int64_t seen[4], seen_since;  // these four when last they changed, and when that was (real)
    dev_t port;
    int simulator;                // its process id
    int wakers[WAKERS], waker_taken[WAKERS];
    struct slot slots[SLOTS];
};

struct real real;
static struct page *page;
static char port_path[64];        // the simulator's only
static int my_pid;
static __thread int my_slot = -1;

void
find_real(void)
{
    if (real.write)
        return;
    real.ppoll = dlsym(RTLD_NEXT, "ppoll");
    real.clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    real.read = dlsym(RTLD_NEXT, "read");
    real.write = dlsym(RTLD_NEXT, "write");
}

int64_t
real_clock(clockid_t id)
{
    struct timespec ts;
    real.clock_gettime(id, &ts);
    return ts.tv_sec * SECOND + ts.tv_nsec;
}

static int64_t
real_now(void)
{
    return real_clock(CLOCK_MONOTONIC);
}

static void
lock(void)
{
    if (pthread_mutex_lock(&page->lock) == EOWNERDEAD)
        pthread_mutex_consistent(&page->lock);
}

static void
unlock(void)
{
    pthread_mutex_unlock(&page->lock);
}

int
zc_active(void)
{
    return page != NULL;
}


// ---- The flow of time (all with the lock held) ----

// How far time may have come by now, at the pace set.
static int64_t
paced(int64_t at)
{
    return page->anchor_virtual + (int64_t)(page->rate * (double)(at - page->anchor_real));
}

// Time was held: only so much of the delay is caught up with.
static void
forgive_delay(int64_t at)
{
    int64_t most = page->now + (int64_t)(page->rate * (double)MAX_LAG);
    if (paced(at) > most) {
        page->anchor_real = at;
        page->anchor_virtual = most;
    }
}

// Time stops: some thread is busy again.
static void
stop_flow(void)
{
    if (!page->flowing)
        return;
    page->flowing = 0;
    int64_t target = paced(real_now());
    if (target > page->limit)
        target = page->limit;
    if (target > page->now)
        __atomic_store_n(&page->now, target, __ATOMIC_RELEASE);
}

static void
kick(struct slot *slot)
{
    uint64_t one = 1;
    if (slot->waker >= 0 && real.write(page->wakers[slot->waker], &one, sizeof(one)) < 0)
        return; // the counter is full, so its owner is being woken already
}

static void
mark_woken(struct slot *slot)
{
    slot->state = WOKEN;
    slot->woken_at = real_now();
}

// Whether a thread of this process waits for a descriptor that is ready already: it only has not run yet.
static int
wake_ready_pollers(void)
{
    static const struct timespec at_once = { 0, 0 };
    struct pollfd copy[MAX_FDS + 1];
    int found = 0;
    for (int i = 0; i < SLOTS; i++) {
        struct slot *slot = &page->slots[i];
        if (slot->state != IDLE || slot->pid != my_pid || !slot->count)
            continue;
        memcpy(copy, slot->fds, slot->count * sizeof(copy[0]));
        if (real.ppoll(copy, slot->count, &at_once, NULL) > 0) {
            mark_woken(slot);
            found = 1;
        }
    }
    return found;
}

// Decide what happens next, if nobody is busy. Called by every thread that stops being busy.
static void
settle(int me)
{
    int owner = -1, busy = 0, busy_here = 0, port_polled = 0;
    for (int i = 0; i < SLOTS; i++) {
        struct slot *slot = &page->slots[i];
        port_polled |= slot->state == IDLE && slot->polls_port;
        if (slot->state == BUSY || slot->state == WOKEN) {
            busy = 1;
            if (slot->pid == my_pid)
                busy_here = 1;
        } else if (slot->state == IDLE && slot->deadline != NEVER
                   && (owner < 0 || slot->deadline < page->slots[owner].deadline)) {
            owner = i;
        }
    }
    if (!busy_here && wake_ready_pollers())
        busy = 1;
    stop_flow();
    if (busy || page->host_sent != page->mcu_read || (port_polled && page->mcu_sent != page->host_read))
        return;
    int64_t at = real_now();
    forgive_delay(at);
    int64_t target = paced(at);
    int64_t limit = owner < 0 ? NEVER : page->slots[owner].deadline;
    if (owner >= 0 && target >= limit) {
        if (limit > page->now)
            __atomic_store_n(&page->now, limit, __ATOMIC_RELEASE);
        for (int i = 0; i < SLOTS; i++)
            if (page->slots[i].state == IDLE && page->slots[i].deadline <= limit) {
                mark_woken(&page->slots[i]);
                if (i != me)
                    kick(&page->slots[i]);
            }
        return;
    }
    page->flowing = 1;
    page->limit = limit;
    page->owner = owner;
    if (owner < 0)
        return;
    page->due = page->anchor_real + (int64_t)ceil((double)(limit - page->anchor_virtual) / page->rate);
    if (owner != me && page->slots[owner].armed > page->due)
        kick(&page->slots[owner]);
}

static void
become_idle(struct slot *slot, int64_t deadline)
{
    slot->state = IDLE;
    slot->deadline = deadline;
    slot->armed = NEVER;
}

static void
become_busy(struct slot *slot)
{
    stop_flow();
    slot->state = BUSY;
    slot->deadline = NEVER;
    slot->armed = NEVER;
    slot->fds = NULL;
    slot->count = 0;
    slot->polls_port = 0;
    slot->address = NULL;
}

// What a clock reads. Reading takes a moment, or a program that computes until a time has come, as klippy does
// when rounding leaves it nothing to wait for, would compute for ever.
int64_t
zc_tick(void)
{
    return __atomic_add_fetch(&page->now, READING, __ATOMIC_ACQ_REL);
}

int64_t
zc_peek(void)
{
    if (!__atomic_load_n(&page->flowing, __ATOMIC_ACQUIRE))
        return __atomic_load_n(&page->now, __ATOMIC_ACQUIRE);
    lock();
    int64_t now = page->now;
    if (page->flowing) {
        int64_t target = paced(real_now());
        if (target > page->limit)
            target = page->limit;
        if (target > now)
            now = target;
    }
    unlock();
    return now;
}


// ---- Slots ----

int
zc_slot_take(void)
{
    int found = -1;
    lock();
    for (int i = 0; i < SLOTS && found < 0; i++)
        if (page->slots[i].state == FREE) {
            found = i;
            struct slot *slot = &page->slots[i];
            memset(slot, 0, sizeof(*slot));
            slot->pid = my_pid;
            slot->waker = -1;
            become_busy(slot);
        }
    unlock();
    return found;
}

void
zc_slot_adopt(int slot)
{
    my_slot = slot;
}

static void
free_slot(struct slot *slot)
{
    if (slot->waker >= 0)
        page->waker_taken[slot->waker] = 0;
    slot->waker = -1;
    slot->state = FREE;
    slot->pid = 0;
}

void
zc_slot_release(int index)
{
    if (index < 0 || !page)
        return;
    lock();
    free_slot(&page->slots[index]);
    settle(-1);
    unlock();
    if (my_slot == index)
        my_slot = -1;
}

// The slot of this thread, which gets one if it was not created under our eyes; NULL if there is none left.
static struct slot *
own_slot(void)
{
    if (my_slot < 0)
        my_slot = zc_slot_take();
    return my_slot < 0 ? NULL : &page->slots[my_slot];
}

static void
need_waker(struct slot *slot)
{
    for (int i = 0; i < WAKERS && slot->waker < 0; i++)
        if (!page->waker_taken[i] && page->wakers[i] >= 0) {
            page->waker_taken[i] = 1;
            slot->waker = i;
        }
}


// ---- Waiting for descriptors and for time ----

// Whether bytes for the host wait in its end of the port: it has not come round to reading them.
static int
host_has_unread(void)
{
    int waiting = 0, fd = open(port_path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return 0;
    if (ioctl(fd, FIONREAD, &waiting) < 0)
        waiting = 0;
    close(fd);
    return waiting > 0;
}

// The simulator's turn to look for what got stuck: bytes that were thrown away with the port's buffers, and
// threads marked as woken whose wake-up never came.
static void
look_for_stuck(void)
{
    int64_t at = real_now();
    int busy = 0;
    for (int i = 0; i < SLOTS; i++) {
        struct slot *slot = &page->slots[i];
        if (slot->state == WOKEN && at - slot->woken_at > STALE) {
            if (slot->address)
                slot->state = IDLE;
            else
                kick(slot);
            slot->woken_at = at;
        }
        if (slot->state == BUSY || slot->state == WOKEN)
            busy = 1;
    }
    int64_t counters[4] = { page->host_sent, page->host_read, page->mcu_sent, page->mcu_read };
    if (busy || memcmp(counters, page->seen, sizeof(counters))) {
        memcpy(page->seen, counters, sizeof(counters));
        page->seen_since = at;
    } else if (at - page->seen_since > LOST && !host_has_unread()) {
        page->mcu_read = page->host_sent;
        page->host_read = page->mcu_sent;
    }
}

// When this thread has to look again by itself, in real time.
static int64_t
alarm_time(struct slot *slot)
{
    int64_t alarm = NEVER;
    if (page->flowing && page->owner == my_slot)
        alarm = page->due;
    else if (slot->deadline != NEVER && slot->waker < 0)
        alarm = real_now() + SLICE;
    if (my_pid == page->simulator) {
        int64_t watch = real_now() + WATCH;
        if (watch < alarm)
            alarm = watch;
    }
    return alarm;
}

static int
sleep_until(struct pollfd *fds, nfds_t count, int64_t alarm, const sigset_t *mask)
{
    struct timespec ts = { 0, 0 };
    if (alarm == NEVER)
        return real.ppoll(fds, count, NULL, mask);
    int64_t left = alarm - real_now();
    if (left > 0) {
        ts.tv_sec = left / SECOND;
        ts.tv_nsec = left % SECOND;
    }
    return real.ppoll(fds, count, &ts, mask);
}

static int
wait_once(struct slot *slot, struct pollfd *all, nfds_t count, int64_t deadline, const sigset_t *mask)
{
    int result = 0, error = 0, polls_port = 0;
    for (nfds_t i = 0; i < count && !polls_port; i++)
        polls_port = zc_is_port(all[i].fd);
    lock();
    need_waker(slot);
    nfds_t total = count;
    if (slot->waker >= 0) {
        all[total].fd = page->wakers[slot->waker];
        all[total].events = POLLIN;
        all[total++].revents = 0;
    }
    slot->fds = all;
    slot->count = count;
    slot->polls_port = polls_port;
    become_idle(slot, deadline);
    settle(my_slot);
    while (slot->state == IDLE) {
        slot->armed = alarm_time(slot);
        int64_t alarm = slot->armed;
        unlock();
        result = sleep_until(all, total, alarm, mask);
        error = errno;
        if (total > count && all[count].revents) {
            uint64_t drained;
            if (real.read(all[count].fd, &drained, sizeof(drained)) > 0)
                result--;
        }
        lock();
        slot->armed = NEVER;
        if (result)
            break;
        if (slot->state == IDLE) {
            if (my_pid == page->simulator && !page->flowing)
                look_for_stuck();
            settle(my_slot);
        }
    }
    become_busy(slot);
    unlock();
    errno = error;
    return result < 0 ? -1 : 0;
}

int
zc_wait(struct pollfd *fds, nfds_t count, int64_t deadline, const sigset_t *mask)
{
    static const struct timespec at_once = { 0, 0 };
    struct pollfd all[MAX_FDS + 1];
    struct slot *slot = own_slot();
    for (;;) {
        int ready = real.ppoll(fds, count, &at_once, NULL);
        if (ready || deadline <= zc_peek())
            return ready;
        if (!slot || count > MAX_FDS) {
            sleep_until(fds, count, real_now() + SLICE, mask);
            continue;
        }
        if (count)
            memcpy(all, fds, count * sizeof(all[0]));
        if (wait_once(slot, all, count, deadline, mask) < 0)
            return -1;
    }
}


// ---- Waiting for another thread ----

int
zc_sync_begin(void *address, int64_t deadline, int (*try)(void *))
{
    struct slot *slot = own_slot();
    lock();
    if (try && try(address) == 0) {
        unlock();
        return 0;
    }
    if (slot) {
        slot->address = address;
        become_idle(slot, deadline);
        settle(my_slot);
    }
    unlock();
    return 1;
}

// Busy again. A waker may have counted another waiter of the same address than the one that the kernel chose.
int
zc_sync_end(void)
{
    if (my_slot < 0)
        return 0;
    struct slot *slot = &page->slots[my_slot];
    lock();
    if (slot->state == IDLE)
        for (int i = 0; i < SLOTS; i++) {
            struct slot *other = &page->slots[i];
            if (other->state == WOKEN && other->pid == my_pid && other->address == slot->address) {
                other->state = IDLE;
                break;
            }
        }
    become_busy(slot);
    unlock();
    return 0;
}

// Whether a waiter with a deadline, which looks by itself now and then, has come to it.
int
zc_sync_expired(int64_t deadline)
{
    lock();
    if (my_slot >= 0 && page->slots[my_slot].state == IDLE)
        settle(my_slot);
    int expired = deadline <= page->now;
    unlock();
    return expired;
}

int
zc_sync_wake(void *address, int all, int (*post)(void *))
{
    lock();
    for (int i = 0; i < SLOTS; i++) {
        struct slot *slot = &page->slots[i];
        if (slot->state == IDLE && slot->address == address && slot->pid == my_pid) {
            stop_flow();
            mark_woken(slot);
            if (!all)
                break;
        }
    }
    int result = post ? post(address) : 0;
    int error = errno;
    unlock();
    errno = error;
    return result;
}


// ---- The port's bytes ----

int
zc_is_port(int fd)
{
    struct stat st;
    return page->port && fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == page->port;
}

// The sender counts before it sends, and takes back what did not go. A reader that finds more than was on its way
// reads what had been given up for lost.
static void
count_read(int64_t *read, const int64_t *sent, int64_t count)
{
    lock();
    *read += count;
    if (*read > *sent)
        *read = *sent;
    unlock();
}

static void
count_sent(int64_t *read, int64_t *sent, int64_t count)
{
    lock();
    *sent += count;
    if (*read > *sent)
        *read = *sent;
    unlock();
}

void
zc_host_sent(int64_t count)
{
    count_sent(&page->mcu_read, &page->host_sent, count);
}

void
zc_host_read(int64_t count)
{
    count_read(&page->host_read, &page->mcu_sent, count);
}

void
zc_mcu_sent(int64_t count)
{
    count_sent(&page->host_read, &page->mcu_sent, count);
}

void
zc_mcu_read(int64_t count)
{
    count_read(&page->mcu_read, &page->host_sent, count);
}

// What was on its way is lost: the port was closed.
void
zc_port_closed(void)
{
    lock();
    page->mcu_read = page->host_sent;
    page->host_read = page->mcu_sent;
    unlock();
}

void
zc_port_is(uint64_t device, const char *path)
{
    page->port = (dev_t)device;
    snprintf(port_path, sizeof(port_path), "%s", path);
}


// ---- Beginning and end ----

static void
forked(void)
{
    page = NULL; // a forked child computes in real time and must not disturb ours
}

int
zc_attach(int memfd)
{
    find_real();
    void *memory = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
    if (memory == MAP_FAILED)
        return -1;
    page = memory;
    my_pid = getpid();
    my_slot = zc_slot_take();
    return pthread_atfork(NULL, NULL, forked);
}

// Lay out a new page behind `memfd` (the simulator does). `wakers` are event descriptors that klippy inherits
// under the same numbers; `start` is virtual nanoseconds. The calling thread does not become a participant.
int
zc_create(int memfd, const int *wakers, int count, double rate, int64_t start)
{
    find_real();
    if (ftruncate(memfd, sizeof(struct page)) < 0)
        return -1;
    void *memory = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
    if (memory == MAP_FAILED)
        return -1;
    struct page *created = memory;
    memset(created, 0, sizeof(*created));
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&created->lock, &attributes);
    for (int i = 0; i < WAKERS; i++)
        created->wakers[i] = i < count ? wakers[i] : -1;
    created->now = created->anchor_virtual = start;
    created->anchor_real = real_now();
    created->rate = rate;
    created->simulator = my_pid = getpid();
    page = created;
    return pthread_atfork(NULL, NULL, forked);
}

// The calling thread of the simulator takes part from now on, or leaves.
int
zc_join(void)
{
    return own_slot() ? 0 : -1;
}

void
zc_leave(void)
{
    zc_slot_release(my_slot);
}

void
zc_rate(double rate)
{
    lock();
    stop_flow();
    page->anchor_virtual = page->now;
    page->anchor_real = real_now();
    page->rate = rate;
    settle(-1);
    unlock();
}

// A process is gone; its threads hold time no longer, and what it had not read is lost.
void
zc_forget(int pid)
{
    lock();
    for (int i = 0; i < SLOTS; i++)
        if (page->slots[i].state != FREE && page->slots[i].pid == pid)
            free_slot(&page->slots[i]);
    page->mcu_read = page->host_sent;
    page->host_read = page->mcu_sent;
    settle(-1);
    unlock();
}

void
zc_destroy(void)
{
    struct page *old = page;
    page = NULL;
    munmap(old, sizeof(*old));
}

// One line on every thread and on what is on its way, for people who look for what holds time.
int
zc_describe(char *text, int size)
{
    static const char *const names[] = { "free", "busy", "idle", "woken" };
    lock();
    int used = snprintf(text, size, "now %.6f %s host->mcu %lld mcu->host %lld\n", (double)page->now / SECOND,
                        page->flowing ? "flowing" : "held", (long long)(page->host_sent - page->mcu_read),
                        (long long)(page->mcu_sent - page->host_read));
    for (int i = 0; i < SLOTS && used < size; i++) {
        struct slot *slot = &page->slots[i];
        if (slot->state == FREE)
            continue;
        double left = slot->deadline == NEVER ? INFINITY : (double)(slot->deadline - page->now) / SECOND;
        used += snprintf(text + used, size - used, "%d: process %d %s fds %d sync %p deadline in %.6f s%s\n", i,
                         slot->pid, names[slot->state], slot->count, slot->address, left,
                         page->flowing && page->owner == i ? " (owner)" : "");
    }
    unlock();
    return used < size ? used : size - 1;
}
