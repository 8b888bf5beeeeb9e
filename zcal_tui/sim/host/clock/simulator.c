// The clock's beginning and end, and what the simulator alone does with it. See flow.c.

#define _GNU_SOURCE
#include "page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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
EXPORT int
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
EXPORT int
zc_join(void)
{
    return own_slot() ? 0 : -1;
}

EXPORT void
zc_leave(void)
{
    zc_slot_release(my_slot);
}

EXPORT void
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
EXPORT void
zc_forget(int pid)
{
    lock();
    for (int i = 0; i < SLOTS; i++)
        if (page->slots[i].state != FREE && page->slots[i].pid == pid)
            free_slot(&page->slots[i]);
    for (int i = 0; i < PORTS; i++)
        give_up(&page->lines[i].traffic);
    settle(-1);
    unlock();
}

EXPORT void
zc_destroy(void)
{
    struct page *old = page;
    page = NULL;
    munmap(old, sizeof(*old));
}

// One line on every thread and on what is on its way, for people who look for what holds time.
EXPORT int
zc_describe(char *text, int size)
{
    static const char *const names[] = { "free", "busy", "idle", "woken" };
    lock();
    int used = snprintf(text, size, "now %.6f %s", (double)page->now / SECOND, page->flowing ? "flowing" : "held");
    for (int i = 0; i < PORTS && used < size; i++) {
        const struct traffic *traffic = &page->lines[i].traffic;
        if (page->lines[i].port)
            used += snprintf(text + used, size - used, " host->mcu %lld mcu->host %lld",
                             (long long)(traffic->host_sent - traffic->mcu_read),
                             (long long)(traffic->mcu_sent - traffic->host_read));
    }
    if (used < size)
        used += snprintf(text + used, size - used, "\n");
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
