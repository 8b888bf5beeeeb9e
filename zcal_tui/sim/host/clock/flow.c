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
#include "page.h"

#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

struct real real;
struct page *page;
int my_pid;
__thread int my_slot = UNKNOWN;

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

int64_t
real_now(void)
{
    return real_clock(CLOCK_MONOTONIC);
}

void
lock(void)
{
    if (pthread_mutex_lock(&page->lock) == EOWNERDEAD)
        pthread_mutex_consistent(&page->lock);
}

void
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
void
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

void
kick(struct slot *slot)
{
    uint64_t one = 1;
    if (slot->waker >= 0 && real.write(page->wakers[slot->waker], &one, sizeof(one)) < 0)
        return; // the counter is full, so its owner is being woken already
}

void
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

// Whether bytes are on their way to a micro-controller, or to the host on a port that one of its threads waits for.
static int
bytes_on_their_way(unsigned polled)
{
    for (int i = 0; i < PORTS; i++) {
        const struct traffic *traffic = &page->lines[i].traffic;
        if (traffic->host_sent != traffic->mcu_read)
            return 1;
        if (polled & 1u << i && traffic->mcu_sent != traffic->host_read)
            return 1;
    }
    return 0;
}

// Decide what happens next, if nobody is busy. Called by every thread that stops being busy.
void
settle(int me)
{
    int owner = -1, busy = 0, busy_here = 0;
    unsigned polled = 0;
    for (int i = 0; i < SLOTS; i++) {
        struct slot *slot = &page->slots[i];
        if (slot->state == IDLE)
            polled |= slot->polls_ports;
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
    if (busy || bytes_on_their_way(polled))
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

void
become_idle(struct slot *slot, int64_t deadline)
{
    slot->state = IDLE;
    slot->deadline = deadline;
    slot->armed = NEVER;
}

void
become_busy(struct slot *slot)
{
    stop_flow();
    slot->state = BUSY;
    slot->deadline = NEVER;
    slot->armed = NEVER;
    slot->fds = NULL;
    slot->count = 0;
    slot->polls_ports = 0;
    slot->address = NULL;
}

// What a clock reads. Reading takes a moment, or a program that computes until a time has come, as klippy does
// when rounding leaves it nothing to wait for, would compute for ever.
int64_t
zc_tick(void)
{
    return __atomic_add_fetch(&page->now, READING, __ATOMIC_ACQ_REL);
}

EXPORT int64_t
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

void
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
        my_slot = ENDED;
}

// The slot of this thread, which gets one if it was not created under our eyes; NULL if there is none left, or if
// the thread is about to end.
struct slot *
own_slot(void)
{
    if (my_slot == UNKNOWN)
        my_slot = zc_slot_take();
    return my_slot < 0 ? NULL : &page->slots[my_slot];
}

void
need_waker(struct slot *slot)
{
    for (int i = 0; i < WAKERS && slot->waker < 0; i++)
        if (!page->waker_taken[i] && page->wakers[i] >= 0) {
            page->waker_taken[i] = 1;
            slot->waker = i;
        }
}
