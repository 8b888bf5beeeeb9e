// Waiting in virtual time: for descriptors, for a deadline, for another thread. See flow.c.

#define _GNU_SOURCE
#include "page.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

// ---- Waiting for descriptors and for time ----

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
    int result = 0, error = 0;
    unsigned polls_ports = 0;
    for (nfds_t i = 0; i < count; i++) {
        int port = zc_port_of(all[i].fd);
        if (port >= 0)
            polls_ports |= 1u << port;
    }
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
    slot->polls_ports = polls_ports;
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

EXPORT int
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
