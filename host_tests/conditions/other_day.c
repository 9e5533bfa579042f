/* Preloaded: moves the calendar's clock SHIFT seconds (a macro) from the machine's.
 *
 * It shifts only CLOCK_REALTIME and the functions derived from it. Monotonic clocks stay, so waits
 * and time-outs keep their length. A wait until a moment of the calendar is moved back, as the
 * kernel counts by the true clock. File times stay: files look SHIFT seconds older, in the same
 * order.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/time.h>
#include <time.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* Monotonic clocks are below this value unless the machine has been up for 30 years. */
#define CALENDAR 946684800

static int is_calendar(clockid_t clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}

/* ---- reading the clock -------------------------------------------------------------------- */

int clock_gettime(clockid_t clock, struct timespec *now)
{
    static __typeof__(&clock_gettime) next;
    if (!next)
        next = NEXT(clock_gettime);
    int status = next(clock, now);
    if (status == 0 && is_calendar(clock))
        now->tv_sec += SHIFT;
    return status;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec precise;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}

int timespec_get(struct timespec *now, int base)
{
    return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, now) == 0 ? base : 0;
}

/* ---- waiting until a moment --------------------------------------------------------------- */

static const struct timespec *truly(const struct timespec *until, struct timespec *room)
{
    if (!until || until->tv_sec < CALENDAR)
        return until;
    *room = *until;
    room->tv_sec -= SHIFT;
    return room;
}

#define WAITS(name, parameters, ...)                      \
    int name parameters                                   \
    {                                                     \
        struct timespec room;                             \
        until = truly(until, &room);                      \
        return NEXT(name)(__VA_ARGS__);                   \
    }

WAITS(sem_timedwait, (sem_t *restrict s, const struct timespec *restrict until), s, until)
WAITS(sem_clockwait, (sem_t *restrict s, clockid_t c, const struct timespec *restrict until),
      s, c, until)
WAITS(pthread_mutex_timedlock,
      (pthread_mutex_t *restrict m, const struct timespec *restrict until), m, until)
WAITS(pthread_cond_clockwait,
      (pthread_cond_t *restrict v, pthread_mutex_t *restrict m, clockid_t c,
       const struct timespec *restrict until), v, m, c, until)

/* Two versions of this symbol exist; dlsym() may return the old one, so ask for the current one. */
int pthread_cond_timedwait(pthread_cond_t *restrict v, pthread_mutex_t *restrict m,
                           const struct timespec *restrict until)
{
    static __typeof__(&pthread_cond_timedwait) next;
    struct timespec room;
    if (!next)
        next = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
    if (!next)
        next = NEXT(pthread_cond_timedwait);
    return next(v, m, truly(until, &room));
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *until,
                    struct timespec *left)
{
    struct timespec room;
    if (flags & TIMER_ABSTIME && is_calendar(clock))
        until = truly(until, &room);
    return NEXT(clock_nanosleep)(clock, flags, until, left);
}
