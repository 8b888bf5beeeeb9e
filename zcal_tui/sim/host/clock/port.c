// The bytes between klippy and the simulated micro-controllers: while some are on their way, time is held.
//
// A pty hands them over some time after write() has returned, so that they are counted by both ends. See flow.c.

#define _GNU_SOURCE
#include "page.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static char port_paths[PORTS][64];        // the simulator's only

int
zc_port_of(int fd)
{
    struct stat st;
    if (fstat(fd, &st) || !S_ISCHR(st.st_mode))
        return -1;
    for (int i = 0; i < PORTS; i++)
        if (page->lines[i].port && st.st_rdev == page->lines[i].port)
            return i;
    return -1;
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
zc_host_sent(int port, int64_t count)
{
    struct traffic *traffic = &page->lines[port].traffic;
    count_sent(&traffic->mcu_read, &traffic->host_sent, count);
}

void
zc_host_read(int port, int64_t count)
{
    struct traffic *traffic = &page->lines[port].traffic;
    count_read(&traffic->host_read, &traffic->mcu_sent, count);
}

EXPORT void
zc_mcu_sent(int port, int64_t count)
{
    struct traffic *traffic = &page->lines[port].traffic;
    count_sent(&traffic->host_read, &traffic->mcu_sent, count);
}

EXPORT void
zc_mcu_read(int port, int64_t count)
{
    struct traffic *traffic = &page->lines[port].traffic;
    count_read(&traffic->mcu_read, &traffic->host_sent, count);
}

void
give_up(struct traffic *traffic)
{
    traffic->mcu_read = traffic->host_sent;
    traffic->host_read = traffic->mcu_sent;
}

// What was on its way is lost: the port was closed.
EXPORT void
zc_port_closed(int port)
{
    lock();
    give_up(&page->lines[port].traffic);
    unlock();
}

EXPORT void
zc_port_is(int number, uint64_t device, const char *path)
{
    if (number < 0 || number >= PORTS)
        return;
    page->lines[number].port = (dev_t)device;
    snprintf(port_paths[number], sizeof(port_paths[number]), "%s", path);
}

// Whether bytes for the host wait in its end of a port: it has not come round to reading them.
static int
has_unread(const char *path)
{
    int waiting = 0, fd = *path ? open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC) : -1;
    if (fd < 0)
        return 0;
    if (ioctl(fd, FIONREAD, &waiting) < 0)
        waiting = 0;
    close(fd);
    return waiting > 0;
}

// The simulator's turn to look for what got stuck: bytes that were thrown away with the port's buffers, and
// threads marked as woken whose wake-up never came.
void
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
    for (int i = 0; i < PORTS; i++)
        if (busy || memcmp(&page->lines[i].traffic, &page->seen[i], sizeof(page->seen[i]))) {
            page->seen[i] = page->lines[i].traffic;
            page->seen_since = at;
        }
    if (at - page->seen_since > LOST)
        for (int i = 0; i < PORTS; i++)
            if (!has_unread(port_paths[i]))
                give_up(&page->lines[i].traffic);
}
